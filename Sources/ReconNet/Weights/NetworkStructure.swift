import Files
import NDArrays

/// How the tensors of a weights file form a network, told by their names and shapes.
struct NetworkStructure {
  /// The kernels of every block, in the order of their use.
  private var kernels: [[TensorName]] = []
  /// The weights of the data-consistency steps, one per block, or none.
  private var consistencies: [String] = []
  /// What was assumed, one sentence each.
  private(set) var assumptions: [String] = []
  private var hasBiases = false

  init(_ file: SafetensorsFile) throws(ReconNetError) {
    var others: [String] = []
    var names: [TensorName] = []
    for name in file.names {
      let shape = file.shape(of: name) ?? []
      if name.hasSuffix("weight"), shape.count > 1 {
        guard shape.count == 5, Array(shape[2...]) == Convolution3D.kernel else {
          throw .badTensor(
            path: file.path, tensor: name,
            reason: "has the shape \(shape) instead of [outputs, inputs, 3, 3, 3]")
        }
        names.append(TensorName(name))
      } else {
        others.append(name)
      }
    }
    names.sort()
    guard let first = names.first else {
      throw .unsupportedNetwork(path: file.path, reason: "it has no 3x3x3 convolutions")
    }
    if let stray = names.first(where: {
      $0.template != first.template || $0.numbers.count != first.numbers.count || $0.numbers.isEmpty
    }) {
      throw .unexpectedTensor(path: file.path, tensor: stray.text)
    }
    for name in names {
      if kernels.last?.last?.block == name.block {
        kernels[kernels.count - 1].append(name)
      } else {
        kernels.append([name])
      }
    }
    try checkNumbers(file.path)
    try assign(others, of: file)
  }

  /// Requires that no block lacks a layer that its neighbours or its own numbers tell of.
  private func checkNumbers(_ path: String) throws(ReconNetError) {
    let layers = Set(kernels.joined().map(\.layer)).sorted()
    let step = zip(layers, layers.dropFirst()).map { $1 - $0 }.min() ?? 1
    // Not an array: the numbers are the file's. Whatever is missing is found among the first few.
    let expected = stride(from: min(layers[0], 1), through: layers[layers.count - 1], by: step)
    let firstLayer = min(layers[0], 1)
    for (index, block) in kernels.enumerated() {
      let present = Set(block.map(\.layer))
      for layer in expected where !present.contains(layer) {
        throw .missingTensor(path: path, tensor: named(block[0].block + [layer]))
      }
      guard let number = block[0].block.last, index > 0, let previous = kernels[index - 1][0].block.last
      else {
        continue
      }
      if block[0].block.dropLast() == kernels[index - 1][0].block.dropLast(), number > previous + 1 {
        throw .missingTensor(
          path: path, tensor: named(block[0].block.dropLast() + [previous + 1, firstLayer]))
      }
    }
    if let number = kernels[0][0].block.last, number > 1 || (number == 1 && firstLayer == 0) {
      throw .missingTensor(path: path, tensor: named(kernels[0][0].block.dropLast() + [0, firstLayer]))
    }
  }

  private mutating func assign(_ others: [String], of file: SafetensorsFile) throws(ReconNetError) {
    var rest = Set(others)
    let biases = kernels.joined().map { Self.bias(of: $0) }
    let present = biases.filter { rest.remove($0) != nil }
    hasBiases = !present.isEmpty
    if hasBiases, let absent = biases.first(where: { !present.contains($0) }) {
      throw .missingTensor(path: file.path, tensor: absent)
    }
    if !hasBiases { assumptions.append("The weights have no biases; zeros were assumed.") }
    let scalars = rest.filter { name in
      (file.shape(of: name) ?? []).allSatisfy { (1...2).contains($0) } && !name.hasSuffix("bias")
        && !name.hasSuffix("num_batches_tracked")
    }
    guard let first = scalars.map({ TensorName($0) }).min() else {
      if let stray = rest.min() { throw .unexpectedTensor(path: file.path, tensor: stray) }
      return
    }
    let family = scalars.map { TensorName($0) }.filter { $0.template == first.template }.sorted()
    rest.subtract(family.map(\.text))
    if let stray = rest.min() { throw .unexpectedTensor(path: file.path, tensor: stray) }
    consistencies = family.map(\.text)
    let numbers = Set(family.compactMap(\.numbers.last))
    for block in kernels.indices where consistencies.count != kernels.count {
      let number = kernels[block][0].block.last ?? 0
      guard numbers.contains(number) else {
        throw .missingTensor(
          path: file.path,
          tensor: TensorName(template: first.template, numbers: first.numbers.dropLast() + [number]).text)
      }
    }
    guard consistencies.count == kernels.count else {
      throw .unexpectedTensor(path: file.path, tensor: consistencies[consistencies.count - 1])
    }
  }

  /// The blocks with their weights.
  ///
  /// - Throws: ``ReconNetError`` for a tensor of the wrong shape or with impossible values.
  func blocks<Consistency: CascadeConsistency>(
    of file: SafetensorsFile
  ) throws(ReconNetError) -> [CascadeWeights<Consistency>.Block] {
    var blocks: [CascadeWeights<Consistency>.Block] = []
    for (index, names) in kernels.enumerated() {
      guard names.count > 1 else {
        throw .unsupportedNetwork(
          path: file.path, reason: "the block of tensor \(names[0].text) has a single convolution")
      }
      var convolutions: [Convolution3D] = []
      for (layer, name) in names.enumerated() {
        let inputs = convolutions.last?.outputs ?? 2
        let outputs = layer == names.count - 1 ? 2 : file.shape(of: name.text)?.first ?? 0
        let shape = [outputs, inputs] + Convolution3D.kernel
        let weight = try file.tensor(name.text, shape: shape)
        let bias = try hasBiases ? file.tensor(Self.bias(of: name), shape: [outputs]) : nil
        convolutions.append(
          Convolution3D(
            weight: weight, bias: bias ?? NDArray(repeating: 0, shape: [outputs])))
      }
      let consistency: Consistency = try consistency(
        index < consistencies.count ? consistencies[index] : nil, block: names, of: file)
      blocks.append(
        CascadeWeights<Consistency>.Block(convolutions: convolutions, consistency: consistency))
    }
    return blocks
  }

  /// What a block's tensor says of its consistency with the measurement, or its absence.
  private func consistency<Consistency: CascadeConsistency>(
    _ name: String?, block: [TensorName], of file: SafetensorsFile
  ) throws(ReconNetError) -> Consistency {
    guard let name else {
      if let consistency = Consistency.withoutNumbers { return consistency }
      throw .unsupportedNetwork(
        path: file.path,
        reason:
          "the block of tensor \(block[0].text) has no consistency weights, which \(Consistency.network) needs"
      )
    }
    let numbers = try file.tensor(name)?.elements ?? []
    guard numbers.count == Consistency.count else {
      throw .unsupportedNetwork(
        path: file.path,
        reason: "tensor \(name) holds \(counted(numbers.count, "number")) where \(Consistency.network) has "
          + "\(Consistency.count): these are the weights of another kind of network")
    }
    if let fault = Consistency.fault(of: numbers) {
      throw .badTensor(path: file.path, tensor: name, reason: fault)
    }
    return Consistency(numbers: numbers)
  }

  /// The name that a layer's kernels should have, for messages.
  func name(block: Int, layer: Int) -> String {
    let last = kernels[kernels.count - 1][0]
    let prefix =
      block < kernels.count ? kernels[block][0].block : last.block.dropLast() + [(last.block.last ?? 0) + 1]
    let layers = kernels[0].map(\.layer)
    let step = layers.count > 1 ? layers[1] - layers[0] : 1
    return named(prefix + [layers[0] + layer * step])
  }

  private func named(_ numbers: [Int]) -> String {
    TensorName(template: kernels[0][0].template, numbers: numbers).text
  }

  private static func bias(of kernel: TensorName) -> String { kernel.text.dropLast("weight".count) + "bias" }
}

extension SafetensorsFile {
  /// The elements of a tensor that has to have a certain shape.
  fileprivate func tensor(_ name: String, shape: [Int]) throws(ReconNetError) -> NDArray<Float> {
    guard let found = self.shape(of: name) else { throw .missingTensor(path: path, tensor: name) }
    guard found == shape, !shape.contains(0) else {
      throw .badTensor(path: path, tensor: name, reason: "has the shape \(found) instead of \(shape)")
    }
    guard let values = try tensor(name) else { throw .missingTensor(path: path, tensor: name) }
    return values
  }
}
