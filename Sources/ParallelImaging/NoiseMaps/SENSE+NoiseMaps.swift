import FourierTransforms
import MRIData
import NDArrays
import Numerics

extension SENSE: NoiseAnalysis, CalibratedReconstruction {
  /// The noise of unfolded images; `nil` where they are found by iterations, or with two sets of sensitivities.
  ///
  /// ```
  /// g = sqrt([M]_ii [S^H S]_ii)          M = (S^H S)^(-1), or with regularisation M - lambda M^2
  /// ```
  ///
  /// - Throws: ``ParallelImagingError`` where sensitivities cannot be estimated.
  public func noiseMaps(for scan: KSpace) throws -> NoiseMaps? {
    guard solver == .automatic else { return nil }
    let problem = try SENSEProblem(CompactKSpace(scan), calibration)
    let grid = problem.scan.geometry.matrix
    let lattices = problem.scan.masks.compactMap { SamplingLattice($0, outside: nil) }
    guard lattices.count == scan.echoes, problem.sensitivities.count == 1 else { return nil }
    let transform = FourierTransform(shape: [grid.z, grid.y])
    let spectrum = spectrum(HybridSamples(problem.scan, echo: 0), of: problem.scan)
    var noise = NDArray<Complex<Float>>(repeating: .zero, shape: [scan.echoes] + grid.shape)
    let sampled = Float(scan.readoutRange.count) / Float(scan.readoutLength)
    let level = scan.noiseDeviation * sampled.squareRoot()
    noise.withUnsafeMutableBufferPointer { noise in
      let noise = SharedBuffer(noise)
      for (echo, lattice) in lattices.enumerated() {
        Parallelism.forEach(grid.x) { x in
          let model = PlaneModel(maps: problem.sensitivities.plane(x), positions: [], transform: transform)
          guard let unfolding = unfolding(model, lattice, at: x, spectrum) else { return }
          unfolding.noise(of: model).withUnsafeBufferPointer { plane in
            for voxel in plane.indices {
              noise[echo * grid.count + voxel * grid.x + x] = Complex(level * plane[voxel], 0)
            }
          }
        }
      }
    }
    return NoiseMaps(
      problem.restored(noise).map(\.real), of: scan.withEmbeddedCalibration, source: .weights)
  }

  /// The same reconstruction with the sensitivities of a scan.
  ///
  /// - Throws: ``ParallelImagingError`` where sensitivities cannot be estimated.
  public func calibrated(by scan: KSpace) throws -> any Reconstruction {
    SENSE(
      calibration: .sets(try calibration.sensitivities(for: CompactKSpace(scan).withEmbeddedCalibration)),
      channels: channels,
      regularization: regularization, solver: solver, iterations: iterations, tolerance: tolerance)
  }
}

extension L1WaveletSENSE: CalibratedReconstruction {
  /// The same reconstruction with the sensitivities of a scan.
  ///
  /// - Throws: ``ParallelImagingError`` where sensitivities cannot be estimated.
  public func calibrated(by scan: KSpace) throws -> any Reconstruction {
    L1WaveletSENSE(
      calibration: .sets(try calibration.sensitivities(for: CompactKSpace(scan).withEmbeddedCalibration)),
      channels: channels,
      weight: weight,
      iterations: iterations, seed: seed)
  }
}
