import NDArrays

/// The largest value, or the mean, of boxes of voxels.
struct Pooling: FeatureOperator {
  let layout: FeatureLayout
  let inputs: FeatureLayout
  let isMaximum: Bool
  let size: [Int]
  let stride: [Int]
  let dilation: [Int]
  /// Voxels around the volume, before each axis and after it.
  let margins: [(before: Int, after: Int)]
  /// Whether the margins count for the mean.
  let countsMargins: Bool

  var workBytes: Int {
    (inputs.isBlocked ? 0 : inputs.blockedBytes) + (layout.isBlocked ? 0 : layout.blockedBytes)
  }

  func callAsFunction(_ operands: inout [FeatureMap]) -> FeatureMap {
    let source = operands[0].blocked
    operands = []
    let from = inputs.grid, to = layout.grid
    let target = FeatureMap(blocked: layout)
    let sources = source.buffers, targets = target.buffers
    Parallelism.forEach(layout.blocks * to.rows) { index in
      let block = index / to.rows, row = index % to.rows
      let (zs, zBox) = voxels(row / to.y, axis: 0, extent: from.z)
      let (ys, yBox) = voxels(row % to.y, axis: 1, extent: from.y)
      let planes = zs.reduce(0) { count, _ in count + 1 }, lines = ys.reduce(0) { count, _ in count + 1 }
      guard let start = sources[block].elements.baseAddress, let end = targets[block].elements.baseAddress
      else { return }
      for x in 0..<to.x {
        let (xs, xBox) = voxels(x, axis: 2, extent: from.x)
        var value = SIMD16<Float>(repeating: isMaximum ? -.infinity : 0)
        for z in zs {
          for y in ys {
            for x in xs {
              let vector = UnsafeRawPointer(start + (z * from.y + y) * from.pitch + 16 * x)
                .load(as: SIMD16<Float>.self)
              value = isMaximum ? pointwiseMax(value, vector) : value + vector
            }
          }
        }
        if !isMaximum {
          value /= Float(
            countsMargins ? zBox * yBox * xBox : planes * lines * xs.reduce(0) { count, _ in count + 1 })
        }
        UnsafeMutableRawPointer(end + row * to.pitch + 16 * x).storeBytes(of: value, as: SIMD16<Float>.self)
      }
    }
    return target.inLayout
  }

  /// The voxels of a box that lie in the volume, and how many it has with the margins.
  private func voxels(_ index: Int, axis: Int, extent: Int) -> (StrideTo<Int>, Int) {
    let first = index * stride[axis] - margins[axis].before, step = dilation[axis]
    let end = first + (size[axis] - 1) * step + 1
    let begin = first < 0 ? first + (step - 1 - first) / step * step : first
    let box = (min(end, extent + margins[axis].after) - first + step - 1) / step
    return (Swift.stride(from: begin, to: max(begin, min(end, extent)), by: step), box)
  }
}

/// The mean of every channel over the volume.
struct GlobalMean: FeatureOperator {
  let inputs: FeatureLayout

  func callAsFunction(_ operands: inout [FeatureMap]) -> FeatureMap {
    let source = operands[0].dense
    operands = []
    let values = source.buffers[0], channels = inputs.channels, length = inputs.count / channels
    let target = FeatureMap(dense: [1, channels, 1, 1, 1]), means = target.buffers[0]
    Parallelism.forEach(channels) { channel in
      var sum = 0.0
      for value in values[channel * length..<(channel + 1) * length] { sum += Double(value) }
      means[channel] = Float(sum / Double(length))
    }
    return target.inLayout
  }

  var workBytes: Int { 4 * inputs.count }
}

/// Every channel less its mean, over its deviation; then scaled and shifted.
struct InstanceNormalization: FeatureOperator {
  let inputs: FeatureLayout
  let factors: [Float]
  let offsets: [Float]
  let epsilon: Float

  func callAsFunction(_ operands: inout [FeatureMap]) -> FeatureMap {
    let result = operands[0].dense
    let values = result.buffers[0], channels = inputs.channels, length = inputs.count / channels
    operands = []
    let target = FeatureMap(dense: inputs.shape), targets = target.buffers[0]
    Parallelism.forEach(channels) { channel in
      let range = channel * length..<(channel + 1) * length
      var sum = 0.0, squares = 0.0
      for value in values[range] { sum += Double(value) }
      let mean = sum / Double(length)
      for value in values[range] { squares += (Double(value) - mean) * (Double(value) - mean) }
      let scale = Double(factors[channel]) / (squares / Double(length) + Double(epsilon)).squareRoot()
      for index in range {
        targets[index] = Float((Double(values[index]) - mean) * scale) + offsets[channel]
      }
    }
    return target.inLayout
  }

  var workBytes: Int { 8 * inputs.count }
}
