/// What the metadata of a weights file say of its network, and what had to be assumed.
struct NetworkMetadata {
  let negativeSlope: Float
  let isResidual: Bool
  private(set) var assumptions: [String] = []
  private let path: String
  private let counts: [String: Int]

  init(_ file: SafetensorsFile) throws(ReconNetError) {
    path = file.path
    let metadata = file.metadata
    func unsupported(_ key: String, _ value: String, _ wanted: String) -> ReconNetError {
      .unsupportedNetwork(path: file.path, reason: "its metadata say \(key) \"\(value)\", not \(wanted)")
    }
    let slope = metadata["negative_slope"].map { Float($0) ?? .nan }
    if let slope, !slope.isFinite {
      throw unsupported("negative_slope", metadata["negative_slope"] ?? "", "a number")
    }
    switch metadata["activation"] {
    case "relu": negativeSlope = 0
    case "leaky_relu": negativeSlope = slope ?? 0.01
    case nil:
      negativeSlope = slope ?? 0.01
      assumptions.append(
        "The weights do not name their activation; a leaky rectifier with slope \(negativeSlope) was assumed."
      )
    case let other?: throw unsupported("activation", other, "relu or leaky_relu")
    }
    switch metadata["residual"] {
    case "true": isResidual = true
    case "false": isResidual = false
    case nil:
      isResidual = true
      assumptions.append(
        "The weights do not say whether blocks are residual; they were added to their inputs.")
    case let other?: throw unsupported("residual", other, "true or false")
    }
    var counts: [String: Int] = [:]
    for key in ["blocks", "layers", "features"] {
      guard let text = metadata[key] else { continue }
      guard let count = Int(text) else { throw unsupported(key, text, "a number") }
      counts[key] = count
    }
    self.counts = counts
    if metadata["scale"] == nil {
      assumptions.append(
        "The weights do not name the scale of their inputs; volumes were divided by the 0.99 quantile of their "
          + "zero-filled magnitude.")
    }
  }

  /// Compares the numbers of blocks, layers and features with those of the tensors.
  func check(_ blocks: [[Convolution3D]], names: NetworkStructure) throws(ReconNetError) {
    let found = blocks[0]
    if let count = counts["blocks"], count > blocks.count {
      throw .missingTensor(path: path, tensor: names.name(block: blocks.count, layer: 0))
    }
    if let count = counts["layers"], count > found.count {
      throw .missingTensor(path: path, tensor: names.name(block: 0, layer: found.count))
    }
    for (key, number) in [("blocks", blocks.count), ("layers", found.count), ("features", found[0].outputs)] {
      guard let count = counts[key], count != number else { continue }
      throw .unsupportedNetwork(
        path: path, reason: "its metadata say \(count) \(key), its tensors have \(number)")
    }
  }
}
