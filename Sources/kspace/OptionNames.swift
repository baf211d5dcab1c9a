import KSpaceToolkit

/// The command's names for settings, which the library's messages call as Swift does: in backticks, with or without a value.
///
/// ```
/// `echoTimes`            --echo-times 3.3ms,6.4ms
/// `matrix: 768x1`        --matrix 768x1
/// ```
enum OptionNames {
  /// Names that do not follow from Swift's.
  private static let others = [
    "replacing": "force", "ignoresAffine": "ignore-affine", "ignoringAffine": "ignore-affine",
    "acceptsTruncation": "accept-truncated", "isBipolar": "bipolar", "prewhitens": "no-prewhitening",
    "removesOversampling": "no-oversampling-removal", "alignment": "no-registration",
    "mapping": "no-susceptibility",
    "correctsEchoPlanar": "no-echo-planar-correction", "r2": "r2",
  ]

  /// Values that show how an option is written.
  private static let examples = [
    "echoTimes": "3.3ms,6.4ms", "fieldStrength": "3T", "fieldOfView": "256x192x144mm", "matrix": "300x72",
    "phaseScale": "4096", "fieldUnit": "ppm",
  ]

  /// A message with the command's names for settings.
  static func translated(_ message: String) -> String {
    message.replacing(/`([a-z][A-Za-z0-9]*)(?:: ([^`]*))?`/) { match in
      let name = String(match.output.1)
      let option = "--" + (others[name] ?? name.replacing(/[A-Z0-9]+/) { "-" + $0.output.lowercased() })
      guard let value = match.output.2.map(String.init) ?? examples[name] else { return option }
      return "\(option) \(value)"
    }
  }
}
