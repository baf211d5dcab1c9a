import MRIData
import NDArrays

/// The distance of every voxel to the nearest one of a set, exact for voxels of any shape.
///
/// Each axis takes the lower envelope of the parabolas that stand on the result of the axis before.
///
/// - SeeAlso: P. F. Felzenszwalb, D. P. Huttenlocher, "Distance transforms of sampled functions", Theory Comput.
///   8:415-428, 2012, doi:10.4086/toc.2012.v008a019.
struct EuclideanDistance {
  /// The voxel size along `x`, `y`, `z` [m].
  let voxelSize: SIMD3<Double>

  /// The squared distances [m^2], axes `[z, y, x]`; infinite if the set is empty.
  ///
  /// What lies beyond the volume does not belong to the set.
  func squares(to set: NDArray<Bool>) -> NDArray<Float> {
    var squares = set.map { $0 ? Float(0) : .infinity }
    let (depth, height, width) = (set.shape[0], set.shape[1], set.shape[2])
    for (axis, (step, extent)) in [(1, width), (width, height), (width * height, depth)].enumerated() {
      let size = voxelSize[axis]
      squares.withUnsafeMutableBufferPointer { values in
        let values = SharedBuffer(values)
        Parallelism.forEachBlock(of: values.elements.count / extent, length: 256) { lines in
          var envelope = Envelope(count: extent, spacing: size)
          for line in lines {
            envelope.replace(values, start: line / step * step * extent + line % step, step: step)
          }
        }
      }
    }
    return squares
  }
}

/// The lower envelope of parabolas along one line.
private struct Envelope {
  private let count: Int
  private let spacing: Double
  private var vertices: [Int]
  private var bounds: [Double]
  private var heights: [Double]

  init(count: Int, spacing: Double) {
    self.count = count
    self.spacing = spacing
    vertices = Array(repeating: 0, count: count)
    bounds = Array(repeating: 0, count: count + 1)
    heights = Array(repeating: 0, count: count)
  }

  mutating func replace(_ values: SharedBuffer<Float>, start: Int, step: Int) {
    var used = 0
    for index in 0..<count {
      let height = Double(values[start + index * step])
      heights[index] = height
      guard height.isFinite else { continue }
      let position = Double(index) * spacing
      while used > 0 {
        let last = vertices[used - 1], other = Double(last) * spacing
        let crossing =
          (height - heights[last] + position * position - other * other) / (2 * (position - other))
        if crossing > bounds[used - 1] {
          bounds[used] = crossing
          break
        }
        used -= 1
      }
      if used == 0 { bounds[0] = -.infinity }
      vertices[used] = index
      used += 1
    }
    if used == 0 { return }
    var current = 0
    for index in 0..<count {
      let position = Double(index) * spacing
      while current + 1 < used, bounds[current + 1] < position { current += 1 }
      let distance = position - Double(vertices[current]) * spacing
      values[start + index * step] = Float(distance * distance + heights[vertices[current]])
    }
  }
}
