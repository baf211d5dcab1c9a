import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// Echoes whose phases, scales and sidecars contradict each other.
struct DoubtfulEchoesTests {
  private let folder: TemporaryDirectory
  private let geometry = Geometry(matrix: Extents(x: 20, y: 18, z: 16), voxelSize: [2e-3, 2e-3, 2e-3])
  private let times = [0.004, 0.009, 0.014]

  init() throws { folder = try TemporaryDirectory() }

  /// The phase of an echo by a smooth field and a smooth offset [rad], wrapped.
  private func phase(_ echo: Int, _ x: Int, _ y: Int, _ z: Int, ramp: Float = 0) -> Float {
    let (u, v, w) = (Float(x - 10), Float(y - 9), Float(z - 8))
    let field = 60 * exp(-(u * u + v * v + w * w) / 40) + 0.3 * u * v
    let offset = 0.02 * u * w - 0.3
    let value = offset + 2 * .pi * field * Float(times[echo]) + (echo % 2 == 0 ? ramp : -ramp) * u
    return value - 2 * .pi * (value / (2 * .pi)).rounded()
  }

  /// Writes one file per echo and part, with sidecars.
  private func write(
    scale: Float = 1, magnitude: (Int) -> Float = { 100 - 20 * Float($0) },
    keys: (_ part: String, _ echo: Int) -> [String: Any] = { _, _ in [:] },
    _ value: (Int, Int, Int, Int) -> Float
  ) throws {
    for part in ["phase", "mag"] {
      for echo in times.indices {
        let values = (0..<5760).map { index -> Float in
          let (x, y, z) = (index % 20, index / 20 % 18, index / 360)
          return part == "mag" ? magnitude(echo) : scale * value(echo, x, y, z)
        }
        let name = "\(part)\(echo + 1)"
        try NIfTIFile.write(
          ImageVolumes(NDArray(values, shape: [16, 18, 20]), geometry: geometry),
          to: folder.path("\(name).nii"))
        let stated: [String: Any] = ["EchoTime": times[echo], "MagneticFieldStrength": 3]
        try JSONSerialization.data(withJSONObject: stated.merging(keys(part, echo)) { $1 }).write(
          to: folder.url.appending(path: "\(name).json"))
      }
    }
  }

  private func maps(_ change: (inout ImageReading) -> Void = { _ in }) throws -> EchoMaps {
    var reading = ImageReading()
    reading.phaseScale = .radians
    change(&reading)
    func paths(_ part: String) -> [String] { (1...3).map { folder.path("\(part)\($0).nii") } }
    return try ImageSource(phase: paths("phase"), magnitude: paths("mag"), reading: reading).maps()
  }

  private func refusal(_ change: (inout ImageReading) -> Void = { _ in }) -> String {
    do {
      _ = try maps(change)
      return ""
    } catch { return "\(error)" }
  }

  @Test func `Good echoes have no warnings`() throws {
    try write { phase($0, $1, $2, $3) }
    #expect(try maps().warnings == [])
    #expect(try maps { $0.phaseScale = .half(.pi) }.warnings == [])
  }

  @Test(arguments: [0, 1, 2])
  func `An echo of the other sign is refused by its number`(_ turned: Int) throws {
    try write { ($0 == turned ? -1 : 1) * phase($0, $1, $2, $3) }
    let message = refusal()
    #expect(
      message.contains("echo \(turned + 1) runs against") && message.contains("ReadoutPolarity"), "\(message)"
    )
  }

  @Test(arguments: [([0, 2, 1], "1, 3, 2"), ([1, 0, 2], "2, 1, 3")])
  func `Echoes in another order than their times are refused`(_ order: [Int], _ words: String) throws {
    try write { phase(order[$0], $1, $2, $3) }
    let message = refusal()
    #expect(
      message.contains("in the order \(words)") && message.contains("`echoTimes`")
        && !message.contains("other sign"), "\(message)")
  }

  @Test(arguments: [(0, "is 0.0 everywhere"), (.nan, "is not finite anywhere")] as [(Float, String)])
  func `An echo that holds nothing is refused by its number`(_ value: Float, _ words: String) throws {
    try write { $0 == 1 ? value : self.phase($0, $1, $2, $3) }
    let phase = refusal()
    #expect(phase.contains("phase2.nii: the phase of echo 2 \(words)"), "\(phase)")
    try write(magnitude: { $0 == 1 ? value : 100 }) { self.phase($0, $1, $2, $3) }
    let magnitude = refusal()
    #expect(magnitude.contains("mag2.nii: the magnitude of echo 2 \(words)"), "\(magnitude)")
  }

  @Test func `Echoes in reverse order are told by their magnitude`() throws {
    try write(magnitude: { 60 + 20 * Float($0) }) { phase(2 - $0, $1, $2, $3) }
    let warnings = try maps().warnings
    #expect(
      warnings.contains { $0.contains("magnitude grows by 67 %") && $0.contains("`echoTimes`") },
      "\(warnings)")
    // Echoes that were scaled alike one by one do not decay, which is no growth.
    try write(magnitude: { _ in 100 }) { phase($0, $1, $2, $3) }
    #expect(try maps().warnings == [])
  }

  @Test func `Phase that alternates along the readout is told, unless it is known`() throws {
    try write { phase($0, $1, $2, $3, ramp: 0.08) }
    let warnings = try maps().warnings
    #expect(
      warnings.contains { $0.contains("ramp along x") && $0.contains("ReadoutPolarity") }, "\(warnings)")
    #expect(try maps { $0.isBipolar = true }.warnings == [])
  }

  @Test func `A stated scale that the phase contradicts is refused`() throws {
    try write(scale: 4096 / .pi) { phase($0, $1, $2, $3) }
    #expect(refusal { $0.phaseScale = .half(4096) } == "")
    for scale in [PhaseScale.radians, .half(2048), .half(40960)] {
      let message = refusal { $0.phaseScale = scale }
      #expect(
        message.contains("scale of the phase is stated as") && message.contains("`phaseScale`"), "\(message)")
    }
    // Phase that is unwrapped already leaves the turn, and thins out.
    func unwrapped(_ echo: Int, _ x: Int, _ y: Int, _ z: Int) -> Float {
      let (u, v, w) = (Float(x - 10), Float(y - 9), Float(z - 8))
      return 900 * Float(times[echo]) * exp(-(u * u + v * v + w * w) / 30)
    }
    try write(unwrapped)
    #expect(try maps().assumptions.contains { $0.contains("unwrapped already") })
    try write(scale: 0.0005, unwrapped)
    #expect(try maps().warnings.contains { $0.contains("little for a scan") })
  }

  @Test(arguments: [0.88, 0.93] as [Float])
  func `An echo that wraps a little before the ends of the others is refused by its number`(_ part: Float)
    throws
  {
    func wrapped(_ echo: Int, _ x: Int, _ y: Int, _ z: Int) -> Float {
      let value = 0.37 * Float(x) + 0.23 * Float(y + echo) + 0.11 * Float(z)
      return value - 2 * .pi * (value / (2 * .pi)).rounded()
    }
    try write(scale: 4096 / .pi) { ($0 == 2 ? part : 1) * wrapped($0, $1, $2, $3) }
    let message = refusal { $0.phaseScale = .automatic }
    #expect(message.contains("echo 3 wraps at") && message.contains("differ in scale"), "\(message)")
    // Phase that fills the same range without a wrap is narrow, and right.
    try write(scale: 4096 / .pi) { echo, x, y, z in
      echo == 0 ? part * .pi * (Float(x) - 9.5) / 9.5 : wrapped(echo, x, y, z)
    }
    #expect(!refusal { $0.phaseScale = .automatic }.contains("differ in scale"))
  }

  @Test func `Units of the phase that its numbers are not in are told`() throws {
    for units in ["deg", "Hz", "mrad", "ppm"] {
      try write(scale: 4095 / .pi, keys: { part, _ in part == "phase" ? ["Units": units] : [:] }) {
        phase($0, $1, $2, $3)
      }
      let warnings = try maps { $0.phaseScale = .automatic }.warnings
      #expect(warnings.contains { $0.contains("Units say \(units)") }, "\(warnings)")
    }
    try write(scale: 4095 / .pi, keys: { _, _ in ["Units": "radians"] }) { phase($0, $1, $2, $3) }
    #expect(refusal { $0.phaseScale = .automatic }.contains("Units say radians"))
    try write(scale: 180 / .pi, keys: { _, _ in ["Units": "deg"] }) { phase($0, $1, $2, $3) }
    #expect(try maps { $0.phaseScale = .automatic }.warnings == [])
  }

  @Test func `Sidecars of one scan that differ are named`() throws {
    try write(keys: { part, echo in
      part == "phase" && echo == 1
        ? ["MagneticFieldStrength": 1.5] : part == "mag" ? ["EchoTime": 2 * times[echo]] : [:]
    }) { phase($0, $1, $2, $3) }
    let warnings = try maps().warnings
    #expect(warnings.contains { $0.contains("phase2.json") && $0.contains("1.5 T") }, "\(warnings)")
    #expect(warnings.contains { $0.contains("mag1.json") && $0.contains("0.008 s") }, "\(warnings)")
    #expect(try maps { ($0.fieldStrength, $0.echoTimes) = (3, times) }.warnings == [])
  }

  @Test(
    arguments: [
      ("EchoTime", "0.004", "phase1.json: its key EchoTime is \"0.004\", and must be a number of seconds"),
      ("MagneticFieldStrength", "3T", "phase1.json: its key MagneticFieldStrength is \"3T\""),
    ])
  func `A sidecar's number that is text is named with file and key`(
    _ key: String, _ value: String, _ words: String
  ) throws {
    try write(keys: { _, _ in [key: value] }) { phase($0, $1, $2, $3) }
    let message = refusal()
    #expect(message.contains(words), "\(message)")
    #expect(try maps { ($0.fieldStrength, $0.echoTimes) = (3, times) }.parameters.echoTimes == times)
  }

  @Test func `Numbers of sidecars in another unit are named with file, key and unit`() throws {
    try write(keys: { _, echo in ["EchoTime": 1e6 * times[echo]] }) { phase($0, $1, $2, $3) }
    let late = refusal()
    #expect(late.contains("phase1.json: ") && late.contains("microseconds were probably meant"), "\(late)")
    try write(keys: { _, _ in ["MagneticFieldStrength": -1, "ImagingFrequency": 123.2e6] }) {
      phase($0, $1, $2, $3)
    }
    let high = refusal()
    #expect(
      high.contains("phase1.json: its key ImagingFrequency is 123200000.0") && high.contains("; hertz were"),
      "\(high)")
  }

  @Test(arguments: [[0.0, 1], [0, 0, 0], "0,0,1"] as [any Sendable])
  func `A field's direction that is none is named with file and key`(_ direction: any Sendable) throws {
    try write(keys: { _, _ in ["B0_dir": direction] }) { phase($0, $1, $2, $3) }
    let assumptions = try maps().assumptions
    #expect(assumptions.contains { $0.contains("phase1.json: its key B0_dir is") }, "\(assumptions)")
    #expect(!assumptions.contains { $0.contains("No sidecar says") })
  }

  @Test func `The polarity of some echoes alone is told`() throws {
    try write(keys: { _, echo in echo == 1 ? ["ReadoutPolarity": "reversed"] : [:] }) {
      phase($0, $1, $2, $3)
    }
    let assumptions = try maps().assumptions
    #expect(assumptions.contains { $0.contains("1 of 3 echoes alone") }, "\(assumptions)")
  }

  @Test func `A sidecar that is no JSON is named`() throws {
    try write { phase($0, $1, $2, $3) }
    try Data("{\"EchoTime\": 0.009,".utf8).write(to: folder.url.appending(path: "phase2.json"))
    let message = refusal()
    #expect(message.contains("phase2.json: this sidecar cannot be read: it is not JSON"), "\(message)")
  }
}
