import MRIData
import NDArrays
import VolumeNetworks

/// A network made ready for a grid: zeros around it, axes in the network's order.
struct NetworkVolume {
  private let path: String
  private let network: PreparedNetwork
  private let inputName: String
  private let outputName: String
  /// Which of `[z, y, x]` each axis of the network is.
  private let order: [Int]
  private let inputChannels: Int
  private let outputChannels: Int
  /// The grid `[z, y, x]`, the part that the network sees, its extents with zeros, and how many of these come before it.
  private let grid: [Int]
  private let part: [Int]
  private let padded: [Int]
  private let margins: [Int]

  /// What a run of the network takes.
  var needs: MethodNeeds {
    MethodNeeds(memory: Double(network.memory), seconds: Self.secondsPerProduct * network.products)
  }

  /// How many zeros lie at least on either side of a part of a grid.
  private static let zeros = 4

  /// A product of a convolution of 3 x 3 x 3, on a core that others use as well [s].
  private static let secondsPerProduct = 8e-12

  /// - Parameters:
  ///   - file: The network.
  ///   - matrix: The grid.
  ///   - box: The part of it that the network sees, from its first voxel on; all unless given, else with some zeros around it.
  ///   - order: Which of `[z, y, x]` each axis of the network is; that of its description unless given.
  ///   - inputChannels: What it takes; as many as it yields unless given.
  init(
    _ file: NetworkFile, matrix: Extents, box: Extents? = nil, order: [Int]? = nil, inputChannels: Int? = nil
  ) throws(QSMError) {
    let use = file.description, network = file.network
    let order = order ?? (use.axes == .zyx ? [0, 1, 2] : [2, 1, 0])
    (path, self.order, outputChannels) = (file.path, order, use.channels)
    self.inputChannels = inputChannels ?? use.channels
    guard network.inputs.count == 1, network.outputs.count >= 1 else {
      let names = network.inputs.map(\.name.shown).joined(separator: ", ")
      throw .network(
        "\(file.path): the network takes \(network.inputs.count) inputs (\(names)); one with a field alone is needed for an "
          + "inversion.")
    }
    inputName = network.inputs[0].name
    outputName = network.outputs[0].name
    grid = matrix.shape
    part = (box ?? matrix).shape
    var padded = part
    for axis in 0..<3 {
      if part[axis] < grid[axis] { padded[axis] += 2 * Self.zeros }
      padded[axis] = (padded[axis] + use.multiple - 1) / use.multiple * use.multiple
      // A network of fixed extents gets its own.
      let place = (order.firstIndex(of: axis) ?? axis) + 2
      if let shape = network.inputs[0].shape, shape.count == 5, let fixed = shape[place] {
        guard fixed >= part[axis] else {
          throw .network(
            "\(file.path): the network takes \(fixed) voxels along axis \(place), and the volume has \(part[axis]). Crop "
              + "the images, or export the network for any extents.")
        }
        padded[axis] = fixed
      }
    }
    self.padded = padded
    margins = zip(padded, part).map { ($0 - $1) / 2 }
    do {
      self.network = try network.prepared(for: [
        inputName: [1, self.inputChannels] + order.map { padded[$0] }
      ])
    } catch {
      throw .network("\(error)")
    }
    let wanted = order.map { padded[$0] }
    guard let shape = self.network.outputShapes[outputName], shape.count == 5, shape[1] >= use.channels,
      Array(shape[2...]) == wanted
    else {
      throw .network(
        "\(file.path): output \(outputName.shown) has the shape \(self.network.outputShapes[outputName] ?? []), and the grid "
          + "\(wanted). This is no network from a field to susceptibility on the same grid.")
    }
  }

  /// The network's channels for those of an estimate, axes `[z, y, x]`; zero outside the part that it sees.
  ///
  /// - Parameters:
  ///   - inputs: The first channels.
  ///   - constants: The values of the others.
  func callAsFunction(
    _ inputs: [NDArray<Float>], constants: [Float] = []
  ) throws(QSMError) -> [NDArray<Float>] {
    let extents = order.map { padded[$0] }
    var input = NDArray<Float>(repeating: 0, shape: [1, inputChannels] + extents)
    let count = extents.reduce(1, *)
    input.withUnsafeMutableBufferPointer { target in
      for (channel, values) in inputs.enumerated() {
        values.withUnsafeBufferPointer { source in
          forEachVoxel { from, to in target[channel * count + to] = source[from] }
        }
      }
      for (channel, value) in constants.enumerated() {
        let start = (inputs.count + channel) * count
        target[start..<start + count].update(repeating: value)
      }
    }
    guard let output = network([inputName: input])[outputName] else {
      throw .network("\(path): the network has no output \(outputName.shown)")
    }
    return (0..<outputChannels).map { channel in
      NDArray(uninitializedShape: grid) { target in
        target.initialize(repeating: 0)
        output.withUnsafeBufferPointer { source in
          forEachVoxel { to, from in target[to] = source[channel * count + from] }
        }
      }
    }
  }

  /// Calls a closure with the offset of every voxel on the grid and in the network's array.
  private func forEachVoxel(_ body: (_ grid: Int, _ network: Int) -> Void) {
    var strides = [0, 0, 0], stride = 1
    for axis in order.reversed() {
      strides[axis] = stride
      stride *= padded[axis]
    }
    for z in 0..<part[0] {
      for y in 0..<part[1] {
        let row = (z * grid[1] + y) * grid[2]
        let start = (z + margins[0]) * strides[0] + (y + margins[1]) * strides[1] + margins[2] * strides[2]
        for x in 0..<part[2] { body(row + x, start + x * strides[2]) }
      }
    }
  }
}
