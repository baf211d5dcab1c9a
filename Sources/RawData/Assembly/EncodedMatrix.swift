import MRIData

/// An encoded grid as the user states it: `ky x kz`, or all three axes.
public struct EncodedMatrix: Sendable, Equatable, CustomStringConvertible {
  /// The extent of the readout with its oversampling; taken from the samples if absent.
  public var x: Int?
  /// The number of phase-encoding steps along `ky`.
  public var y: Int
  /// The number of phase-encoding steps along `kz`.
  public var z: Int

  /// Creates a grid.
  ///
  /// - Precondition: The extents are positive.
  public init(x: Int? = nil, y: Int, z: Int) {
    precondition((x ?? 1) > 0 && y > 0 && z > 0, "a grid of \(x ?? 1)x\(y)x\(z) has no points")
    self.x = x
    self.y = y
    self.z = z
  }

  /// The extents as users write them, `x` first if it is given.
  public var description: String { x.map { "\($0)x\(y)x\(z)" } ?? "\(y)x\(z)" }
}
