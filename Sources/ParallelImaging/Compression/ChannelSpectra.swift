import FourierTransforms
import LinearAlgebra
import MRIData
import NDArrays
import Numerics
import Operators
import Synchronization

/// The principal components of calibration data over the channels, for all positions of the readout or for each.
struct ChannelSpectra {
  /// The systems, one per position or one for all.
  private let systems: [HermitianEigensystem]
  /// The energy of the signal in each of the largest components, summed over the positions, largest first.
  private let energies: [Double]

  let channels: Int

  /// The share of the whole that is added to every position, so that positions beside the object follow the others.
  private static let commonShare = 0.01

  init(
    _ block: CalibrationBlock, alongReadout: Bool, noiseVariance: Float
  ) throws(ParallelImagingError) {
    channels = block.samples.shape[0]
    let length = block.samples.shape[3]
    let rows = block.samples.count / (channels * length)
    let grams = Self.grams(block, alongReadout: alongReadout)
    var whole = grams[0]
    for gram in grams.dropFirst() { whole.add(gram, times: 1) }
    guard whole.squaredNorm.isFinite else { throw .calibrationNotFinite }

    var common = whole
    common.scale(by: Self.commonShare / Double(grams.count))
    let commonPart = common
    let found = Mutex<[Int: HermitianEigensystem]>([:])
    Parallelism.forEach(grams.count) { index in
      var gram = grams[index]
      if grams.count > 1 { gram.add(commonPart, times: 1) }
      guard let system = try? HermitianEigensystem(of: gram) else { return }
      found.withLock { $0[index] = system }
    }
    let sorted = found.withLock { $0.sorted { $0.key < $1.key }.map(\.value) }
    guard sorted.count == grams.count else { throw .calibrationNotFinite }
    systems = sorted
    let noise = Double(noiseVariance) * Double(alongReadout ? rows : rows * length)
    var energies = [Double](repeating: 0, count: channels)
    for system in sorted {
      for (component, value) in system.values.reversed().enumerated() {
        energies[component] += max(0, Double(value) - noise)
      }
    }
    guard energies.reduce(0, +) > 0 else { throw .calibrationWithoutSignal }
    self.energies = energies
  }

  /// The Gram matrices over the channels.
  private static func grams(_ block: CalibrationBlock, alongReadout: Bool) -> [NDArray<Complex<Float>>] {
    let shape = block.samples.shape, channels = shape[0], length = shape[3]
    var samples = block.samples
    if alongReadout { FourierTransform(shape: [length]).inverse(&samples) }
    let hybrid = samples, lines = hybrid.count / (channels * length)
    let grams = Mutex<[Int: NDArray<Complex<Float>>]>([:])
    Parallelism.forEach(length) { x in
      let rows = NDArray<Complex<Float>>(uninitializedShape: [lines, channels]) { rows in
        hybrid.withUnsafeBufferPointer { source in
          for channel in 0..<channels {
            for line in 0..<lines {
              rows.initializeElement(
                at: line * channels + channel, to: source[(channel * lines + line) * length + x])
            }
          }
        }
      }
      var gram = NDArray<Complex<Float>>(repeating: .zero, shape: [channels, channels])
      rows.withUnsafeBufferPointer { addGramMatrix(of: $0, to: &gram) }
      grams.withLock { $0[x] = gram }
    }
    let sorted = grams.withLock { $0.sorted { $0.key < $1.key }.map(\.value) }
    guard !alongReadout else { return sorted }
    var whole = sorted[0]
    for gram in sorted.dropFirst() { whole.add(gram, times: 1) }
    return [whole]
  }

  /// The smallest number of channels that hold a share of the energy.
  func channels(holding share: Double) -> Int {
    (1...channels).first { self.share(of: $0) >= share } ?? channels
  }

  /// The share of the energy in so many channels.
  func share(of count: Int) -> Double { energies.prefix(count).reduce(0, +) / energies.reduce(0, +) }

  /// The matrices of the mix, axes `[position, virtual channel, channel]`, each turned towards its neighbour.
  func alignedVectors(_ count: Int) throws(ParallelImagingError) -> NDArray<Complex<Float>> {
    // Largest first. The rows of an eigensystem of `sum conj(y) y^T` are the weights themselves.
    var matrices = systems.map { system in
      let rows = system.vectors.elements
      return NDArray(
        (0..<count).flatMap { rows[(channels - 1 - $0) * channels..<(channels - $0) * channels] },
        shape: [count, channels])
    }
    // From the brightest position outwards.
    let brightest = systems.indices.max { systems[$0].values.reduce(0, +) < systems[$1].values.reduce(0, +) }
    let start = brightest ?? 0
    do {
      for index in systems.indices.dropFirst(start + 1) {
        matrices[index] = try turned(matrices[index], towards: matrices[index - 1])
      }
      for index in (0..<start).reversed() {
        matrices[index] = try turned(matrices[index], towards: matrices[index + 1])
      }
    } catch {
      throw .calibrationNotFinite
    }
    return NDArray(matrices.flatMap(\.elements), shape: [matrices.count, count, channels])
  }

  /// `P A` with the unitary `P` that brings it nearest to the neighbour's.
  private func turned(
    _ matrix: NDArray<Complex<Float>>, towards neighbour: NDArray<Complex<Float>>
  ) throws(LinearAlgebraError) -> NDArray<Complex<Float>> {
    let count = matrix.shape[0]
    let adjoint = NDArray<Complex<Float>>(
      (0..<channels * count).map { matrix[$0 % count, $0 / count].conjugate }, shape: [channels, count])
    return try product(unitaryFactor(of: product(neighbour, adjoint)), matrix)
  }

  private func product(
    _ left: NDArray<Complex<Float>>, _ right: NDArray<Complex<Float>>
  ) -> NDArray<Complex<Float>> {
    let rows = left.shape[0], columns = right.shape[1], inner = right.shape[0]
    return NDArray(uninitializedShape: [rows, columns]) { target in
      left.withUnsafeBufferPointer { left in
        right.withUnsafeBufferPointer { right in
          multiply(left, right, into: target, rows: rows, columns: columns, inner: inner)
        }
      }
    }
  }
}
