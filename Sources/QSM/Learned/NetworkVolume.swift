import MRIData
import NDArrays
import VolumeNetworks

/// A network made ready for a grid: zeros around it, axes in the network's order.
struct NetworkVolume {
  private let path: String
  private let network: PreparedNetwork
  private let inputName: String
  private let outputName: String
  private let axes: NetworkDescription.AxisOrder
  private let channels: Int
  /// The grid `[z, y, x]`, its extents with zeros, and how many of these come before it.
  private let grid: [Int]
  private let padded: [Int]
  private let margins: [Int]

  /// What a run of the network takes.
  var needs: MethodNeeds {
    MethodNeeds(memory: Double(network.memory), seconds: Self.secondsPerProduct * network.products)
  }

  /// A product of a convolution of 3 x 3 x 3, on a core that others use as well [s].
  private static let secondsPerProduct = 8e-12

  init(_ file: NetworkFile, matrix: Extents) throws(QSMError) {
    let use = file.description, network = file.network
    path = file.path
    axes = use.axes
    channels = use.channels
    guard network.inputs.count == 1, network.outputs.count >= 1 else {
      let names = network.inputs.map(\.name.shown).joined(separator: ", ")
      throw .network(
        "\(file.path): the network takes \(network.inputs.count) inputs (\(names)); one with a field alone is needed for an "
          + "inversion.")
    }
    inputName = network.inputs[0].name
    outputName = network.outputs[0].name
    grid = matrix.shape
    let order = Self.order(use.axes)
    var padded = grid
    for axis in 0..<3 {
      padded[axis] = (padded[axis] + use.multiple - 1) / use.multiple * use.multiple
      // A network of fixed extents gets its own.
      let place = (order.firstIndex(of: axis) ?? axis) + 2
      if let shape = network.inputs[0].shape, shape.count == 5, let fixed = shape[place] {
        guard fixed >= grid[axis] else {
          throw .network(
            "\(file.path): the network takes \(fixed) voxels along axis \(place), and the volume has \(grid[axis]). Crop "
              + "the images, or export the network for any extents.")
        }
        padded[axis] = fixed
      }
    }
    self.padded = padded
    margins = zip(padded, grid).map { ($0 - $1) / 2 }
    do {
      self.network = try network.prepared(for: [inputName: [1, channels] + order.map { padded[$0] }])
    } catch {
      throw .network("\(error)")
    }
    let wanted = order.map { padded[$0] }
    guard let shape = self.network.outputShapes[outputName], shape.count == 5, shape[1] >= channels,
      Array(shape[2...]) == wanted
    else {
      throw .network(
        "\(file.path): output \(outputName.shown) has the shape \(self.network.outputShapes[outputName] ?? []), and the grid "
          + "\(wanted). This is no network from a field to susceptibility on the same grid.")
    }
  }

  /// Which of `[z, y, x]` each axis of the network is.
  private static func order(_ axes: NetworkDescription.AxisOrder) -> [Int] {
    axes == .zyx ? [0, 1, 2] : [2, 1, 0]
  }

  /// The network's channels for those of an estimate, axes `[z, y, x]`.
  func callAsFunction(_ inputs: [NDArray<Float>]) throws(QSMError) -> [NDArray<Float>] {
    let order = Self.order(axes), extents = order.map { padded[$0] }
    var input = NDArray<Float>(repeating: 0, shape: [1, channels] + extents)
    let count = extents.reduce(1, *)
    input.withUnsafeMutableBufferPointer { target in
      for (channel, values) in inputs.enumerated() {
        values.withUnsafeBufferPointer { source in
          forEachVoxel { from, to in target[channel * count + to] = source[from] }
        }
      }
    }
    guard let output = network([inputName: input])[outputName] else {
      throw .network("\(path): the network has no output \(outputName.shown)")
    }
    return (0..<channels).map { channel in
      NDArray(uninitializedShape: grid) { target in
        output.withUnsafeBufferPointer { source in
          forEachVoxel { to, from in target[to] = source[channel * count + from] }
        }
      }
    }
  }

  /// Calls a closure with the offset of every voxel on the grid and in the network's array.
  private func forEachVoxel(_ body: (_ grid: Int, _ network: Int) -> Void) {
    let strides =
      axes == .zyx ? [padded[1] * padded[2], padded[2], 1] : [1, padded[0], padded[0] * padded[1]]
    for z in 0..<grid[0] {
      for y in 0..<grid[1] {
        let row = (z * grid[1] + y) * grid[2]
        let start = (z + margins[0]) * strides[0] + (y + margins[1]) * strides[1] + margins[2] * strides[2]
        for x in 0..<grid[2] { body(row + x, start + x * strides[2]) }
      }
    }
  }
}
