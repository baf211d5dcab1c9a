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
  func allSamples() throws -> [[Complex<Float>]] {
    let result = Mutex([[Complex<Float>]](repeating: [], count: acquisitions.count))
    try forEachReadout(Array(acquisitions.indices)) { (index, samples) throws(RawDataError) in
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
