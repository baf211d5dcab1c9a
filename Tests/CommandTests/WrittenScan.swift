import Foundation
import KSpaceToolkit
import TestSupport

/// A small raw file of which every readout is chosen.
struct WrittenScan {
  /// A readout; samples differ from one to the next.
  struct Readout {
    var line: Int
    var partition = 0
    var slice = 0
    var echo = 0
    var average = 0
    var flags: AcquisitionFlags = []
    /// The part of `kx` that is sampled; all of it unless given.
    var range: Range<Int>?
  }

  let folder: TemporaryDirectory

  /// Writes `scan.h5`, or another name; voxels of 2 mm, slices of 3 mm.
  init(
    _ name: String = "scan.h5", matrix: Extents, channels: Int = 2, echoes: Int = 1,
    prescribed: Extents? = nil, calibrationMode: String? = nil, _ readouts: [Readout]
  ) throws {
    folder = try TemporaryDirectory()
    let parameters = ScanParameters(
      echoTimes: (0..<echoes).map { 0.004 + 0.005 * Double($0) }, fieldStrength: 3, repetitionTime: 0.03)
    let geometry = Geometry(matrix: matrix, voxelSize: [0.002, 0.002, 0.003])
    let header = MRDHeader(
      describing: parameters, geometry: geometry, prescribedMatrix: prescribed,
      limits: [
        "kspace_encoding_step_1": .init(minimum: 0, maximum: matrix.y - 1, center: matrix.y / 2),
        "kspace_encoding_step_2": .init(minimum: 0, maximum: matrix.z - 1, center: matrix.z / 2),
      ], receiverChannels: channels, calibrationMode: calibrationMode)
    let writer = try MRDWriter(creating: folder.path(name), header: header)
    for (index, readout) in readouts.enumerated() {
      let range = readout.range ?? 0..<matrix.x
      var header = AcquisitionHeader()
      header.flags = readout.flags
      header.scanCounter = UInt32(index)
      header.sampleCount = UInt16(range.count)
      header.centerSample = UInt16(matrix.x / 2 - range.lowerBound)
      header.activeChannels = UInt16(channels)
      header.availableChannels = UInt16(channels)
      header.sampleTime = 10
      header.position = [0, 0, 3 * Float(readout.slice)]
      header.readDirection = [1, 0, 0]
      header.phaseDirection = [0, 1, 0]
      header.sliceDirection = [0, 0, 1]
      header.counters.line = UInt16(readout.line)
      header.counters.partition = UInt16(readout.partition)
      header.counters.slice = UInt16(readout.slice)
      header.counters.contrast = UInt16(readout.echo)
      header.counters.average = UInt16(readout.average)
      try testPattern([channels, range.count], seed: UInt64(index + 1)).withUnsafeBufferPointer {
        try writer.append(header, samples: $0)
      }
    }
    try writer.close()
  }

  /// Runs `kspace` in the folder.
  func run(_ arguments: String...) throws -> ExternalProcess.Result {
    try Command.run(arguments, in: folder)
  }

  /// A raw file of the folder.
  func file(_ name: String) throws -> MRDFile { try MRDFile(at: folder.path(name)) }

  /// An array of the folder.
  func array(_ name: String) throws -> NDArray<Complex<Float>> { try NumPyArray.read(folder.path(name)) }

  /// Every position of a grid.
  static func complete(lines: Int, partitions: Int = 1, echoes: Int = 1, slice: Int = 0) -> [Readout] {
    (0..<partitions).flatMap { partition in
      (0..<lines).flatMap { line in
        (0..<echoes).map { Readout(line: line, partition: partition, slice: slice, echo: $0) }
      }
    }
  }
}
