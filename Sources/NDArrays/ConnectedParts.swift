/// The parts of a mask that faces of voxels connect.
package struct ConnectedParts {
  /// The number of each voxel's part, from 1; 0 outside.
  package private(set) var labels: NDArray<Int32>
  /// The number of voxels of each part.
  package private(set) var sizes: [Int] = []

  /// Finds the parts of a mask, axes `[z, y, x]`.
  package init(_ mask: NDArray<Bool>) {
    precondition(mask.shape.count == 3, "a mask of shape \(mask.shape) is no volume")
    let (height, width) = (mask.shape[1], mask.shape[2]), count = mask.count
    let slice = width * height
    labels = NDArray(repeating: 0, shape: mask.shape)
    var sizes: [Int] = [], waiting: [Int] = []
    labels.withUnsafeMutableBufferPointer { labels in
      mask.withUnsafeBufferPointer { mask in
        for start in 0..<count where mask[start] && labels[start] == 0 {
          let label = Int32(sizes.count + 1)
          var size = 0
          labels[start] = label
          waiting.append(start)
          while let voxel = waiting.popLast() {
            size += 1
            let x = voxel % width, y = voxel / width % height
            func visit(_ other: Int) {
              guard mask[other], labels[other] == 0 else { return }
              labels[other] = label
              waiting.append(other)
            }
            if x > 0 { visit(voxel - 1) }
            if x + 1 < width { visit(voxel + 1) }
            if y > 0 { visit(voxel - width) }
            if y + 1 < height { visit(voxel + width) }
            if voxel >= slice { visit(voxel - slice) }
            if voxel + slice < count { visit(voxel + slice) }
          }
          sizes.append(size)
        }
      }
    }
    self.sizes = sizes
  }
}
