import LinearAlgebra
import MRIData
import NDArrays
import Numerics
import Synchronization

/// Kernel correlations at a few positions along the readout, and between them.
struct CorrelationNodes: Sendable {
  private let nodes: [KernelCorrelation]
  /// Every `stride`-th of so many positions is a node.
  private let stride: Int
  private let positions: Int

  /// Finds the space that patches span at each node.
  ///
  /// - Throws: ``ParallelImagingError/calibrationWithoutSignal``, ``ParallelImagingError/calibrationNotFinite``.
  init(
    _ block: CalibrationBlock, kernel: KernelExtents, threshold: Float, noise: NoiseLevel, largestCount: Int
  ) throws(ParallelImagingError) {
    let channels = block.samples.shape[0], length = block.samples.shape[3]
    let count = min(length, largestCount)
    // Few patches per position, as in a two-dimensional scan, are made up for by more positions.
    let patches =
      (block.samples.shape[2] - kernel.lines + 1) * (block.samples.shape[1] - kernel.partitions + 1)
    let order = channels * kernel.count
    let stride = max(1, min((order + patches - 1) / patches, length / count))
    self.stride = stride
    positions = count * stride
    let profiles = CalibrationProfiles(block, positions: count * stride)

    // A node with the positions up to the next nodes, nearer ones counting more.
    let systems = Mutex<[Result<SignalSpace, ParallelImagingError>?]>(Array(repeating: nil, count: count))
    Parallelism.forEach(count) { node in
      var gram = NDArray<Complex<Float>>(repeating: .zero, shape: [order, order])
      var weights: Float = 0
      let centre = node * stride
      for position in max(0, centre - stride + 1)..<min(profiles.positions, centre + stride) {
        let weight = 1 - Float(abs(position - centre)) / Float(stride)
        profiles.addGram(of: position, kernel: kernel, times: weight, to: &gram)
        weights += weight
      }
      let space = SignalSpace.result(
        of: gram, rows: weights * Float(patches), noise: noise, threshold: threshold)
      systems.withLock { $0[node] = space }
    }
    var spaces: [SignalSpace] = []
    for result in systems.withLock({ $0 }) {
      if let result { spaces.append(try result.get()) }
    }
    let strongest = spaces.map(\.strength).max() ?? 0
    guard strongest > 0 else { throw .calibrationWithoutSignal }
    let sounding = spaces.indices.filter {
      spaces[$0].dimensions > 0 && spaces[$0].strength >= threshold * threshold * strongest
    }
    guard !sounding.isEmpty else { throw .calibrationWithoutSignal }
    let found = sounding.map { index in
      spaces[index].basis.withUnsafeBufferPointer {
        KernelCorrelation(basis: $0, channels: channels, kernel: kernel)
      }
    }
    nodes = spaces.indices.map { node in
      let distances = sounding.map { abs($0 - node) }
      let nearest = distances.indices.min { distances[$0] < distances[$1] }
      return found[nearest ?? 0]
    }
  }

  /// The correlation at a voxel of the readout.
  func correlation(at voxel: Int, of length: Int) -> KernelCorrelation {
    let fromCentre = Float((voxel - length / 2) * positions) / Float(length)
    let place = (Float(positions / 2) + fromCentre) / Float(stride)
    let clamped = min(max(place, 0), Float(nodes.count - 1))
    let lower = min(Int(clamped), max(nodes.count - 2, 0))
    return nodes[lower].interpolated(
      to: nodes[min(lower + 1, nodes.count - 1)], fraction: clamped - Float(lower))
  }
}

/// The space that the patches of one node span, up to noise.
struct SignalSpace: Sendable {
  /// The largest eigenvalue of the Gram matrix.
  let strength: Float
  /// Orthonormal vectors, axes `[vector, component]`.
  let basis: NDArray<Complex<Float>>

  var dimensions: Int { basis.shape[0] }

  /// Decomposes a Gram matrix of patches.
  static func result(
    of gram: NDArray<Complex<Float>>, rows: Float, noise: NoiseLevel, threshold: Float
  ) -> Result<SignalSpace, ParallelImagingError> {
    guard let system = try? HermitianEigensystem(of: gram), let strength = system.values.last else {
      return .failure(.calibrationNotFinite)
    }
    let order = gram.shape[0]
    // The largest eigenvalue that noise alone reaches (Marchenko and Pastur); overlapping patches raise it.
    let deviation = noise.standardDeviation ?? 0
    let edge = Float.sqrt(rows) + Float.sqrt(Float(order))
    let cutoff = max(threshold * threshold * strength, 2 * deviation * deviation * edge * edge)
    let first = system.values.firstIndex { $0 > cutoff } ?? order
    return .success(
      SignalSpace(
        strength: strength,
        basis: NDArray(system.vectors.elements.dropFirst(first * order), shape: [order - first, order])))
  }
}
