import Files
import Foundation
import MRIData

extension ScanReport: CustomStringConvertible {
  /// One screen for people.
  public var description: String {
    var lines = [title]
    let who = [protocolName, scanner, patientPosition].compactMap(\.self)
    if !who.isEmpty { lines.append("  " + who.joined(separator: ", ")) }
    lines.append("")
    lines += rows.map { "  " + $0.padding(toLength: 17, withPad: " ", startingAt: 0) + $1 }
    for picture in pictures {
      let echoes =
        pictures.count == 1
        ? (picture.echoes.count == 1 ? "" : ", all echoes") : ", echo \(listed(picture.echoes))"
      lines += ["", "  Sampled \(picture.rows.count == 1 ? "ky" : "ky (right), kz (down)")\(echoes)"]
      lines += picture.rows.map { "  " + $0 }
    }
    lines += findingLines
    return lines.joined(separator: "\n")
  }

  private var title: String {
    let size = byteCount.map { ", " + Self.size($0) } ?? ""
    return "\(path): MRD\(size), \(readouts.values.reduce(0, +)) readouts"
  }

  private var rows: [(String, String)] {
    var rows: [(String, String)] = [
      ("Matrix", "\(grid(encodedMatrix)) encoded (kx x ky x kz), \(grid(imageMatrix)) image"),
      ("Field of view", fieldOfViewText), ("Oversampling", oversamplingText), ("Channels", "\(channels)"),
      ("Echoes", echoText), ("Volumes", volumeText),
      ("TR, flip angle", "\(Self.milliseconds(repetitionTime)), \(Self.degrees(flipAngle))"),
      ("Field", fieldText), ("Readouts", readoutText),
    ]
    rows += samplingRows
    if !skipped.isEmpty {
      let others = skipped.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
      rows.append(("Not read", others.joined(separator: ", ")))
    }
    rows += [("Noise scan", noiseText), ("Scan time", timeText)]
    return rows
  }

  private var fieldOfViewText: String {
    let view = encodedFieldOfView.map { $0.map { Self.number($0 * 1000) } ?? "?" }.joined(separator: " x ")
    let voxels = voxelSize.map { Self.number($0 * 1000) }.joined(separator: " x ")
    return "\(view) mm encoded, voxels \(voxels) mm"
  }

  private var oversamplingText: String {
    let parts = zip(["readout", "ky", "kz"], oversampling).filter { $0.1 > 1 }
      .map { "\(Self.number($0.1)) along \($0.0)" }
    return parts.isEmpty ? "none" : parts.joined(separator: ", ")
  }

  private var echoText: String {
    guard !echoTimes.isEmpty else { return "none" }
    let times = echoTimes.map { $0.map { Self.number($0 * 1000) } ?? "?" }.joined(separator: ", ")
    let directions = Set(polarities)
    let polarity =
      isEchoPlanar
      ? "mixed (echo-planar)"
      : directions.count > 1
        ? "bipolar (" + polarities.map { $0 == .forward ? "+" : "-" }.joined() + ")"
        : directions.first == .reversed ? "all reversed" : "all forward"
    return "\(echoTimes.count), TE \(times) ms, readout \(polarity)"
  }

  private var volumeText: String {
    [
      ("slices", "slice"), ("repetitions", "repetition"), ("sets", "set"), ("cardiacPhases", "cardiac phase"),
      ("averages", "average"),
    ]
    .compactMap { key, name in
      counts[key].map { counted($0, name) }
    }.joined(separator: ", ")
  }

  private var fieldText: String {
    let strength = fieldStrength.map { Self.number($0) + " T" } ?? "unknown"
    let frequency = imagingFrequency.map { String(format: " (%.6f MHz)", $0 * 1e-6) } ?? ""
    let direction = fieldDirection.map {
      ", along voxel axes (" + $0.map { Self.number(($0 * 1e4).rounded() / 1e4 + 0) }.joined(separator: ", ")
        + ")"
    }
    return strength + frequency + (direction ?? "") + ", phase sign \(phaseSign.rawValue)"
  }

  private var readoutText: String {
    readouts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }.joined(
      separator: ", ")
  }

  private var samplingRows: [(String, String)] {
    guard let first = sampling.first else { return [("Sampled", "nothing")] }
    var rows: [(String, String)] = []
    let isUniform = sampling.allSatisfy { $0 == first }
    for (echo, sampling) in sampling.enumerated() where echo == 0 || !isUniform {
      let label = isUniform ? "Sampled" : "Sampled, echo \(echo + 1)"
      rows.append(
        (
          label,
          "\(sampling.acquired) of \(sampling.positions) (ky, kz) positions"
            + (sampling.isElliptical ? ", elliptical" : "")
        ))
      let factors = [
        ("of the grid", sampling.accelerationGrid), ("of the shutter", sampling.accelerationShutter),
        ("outside calibration", sampling.accelerationOuter),
      ]
      rows.append(
        (
          "Acceleration",
          factors.map { "\($0.1.map(Self.number) ?? "-") \($0.0)" }.joined(separator: ", ") + statedText
        ))
    }
    let box =
      first.calibrationBox.map { "\($0[0]) x \($0[1]) (ky x kz) fully sampled" } ?? "no fully sampled centre"
    let flagged = calibration.map { ", \($0.acquired) positions flagged" } ?? ""
    rows.append(("Calibration", box + flagged))
    let fractions = [readoutFraction] + first.partialFourier
    let partial = zip(["kx", "ky", "kz"], fractions).filter { $0.1 < 1 }
      .map { String(format: "%.3g of %@", $0.1, $0.0) }
    rows.append(("Partial Fourier", partial.isEmpty ? "none" : partial.joined(separator: ", ")))
    return rows
  }

  private var statedText: String {
    guard let stated = statedAcceleration, stated.contains(where: { $0 > 1 }) else { return "" }
    return "; header: \(Self.number(stated[0])) x \(Self.number(stated[1]))"
  }

  private var noiseText: String {
    noiseSamples > 0 ? "\(noiseSamples) samples per channel" : "none"
  }

  private var timeText: String {
    var parts = [
      time.counted.map {
        "\(Self.duration($0)) = \(time.shots) shots x TR, dummy shots not counted"
      } ?? "unknown (\(repetitionTime == nil ? "no TR" : "several lines per shot"))"
    ]
    if let stamped = time.stamped { parts.append("\(Self.duration(stamped)) by the time stamps") }
    return parts.joined(separator: "; ")
  }

  private var findingLines: [String] {
    findings.flatMap { finding in
      let label: String
      switch finding.severity {
      case .error: label = "ERROR  "
      case .warning: label = "WARNING  "
      case .note: label = "Note  "
      }
      return ["", "  " + label + finding.problem + "."]
        + [finding.assumption.map { "    Assumed: \($0)." }, finding.remedy.map { "    \($0)." }].compactMap(
          \.self)
    }
  }

  private func grid(_ matrix: [Int]) -> String { matrix.map(String.init).joined(separator: " x ") }

  private static func number(_ value: Double) -> String { String(format: "%.4g", value) }

  private static func milliseconds(_ time: Double?) -> String {
    time.map { number($0 * 1000) + " ms" } ?? "unknown"
  }

  private static func degrees(_ angle: Double?) -> String {
    angle.map { number($0 * 180 / .pi) + " degrees" } ?? "unknown"
  }

  private static func duration(_ time: Double) -> String {
    time < 60
      ? String(format: "%.3g s", time)
      : String(format: "%d:%04.1f min", Int(time / 60), time.truncatingRemainder(dividingBy: 60))
  }

  private static func size(_ bytes: Int) -> String {
    bytes < 1_000_000 ? "\(bytes / 1000) kB" : String(format: "%.1f MB", Double(bytes) * 1e-6)
  }
}
