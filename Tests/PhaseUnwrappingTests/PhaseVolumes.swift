import ImageFiles
import MRIData
import NDArrays
import PhaseUnwrapping
import TestSupport

/// A turn, as single precision rounds it.
let turn = Float(2 * Double.pi)

/// Volumes that unwrapping is tried on.
enum PhaseVolumes {
  /// Extents that are even, odd, prime, one, and unequal.
  static let matrices = [
    Extents(x: 16, y: 12, z: 8), Extents(x: 7, y: 13, z: 5), Extents(x: 1, y: 11, z: 6),
    Extents(x: 9, y: 16, z: 1), Extents(x: 31, y: 1, z: 1),
  ]

  /// A smooth phase of several turns, whose neighbours differ by less than half a turn.
  static func smooth(_ matrix: Extents) -> NDArray<Float> {
    NDArray(
      (0..<matrix.count).map { index in
        let x = Float(index % matrix.x), y = Float(index / matrix.x % matrix.y)
        let z = Float(index / (matrix.x * matrix.y))
        return 0.9 * x - 0.7 * y + 0.5 * z + 0.04 * (x - 3) * (z - 2)
      }, shape: matrix.shape)
  }

  /// The phase in a turn around zero.
  static func wrapped(_ phase: NDArray<Float>) -> NDArray<Float> {
    phase.map { $0 - turn * ($0 / turn).rounded() }
  }

  /// The largest distance of two phases, after their first elements agree.
  static func distance(_ a: NDArray<Float>, _ b: NDArray<Float>, within mask: NDArray<Bool>? = nil) -> Float {
    let a = a.elements, b = b.elements, mask = mask?.elements
    let places = a.indices.filter { mask?[$0] ?? true }
    guard let first = places.first else { return 0 }
    return places.map { abs((a[$0] - a[first]) - (b[$0] - b[first])) }.max() ?? 0
  }

  /// How far the differences are from whole turns.
  static func misfitOfTurns(_ unwrapped: NDArray<Float>, _ wrapped: NDArray<Float>) -> Float {
    zip(unwrapped.elements, wrapped.elements).map { pair in
      let turns = (pair.0 - pair.1) / turn
      return pair.1.isNaN ? (pair.0.isNaN ? 0 : .infinity) : abs(turns - turns.rounded())
    }.max() ?? 0
  }

  /// A volume of the in-vivo scan of ROMEO's authors; its header carries a scale factor that is wrong.
  static func inVivo(_ name: String) throws -> NDArray<Float> {
    try NIfTIFile(at: SharedData.path("phase/\(name).nii")).volumes(scaling: .ignored).voxels
  }
}
