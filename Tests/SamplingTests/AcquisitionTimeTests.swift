import Foundation
import FoundationXML
import MRIData
import Sampling
import TestSupport
import Testing

@Suite struct AcquisitionTimeTests {
  static func path(_ name: String) -> String {
    SharedData.packageRoot.appending(path: "Protocols/\(name).json").path
  }

  static func time(_ name: String) throws -> AcquisitionTime {
    let file = try ProtocolFile(at: path(name))
    return try AcquisitionTime(file.scan, masks: file.recipe.masks())
  }

  @Test("the committed parallel-imaging protocol takes the published time within a second")
  func published() throws {
    let file = try ProtocolFile(at: Self.path("study_parallel_imaging_af2"))
    let time = try Self.time("study_parallel_imaging_af2")
    let published = try #require(file.published).duration
    #expect(published == 406)
    #expect(abs(time.duration - published) < 1)
    #expect(time.positions == 13_440 && time.repetitions == 13_444)
    #expect(AcquisitionTime.text(time.duration) == "6:46")
  }

  @Test("the published times contradict each other as the notes say")
  func inconsistency() throws {
    var products: [Int] = []
    for name in ["study_parallel_imaging_af2"] + (3...5).map({ "study_deep_learning_af\($0)" }) {
      let published = try #require(try ProtocolFile(at: Self.path(name)).published)
      products.append(Int((try #require(published.acceleration) * published.duration).rounded()))
    }
    #expect(products == [812, 825, 780, 655])
  }

  @Test("every committed protocol can be read, and its mask made")
  func committed() throws {
    let folder = SharedData.packageRoot.appending(path: "Protocols").path
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }
    #expect(names.count >= 7)
    for name in names {
      let file = try ProtocolFile(at: folder + "/" + name)
      let masks = try file.recipe.masks()
      try masks[0].validate()
      #expect(try AcquisitionTime(file.scan, masks: masks).duration > 60)
    }
  }

  @Test("the accounting counts averages, dummies, the noise scan and the reference scan")
  func accounting() throws {
    var scan = ScanProtocol(
      name: "test", fieldStrength: 3, repetitionTime: 0.02, echoTimes: [0.004],
      matrix: Extents(x: 8, y: 10, z: 6), voxelSize: [1e-3, 1e-3, 1e-3])
    let half = try Lattice(lineStep: 2).mask(lines: 10, partitions: 6)
    #expect(try AcquisitionTime(scan, masks: [half]).repetitions == 30)
    scan.averages = 3
    scan.dummyRepetitions = 5
    scan.noiseRepetitions = 2
    scan.reference = .init(repetitions: 40, repetitionTime: 0.005)
    let time = try AcquisitionTime(scan, masks: [half])
    #expect(time.repetitions == 97)
    #expect(abs(time.duration - (97 * 0.02 + 0.2)) < 1e-12)
    // Echoes are free; the fullest mask decides.
    let full = SamplingMask(lines: 10, partitions: 6)
    #expect(try AcquisitionTime(scan, masks: [half, full]).positions == 60)
    #expect(
      throws: SamplingError.extentsDiffer(
        mask: GridExtent(lines: 6, partitions: 10), data: GridExtent(lines: 10, partitions: 6))
    ) { try AcquisitionTime(scan, masks: [SamplingMask(lines: 6, partitions: 10)]) }
    #expect(throws: SamplingError.self) {
      try AcquisitionTime(scan, masks: [SamplingMask(lines: 10, partitions: 6, isAcquired: false)])
    }
  }

  @Test("quantities carry units, and nonsense is refused with its key")
  func badProtocols() throws {
    let folder = try TemporaryDirectory()
    let good = try String(contentsOfFile: Self.path("study_deep_learning_af3"), encoding: .utf8)
    let path = folder.path("protocol.json")
    func message(_ old: String, _ new: String) throws -> String {
      try #require(good.contains(old))
      try good.replacingOccurrences(of: old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
      do {
        _ = try ProtocolFile(at: path)
        return "no error"
      } catch {
        return error.description
      }
    }
    #expect(try message("30.2ms", "0.0302 s") == "no error")
    #expect(abs(try ProtocolFile(at: path).scan.repetitionTime - 0.0302) < 1e-15)
    #expect(try message("\"30.2ms\"", "\"30.2\"").contains("repetitionTime"))
    #expect(try message("\"30.2ms\"", "30.2").contains("not a protocol"))
    #expect(try message("30.2ms", "-1ms").contains("repetition time"))
    #expect(try message("30.2ms", "20ms").contains("0.025 s"))
    #expect(try message("\"3.3ms\"", "\"9.9ms\"").contains("rise"))
    #expect(try message("\"repetitionTime\"", "\"TR\"").contains("\"repetitionTime\" is missing"))
    #expect(try message("0.8mm", "0mm").contains("voxel size"))
    #expect(try message("\"averages\": 1", "\"averages\": 0").contains("averages"))
    for count in ["\(Int.max)", "1000001", "-1"] {
      #expect(
        try message("\"averages\": 1", "\"averages\": 1, \"dummyRepetitions\": \(count)").contains(
          "dummyRepetitions"))
      #expect(try message("\"averages\": 1", "\"averages\": \(count)").contains("averages is \(count)"))
    }
    #expect(
      try message("\"averages\": 1", "\"averages\": 1, \"dummyRepetition\": 5").contains(
        "\"dummyRepetition\" is not known"))
    #expect(try message("0.8mm", "80mm").contains("voxel of 80 mm"))
    #expect(try message("\"3T\"", "\"30000T\"").contains("30000"))
    #expect(try message("30.2ms", "27000s").contains("repetition time"))
    #expect(try message("30.2ms", "1e300s").contains("repetition time"))
    #expect(try message("80\n", "\(Int.max)\n").contains("matrix"))
    #expect(try message("PoissonDisk", "Spiral").contains("Spiral"))
    #expect(try message("\"rectangle\"", "\"hexagon\"").contains("\"hexagon\" is none of rectangle, ellipse"))
    #expect(try message("\"index\"", "\"miles\"").contains("metric\": \"miles\" is none of index, extent"))
    let overflow = try message("\"averages\": 1", "\"averages\": 1, \"dummyRepetitions\": 1e30")
    #expect(
      overflow.contains("\"dummyRepetitions\" is 1e+30") && overflow.contains("whole number"), "\(overflow)")
    #expect(try message("24x24", "24").contains("300x72"))
    #expect(try message("80\n", "0\n").contains("matrix"))
    #expect(throws: SamplingError.self) { try ProtocolFile(at: folder.path("absent.json")) }
  }

  @Test("the chart is a picture with a bar per protocol, the table a line")
  func comparison() throws {
    let rows = try ["study_parallel_imaging_af2", "study_deep_learning_af4"].map { name in
      let file = try ProtocolFile(at: Self.path(name))
      var scan = file.scan, published = file.published
      scan.name = "<\(scan.name)>"
      published?.note = nil
      return try TimeComparison.Row(scan, masks: file.recipe.masks(), published: published)
    }
    let comparison = TimeComparison(rows)
    let document = try XMLDocument(data: Data(comparison.chart.utf8))
    #expect(document.rootElement()?.elements(forName: "rect").count == 3)
    let table = comparison.table.split(separator: "\n")
    #expect(table.count == 4)
    #expect(table[2].contains("6:46") && table[2].contains("13440") && table[2].contains("33.1"))
    // 6000 positions and 4 dummies of 30.2 ms are 181.3 s, 3.7 min less.
    #expect(table[3].contains("3:01") && table[3].contains("3:15") && table[3].contains("3.7 min"))
  }
}
