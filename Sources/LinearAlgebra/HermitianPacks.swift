import NDArrays
import Numerics

/// Eight neighbouring voxels, one per vector lane.
public typealias Lanes = SIMD8<Float>

/// The layout of one small Hermitian matrix per voxel, eight voxels side by side in vector lanes.
///
/// ```
/// M[k, l] = sum_s x_sk conj(x_sl)    k - bandwidth <= l <= k; row after row, the real diagonal last in its row
/// ```
///
/// All numbers of eight voxels lie together (2 KiB for eight echoes), so that adding a sample, or finding an
/// eigenvector, streams through memory once and works on full vectors. Echoes (of one voxel, over channels)
/// and channels (of one voxel, over its neighbourhood) are accumulated by the same code.
public struct HermitianPacks: Sendable {
  /// The number of voxels of a pack.
  @inlinable public static var width: Int { Lanes.scalarCount }

  /// The number of rows.
  public let order: Int
  /// The number of diagonals kept below the main one.
  public let bandwidth: Int

  /// Creates the layout of matrices with a number of rows; all diagonals are kept unless a bandwidth is given.
  public init(order: Int, bandwidth: Int? = nil) {
    self.order = order
    self.bandwidth = min(bandwidth ?? order - 1, order - 1)
  }

  /// The number of vectors that one pack occupies.
  public var stride: Int { (0..<order).reduce(0) { $0 + 2 * min($1, bandwidth) + 1 } }

  /// The number of packs that hold some voxels.
  public static func count(voxels: Int) -> Int { (voxels + width - 1) / width }

  /// Adds `x conj(x)^T` to the matrices of one pack.
  @inlinable @inline(__always)
  public func add(
    real: UnsafePointer<Lanes>, imaginary: UnsafePointer<Lanes>, to pack: UnsafeMutablePointer<Lanes>
  ) {
    var cell = pack
    for row in 0..<order {
      let a = real[row], b = imaginary[row]
      for column in max(0, row - bandwidth)..<row {
        let c = real[column], d = imaginary[column]
        cell[0] += a * c + b * d
        cell[1] += b * c - a * d
        cell += 2
      }
      cell[0] += a * a + b * b
      cell += 1
    }
  }

  /// Calls a closure with the offsets of all kept entries on or below the main diagonal.
  ///
  /// A diagonal entry has only a real part; below it, the imaginary part follows the real one.
  @inlinable @inline(__always)
  public func forEachEntry(_ body: (_ row: Int, _ column: Int, _ offset: Int) -> Void) {
    var offset = 0
    for row in 0..<order {
      for column in max(0, row - bandwidth)..<row {
        body(row, column, offset)
        offset += 2
      }
      body(row, row, offset)
      offset += 1
    }
  }

  /// The trace of each matrix of one pack.
  @inlinable @inline(__always)
  public func trace(_ pack: UnsafePointer<Lanes>) -> Lanes {
    var sum = Lanes.zero
    forEachEntry { row, column, offset in
      if row == column { sum += pack[offset] }
    }
    return sum
  }
}

extension Lanes {
  /// Splits up to eight complex numbers, as many as are there, into real and imaginary parts.
  @inlinable @inline(__always)
  public static func split(_ values: UnsafePointer<Complex<Float>>, count: Int) -> (
    real: Lanes, imaginary: Lanes
  ) {
    if count >= HermitianPacks.width {
      let pairs = UnsafeRawPointer(values).loadUnaligned(as: SIMD16<Float>.self)
      return (pairs.evenHalf, pairs.oddHalf)
    }
    var real = Lanes.zero, imaginary = Lanes.zero
    for lane in 0..<count {
      real[lane] = values[lane].real
      imaginary[lane] = values[lane].imaginary
    }
    return (real, imaginary)
  }
}
