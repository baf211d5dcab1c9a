import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators

/// A reconstruction that fills the gaps of k-space: images are the transforms of what it filled.
public protocol SelfConsistentReconstruction: Reconstruction {
  /// A scan without gaps, and how they were filled.
  ///
  /// - Throws: ``ParallelImagingError``.
  func filled(_ scan: CompactKSpace) throws(ParallelImagingError) -> SPIRiTFilling
}

extension SelfConsistentReconstruction {
  /// A scan without gaps, and how they were filled.
  ///
  /// - Throws: As for the acquired lines alone.
  public func filled(_ scan: KSpace) throws(ParallelImagingError) -> SPIRiTFilling {
    try filled(CompactKSpace(scan))
  }

  /// The images of every channel on the encoded grid.
  ///
  /// - Throws: As for the acquired lines alone.
  public func callAsFunction(_ scan: KSpace) throws -> ChannelImages { try filled(scan).images }

  /// The images of every channel on the encoded grid.
  ///
  /// - Throws: ``ParallelImagingError``.
  public func callAsFunction(_ scan: CompactKSpace) throws -> ChannelImages { try filled(scan).images }

  /// The missing samples, one echo's acquired samples in hybrid space, and each thread's matrices of a plane.
  ///
  /// - Parameter iterations: How many there usually are.
  func needs(for size: ScanSize, iterations: Int) -> MethodNeeds {
    guard !size.isFullySampled else { return MethodNeeds() }
    let sources = Double(size.channels) * size.virtualShare, channels = size.usualVirtualChannels
    let plane = Double(MemoryLayout<Complex<Float>>.stride * size.matrix.y) * Double(size.matrix.z)
    return MethodNeeds(
      memory: (size.kSpaceBytes - size.acquiredBytes) * size.virtualShare
        + size.acquiredBytes / Double(size.echoes * size.slices)
        + Double(Parallelism.threads) * plane * sources * (sources + 8),
      // Seconds per voxel, squared number of channels, echo and iteration.
      seconds: Double(iterations) * 6e-9 * size.voxels * Double(size.echoes) * channels * channels)
  }
}
