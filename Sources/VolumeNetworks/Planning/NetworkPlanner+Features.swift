import CConvolution

extension NetworkPlanner {
  /// Adds what a node does to arrays that the network computes.
  func addFeature(_ reader: NodeReader) throws(NetworkError) {
    let node = reader.node
    switch node.kind {
    case "Conv", "ConvTranspose": return try addConvolution(reader)
    case "Split": return try addSplit(reader)
    default: break
    }
    guard node.outputs.count == 1 || node.outputs.dropFirst().allSatisfy(\.isEmpty) || node.kind == "Dropout"
    else { throw reader.refused("has several results, of which one is computed here") }
    let value: PlannedValue =
      switch node.kind {
      case "Relu": try function(reader, .leaky(0))
      case "LeakyRelu": try function(reader, .leaky(reader.float("alpha", default: 0.01)))
      case "Sigmoid": try function(reader, .sigmoid)
      case "Tanh": try function(reader, .tanh)
      case "Exp": try function(reader, .exponential)
      case "Sqrt": try function(reader, .root)
      case "Abs": try function(reader, .magnitude)
      case "Softplus": try function(reader, .softplus)
      case "Elu": try function(reader, .exponentialLinear(reader.float("alpha", default: 1)))
      case "Clip": try clip(reader)
      case "PRelu": try parametricRectifier(reader)
      case "Neg": try scaled(reader, factors: [-1], offsets: [0])
      case "Add": try arithmetic(reader, .add)
      case "Sub": try arithmetic(reader, .subtract)
      case "Mul": try arithmetic(reader, .multiply)
      case "Div": try arithmetic(reader, .divide)
      case "Min": try arithmetic(reader, .least)
      case "Max": try arithmetic(reader, .most)
      case "Pow": try arithmetic(reader, .power)
      case "BatchNormalization": try batchNormalization(reader)
      case "InstanceNormalization": try instanceNormalization(reader)
      case "MaxPool", "AveragePool": try pool(reader)
      case "GlobalAveragePool": try globalMean(reader, keepsAxes: true)
      case "ReduceMean": try reduceMean(reader)
      case "Concat": try concat(reader)
      case "Slice": try slice(reader)
      case "Pad": try pad(reader)
      case "Resize", "Upsample": try resize(reader)
      case "Reshape", "Flatten", "Squeeze", "Unsqueeze": try reshape(reader)
      case "Transpose": try transpose(reader)
      case "Identity", "Dropout": try reader.operand(0)
      case "Cast": try cast(reader)
      default: throw reader.refused("is no operator that is run here")
      }
    try define(node.outputs.first ?? "", value, by: node)
  }

  // MARK: - One operand

  private func function(_ reader: NodeReader, _ function: ElementFunction) throws(NetworkError)
    -> PlannedValue
  {
    let (slot, layout) = try reader.feature(0)
    return step(ElementwiseFunction(function: function), [slot], to: layout)
  }

  func scaled(_ reader: NodeReader, factors: [Float], offsets: [Float]) throws(NetworkError) -> PlannedValue {
    let (slot, layout) = try reader.feature(0)
    return step(ChannelScale(factors: factors, offsets: offsets), [slot], to: layout)
  }

  private func clip(_ reader: NodeReader) throws(NetworkError) -> PlannedValue {
    var limits: [Float] = [-.infinity, .infinity]
    for (index, name) in ["min", "max"].enumerated() {
      if reader.optional(index + 1) != nil {
        limits[index] = try reader.floats(index + 1, count: 1)[0]
      } else {
        limits[index] = try reader.float(
          name, default: index == 0 ? -.greatestFiniteMagnitude : .greatestFiniteMagnitude)
      }
    }
    return try function(reader, .clamped(limits[0], limits[1]))
  }

  private func cast(_ reader: NodeReader) throws(NetworkError) -> PlannedValue {
    let type = try reader.int("to", default: 1)
    guard [1, 10, 11, 16].contains(type) else { throw reader.refused("makes other than numbers of a volume") }
    return try reader.operand(0)
  }

  /// `max(v, 0) + slope min(v, 0)`.
  private func parametricRectifier(_ reader: NodeReader) throws(NetworkError) -> PlannedValue {
    let (slot, layout) = try reader.feature(0)
    let slopes = try reader.floats(1)
    guard case .floats(let values) = slopes.values else { throw reader.refused("has no slopes") }
    guard slopes.shape.count <= layout.shape.count, values.count == 1 || isPerChannel(slopes, of: layout)
    else {
      throw reader.refused("has slopes of shape \(slopes.shape) for an array of shape \(layout.shape)")
    }
    if values.count == 1 { return try function(reader, .leaky(values[0])) }
    guard case .feature(let positive, _) = try function(reader, .clamped(0, .infinity)),
      case .feature(let negative, _) = step(
        ElementwiseFunction(function: .clamped(-.infinity, 0)), [slot], to: layout),
      case .feature(let scaled, _) = step(
        ChannelScale(factors: values, offsets: [0]), [negative], to: layout)
    else { throw reader.refused("cannot be planned") }
    return step(
      ElementwiseArithmetic(operation: .add, first: layout, second: layout, layout: layout),
      [positive, scaled], to: layout)
  }

  // MARK: - Two operands

  private func arithmetic(_ reader: NodeReader, _ operation: Arithmetic) throws(NetworkError) -> PlannedValue
  {
    guard reader.operands.count == 2 else {
      throw reader.refused("has \(reader.operands.count) operands, where two are computed")
    }
    let first = try reader.operand(0), second = try reader.operand(1)
    if let value = try withConstant(reader, operation, first, second) { return value }
    let rank = max(first.shape.count, second.shape.count)
    func extended(_ shape: [Int]) -> [Int] { Array(repeating: 1, count: rank - shape.count) + shape }
    let (left, right) = (extended(first.shape), extended(second.shape))
    var shape: [Int] = []
    for (one, other) in zip(left, right) {
      guard one == other || one == 1 || other == 1 else {
        throw reader.refused("combines the shapes \(first.shape) and \(second.shape)")
      }
      shape.append(max(one, other))
    }
    let result = try layout(shape, for: reader.node.title)
    guard left == right || result.isVolume else {
      throw reader.refused("combines the shapes \(first.shape) and \(second.shape)")
    }
    let slots = [
      try slot(of: try reshaped(first, to: left, reader), shape: left, for: reader.node.title),
      try slot(of: try reshaped(second, to: right, reader), shape: right, for: reader.node.title),
    ]
    return step(
      ElementwiseArithmetic(
        operation: operation, first: FeatureLayout(shape: left), second: FeatureLayout(shape: right),
        layout: result), slots, to: result)
  }

  /// An array that the network computes with as many axes as the other: memory follows from all of them.
  private func reshaped(
    _ value: PlannedValue, to shape: [Int], _ reader: NodeReader
  ) throws(NetworkError) -> PlannedValue {
    guard case .feature(let slot, let inputs) = value, inputs.shape.count < shape.count else { return value }
    let layout = try layout(shape, for: reader.node.title)
    return step(Reshaping(layout: layout, inputs: inputs), [slot], to: layout)
  }

  /// Whether a constant has one number for each channel of a volume, where broadcasting looks for it.
  private func isPerChannel(_ tensor: ONNXTensor, of layout: FeatureLayout) -> Bool {
    layout.isVolume && tensor.count == layout.channels && tensor.shape.count >= 4
      && tensor.shape[tensor.shape.count - 4] == layout.channels
  }

  private func isConstant(_ value: PlannedValue) -> Bool {
    if case .constant = value { true } else { false }
  }

  /// What a constant for all voxels, or one for each channel, does.
  private func withConstant(
    _ reader: NodeReader, _ operation: Arithmetic, _ first: PlannedValue, _ second: PlannedValue
  ) throws(NetworkError) -> PlannedValue? {
    let index = isConstant(first) ? 0 : isConstant(second) ? 1 : -1
    guard index >= 0 else { return nil }
    let tensor = try reader.floats(index), (slot, layout) = try reader.feature(1 - index)
    guard case .floats(let values) = tensor.values, tensor.shape.count <= layout.shape.count else {
      return nil
    }
    if values.count > 1 {
      guard isPerChannel(tensor, of: layout) else { return nil }
    } else if values.isEmpty {
      throw reader.refused("has no numbers as operand \(index + 1)")
    }
    switch (operation, index) {
    case (.add, _): return step(ChannelScale(factors: [1], offsets: values), [slot], to: layout)
    case (.multiply, _): return step(ChannelScale(factors: values, offsets: [0]), [slot], to: layout)
    case (.subtract, 1):
      return step(ChannelScale(factors: [1], offsets: values.map { -$0 }), [slot], to: layout)
    case (.subtract, _): return step(ChannelScale(factors: [-1], offsets: values), [slot], to: layout)
    case (.divide, 1):
      let factors = values.map { 1 / $0 }
      // That of a tiny number is infinite, while the quotient need not be.
      guard factors.allSatisfy(\.isFinite) else { return nil }
      return step(ChannelScale(factors: factors, offsets: [0]), [slot], to: layout)
    case (.least, _) where values.count == 1:
      return step(ElementwiseFunction(function: .clamped(-.infinity, values[0])), [slot], to: layout)
    case (.most, _) where values.count == 1:
      return step(ElementwiseFunction(function: .clamped(values[0], .infinity)), [slot], to: layout)
    default: return nil
    }
  }

  // MARK: - Normalisations

  /// Factors and offsets of a batch normalisation with these operands.
  func normalization(_ reader: NodeReader, channels: Int) throws(NetworkError) -> (
    factors: [Float], offsets: [Float]
  ) {
    guard try reader.int("training_mode", default: 0) == 0 else {
      throw reader.refused("is exported for training")
    }
    let scale = try reader.floats(1, count: channels), bias = try reader.floats(2, count: channels)
    let mean = try reader.floats(3, count: channels), variance = try reader.floats(4, count: channels)
    let epsilon = Double(try reader.float("epsilon", default: 1e-5))
    let factors = (0..<channels).map { Double(scale[$0]) / (Double(variance[$0]) + epsilon).squareRoot() }
    guard factors.allSatisfy(\.isFinite) else { throw reader.refused("has variances that are not positive") }
    return (
      factors.map { Float($0) },
      (0..<channels).map { Float(Double(bias[$0]) - Double(mean[$0]) * factors[$0]) }
    )
  }

  private func batchNormalization(_ reader: NodeReader) throws(NetworkError) -> PlannedValue {
    let (_, layout) = try reader.volume(0)
    let (factors, offsets) = try normalization(reader, channels: layout.channels)
    return try scaled(reader, factors: factors, offsets: offsets)
  }

  private func instanceNormalization(_ reader: NodeReader) throws(NetworkError) -> PlannedValue {
    let (slot, layout) = try reader.volume(0)
    let operation = InstanceNormalization(
      inputs: layout, factors: try reader.floats(1, count: layout.channels),
      offsets: try reader.floats(2, count: layout.channels),
      epsilon: try reader.float("epsilon", default: 1e-5))
    return step(operation, [slot], to: layout)
  }

  private func globalMean(_ reader: NodeReader, keepsAxes: Bool) throws(NetworkError) -> PlannedValue {
    let (slot, inputs) = try reader.volume(0)
    let mean = try layout([1, inputs.channels, 1, 1, 1], for: reader.node.title)
    let value = step(GlobalMean(inputs: inputs), [slot], to: mean)
    guard !keepsAxes, case .feature(let slot, _) = value else { return value }
    let flat = try layout([1, inputs.channels], for: reader.node.title)
    return step(Reshaping(layout: flat, inputs: mean), [slot], to: flat)
  }

  private func reduceMean(_ reader: NodeReader) throws(NetworkError) -> PlannedValue {
    var axes = try reader.ints("axes") ?? []
    if reader.optional(1) != nil { axes = try reader.integers(1) }
    let rank = try reader.volume(0).layout.shape.count
    guard try reader.axes(axes, of: rank).sorted() == [2, 3, 4] else {
      throw reader.refused(
        "takes means along the axes \(axes); those of z, y and x together are computed here")
    }
    return try globalMean(reader, keepsAxes: try reader.int("keepdims", default: 1) != 0)
  }
}
