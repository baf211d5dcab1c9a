import MRIData
import NDArrays
import Numerics
import Synchronization
import TestSupport

@testable import RawData

/// Readouts that lie in memory.
struct MemorySource: ReadoutSource {
  var path = "memory"
  var header: MRDHeader
  var acquisitions: [AcquisitionHeader] = []
  var samples: [[Complex<Float>]] = []

  init(header: MRDHeader) { self.header = header }

  func forEachReadout(
    _ indices: [Int],
    _ body: @Sendable (Int, UnsafeBufferPointer<Complex<Float>>) throws(RawDataError) -> Void
  ) throws(RawDataError) {
    precondition(zip(indices, indices.dropFirst()).allSatisfy { $0 < $1 }, "indices must ascend")
    let failure = Mutex<RawDataError?>(nil)
    Parallelism.forEach(indices.count) { position in
      let index = indices[position]
      samples[index].withUnsafeBufferPointer { buffer in
        do throws(RawDataError) {
          try body(index, buffer)
        } catch {
          failure.withLock { $0 = $0 ?? error }
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Adds a readout; samples are `[channel, sample]`.
  mutating func append(
    _ samples: [Complex<Float>], channels: Int, flags: AcquisitionFlags = [],
    _ change: (inout AcquisitionHeader) -> Void = { _ in }
  ) {
    var readout = AcquisitionHeader()
    readout.flags = flags
    readout.scanCounter = UInt32(acquisitions.count)
    readout.activeChannels = UInt16(channels)
    readout.sampleCount = UInt16(samples.count / channels)
    readout.centerSample = readout.sampleCount / 2
    readout.sampleTime = 10
    readout.readDirection = [1, 0, 0]
    readout.phaseDirection = [0, 1, 0]
    readout.sliceDirection = [0, 0, 1]
    change(&readout)
    acquisitions.append(readout)
    self.samples.append(samples)
  }

  /// Copies another source.
  init(copying source: some ReadoutSource) throws {
    header = source.header
    acquisitions = source.acquisitions
    let copies = Mutex([[Complex<Float>]](repeating: [], count: acquisitions.count))
    try source.forEachReadout(Array(acquisitions.indices)) { index, samples in
      let copy = Array(samples)
      copies.withLock { $0[index] = copy }
    }
    samples = copies.withLock { $0 }
  }

  /// The same readouts in another order.
  func shuffled(seed: UInt64) -> MemorySource {
    var generator = SeededGenerator(seed: seed)
    var order = Array(acquisitions.indices)
    for index in order.indices.dropFirst().reversed() {
      order.swapAt(index, generator.integer(below: index + 1))
    }
    var result = self
    result.acquisitions = order.map { acquisitions[$0] }
    result.samples = order.map { samples[$0] }
    return result
  }
}

extension MRDHeader {
  /// A header for a grid; voxels of 1 mm.
  static func of(
    _ matrix: Extents, prescribed: Extents? = nil, echoTimes: [Double] = [0.005]
  ) -> MRDHeader {
    func space(_ extents: Extents) -> Space {
      let counts = SIMD3(Double(extents.x), Double(extents.y), Double(extents.z))
      return Space(matrix: counts, fieldOfView: counts * 1e-3)
    }
    var encoding = Encoding(encodedSpace: space(matrix), reconSpace: space(prescribed ?? matrix))
    encoding.limits = [
      "kspace_encoding_step_1": Limit(minimum: 0, maximum: matrix.y - 1, center: matrix.y / 2),
      "kspace_encoding_step_2": Limit(minimum: 0, maximum: matrix.z - 1, center: matrix.z / 2),
    ]
    encoding.trajectory = "cartesian"
    var header = MRDHeader(xml: "", encodings: [encoding])
    header.echoTimes = echoTimes
    header.fieldStrength = 3
    header.imagingFrequency = 3 * ScanParameters.protonGyromagneticRatio
    return header
  }
}

/// The readouts of a k-space array `[echo, channel, kz, ky, kx]`, echo by echo within each line.
func readouts(of kSpace: NDArray<Complex<Float>>, prescribed: Extents? = nil) -> MemorySource {
  let shape = kSpace.shape
  var source = MemorySource(
    header: .of(
      Extents(x: shape[4], y: shape[3], z: shape[2]), prescribed: prescribed,
      echoTimes: (0..<shape[0]).map { 0.003 * Double($0 + 1) }))
  for partition in 0..<shape[2] {
    for line in 0..<shape[3] {
      for echo in 0..<shape[0] {
        let samples = (0..<shape[1]).flatMap { kSpace.part(at: echo, $0, partition, line).elements }
        source.append(samples, channels: shape[1]) {
          $0.counters.line = UInt16(line)
          $0.counters.partition = UInt16(partition)
          $0.counters.contrast = UInt16(echo)
        }
      }
    }
  }
  return source
}
