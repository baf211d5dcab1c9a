import NDArrays

/// The phase-encoding positions that were acquired, axes `[kz, ky]`.
///
/// The readout is fully sampled, so the mask holds for every `kx` and every channel.
public struct SamplingMask: Sendable, Equatable {
  /// Whether each position was acquired, axes `[kz, ky]`.
  public private(set) var isAcquired: NDArray<Bool>

  /// Creates a mask from one flag per position.
  ///
  /// - Precondition: The flags have two axes, `[kz, ky]`.
  public init(isAcquired: NDArray<Bool>) {
    precondition(isAcquired.shape.count == 2, "a mask needs [kz, ky], not \(isAcquired.shape)")
    self.isAcquired = isAcquired
  }

  /// A mask of the given extents with everything, or nothing, acquired.
  public init(lines: Int, partitions: Int, isAcquired: Bool = true) {
    self.isAcquired = NDArray(repeating: isAcquired, shape: [partitions, lines])
  }

  /// The extent along `ky`.
  public var lines: Int { isAcquired.shape[1] }
  /// The extent along `kz`.
  public var partitions: Int { isAcquired.shape[0] }

  /// The number of acquired positions.
  public var acquiredCount: Int { isAcquired.elements.count { $0 } }

  /// Whether every position was acquired.
  public var isFullySampled: Bool { acquiredCount == lines * partitions }

  /// Whether one position was acquired.
  public subscript(line line: Int, partition partition: Int) -> Bool {
    get { isAcquired[partition, line] }
    set { isAcquired[partition, line] = newValue }
  }
}
