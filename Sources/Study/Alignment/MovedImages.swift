import MRIData
import NDArrays
import Numerics

extension ImageVolumes<Float> {
  /// The volumes as they would lie on another grid, with the subject moved; zero beyond their own.
  ///
  /// Cubic convolution along each axis, or the nearest voxel; values that are not finite count as zero.
  ///
  /// - SeeAlso: R. Keys, "Cubic convolution interpolation for digital image processing", IEEE Trans Acoust Speech Signal
  ///   Process 29:1153, 1981, doi:10.1109/TASSP.1981.1163711.
  func moved(
    by motion: RigidMotion, onto grid: Geometry, nearest: Bool = false
  ) -> ImageVolumes<Float> {
    let matrix = grid.matrix, own = geometry.matrix
    var result = NDArray<Float>(repeating: 0, shape: [count] + matrix.shape)
    let volumes = count
    result.withUnsafeMutableBufferPointer { target in
      let target = SharedBuffer(target)
      Parallelism.forEach(matrix.z) { z in
        voxels.withUnsafeBufferPointer { source in
          for y in 0..<matrix.y {
            for x in 0..<matrix.x {
              let place = geometry.voxel(
                at: motion(grid.position(ofVoxel: [Double(x), Double(y), Double(z)])))
              let across = Taps(place.x, extent: own.x, nearest: nearest)
              let down = Taps(place.y, extent: own.y, nearest: nearest)
              let deep = Taps(place.z, extent: own.z, nearest: nearest)
              for volume in 0..<volumes {
                var sum: Float = 0
                for k in 0..<4 where deep.weights[k] != 0 {
                  for j in 0..<4 where down.weights[j] != 0 {
                    let row = ((volume * own.z + deep.first + k) * own.y + down.first + j) * own.x
                    for i in 0..<4 where across.weights[i] != 0 {
                      let value = source[row + across.first + i]
                      let weight = deep.weights[k] * down.weights[j] * across.weights[i]
                      if value.isFinite { sum += weight * value }
                    }
                  }
                }
                target[((volume * matrix.z + z) * matrix.y + y) * matrix.x + x] = sum
              }
            }
          }
        }
      }
    }
    return ImageVolumes(result, geometry: grid)
  }
}

/// The four neighbours along one axis and their weights; those beyond the grid weigh nothing.
private struct Taps {
  let first: Int
  var weights = SIMD4<Float>.zero

  init(_ place: Double, extent: Int, nearest: Bool) {
    guard place > -1, place < Double(extent) else {
      first = 0
      return
    }
    let base = place.rounded(.down)
    let t = Float(place - base)
    first = Int(base) - 1
    if nearest {
      weights[t < 0.5 ? 1 : 2] = 1
    } else if extent == 1 {
      weights[1] = max(0, 1 - t)
      weights[2] = t
    } else {
      weights = [
        ((2 - t) * t - 1) * t / 2, ((3 * t - 5) * t * t + 2) / 2, ((4 - 3 * t) * t + 1) * t / 2,
        (t - 1) * t * t / 2,
      ]
    }
    for tap in 0..<4 where !(0..<extent).contains(first + tap) { weights[tap] = 0 }
  }
}

extension Geometry {
  /// The index of the voxel at a position [m], LPS; fractional.
  fileprivate func voxel(at position: SIMD3<Double>) -> SIMD3<Double> {
    let offset = position - center
    let along = SIMD3(
      (offset * readDirection).sum(), (offset * phaseDirection).sum(), (offset * sliceDirection).sum())
    return along / voxelSize + SIMD3(Double(matrix.x / 2), Double(matrix.y / 2), Double(matrix.z / 2))
  }
}

extension CellImages {
  /// All images on another grid, with the subject moved.
  ///
  /// Phase and field repeat: they are interpolated as complex numbers.
  func moved(by motion: RigidMotion, onto grid: Geometry) -> CellImages {
    func moved(_ map: ImageVolumes<Float>?) -> ImageVolumes<Float>? { map?.moved(by: motion, onto: grid) }
    var result = CellImages(magnitude: magnitude.moved(by: motion, onto: grid))
    result.phase = phase.map { phase in
      Self.angle(of: phase, weights: magnitude, period: 2 * .pi, by: motion, onto: grid)
    }
    if let field, let fieldPeriod {
      let ones = field.map { $0.isFinite ? Float(1) : 0 }
      result.field = Self.angle(of: field, weights: ones, period: fieldPeriod, by: motion, onto: grid)
    }
    result.fieldNoise = moved(fieldNoise)
    result.r2Star = moved(r2Star)
    result.susceptibility = moved(susceptibility)
    result.fieldPeriod = fieldPeriod
    return result
  }

  private static func angle(
    of angle: ImageVolumes<Float>, weights: ImageVolumes<Float>, period: Double, by motion: RigidMotion,
    onto grid: Geometry
  ) -> ImageVolumes<Float> {
    let scale = Float(2 * .pi / period)
    func part(_ function: (Float) -> Float) -> ImageVolumes<Float> {
      let values = zip(angle.voxels.elements, weights.voxels.elements).map {
        $0.isFinite ? $1 * function($0 * scale) : 0
      }
      return ImageVolumes(NDArray(values, shape: angle.voxels.shape), geometry: angle.geometry)
        .moved(by: motion, onto: grid)
    }
    let cosine = part { Float.cos($0) }, sine = part { Float.sin($0) }
    let values = zip(sine.voxels.elements, cosine.voxels.elements).map {
      Float.atan2(y: $0, x: $1) / scale
    }
    return ImageVolumes(NDArray(values, shape: cosine.voxels.shape), geometry: grid)
  }
}
