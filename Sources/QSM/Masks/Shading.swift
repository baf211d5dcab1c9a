import NDArrays
import Numerics
import PhaseUnwrapping

/// How bright tissue is around each place of a volume that receivers shade.
///
/// ```
/// level = G * (b f) / G * b        b = 1 where bright, and not below a share of the level of the round before
/// ```
///
/// with a Gaussian `G`, on blocks of about a quarter of its deviation, and linear between their centres.
struct Shading {
  private static let rounds = 3

  /// The levels of the blocks.
  private var levels: NDArray<Float>
  /// The number of voxels along the edges of a block.
  private let block: SIMD3<Int>
  private let shape: [Int]

  /// Measures the level.
  ///
  /// - Parameters:
  ///   - volume: The brightness, axes `[z, y, x]`.
  ///   - isBright: Where it counts.
  ///   - voxelSize: The voxel size, in the unit of the deviation.
  ///   - deviation: The deviation of the Gaussian.
  ///   - share: What counts after the first round, as a share of the level.
  init(
    of volume: NDArray<Float>, where isBright: NDArray<Bool>, voxelSize: SIMD3<Double>, deviation: Double,
    share: Float
  ) {
    let ratio = deviation / 4 / voxelSize
    let block = SIMD3(max(1, Int(ratio.x)), max(1, Int(ratio.y)), max(1, Int(ratio.z)))
    (self.block, shape) = (block, volume.shape)
    let smoothing = GaussianSmoothing(
      sigma: deviation / (voxelSize * SIMD3(Double(block.x), Double(block.y), Double(block.z))))
    levels = NDArray(
      repeating: 0, shape: (0..<3).map { (volume.shape[$0] + block[2 - $0] - 1) / block[2 - $0] })
    for _ in 0..<Self.rounds {
      var sums = self.sums(of: volume, where: isBright, share: share)
      smoothing(&sums)
      let known = sums.map { $0.imaginary > 1e-3 ? $0.real / $0.imaginary : 0 }
      let typical = known.withUnsafeBufferPointer { values in
        values.reduce(0, +) / Float(max(1, values.count { $0 > 0 }))
      }
      levels = known.map { $0 > 0 ? $0 : typical }
    }
  }

  /// A volume over its level.
  func flattened(_ volume: NDArray<Float>) -> NDArray<Float> {
    let plane = shape[1] * shape[2]
    return NDArray(uninitializedShape: shape) { target in
      volume.withUnsafeBufferPointer { volume in
        let (target, volume) = (SharedBuffer(target), SharedConstants(volume))
        Parallelism.forEach(shape[0]) { z in
          for (index, level) in self.levels(ofPlane: z).enumerated() {
            let value = volume[z * plane + index]
            target[z * plane + index] = value.isFinite && level > 0 ? value / level : 0
          }
        }
      }
    }
  }

  /// The brightness and the number of bright voxels of each block, as real and imaginary part.
  private func sums(
    of volume: NDArray<Float>, where isBright: NDArray<Bool>, share: Float
  ) -> NDArray<Complex<Float>> {
    let (height, width) = (shape[1], shape[2]), blocks = levels.shape
    return NDArray(uninitializedShape: blocks) { target in
      target.initialize(repeating: .zero)
      volume.withUnsafeBufferPointer { volume in
        isBright.withUnsafeBufferPointer { isBright in
          let (target, volume, isBright) = (
            SharedBuffer(target), SharedConstants(volume), SharedConstants(isBright)
          )
          Parallelism.forEach(blocks[0]) { layer in
            for z in layer * block.z..<min((layer + 1) * block.z, shape[0]) {
              let levels = levels(ofPlane: z)
              for y in 0..<height {
                let row = (z * height + y) * width, start = (layer * blocks[1] + y / block.y) * blocks[2]
                for x in 0..<width where isBright[row + x] && volume[row + x] > share * levels[y * width + x]
                {
                  target[start + x / block.x] += Complex(volume[row + x], 1)
                }
              }
            }
          }
        }
      }
    }
  }

  /// The levels of the voxels of a plane.
  private func levels(ofPlane z: Int) -> [Float] {
    let (height, width) = (shape[1], shape[2]), counts = levels.shape
    func neighbours(_ index: Int, axis: Int) -> (Int, Int, Float) {
      let place = (Float(index) + 0.5) / Float(block[2 - axis]) - 0.5, last = counts[axis] - 1
      let lower = min(max(Int(place.rounded(.down)), 0), last)
      return (lower, min(lower + 1, last), min(max(place - Float(lower), 0), 1))
    }
    let deep = neighbours(z, axis: 0), across = (0..<width).map { neighbours($0, axis: 2) }
    var values = [Float](repeating: 0, count: height * width)
    levels.withUnsafeBufferPointer { levels in
      for y in 0..<height {
        let high = neighbours(y, axis: 1)
        func line(_ column: Int) -> Float {
          func at(_ layer: Int, _ row: Int) -> Float {
            levels[(layer * counts[1] + row) * counts[2] + column]
          }
          let near = at(deep.0, high.0) + (at(deep.0, high.1) - at(deep.0, high.0)) * high.2
          let far = at(deep.1, high.0) + (at(deep.1, high.1) - at(deep.1, high.0)) * high.2
          return near + (far - near) * deep.2
        }
        let columns = (0..<counts[2]).map(line)
        for x in 0..<width {
          let (lower, upper, part) = across[x]
          values[y * width + x] = columns[lower] + (columns[upper] - columns[lower]) * part
        }
      }
    }
    return values
  }
}
