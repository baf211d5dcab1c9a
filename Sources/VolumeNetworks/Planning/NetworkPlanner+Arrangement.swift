extension NetworkPlanner {
  // MARK: - Joining and parting

  func concat(_ reader: NodeReader) throws(NetworkError) -> PlannedValue {
    guard let first = reader.operands.first, let first else { throw reader.refused("has no operands") }
    let rank = first.shape.count
    let axis = try reader.axis(try reader.int("axis", default: 1), of: rank)
    var slots: [Int] = [], inputs: [FeatureLayout] = []
    for index in reader.operands.indices {
      let value = try reader.operand(index)
      slots.append(try slot(of: value, for: reader.node.title))
      inputs.append(FeatureLayout(shape: value.shape))
    }
    guard inputs.allSatisfy(\.isVolume) else {
      throw reader.refused("joins arrays of the shapes \(inputs.map(\.shape))")
    }
    guard axis == 1 else {
      throw reader.refused("joins volumes along axis \(axis); channels (1) are joined here")
    }
    guard inputs.allSatisfy({ $0.grid == inputs[0].grid }) else {
      throw reader.refused("joins volumes of the shapes \(inputs.map(\.shape))")
    }
    let channels = inputs.enumerated().flatMap { operand, layout in
      (0..<layout.channels).map { channel -> (Int, Int)? in (operand, channel) }
    }
    return try selected(channels, of: slots, inputs, reader)
  }

  private func selected(
    _ channels: [(Int, Int)?], of slots: [Int], _ inputs: [FeatureLayout], _ reader: NodeReader,
    fill: Float = 0
  ) throws(NetworkError) -> PlannedValue {
    let layout = try layout([1, channels.count] + inputs[0].shape[2...], for: reader.node.title)
    return step(
      ChannelSelection(layout: layout, inputs: inputs, channels: channels, fill: fill), slots, to: layout)
  }

  func addSplit(_ reader: NodeReader) throws(NetworkError) {
    let (slot, inputs) = try reader.volume(0)
    let node = reader.node, axis = try reader.axis(try reader.int("axis", default: 0), of: 5)
    let extent = inputs.shape[axis], count = node.outputs.count
    var lengths = try reader.ints("split") ?? []
    if reader.optional(1) != nil { lengths = try reader.integers(1) }
    if lengths.isEmpty, count > 0 {
      let length = (extent + count - 1) / count
      lengths = (0..<count).map { min(length, extent - $0 * length) }
    }
    guard lengths.count == count, lengths.allSatisfy({ $0 > 0 && $0 <= extent }),
      lengths.reduce(0, +) == extent
    else { throw reader.refused("parts \(extent) in \(lengths)") }
    var first = 0
    for (name, length) in zip(node.outputs, lengths) {
      var indices = inputs.shape.map { Array(0..<$0) }
      indices[axis] = Array(first..<first + length)
      try define(name, try selected(indices, of: slot, inputs, reader), by: node)
      first += length
    }
  }

  /// The part of a volume at some indices of each axis; negative ones are constant.
  private func selected(
    _ indices: [[Int]], of slot: Int, _ inputs: FeatureLayout, _ reader: NodeReader, fill: Float = 0
  ) throws(NetworkError) -> PlannedValue {
    var value = PlannedValue.feature(slot: slot, inputs), grid = inputs
    if indices[1] != Array(0..<inputs.channels) {
      let channels = indices[1].map { $0 < 0 ? nil : (0, $0) }
      value = try selected(channels, of: [slot], [inputs], reader, fill: fill)
      grid = FeatureLayout(shape: value.shape)
    }
    guard indices[2...].map({ $0 }) != inputs.shape[2...].map({ Array(0..<$0) }) else { return value }
    guard case .feature(let slot, _) = value else { return value }
    let layout = try layout([1, grid.channels] + indices[2...].map(\.count), for: reader.node.title)
    return step(
      VoxelSelection(layout: layout, inputs: grid, indices: Array(indices[2...]), fill: fill), [slot],
      to: layout)
  }

  func slice(_ reader: NodeReader) throws(NetworkError) -> PlannedValue {
    let (slot, inputs) = try reader.volume(0)
    let ranges = try SliceRanges(reader, rank: 5)
    var indices = inputs.shape.map { Array(0..<$0) }
    for (position, axis) in ranges.axes.enumerated() {
      indices[axis] = ranges.indices(position, extent: inputs.shape[axis])
    }
    guard indices.allSatisfy({ !$0.isEmpty }) else {
      throw reader.refused("leaves nothing of \(inputs.shape)")
    }
    return try selected(indices, of: slot, inputs, reader)
  }

  func pad(_ reader: NodeReader) throws(NetworkError) -> PlannedValue {
    let (slot, inputs) = try reader.volume(0)
    var pads = try reader.ints("pads") ?? [], fill = try reader.float("value", default: 0)
    if reader.optional(1) != nil { pads = try reader.integers(1) }
    if reader.optional(2) != nil { fill = try reader.floats(2, count: 1)[0] }
    var axes = Array(0..<5)
    if reader.optional(3) != nil { axes = try reader.axes(try reader.integers(3), of: 5) }
    let mode = try reader.text("mode", default: "constant")
    guard pads.count == 2 * axes.count, pads.allSatisfy({ (-65536...65536).contains($0) }) else {
      throw reader.refused("has the pads \(pads)")
    }
    var indices = inputs.shape.map { Array(0..<$0) }
    for (position, axis) in axes.enumerated() {
      let extent = inputs.shape[axis]
      let range = -pads[position]..<max(-pads[position], extent + pads[position + axes.count])
      guard !range.isEmpty else { throw reader.refused("leaves nothing of \(inputs.shape)") }
      switch mode {
      case "constant": indices[axis] = range.map { (0..<extent).contains($0) ? $0 : -1 }
      case "edge": indices[axis] = range.map { min(max($0, 0), extent - 1) }
      case "reflect":
        guard range.lowerBound > -extent, range.upperBound < 2 * extent else {
          throw reader.refused("reflects more than the volume has")
        }
        indices[axis] = range.map { $0 < 0 ? -$0 : $0 < extent ? $0 : 2 * (extent - 1) - $0 }
      default: throw reader.refused("has the mode \(mode.shown)")
      }
    }
    guard indices[0] == [0] else { throw reader.refused("pads the axis of volumes") }
    return try selected(indices, of: slot, inputs, reader, fill: fill)
  }

  // MARK: - Other axes

  func reshape(_ reader: NodeReader) throws(NetworkError) -> PlannedValue {
    let (slot, inputs) = try reader.feature(0)
    let shape = try reader.reshaped(inputs.shape)
    let layout = try layout(shape, for: reader.node.title)
    guard layout.count == inputs.count else {
      throw reader.refused("sees an array of shape \(inputs.shape) as \(shape)")
    }
    return step(Reshaping(layout: layout, inputs: inputs), [slot], to: layout)
  }

  func transpose(_ reader: NodeReader) throws(NetworkError) -> PlannedValue {
    let (slot, inputs) = try reader.feature(0)
    let order = try reader.order(of: inputs.shape.count)
    let layout = try layout(order.map { inputs.shape[$0] }, for: reader.node.title)
    return step(Transposition(layout: layout, inputs: inputs, order: order), [slot], to: layout)
  }

  // MARK: - Other grids

  func resize(_ reader: NodeReader) throws(NetworkError) -> PlannedValue {
    let (slot, inputs) = try reader.volume(0)
    let resampling = try GridResampling(reader, inputs.shape)
    let layout = try layout(resampling.shape, for: reader.node.title)
    guard layout.shape[..<2] == inputs.shape[..<2] else {
      throw reader.refused("makes \(layout.shape) of \(inputs.shape)")
    }
    if resampling.isLinear {
      let places = (2..<5).map { axis in
        (0..<layout.shape[axis]).map { resampling.place($0, axis: axis) }
      }
      return step(LinearResampling(layout: layout, inputs: inputs, places: places), [slot], to: layout)
    }
    let indices = (2..<5).map { axis in
      (0..<layout.shape[axis]).map { resampling.nearest($0, axis: axis) }
    }
    return step(VoxelSelection(layout: layout, inputs: inputs, indices: indices, fill: 0), [slot], to: layout)
  }
}

/// What a node makes of a grid: its extents, and where its voxels lie.
struct GridResampling {
  let shape: [Int]
  let isLinear: Bool
  private let from: [Int]
  private let scales: [Double]
  private let places: String
  private let rounding: String

  init(_ reader: NodeReader, _ inputs: [Int]) throws(NetworkError) {
    guard try reader.int("antialias", default: 0) == 0 else { throw reader.refused("smooths (antialias)") }
    let policy = try reader.text("keep_aspect_ratio_policy", default: "stretch")
    guard policy == "stretch" else {
      throw reader.refused("has the keep_aspect_ratio_policy \(policy.shown); stretch is computed here")
    }
    if let axes = try reader.ints("axes"), try reader.axes(axes, of: 5) != [0, 1, 2, 3, 4] {
      throw reader.refused("names the axes \(axes); sizes or scales of all five are taken here")
    }
    let isOld = reader.node.kind == "Upsample" || reader.operands.count == 2
    var scales: [Double] = [], sizes: [Int] = []
    let scaleIndex = isOld ? 1 : 2
    if reader.optional(scaleIndex) != nil, case .floats(let values) = try reader.floats(scaleIndex).values {
      scales = values.map { Double($0) }
    } else if case .floats(let values)? = reader.node.attributes["scales"] {
      scales = values.map { Double($0) }
    }
    if reader.optional(3) != nil { sizes = try reader.integers(3) }
    if sizes.isEmpty {
      guard scales.count == 5, scales.allSatisfy({ $0 > 0 && $0 < 65536 }) else {
        throw reader.refused("has the scales \(scales) for a volume")
      }
      sizes = zip(inputs, scales).map { Int((Double($0) * $1).rounded(.down)) }
    }
    guard sizes.count == 5, sizes.allSatisfy({ $0 > 0 && $0 <= 1 << 16 }) else {
      throw reader.refused("makes a volume of the shape \(sizes)")
    }
    if scales.isEmpty { scales = zip(sizes, inputs).map { Double($0) / Double($1) } }
    shape = sizes
    self.scales = scales
    from = inputs
    places = try reader.text("coordinate_transformation_mode", default: isOld ? "asymmetric" : "half_pixel")
    rounding = try reader.text("nearest_mode", default: isOld ? "floor" : "round_prefer_floor")
    switch try reader.text("mode", default: "nearest") {
    case "nearest": isLinear = false
    case "linear": isLinear = true
    case let mode: throw reader.refused("has the mode \(mode.shown); nearest and linear are computed here")
    }
    guard ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"].contains(places),
      ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"].contains(rounding)
    else { throw reader.refused("places voxels by \(places.shown) and \(rounding.shown)") }
  }

  private func position(_ index: Int, axis: Int) -> Double {
    let x = Double(index), scale = scales[axis], length = shape[axis]
    switch places {
    case "align_corners": return length == 1 ? 0 : x * Double(from[axis] - 1) / Double(length - 1)
    case "asymmetric": return x / scale
    case "pytorch_half_pixel": return length > 1 ? (x + 0.5) / scale - 0.5 : 0
    default: return (x + 0.5) / scale - 0.5
    }
  }

  func nearest(_ index: Int, axis: Int) -> Int {
    let position = position(index, axis: axis)
    let rounded =
      switch rounding {
      case "floor": position.rounded(.down)
      case "ceil": position.rounded(.up)
      case "round_prefer_ceil": (position + 0.5).rounded(.down)
      default: (position - 0.5).rounded(.up)
      }
    return min(max(Int(rounded), 0), from[axis] - 1)
  }

  func place(_ index: Int, axis: Int) -> LinearResampling.Place {
    let position = min(max(position(index, axis: axis), 0), Double(from[axis] - 1))
    let first = Int(position)
    return LinearResampling.Place(
      first: first, second: min(first + 1, from[axis] - 1), weight: Float(position - Double(first)))
  }
}
