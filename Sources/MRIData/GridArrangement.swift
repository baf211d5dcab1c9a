import NDArrays

/// How the axes of one grid run along those of another: in another order, or backwards, and nothing else.
public struct GridArrangement: Sendable, Equatable {
  /// For each axis of the other grid, the axis of this one that runs along it: 0 is `x`, 1 `y`, 2 `z`.
  let axes: [Int]
  /// For each axis of the other grid, whether this grid's runs against it.
  let isReversed: [Bool]

  /// Whether the voxels are in the same order.
  public var isIdentity: Bool { axes == [0, 1, 2] && !isReversed.contains(true) }
}

extension Geometry {
  /// The part of a voxel by which two grids may lie apart and still be the same; headers are rounded.
  public static let coincidence = 0.05

  /// How the voxels of this grid, at the places of another's, are numbered; `nil` where the places differ.
  ///
  /// Flipped and permuted axes are exact: every voxel of the one is a voxel of the other.
  public func arrangement(on grid: Geometry) -> GridArrangement? {
    let own = [readDirection, phaseDirection, sliceDirection]
    let others = [grid.readDirection, grid.phaseDirection, grid.sliceDirection]
    var axes: [Int] = [], isReversed: [Bool] = []
    for other in others {
      let along = own.map { ($0 * other).sum() }
      let axis = (0..<3).max { abs(along[$0]) < abs(along[$1]) } ?? 0
      axes.append(axis)
      isReversed.append(along[axis] < 0)
    }
    guard Set(axes).count == 3 else { return nil }
    let extents = [matrix.x, matrix.y, matrix.z]
    guard axes.map({ extents[$0] }) == [grid.matrix.x, grid.matrix.y, grid.matrix.z] else { return nil }
    let arrangement = GridArrangement(axes: axes, isReversed: isReversed)
    return largestOffset(from: grid, by: arrangement) <= Self.coincidence * grid.voxelSize.min()
      ? arrangement : nil
  }

  /// How far apart the voxels of two grids of equal extents lie at most [m].
  ///
  /// - Precondition: The extents are equal.
  public func largestOffset(from grid: Geometry) -> Double {
    precondition(matrix == grid.matrix, "grids of \(matrix) and \(grid.matrix) voxels")
    return largestOffset(
      from: grid, by: GridArrangement(axes: [0, 1, 2], isReversed: [false, false, false]))
  }

  private func largestOffset(from grid: Geometry, by arrangement: GridArrangement) -> Double {
    let last = [grid.matrix.x - 1, grid.matrix.y - 1, grid.matrix.z - 1]
    var largest = 0.0
    for corner in 0..<8 {
      var place = SIMD3<Double>.zero, own = SIMD3<Double>.zero
      for axis in 0..<3 {
        let index = corner >> axis & 1 == 0 ? 0 : last[axis]
        place[axis] = Double(index)
        own[arrangement.axes[axis]] = Double(arrangement.isReversed[axis] ? last[axis] - index : index)
      }
      let offset = position(ofVoxel: own) - grid.position(ofVoxel: place)
      largest = max(largest, (offset * offset).sum().squareRoot())
    }
    return largest
  }
}

extension ImageVolumes {
  /// The same volumes with their voxels numbered as on another grid.
  ///
  /// - Precondition: The arrangement is that of this grid on the other.
  public func arranged(by arrangement: GridArrangement, on grid: Geometry) -> ImageVolumes {
    guard !arrangement.isIdentity else { return ImageVolumes(voxels, geometry: grid) }
    let matrix = grid.matrix, own = geometry.matrix
    let strides = [1, own.x, own.x * own.y], extents = [own.x, own.y, own.z]
    // Where the first voxel of the other grid is, and how far apart its neighbours are.
    var start = 0, steps: [Int] = []
    for axis in 0..<3 {
      let source = arrangement.axes[axis]
      start += arrangement.isReversed[axis] ? (extents[source] - 1) * strides[source] : 0
      steps.append(arrangement.isReversed[axis] ? -strides[source] : strides[source])
    }
    let volume = own.count, volumes = count
    let result = NDArray<Element>(uninitializedShape: [volumes] + matrix.shape) { target in
      voxels.withUnsafeBufferPointer { source in
        var next = 0
        for index in 0..<volumes {
          for z in 0..<matrix.z {
            for y in 0..<matrix.y {
              let row = index * volume + start + z * steps[2] + y * steps[1]
              for x in 0..<matrix.x {
                target.initializeElement(at: next, to: source[row + x * steps[0]])
                next += 1
              }
            }
          }
        }
      }
    }
    return ImageVolumes(result, geometry: grid)
  }
}
