/// A number of samples or voxels along each spatial axis.
public struct Extents: Sendable, Hashable, CustomStringConvertible {
  /// Along the readout.
  public var x: Int
  /// Along the first phase-encoding axis.
  public var y: Int
  /// Along the second phase-encoding axis, or the slices.
  public var z: Int

  /// Creates extents by axis.
  public init(x: Int, y: Int, z: Int) {
    self.x = x
    self.y = y
    self.z = z
  }

  /// The number of voxels.
  public var count: Int { x * y * z }

  /// The shape of an array that holds one volume, slowest axis first.
  public var shape: [Int] { [z, y, x] }

  /// The extents as written by users, `x` first.
  public var description: String { "\(x)x\(y)x\(z)" }

  /// The extent of an axis: 0 is `x`, 1 is `y`, 2 is `z`.
  public subscript(axis: Int) -> Int {
    get {
      precondition((0..<3).contains(axis), "axis \(axis) of a volume")
      return axis == 0 ? x : axis == 1 ? y : z
    }
    set {
      precondition((0..<3).contains(axis), "axis \(axis) of a volume")
      switch axis {
      case 0: x = newValue
      case 1: y = newValue
      default: z = newValue
      }
    }
  }
}
