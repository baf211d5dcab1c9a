import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// Fields whose unit is not stated, cannot be understood, or is contradicted by the values.
struct DoubtfulFieldTests {
  private let folder: TemporaryDirectory
  private let geometry = Geometry(matrix: Extents(x: 12, y: 11, z: 10), voxelSize: [2e-3, 2e-3, 2e-3])
  /// Hertz in one ppm at 3 T.
  private let perMillion = Float(3 * ScanParameters.protonGyromagneticRatio * 1e-6)

  init() throws {
    folder = try TemporaryDirectory()
    try write("mask.nii") { x, y, z in [0, 11].contains(x) ? 0 : 1 }
  }

  private func write(_ name: String, _ value: (Int, Int, Int) -> Float) throws {
    let values = (0..<1320).map { value($0 % 12, $0 / 12 % 11, $0 / 132) }
    try NIfTIFile.write(
      ImageVolumes(NDArray(values, shape: [10, 11, 12]), geometry: geometry), to: folder.path(name))
  }

  /// A local field of tissue [ppm], smooth.
  private func tissue(_ x: Int, _ y: Int, _ z: Int) -> Float {
    0.05 * cos(0.5 * Float(x)) * sin(0.4 * Float(y) + 0.3 * Float(z))
  }

  private func maps(
    _ name: String, _ stage: FieldMap.Stage = .local, units: String? = nil, unit: ImageUnits? = nil,
    keys: [String: Any] = [:]
  ) throws -> EchoMaps {
    var keys = keys
    if let units { keys["Units"] = units }
    let sidecar = URL(filePath: folder.path(name).replacingOccurrences(of: ".nii", with: ".json"))
    try JSONSerialization.data(withJSONObject: keys).write(to: sidecar)
    var reading = ImageReading()
    (reading.fieldStrength, reading.fieldUnit) = (3, unit)
    return try ImageSource(field: folder.path(name), stage: stage, reading: reading)
      .read(within: folder.path("mask.nii")).maps
  }

  private func refusal(
    _ name: String, _ stage: FieldMap.Stage = .local, units: String? = nil, keys: [String: Any] = [:]
  ) -> String {
    do {
      _ = try maps(name, stage, units: units, keys: keys)
      return ""
    } catch { return "\(error)" }
  }

  @Test(
    arguments: [
      ("ppm", 1), ("ppb", 1e3), ("Hz", 127.732), ("rad/s", 802.56), ("hertz", 127.732),
    ] as [(String, Float)])
  func `Units that are stated give one field`(_ units: String, _ factor: Float) throws {
    try write("field.nii") { factor * tissue($0, $1, $2) }
    let field = try #require(try maps("field.nii", units: units).field).values.voxels.elements
    let right = (0..<1320).map { perMillion * tissue($0 % 12, $0 / 12 % 11, $0 / 132) }
    #expect(zip(field, right).allSatisfy { abs($0 - $1) < 1e-3 })
  }

  @Test(arguments: ["T", "deg", "1/s", "furlongs"])
  func `A unit that no field is read in is refused by its name`(_ units: String) throws {
    try write("field.nii", tissue)
    let message = refusal("field.nii", units: units)
    #expect(message.contains(units) && message.contains("`fieldUnit`"), "\(message)")
  }

  @Test func `A unit that the values contradict is refused`() throws {
    try write("ppm.nii", tissue)
    try write("hertz.nii") { perMillion * tissue($0, $1, $2) }
    let weak = refusal("ppm.nii", units: "Hz"), strong = refusal("hertz.nii", units: "ppm")
    #expect(weak.contains("said to be Hz") && weak.contains("as weak; as ppm"), "\(weak)")
    #expect(strong.contains("said to be ppm") && strong.contains("as strong; as Hz"), "\(strong)")
    #expect(refusal("hertz.nii", units: "Hz") == "" && refusal("ppm.nii", units: "ppm") == "")
  }

  @Test func `Without a unit only ppm is taken, and all others asked for`() throws {
    for factor: Float in [1e3, perMillion, 2 * .pi * perMillion, 3e-6, 40] {
      try write("field.nii") { factor * tissue($0, $1, $2) }
      #expect(refusal("field.nii").contains("the unit of the field is not stated"), "\(factor)")
    }
    // What lies outside of the mask does not count.
    try write("field.nii") { $0 == 0 ? 1e30 : tissue($0, $1, $2) }
    let maps = try maps("field.nii")
    #expect(maps.assumptions.contains { $0.contains("were taken for ppm") })
    #expect(abs((maps.field?.values.voxels.elements[1] ?? 0) - perMillion * tissue(1, 0, 0)) < 1e-4)
  }

  @Test func `The echo time of a field in radians is no number of milliseconds`() throws {
    try write("field.nii") { perMillion * 2 * .pi * 0.02 * tissue($0, $1, $2) }
    let message = refusal("field.nii", units: "rad", keys: ["EchoTime": 20])
    #expect(message.contains("milliseconds were probably meant"), "\(message)")
    #expect(refusal("field.nii", units: "rad", keys: ["EchoTime": 0.02]) == "")
  }

  @Test func `A total field with wraps is refused, and one without is not`() throws {
    func field(_ x: Int, _ y: Int, _ z: Int) -> Float { 5 * Float(x) + 3.3 * Float(y) + 1.7 * Float(z) }
    try write("plain.nii", field)
    try write("wrapped.nii") {
      let turns = field($0, $1, $2) / 25
      return 25 * (turns - turns.rounded())
    }
    #expect(refusal("plain.nii", .total, units: "Hz") == "")
    let message = refusal("wrapped.nii", .total, units: "Hz")
    #expect(message.contains("has wraps") && message.contains("Unwrap it first"), "\(message)")
  }

  @Test func `A field of zeros or of no numbers is refused`() throws {
    try write("field.nii") { x, _, _ in x == 0 ? 1 : x < 6 ? 0 : .nan }
    #expect(refusal("field.nii", units: "ppm").contains("zero or not finite"))
  }

  @Test
  func `A voxel beyond anything physical is refused with file and value, unless the mask leaves it out`()
    throws
  {
    for (place, isRefused) in [(3, true), (0, false)] {
      try write("field.nii") { x, y, z in x == place && y == 4 && z == 4 ? 1e30 : tissue(x, y, z) }
      let message = refusal("field.nii", units: "ppm")
      #expect((message.contains("field.nii") && message.contains("1e+30")) == isRefused, "\(message)")
    }
  }
}
