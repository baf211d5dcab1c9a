import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import TestSupport
import Testing

@Suite("BIDS names, sidecars and data sets")
struct BIDSTests {
  private let parameters = ScanParameters(
    echoTimes: [0.0033, 0.0064, 0.0095], fieldStrength: 3, imagingFrequency: 127_740_000,
    repetitionTime: 0.0302,
    flipAngle: 15 * .pi / 180, dwellTime: 4.2e-6, phaseSign: .negative, protocolName: "GRE",
    manufacturer: "UIH",
    model: "uMR790")

  @Test("Entities stand in BIDS order")
  func order() throws {
    let name = try BIDSName(
      subject: "01", session: "2", task: "rest", acquisition: "AF4", contrastAgent: "gd",
      reconstruction: "grappa",
      run: 3, echo: 12, part: .phase, describing: "noise", suffix: "MEGRE")
    #expect(
      "\(name)" == "sub-01_ses-2_task-rest_acq-AF4_ce-gd_rec-grappa_run-3_echo-12_part-phase_desc-noise_MEGRE"
    )
    #expect(name.folder == "sub-01/ses-2/anat")
    let map = try BIDSName(subject: "x9", suffix: "Chimap")
    #expect("\(map)" == "sub-x9_Chimap" && map.folder == "sub-x9/anat")
  }

  @Test("Single channels are named as QSMxT reads them")
  func channels() throws {
    let name = try BIDSName(subject: "1", run: 2, channel: 7, echo: 1, part: .magnitude, suffix: "MEGRE")
    #expect("\(name)" == "sub-1_rec-uncombined_run-2_coil-07_echo-1_part-mag_MEGRE")
    let last = try BIDSName(
      subject: "1", reconstruction: "grappa", channel: 32, echo: 1, part: .magnitude, suffix: "MEGRE")
    #expect("\(last)" == "sub-1_rec-uncombined_coil-32_echo-1_part-mag_MEGRE")
  }

  @Test("Labels that BIDS forbids", arguments: ["", "a-b", "a_b", "a b", "../x", "\u{E9}", "a.b"])
  func labels(label: String) {
    #expect(throws: FileError.invalidLabel(entity: "sub", label: label)) {
      try BIDSName(subject: label, suffix: "MEGRE")
    }
    #expect(throws: FileError.invalidLabel(entity: "acq", label: label)) {
      try BIDSName(subject: "1", acquisition: label, suffix: "MEGRE")
    }
    #expect(throws: FileError.invalidLabel(entity: "suffix", label: label)) {
      try BIDSName(subject: "1", suffix: label)
    }
  }

  @Test("Numbers count from one")
  func numbers() {
    #expect(throws: FileError.invalidLabel(entity: "echo", label: "0")) {
      try BIDSName(subject: "1", echo: 0, suffix: "MEGRE")
    }
    #expect(throws: FileError.self) { try BIDSName(subject: "1", channel: -1, suffix: "MEGRE") }
  }

  @Test("A sidecar has the units of BIDS, sorted keys and short numbers")
  func sidecar() throws {
    let directory = try TemporaryDirectory()
    var sidecar = Sidecar(
      parameters: parameters, geometry: Scans.signedPermutations[17], echo: 1, units: .radians)
    sidecar.parallelReductionFactorInPlane = 2
    sidecar.coilCombinationMethod = "MDI"
    sidecar.extra = ["AccelerationFullGrid": 4.125, "Assumptions": ["a", "b"], "EchoTime": 99]
    try sidecar.write(to: directory.path("a.json"))
    let text = try String(contentsOfFile: directory.path("a.json"), encoding: .utf8)
    for line in [
      #""AccelerationFullGrid" : 4.125,"#, #""B0_dir" : ["#, #""DwellTime" : 4.2e-06,"#,
      #""EchoNumber" : 2,"#,
      #""EchoTime" : 0.0064,"#, #""FlipAngle" : 15,"#, #""ImagingFrequency" : 127.74,"#,
      #""MRAcquisitionType" : "3D","#, #""MagneticFieldStrength" : 3,"#, #""PhaseSign" : "negative","#,
      #""RepetitionTimeExcitation" : 0.0302,"#, #""Units" : "rad""#,
    ] {
      #expect(text.contains(line), "\(line) is not in \(text)")
    }
    let keys = text.split(separator: "\n").filter { $0.hasPrefix("  \"") }
      .map { $0.split(separator: "\"")[1] }
    #expect(keys.count == 19 && keys == keys.sorted())
    let copy = try Sidecar(at: directory.path("a.json"))
    #expect(copy.echoTime == 0.0064)
    #expect(copy.extra == ["AccelerationFullGrid": 4.125, "Assumptions": ["a", "b"]])
    // Read and written again, nothing changes.
    try copy.write(to: directory.path("b.json"))
    #expect(try String(contentsOfFile: directory.path("b.json"), encoding: .utf8) == text)
  }

  @Test(
    "B0_dir follows the slices, not the voxel sizes", arguments: Scans.signedPermutations + Scans.obliques)
  func fieldDirection(geometry: Geometry) throws {
    let direction = try #require(Sidecar(parameters: parameters, geometry: geometry).fieldDirection)
    // R^T (0, 0, 1), with R's columns the directions.
    for (component, axis) in zip(
      direction, [geometry.readDirection, geometry.phaseDirection, geometry.sliceDirection])
    {
      #expect(abs(component - axis.z) <= 2 * Double.ulpOfOne)
    }
    #expect(abs(direction.reduce(0) { $0 + $1 * $1 } - 1) < 8 * Double.ulpOfOne)
  }

  @Test("Sidecars of others: unknown keys are kept, wrong types are named")
  func foreignSidecars() throws {
    let directory = try TemporaryDirectory()
    func write(_ text: String) throws {
      try text.write(toFile: directory.path("s.json"), atomically: true, encoding: .utf8)
    }
    try write(#"{"EchoTime": 0.004, "ConversionSoftware": "dcm2niix", "Nested": {"a": [1, null, true]}}"#)
    let sidecar = try Sidecar(at: directory.path("s.json"))
    #expect(sidecar.echoTime == 0.004 && sidecar.echoNumber == nil)
    #expect(sidecar.extra["ConversionSoftware"] == "dcm2niix")
    #expect(sidecar.extra["Nested"] == .object(["a": .array([1, .null, true])]))
    try write(#"{"EchoTime": "four"}"#)
    #expect {
      try Sidecar(at: directory.path("s.json"))
    } throws: {
      "\($0)".contains("EchoTime")
    }
    try write("no JSON")
    #expect(throws: FileError.self) { try Sidecar(at: directory.path("s.json")) }
    #expect(throws: FileError.missing(path: directory.path("t.json"))) {
      try Sidecar(at: directory.path("t.json"))
    }
    var infinite = Sidecar()
    infinite.echoTime = .infinity
    #expect(throws: FileError.self) { try infinite.write(to: directory.path("i.json")) }
    #expect(!FileManager.default.fileExists(atPath: directory.path("i.json")))
  }

  @Test("A data set describes itself and hides single channels from validators")
  func dataset() throws {
    let directory = try TemporaryDirectory()
    let dataset = try DerivativeDataset(at: directory.path("out/derived"), name: "Test", version: "1.2")
    let name = try BIDSName(
      subject: "01", session: "a", channel: 3, echo: 1, part: .magnitude, suffix: "MEGRE")
    let geometry = Scans.obliques[1]
    let path = try dataset.write(
      Scans.counting(geometry), as: name,
      sidecar: Sidecar(parameters: parameters, geometry: geometry, echo: 0))
    #expect(path == dataset.path(of: name) + ".nii.gz")
    #expect(
      path.hasSuffix(
        "out/derived/sub-01/ses-a/anat/sub-01_ses-a_rec-uncombined_coil-03_echo-1_part-mag_MEGRE.nii.gz"))
    #expect(try NIfTIFile(at: path).volumes(scaling: .applied).voxels == Scans.counting(geometry).voxels)
    #expect(try Sidecar(at: dataset.path(of: name) + ".json").echoTime == 0.0033)
    let ignored = try String(contentsOfFile: dataset.folder + "/.bidsignore", encoding: .utf8)
    #expect(ignored.split(separator: "\n").contains("*_coil-*") && ignored.contains("provenance.json"))
    let description = try JSONDecoder().decode(
      [String: JSONValue].self,
      from: Data(contentsOf: URL(filePath: dataset.folder + "/dataset_description.json")))
    #expect(description["DatasetType"] == "derivative" && description["Name"] == "Test")
    #expect(
      description["GeneratedBy"] == .array([.object(["Name": "KSpaceToolkit", "Version": "1.2"])]))
  }
}
