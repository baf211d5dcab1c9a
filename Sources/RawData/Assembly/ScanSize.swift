import MRIData
import Numerics

/// How much there is of a scan: what time, memory and disk follow from.
public struct ScanSize: Sendable, Equatable {
  /// The encoded grid of one slice.
  public var matrix: Extents
  /// The voxels of its images.
  public var prescribed: Extents
  /// The number of slices.
  public var slices: Int
  /// The number of receive channels.
  public var channels: Int
  /// The number of echoes.
  public var echoes: Int
  /// The number of readouts of any kind.
  public var readouts: Int
  /// The number of readouts that belong to images.
  public var imageReadouts: Int
  /// The memory that the k-space of all slices takes [byte]; a damaged header may ask for more than an integer holds.
  public var kspaceBytes: Double

  /// The size of a complete scan of one volume.
  public init(matrix: Extents, channels: Int, echoes: Int) {
    self.matrix = matrix
    prescribed = matrix
    slices = 1
    self.channels = channels
    self.echoes = echoes
    readouts = matrix.y * matrix.z * echoes
    imageReadouts = readouts
    kspaceBytes = Double(MemoryLayout<Complex<Float>>.stride * channels * echoes) * Double(matrix.count)
  }

  /// The size of a scan that is a file.
  public init(_ layout: ScanLayout) {
    matrix = layout.grid.matrix
    prescribed = layout.grid.prescribed
    slices = max(1, layout.sliceCounters.count)
    channels = max(1, layout.channels)
    echoes = max(1, layout.parameters.echoTimes.count)
    readouts = layout.uses.count
    imageReadouts = layout.uses.count { $0.isImage }
    kspaceBytes = Double(layout.kspaceBytes)
  }
}
