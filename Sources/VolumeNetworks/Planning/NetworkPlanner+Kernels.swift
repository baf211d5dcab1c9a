import CConvolution

extension NetworkPlanner {
  // MARK: - Convolutions

  /// Adds a convolution, with the normalisation and the rectifier that follow it alone.
  func addConvolution(_ reader: NodeReader) throws(NetworkError) {
    let node = reader.node, isTransposed = node.kind == "ConvTranspose"
    let (slot, inputs) = try reader.volume(0)
    let kernels = try reader.floats(1)
    guard case .floats(let values) = kernels.values, kernels.shape.count == 5, kernels.count > 0 else {
      throw reader.refused("has weights of shape \(kernels.shape); those of volumes have five axes")
    }
    let groups = try reader.int("group", default: 1)
    guard groups == 1 else { throw reader.refused("has \(groups) groups of channels; one is computed here") }
    let size = Array(kernels.shape[2...])
    let channels = isTransposed ? (kernels.shape[1], kernels.shape[0]) : (kernels.shape[0], kernels.shape[1])
    guard channels.1 == inputs.channels else {
      throw reader.refused(
        "has weights of shape \(kernels.shape) for \(inputs.channels) channels")
    }
    if let stated = try reader.ints("kernel_shape"), stated != size {
      throw reader.refused("has the kernel_shape \(stated) and weights of shape \(kernels.shape)")
    }
    var bias = Array(repeating: Float(0), count: channels.0)
    if reader.optional(2) != nil { bias = try reader.floats(2, count: channels.0) }
    var weights = ConvolutionWeights(
      kernels: isTransposed ? exchanged(values, kernels.shape) : values, outputs: channels.0,
      inputs: channels.1, size: size, bias: bias)
    let name = try followed(reader, &weights)

    let stride = try reader.perAxis("strides", default: 1)
    let dilation = try reader.perAxis("dilations", default: 1)
    let reach = (0..<3).map { (size[$0] - 1) * dilation[$0] + 1 }
    let result: PlannedValue
    if isTransposed {
      let (margins, extents) = try transposedExtents(reader, inputs, reach, stride)
      let layout = try layout([1, channels.0] + extents, for: node.title)
      result = step(
        DirectConvolution(
          transposing: weights, from: inputs, to: layout, stride: stride, dilation: dilation,
          margins: margins,
          path: path), [slot], to: layout)
    } else {
      let (margins, extents) = try self.extents(reader, inputs, reach, stride)
      let layout = try layout([1, channels.0] + extents, for: node.title)
      let isPlain =
        size == [3, 3, 3] && stride == [1, 1, 1] && dilation == [1, 1, 1]
        && margins.allSatisfy { $0.before == 1 && $0.after == 1 }
      if isPlain {
        result = step(WinogradConvolution(weights, from: inputs, to: layout, path: path), [slot], to: layout)
      } else {
        result = step(
          DirectConvolution(
            weights, from: inputs, to: layout, stride: stride, dilation: dilation,
            margins: margins.map(\.before),
            path: path), [slot], to: layout)
      }
    }
    try define(name, result, by: node)
  }

  /// Takes what follows the sums into the weights; the name of the last result.
  private func followed(
    _ reader: NodeReader, _ weights: inout ConvolutionWeights
  ) throws(NetworkError) -> String {
    guard reader.node.outputs.count == 1 else {
      throw reader.refused("has \(reader.node.outputs.count) results")
    }
    var name = reader.node.outputs[0]
    if let (index, node) = onlyUser(of: name, among: ["BatchNormalization"]),
      node.inputs.count == 5,
      node.inputs[1...].allSatisfy({ if case .constant = values[$0] { true } else { false } })
    {
      let follower = NodeReader(
        node: node, path: model.path, operands: [nil] + node.inputs[1...].map { values[$0] })
      let (factors, offsets) = try normalization(follower, channels: weights.outputs)
      weights.scale(by: factors, adding: offsets)
      merge(index)
      name = node.outputs[0]
    }
    if let (index, node) = onlyUser(of: name, among: ["Relu", "LeakyRelu"]) {
      let follower = NodeReader(node: node, path: model.path, operands: [])
      weights.slope = node.kind == "Relu" ? 0 : try follower.float("alpha", default: 0.01)
      merge(index)
      name = node.outputs[0]
    }
    return name
  }

  /// Weights with inputs and outputs exchanged.
  private func exchanged(_ values: [Float], _ shape: [Int]) -> [Float] {
    let taps = shape[2...].reduce(1, *)
    return Array(unsafeUninitializedCapacity: values.count) { target, count in
      for input in 0..<shape[0] {
        for output in 0..<shape[1] {
          let (from, to) = ((input * shape[1] + output) * taps, (output * shape[0] + input) * taps)
          for tap in 0..<taps { target.initializeElement(at: to + tap, to: values[from + tap]) }
        }
      }
      count = values.count
    }
  }

  // MARK: - Extents

  typealias Margins = [(before: Int, after: Int)]

  /// The margins of a kernel, and the extents of what it makes.
  private func extents(
    _ reader: NodeReader, _ inputs: FeatureLayout, _ reach: [Int], _ stride: [Int], roundsUp: Bool = false
  ) throws(NetworkError) -> (Margins, [Int]) {
    var margins: Margins = [], extents: [Int] = []
    let mode = try reader.text("auto_pad", default: "NOTSET")
    let pads = try pads(reader)
    for axis in 0..<3 {
      let extent = inputs.shape[axis + 2]
      switch mode {
      case "NOTSET": margins.append((pads[axis], pads[axis + 3]))
      case "VALID": margins.append((0, 0))
      case "SAME_UPPER", "SAME_LOWER":
        let count = (extent + stride[axis] - 1) / stride[axis]
        let total = max(0, (count - 1) * stride[axis] + reach[axis] - extent)
        let small = total / 2, large = total - small
        margins.append(mode == "SAME_UPPER" ? (small, large) : (large, small))
      default: throw reader.refused("has the auto_pad \(mode.shown)")
      }
      guard max(margins[axis].before, margins[axis].after) < reach[axis] else {
        throw reader.refused(
          "has margins of \(margins[axis]) for a kernel that reaches \(reach[axis]) voxels")
      }
      let room = extent + margins[axis].before + margins[axis].after - reach[axis]
      guard room >= 0 else {
        throw reader.refused("has a kernel of \(reach[axis]) voxels for \(extent) along axis \(axis + 2)")
      }
      var count = room / stride[axis] + 1
      // The last box begins within the volume or before it.
      if roundsUp, room % stride[axis] > 0, count * stride[axis] < extent + margins[axis].before {
        count += 1
      }
      extents.append(count)
    }
    return (margins, extents)
  }

  private func pads(_ reader: NodeReader) throws(NetworkError) -> [Int] {
    let pads = try reader.ints("pads") ?? [0, 0, 0, 0, 0, 0]
    guard pads.count == 6, pads.allSatisfy({ $0 >= 0 }) else {
      throw reader.refused("has the pads \(pads), where six numbers from 0 are needed")
    }
    return pads
  }

  /// The margins that a transposed convolution loses before each axis, and the extents of what it makes.
  private func transposedExtents(
    _ reader: NodeReader, _ inputs: FeatureLayout, _ reach: [Int], _ stride: [Int]
  ) throws(NetworkError) -> ([Int], [Int]) {
    let more = try reader.ints("output_padding") ?? [0, 0, 0]
    guard more.count == 3, (0..<3).allSatisfy({ more[$0] >= 0 && more[$0] < stride[$0] }) else {
      throw reader.refused("has the output_padding \(more)")
    }
    let full = (0..<3).map { (axis: Int) -> Int in
      stride[axis] * (inputs.shape[axis + 2] - 1) + reach[axis] + more[axis]
    }
    let mode = try reader.text("auto_pad", default: "NOTSET")
    var wanted = try reader.ints("output_shape")
    if let shape = wanted, shape.count == 5 { wanted = Array(shape[2...]) }
    if mode == "SAME_UPPER" || mode == "SAME_LOWER", wanted == nil {
      wanted = (0..<3).map { inputs.shape[$0 + 2] * stride[$0] }
    }
    if let wanted {
      guard wanted.count == 3, (0..<3).allSatisfy({ wanted[$0] > 0 && wanted[$0] <= full[$0] }) else {
        throw reader.refused("makes \(full) voxels, of which \(wanted) are wanted")
      }
      let totals = (0..<3).map { full[$0] - wanted[$0] }
      return (mode == "SAME_UPPER" ? totals.map { $0 / 2 } : totals.map { $0 - $0 / 2 }, wanted)
    }
    guard mode == "NOTSET" || mode == "VALID" else { throw reader.refused("has the auto_pad \(mode.shown)") }
    let pads = mode == "VALID" ? [0, 0, 0, 0, 0, 0] : try pads(reader)
    let extents = (0..<3).map { full[$0] - pads[$0] - pads[$0 + 3] }
    guard extents.allSatisfy({ $0 > 0 }), (0..<6).allSatisfy({ pads[$0] < reach[$0 % 3] }) else {
      throw reader.refused("has the pads \(pads) for a kernel that reaches \(reach) voxels")
    }
    return (Array(pads[..<3]), extents)
  }

  // MARK: - Pools

  func pool(_ reader: NodeReader) throws(NetworkError) -> PlannedValue {
    let (slot, inputs) = try reader.volume(0)
    guard let size = try reader.ints("kernel_shape"), size.count == 3,
      size.allSatisfy({ $0 > 0 && $0 <= 1 << 12 })
    else { throw reader.refused("has no kernel_shape of three numbers") }
    guard try reader.int("storage_order", default: 0) == 0 else {
      throw reader.refused("has another storage_order than 0")
    }
    let stride = try reader.perAxis("strides", default: 1)
    let dilation = try reader.perAxis("dilations", default: 1)
    let reach = (0..<3).map { (size[$0] - 1) * dilation[$0] + 1 }
    let (margins, extents) = try extents(
      reader, inputs, reach, stride, roundsUp: try reader.int("ceil_mode", default: 0) != 0)
    let layout = try layout([1, inputs.channels] + extents, for: reader.node.title)
    return step(
      Pooling(
        layout: layout, inputs: inputs, isMaximum: reader.node.kind == "MaxPool", size: size, stride: stride,
        dilation: dilation, margins: margins,
        countsMargins: try reader.int("count_include_pad", default: 0) != 0), [slot], to: layout)
  }
}
