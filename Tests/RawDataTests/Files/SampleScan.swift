import Foundation
import MRIData
import Numerics
import Synchronization

@testable import RawData

/// A scan whose every header field and sample differs from every other, for files to carry.
struct SampleScan {
  var header: MRDHeader
  var readouts: [(header: AcquisitionHeader, samples: [Complex<Float>], trajectory: [Float])] = []

  /// Readouts of the given channels, samples and trajectory dimensions, in this order.
  init(_ shapes: [(channels: Int, samples: Int, dimensions: Int)], seed: UInt64 = 1) throws {
    header = try MRDHeader(xml: Self.xml)
    var generator = SeededGenerator(seed: seed)
    for shape in shapes {
      var bytes = [UInt8](repeating: 0, count: AcquisitionHeader.byteCount)
      for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: generator.next()) }
      var header = bytes.withUnsafeBytes { AcquisitionHeader(bytes: $0) }
      header.makeFinite()
      header.activeChannels = UInt16(shape.channels)
      header.sampleCount = UInt16(shape.samples)
      header.trajectoryDimensions = UInt16(shape.dimensions)
      func number() -> Float { Float(Int32(truncatingIfNeeded: generator.next())) / 1024 }
      readouts.append(
        (
          header, (0..<shape.channels * shape.samples).map { _ in Complex(number(), number()) },
          (0..<shape.samples * shape.dimensions).map { _ in number() }
        ))
    }
  }

  /// Readouts of many shapes, some without samples.
  static func varied() throws -> SampleScan {
    try SampleScan(
      [(1, 1, 0), (3, 7, 2), (2, 64, 0), (8, 1, 3), (1, 0, 0), (5, 31, 0)]
        + Array(repeating: (4, 16, 0), count: 300))
  }

  /// A small header.
  static let xml = """
    <?xml version="1.0"?>
    <ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD">
      <experimentalConditions><H1resonanceFrequency_Hz>123263033</H1resonanceFrequency_Hz></experimentalConditions>
      <encoding>
        <encodedSpace><matrixSize><x>16</x><y>8</y><z>4</z></matrixSize>
          <fieldOfView_mm><x>320</x><y>160.5</y><z>40</z></fieldOfView_mm></encodedSpace>
        <reconSpace><matrixSize><x>8</x><y>8</y><z>4</z></matrixSize>
          <fieldOfView_mm><x>160</x><y>160.5</y><z>40</z></fieldOfView_mm></reconSpace>
        <encodingLimits/><trajectory>cartesian</trajectory>
      </encoding>
      <sequenceParameters><TE>4.5</TE></sequenceParameters>
    </ismrmrdHeader>
    """

  /// Writes the scan to a file.
  func write(to path: String, format: MRDWriter.Format? = nil) throws {
    let writer = try MRDWriter(creating: path, header: header, format: format)
    for readout in readouts {
      try readout.samples.withUnsafeBufferPointer { samples throws(RawDataError) in
        try writer.append(readout.header, samples: samples, trajectory: readout.trajectory)
      }
    }
    try writer.close()
  }
}

extension AcquisitionHeader {
  /// Replaces what is not a number, which is equal to nothing, not even itself.
  mutating func makeFinite() {
    func finite<Vector: SIMD>(_ vector: Vector) -> Vector where Vector.Scalar == Float {
      var vector = vector
      for lane in vector.indices where !vector[lane].isFinite { vector[lane] = Float(lane) }
      return vector
    }
    if !sampleTime.isFinite { sampleTime = 5 }
    position = finite(position)
    readDirection = finite(readDirection)
    phaseDirection = finite(phaseDirection)
    sliceDirection = finite(sliceDirection)
    tablePosition = finite(tablePosition)
    userFloats = finite(userFloats)
  }
}

extension MRDFile {
  /// The samples of all readouts.
  func allSamples() throws -> [[Complex<Float>]] { try samples(of: Array(acquisitions.indices)) }

  /// The samples of chosen readouts, by index; those of others are empty.
  func samples(of indices: [Int]) throws -> [[Complex<Float>]] {
    let result = Mutex([[Complex<Float>]](repeating: [], count: acquisitions.count))
    try forEachReadout(indices) { (index, samples) throws(RawDataError) in
      let copy = Array(samples)
      result.withLock { $0[index] = copy }
    }
    return result.withLock { $0 }
  }
}

/// Notes which readouts came, from any thread.
final class SeenReadouts: Sendable {
  private let seen = Mutex<[(index: Int, isRight: Bool)]>([])

  /// Notes one readout.
  func add(_ index: Int, _ isRight: Bool) { seen.withLock { $0.append((index, isRight)) } }

  /// The readouts, in ascending order.
  var indices: [Int] { seen.withLock { $0.map(\.index).sorted() } }

  /// Whether every one was as expected.
  var isAllRight: Bool { seen.withLock { $0.allSatisfy(\.isRight) } }
}

extension SampleScan {
  /// A complete scan of 16 x 8 samples, all equal, with two-fold readout oversampling.
  static var square: SampleScan {
    get throws {
      var scan = try SampleScan(Array(repeating: (1, 16, 0), count: 8))
      scan.header = MRDHeader(
        describing: ScanParameters(
          echoTimes: [0.005], fieldStrength: 3, protocolName: "square", patientPosition: "HFS"),
        geometry: Geometry(matrix: Extents(x: 16, y: 8, z: 1), voxelSize: [0.01, 0.02, 0.03]),
        prescribedMatrix: Extents(x: 8, y: 8, z: 1),
        limits: ["kspace_encoding_step_1": .init(minimum: 0, maximum: 7, center: 4)], receiverChannels: 1,
        acceleration: [1, 1], calibrationMode: "other", userParameters: ["origin": "test"])
      for line in 0..<8 {
        var header = AcquisitionHeader()
        header.activeChannels = 1
        header.availableChannels = 1
        header.sampleCount = 16
        header.centerSample = 8
        header.counters.line = UInt16(line)
        if line == 0 { header.flags = [.firstInLine, .firstInSlice] }
        if line == 7 { header.flags = [.lastInLine, .lastInSlice] }
        scan.readouts[line] = (header, Array(repeating: Complex(1, 0), count: 16), [])
      }
      return scan
    }
  }

  /// Every readout as a hexadecimal number: header, trajectory, samples.
  var hexadecimals: [String] { readouts.map { hexadecimal($0.header, $0.trajectory, $0.samples) } }
}

extension MRDFile {
  /// Every readout as a hexadecimal number: header, trajectory, samples.
  func hexadecimals() throws -> [String] {
    let samples = try allSamples()
    return try acquisitions.indices.map {
      hexadecimal(acquisitions[$0], try trajectory(ofReadout: $0), samples[$0])
    }
  }
}

private func hexadecimal(
  _ header: AcquisitionHeader, _ trajectory: [Float], _ samples: [Complex<Float>]
) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  func append(_ bytes: UnsafeRawBufferPointer) {
    for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
  }
  header.bytes.withUnsafeBytes(append)
  trajectory.withUnsafeBytes(append)
  samples.withUnsafeBytes(append)
  return String(decoding: text, as: UTF8.self)
}

extension AcquisitionHeader {
  /// The packed header.
  var bytes: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.byteCount)
    bytes.withUnsafeMutableBytes { write(to: $0) }
    return bytes
  }
}

/// The checksum of zlib.
struct CRC32 {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
  }
  private var state: UInt32 = 0xFFFF_FFFF

  /// The checksum of all bytes so far.
  var value: UInt32 { ~state }

  /// Takes in bytes.
  mutating func update(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { state = Self.table[Int(UInt8(truncatingIfNeeded: state) ^ byte)] ^ state >> 8 }
  }
}

/// The real scans that stand beside a checkout.
enum RealScan {
  static let paths = [
    "mrd/brain8ch_full.h5", "mrd/brain8ch_plane_full.h5", "mrd/brain8ch_R3_acs24.h5",
    "mrd/aspire7T_32ch_2echo_2slice.h5", "mrd/ge_phantom8ch_7slices.h5", "mrd/11_02_GRE_3echoes_sorted.h5",
    "mrd/11_03_GRE_3echoes_bipolar_sorted.h5", "mrd/siemens/11_02_GRE_3echoes.h5", "mrd/siemens/gre.h5",
    "mrd/siemens/epi.h5", "mrd/grappa2_1rep.h5", "mrd/semi3d_6ch_3echo.h5",
  ]
}
