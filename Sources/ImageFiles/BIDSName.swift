import Files

/// The name of an image file by the Brain Imaging Data Structure, and its place in a data set.
///
/// ```
/// sub-01_ses-1_acq-AF4_rec-reconnet_run-1_echo-2_part-phase_MEGRE
/// ```
///
/// By the convention for multi-echo phase imaging, `acq` names the prescribed acquisition (such as `AF4`) and `rec`
/// the reconstruction (such as `grappa`).
///
/// - SeeAlso: <https://bids-specification.readthedocs.io>, "Entity table"
public struct BIDSName: Sendable, Hashable {
  /// The half of a complex image, or of a susceptibility, that a file holds.
  public enum Part: String, Sendable {
    /// The magnitude.
    case magnitude = "mag"
    /// The phase.
    case phase
    /// The real part.
    case real
    /// The imaginary part.
    case imaginary = "imag"
    /// The paramagnetic part of susceptibility.
    case paramagnetic = "para"
    /// The diamagnetic part of susceptibility.
    case diamagnetic = "dia"
  }

  private struct Entity: Hashable {
    let key, label: String
  }

  private let entities: [Entity]
  /// What kind of image the file holds, such as `MEGRE`, `Chimap` or `R2starmap`.
  public let suffix: String

  /// Creates a name.
  ///
  /// - Parameters:
  ///   - subject: The participant's label.
  ///   - session: The session's label.
  ///   - task: The task's label.
  ///   - acquisition: How the scan was acquired, such as `AF4`.
  ///   - contrastAgent: The contrast agent.
  ///   - reconstruction: How the image was reconstructed, such as `grappa`.
  ///   - run: The number of the repetition, from 1.
  ///   - channel: The number of the receive channel, from 1. BIDS has no such entity; the name is that which QSMxT
  ///     reads, `rec-uncombined_coil-NN`, whatever `reconstruction` says.
  ///   - echo: The number of the echo, from 1.
  ///   - part: The half of a complex image that the file holds.
  ///   - describing: What tells a derived image from its siblings, such as `noise`.
  ///   - suffix: What kind of image the file holds.
  /// - Throws: ``FileError/invalidLabel(entity:label:)`` if a label is empty or has characters other than ASCII
  ///   letters and digits, or if a number is not positive.
  public init(
    subject: String, session: String? = nil, task: String? = nil, acquisition: String? = nil,
    contrastAgent: String? = nil, reconstruction: String? = nil, run: Int? = nil, channel: Int? = nil,
    echo: Int? = nil, part: Part? = nil, describing: String? = nil, suffix: String
  ) throws(FileError) {
    let reconstruction = channel == nil ? reconstruction : "uncombined"
    let labels: [(String, String?)] = [
      ("sub", subject), ("ses", session), ("task", task), ("acq", acquisition), ("ce", contrastAgent),
      ("rec", reconstruction), ("run", run.map(String.init)),
      ("coil", channel.map { $0 < 10 ? "0\($0)" : "\($0)" }), ("echo", echo.map(String.init)),
      ("part", part?.rawValue), ("desc", describing),
    ]
    entities = labels.compactMap { key, label in label.map { Entity(key: key, label: $0) } }
    self.suffix = suffix
    for entity in entities + [Entity(key: "suffix", label: suffix)] {
      guard !entity.label.isEmpty, entity.label.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) })
      else {
        throw .invalidLabel(entity: entity.key, label: entity.label)
      }
    }
    for (entity, number) in [("run", run), ("coil", channel), ("echo", echo)] {
      if let number, number < 1 { throw .invalidLabel(entity: entity, label: "\(number)") }
    }
  }

  /// What the values are, in the 15 letters that a NIfTI header has for it: `phase MEGRE`, `Chimap`.
  var intent: String {
    let part = entities.last { $0.key == "desc" || $0.key == "part" }
    let whole = [part?.label, suffix].compactMap(\.self).joined(separator: " ")
    return whole.utf8.count <= 15 ? whole : suffix
  }

  /// The folder of the file within its data set.
  public var folder: String {
    let folders = entities.filter { $0.key == "sub" || $0.key == "ses" }.map { "\($0.key)-\($0.label)" }
    return (folders + ["anat"]).joined(separator: "/")
  }
}

extension BIDSName: CustomStringConvertible {
  /// The name, without an extension.
  public var description: String {
    (entities.map { "\($0.key)-\($0.label)" } + [suffix]).joined(separator: "_")
  }
}
