import MRIData

/// A rule that chooses which phase-encoding positions to acquire.
public protocol SamplingPattern: Sendable {
  /// The acquired positions on a grid; equal seeds give equal masks, on every platform and in every release.
  ///
  /// - Parameters:
  ///   - lines: The extent along `ky`.
  ///   - partitions: The extent along `kz`; 1 for a two-dimensional scan.
  ///   - seed: The seed of the random choices, without effect on patterns that make none.
  /// - Throws: ``SamplingError`` if the pattern cannot be laid over the grid.
  func mask(lines: Int, partitions: Int, seed: UInt64) throws(SamplingError) -> SamplingMask
}
