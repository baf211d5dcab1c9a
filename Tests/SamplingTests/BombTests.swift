import Foundation
import MRIData
import Sampling
import TestSupport
import Testing

/// Small files that claim much are refused before anything is reserved.
@Suite struct BombTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func refusal(_ name: String, _ content: Data) throws -> String? {
    let path = folder.path(name)
    try content.write(to: URL(filePath: path))
    do {
      _ = try MaskFile.read(path)
      return nil
    } catch {
      return error.description
    }
  }

  private func npy(_ type: String, _ shape: String, _ bytes: Int) -> Data {
    let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }\n"
    var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0])
    data.append(contentsOf: header.utf8)
    data.append(Data(repeating: 1, count: bytes))
    return data
  }

  @Test(
    "elements that NumPy does not have are refused by their type",
    arguments: ["<c1", "<c2", "<f1", "<i3", "|b2"])
  func types(type: String) throws {
    let size = type.last?.wholeNumberValue ?? 1
    let refusal = try #require(try refusal("mask.npy", npy(type, "(4, 4)", 16 * size)))
    #expect(refusal.contains(type))
  }

  @Test("elements that NumPy has are read", arguments: ["<c8", ">c16", "<f2", "<f4", "<i8", "|b1", "|u1"])
  func knownTypes(type: String) throws {
    let size = Int(type.drop { !$0.isNumber }) ?? 1
    #expect(try refusal("mask.npy", npy(type, "(4, 4)", 16 * size)) == nil)
  }

  @Test(
    "values that are no numbers are refused", arguments: ["<f2", "<f4", ">f4", "<f8", "<c8", ">c16", "<c32"])
  func notNumbers(type: String) throws {
    let size = Int(type.drop { !$0.isNumber }) ?? 1
    var data = npy(type, "(4, 4)", 16 * size)
    data.replaceSubrange(data.count - size..<data.count, with: Data(repeating: 0x7F, count: size))
    // The pattern of ones below a full exponent.
    if type.hasPrefix("<") { data[data.count - 2] = 0xFF } else { data[data.count - size + 1] = 0xFF }
    if type != "<c32" { #expect(try refusal("mask.npy", data)?.contains("no finite number") == true) }
    if type == "<c32" { #expect(try refusal("mask.npy", data)?.contains("c32") == true) }
  }

  @Test("lists of positions on grids, or for echoes, that no scan has are refused")
  func lists() throws {
    let grid = try #require(try refusal("grid.csv", Data("# grid 32767x32767\nky,kz\n16383,16383\n".utf8)))
    #expect(grid.contains("32767x32767") && grid.contains("too large"))
    let echoes = Data("# grid 4000x4000\necho,ky,kz\n1023,0,0\n".utf8)
    #expect(try #require(try refusal("echoes.csv", echoes)).contains("1024 masks"))
    let few = Data("# grid 60x40\necho,ky,kz\n0,30,20\n15,30,20\n".utf8)
    #expect(try #require(try refusal("few.csv", few)).contains("0 samples"))
  }

  @Test("arrays on grids that no scan has are refused as such, whatever they hold")
  func arrays() throws {
    for shape in ["(65536, 65536)", "(30000, 30000)", "(2048, 400, 400)"] {
      #expect(try #require(try refusal("mask.npy", npy("|b1", shape, 16))).contains("too large"), "\(shape)")
    }
    try Data("# Dimensions\n1 30000 30000\n".utf8).write(to: URL(filePath: folder.path("mask.hdr")))
    #expect(try #require(try refusal("mask.cfl", Data())).contains("too large"))
  }

  @Test("patterns are not laid over grids that no scan has")
  func grids() {
    let error = SamplingError.invalidGrid(lines: 32767, partitions: 32767)
    #expect(throws: error) { try Lattice().mask(lines: 32767, partitions: 32767) }
    #expect(throws: error) {
      try RandomPositions(acceleration: 4).mask(lines: 32767, partitions: 32767, seed: 1)
    }
    #expect(throws: error) { try PoissonDisk(acceleration: 4).mask(lines: 32767, partitions: 32767, seed: 1) }
  }

  @Test("a byte order mark before a list is passed over")
  func mark() throws {
    let list = "\u{FEFF}# grid 4x4\nky,kz\n2,2\n"
    #expect(try refusal("mask.csv", Data(list.utf8)) == nil)
  }

  @Test("pipes that nobody writes to are refused, not waited for", arguments: ["npy", "csv"])
  func pipes(kind: String) throws {
    let path = folder.path("pipe.\(kind)")
    #expect(mkfifo(path, 0o600) == 0)
    #expect {
      try MaskFile.read(path)
    } throws: {
      "\($0)".contains("pipe or a device")
    }
  }

  @Test("boxes, grids and families of recipes overflow nothing")
  func recipes() throws {
    let huge = GridExtent(lines: 1 << 32, partitions: 1 << 32)
    #expect(huge.count == .max)
    for box in [huge, GridExtent(lines: .max, partitions: 1), GridExtent(lines: 25, partitions: 4)] {
      let region = SamplingRegion(calibration: box)
      #expect(
        throws: SamplingError.calibrationTooLarge(box: box, grid: GridExtent(lines: 24, partitions: 16))
      ) {
        try PoissonDisk(acceleration: 3, region: region).mask(lines: 24, partitions: 16, seed: 1)
      }
    }
    #expect(throws: SamplingError.self) {
      try PoissonDisk(acceleration: 3).complementarySamples(
        echoes: 1 << 40, lines: 24, partitions: 16, seed: 1)
    }
    #expect(throws: SamplingError.self) {
      try Lattice().mask(lines: 1 << 40, partitions: 1 << 40)
    }
  }

  @Test("times beyond any clock are told without arithmetic on them", arguments: [1e300, .infinity, .nan])
  func times(seconds: Double) {
    #expect(AcquisitionTime.text(seconds).contains("more than"))
  }

  @Test("the files beside a mask are told from others")
  func companions() throws {
    let path = folder.path("mask.cfl")
    #expect(MaskFile.companions(of: path) == [folder.path("mask.json"), folder.path("mask.hdr")])
    try MaskFile.write([SamplingMask(lines: 8, partitions: 4)], to: path)
    for companion in MaskFile.companions(of: path) { #expect(MaskFile.isCompanion(companion)) }
    try Data("{\"EchoTime\": 0.004}".utf8).write(to: URL(filePath: folder.path("scan.json")))
    try Data("subject".utf8).write(to: URL(filePath: folder.path("scan.hdr")))
    #expect(!MaskFile.isCompanion(folder.path("scan.json")) && !MaskFile.isCompanion(folder.path("scan.hdr")))
  }
}
