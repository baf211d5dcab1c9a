import MRIData
import NDArrays
import VolumeNetworks

extension ReconNet3D {
  /// The network as one ONNX graph of standard operators, for volumes of any size, so that other engines run it.
  ///
  /// ```
  /// samples            [1, 2, z, y, x]   measured samples over (kz, ky), readout transformed, real and imaginary part,
  ///                                      divided by the scale; zero where nothing was acquired
  /// mask               [1, 1, z, y, 1]   1 where acquired
  /// fourier_y_real, fourier_y_imaginary, fourier_z_real, fourier_z_imaginary
  ///                    [n, n]            F[k, i] = exp(-2 pi i (k - n / 2)(i - n / 2) / n) / sqrt(n), n / 2 rounded down
  /// image              [1, 2, z, y, x]   the result, to be multiplied with the scale
  /// ```
  ///
  /// The scale is the 0.99 quantile of the magnitude of the zero-filled image. The transforms are products with dense
  /// matrices, a small part of the work, which all engines have; transforms of their own they mostly do not.
  public var onnxModel: ONNXModel {
    var builder = ONNXBuilder()
    builder.addInputs()
    var image = builder.transformed("samples_turned", isInverse: true)
    for (index, block) in weights.blocks.enumerated() {
      image = builder.convolved(
        image, block, index, slope: weights.negativeSlope, isResidual: weights.isResidual)
      let transformed = builder.transformed(image, isInverse: false)
      image = builder.transformed(
        builder.consistent(transformed, block.consistency, index), isInverse: true)
    }
    builder.add("Identity", [image], named: "image")
    return ONNXModel(
      builder.graph,
      metadata: [
        "network": "ReconNet3D", "weights SHA-256": weights.digest,
        "use":
          "samples: (kz, ky, x) with the readout transformed, over the 0.99 quantile of the zero-filled magnitude; mask: 1 where "
          + "acquired; fourier_*: unitary centred DFT matrices; image: times that quantile",
      ])
  }
}

/// What puts the graph together.
private struct ONNXBuilder {
  private(set) var graph = ONNXGraph(name: "ReconNet3D")
  private var count = 0

  @discardableResult
  mutating func add(
    _ kind: String, _ inputs: [String], named name: String? = nil,
    _ attributes: [String: ONNXAttribute] = [:]
  ) -> String {
    count += 1
    let result = name ?? "\(kind.lowercased())_\(count)"
    graph.nodes.append(ONNXNode(kind, inputs, [result], name: "node_\(count)", attributes: attributes))
    return result
  }

  mutating func addInputs() {
    graph.inputs = [
      ONNXValue("samples", shape: [1, 2, nil, nil, nil], extentNames: ["", "", "z", "y", "x"]),
      ONNXValue("mask", shape: [1, 1, nil, nil, 1], extentNames: ["", "", "z", "y", ""]),
    ]
    for axis in ["y", "z"] {
      for part in ["real", "imaginary"] {
        graph.inputs.append(
          ONNXValue("fourier_\(axis)_\(part)", shape: [nil, nil], extentNames: [axis, axis]))
      }
    }
    graph.outputs = [
      ONNXValue("image", shape: [1, 2, nil, nil, nil], extentNames: ["", "", "z", "y", "x"])
    ]
    // Matrices act on the axis before the last: along kz, volumes are turned to (ky, kz, x).
    turned("samples", named: "samples_turned")
    turned("mask", named: "mask_turned")
  }

  @discardableResult
  private mutating func turned(_ value: String, named name: String? = nil) -> String {
    add("Transpose", [value], named: name, ["perm": .ints([0, 1, 3, 2, 4])])
  }

  /// Samples, turned, of an image, or an image of them.
  mutating func transformed(_ value: String, isInverse: Bool) -> String {
    if isInverse { return multiplied(turned(multiplied(value, "z", isInverse)), "y", isInverse) }
    return multiplied(turned(multiplied(value, "y", isInverse)), "z", isInverse)
  }

  /// The product of a matrix, or of its adjoint, with both parts of a volume.
  private mutating func multiplied(_ value: String, _ axis: String, _ isInverse: Bool) -> String {
    let real = "\(value)_\(axis)_real", imaginary = "\(value)_\(axis)_imaginary"
    graph.nodes.append(
      ONNXNode(
        "Split", [value], [real, imaginary], name: "split_\(value)_\(axis)", attributes: ["axis": .int(1)]))
    let products = [("real", real), ("imaginary", imaginary), ("real", imaginary), ("imaginary", real)].map {
      ("fourier_\(axis)_\($0.0)", $0.1)
    }
    var parts: [String] = []
    for (matrix, part) in products { parts.append(add("MatMul", [matrix, part])) }
    let first = add(isInverse ? "Add" : "Sub", [parts[0], parts[1]])
    let second = add(isInverse ? "Sub" : "Add", [parts[2], parts[3]])
    return add("Concat", [first, second], ["axis": .int(1)])
  }

  /// The convolutions of a block.
  mutating func convolved(
    _ image: String, _ block: ReconNetWeights.Block, _ index: Int, slope: Float, isResidual: Bool
  ) -> String {
    var value = image
    for (layer, convolution) in block.convolutions.enumerated() {
      let name = "blocks.\(index).convolutions.\(layer)"
      graph.constants["\(name).weight"] = ONNXTensor(
        convolution.weight.elements, shape: convolution.weight.shape)
      graph.constants["\(name).bias"] = ONNXTensor(convolution.bias.elements, shape: convolution.bias.shape)
      value = add(
        "Conv", [value, "\(name).weight", "\(name).bias"],
        ["kernel_shape": .ints([3, 3, 3]), "pads": .ints([1, 1, 1, 1, 1, 1])])
      if layer < block.convolutions.count - 1 {
        value = slope == 0 ? add("Relu", [value]) : add("LeakyRelu", [value], ["alpha": .float(slope)])
      }
    }
    return isResidual ? add("Add", [image, value]) : value
  }

  /// Samples, turned, that agree with the measured ones: `s + w mask (s0 - s)`.
  mutating func consistent(_ samples: String, _ consistency: DataConsistency, _ index: Int) -> String {
    var difference = add("Mul", [add("Sub", ["samples_turned", samples]), "mask_turned"])
    if case .weighted(let lambda) = consistency, lambda.isFinite {
      let name = "blocks.\(index).weight"
      graph.constants[name] = ONNXTensor([lambda / (1 + lambda)], shape: [1])
      difference = add("Mul", [difference, name])
    }
    return add("Add", [samples, difference])
  }
}
