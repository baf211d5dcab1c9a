import Numerics

/// How much there is of a scan: what time, memory and disk follow from.
///
/// Bytes are floating-point numbers, as a damaged header may ask for more than an integer holds.
public struct ScanSize: Sendable, Equatable {
  /// The encoded grid of one slice.
  public var matrix: Extents
  /// The voxels of its images.
  public var prescribed: Extents
  /// The distance of neighbouring voxels of its images along `x`, `y`, `z` [m].
  public var voxelSize: SIMD3<Double>
  /// The length of readouts as they are held, which may have been cut to the prescribed field of view.
  public var readoutLength: Int
  /// The number of slices.
  public var slices: Int
  /// The number of receive channels.
  public var channels: Int
  /// The number of echoes.
  public var echoes: Int
  /// The number of readouts of any kind.
  public var readouts: Int
  /// The share of the grid's positions that was acquired, over all slices and echoes.
  public var acquiredShare: Double

  /// Names a size.
  ///
  /// - Parameters:
  ///   - matrix: The encoded grid of one slice.
  ///   - prescribed: The voxels of its images; those of the grid unless given.
  ///   - voxelSize: The distance of neighbouring voxels of its images [m]; cubes unless given.
  ///   - readoutLength: The length of readouts as they are held; that of the grid unless given.
  ///   - slices: The number of slices.
  ///   - channels: The number of receive channels.
  ///   - echoes: The number of echoes.
  ///   - readouts: The number of readouts of any kind; as many as a complete scan has unless given.
  ///   - acquiredShare: The share of the grid's positions that was acquired.
  public init(
    matrix: Extents, prescribed: Extents? = nil, voxelSize: SIMD3<Double>? = nil, readoutLength: Int? = nil,
    slices: Int = 1, channels: Int, echoes: Int, readouts: Int? = nil, acquiredShare: Double = 1
  ) {
    self.matrix = matrix
    self.prescribed = prescribed ?? matrix
    self.voxelSize = voxelSize ?? [1e-3, 1e-3, 1e-3]
    self.readoutLength = readoutLength ?? matrix.x
    self.slices = slices
    self.channels = channels
    self.echoes = echoes
    self.readouts = readouts ?? matrix.y * matrix.z * slices * echoes
    self.acquiredShare = acquiredShare
  }

  /// Whether nothing of the grid is missing.
  public var isFullySampled: Bool { acquiredShare >= 1 }

  /// The voxels of the encoded grid, of all slices.
  public var voxels: Double {
    Double(matrix.x) * Double(matrix.y) * Double(matrix.z) * Double(slices)
  }

  /// The memory of one channel, all echoes and slices [bytes].
  public var channelBytes: Double {
    Double(MemoryLayout<Complex<Float>>.stride) * Double(readoutLength) * Double(matrix.y)
      * Double(matrix.z) * Double(slices) * Double(echoes)
  }

  /// The memory of the whole grid, all channels, echoes and slices [bytes].
  public var kSpaceBytes: Double { channelBytes * Double(channels) }

  /// The memory of the acquired samples [bytes].
  public var acquiredBytes: Double { kSpaceBytes * acquiredShare }
}
