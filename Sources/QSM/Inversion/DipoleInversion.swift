import FourierTransforms
import MRIData
import NDArrays

/// A way from a local field to susceptibility.
///
///     let chi = try TotalVariation()(FieldMeasurement(field: local, mask: mask, fieldStrength: 3))
public protocol DipoleInversion: ConfiguredMethod {
  /// Computes a susceptibility map.
  ///
  /// - Throws: A ``QSMError`` if the volumes do not fit each other or the mask is empty.
  func callAsFunction(_ measurement: FieldMeasurement) throws(QSMError) -> SusceptibilityMap

  /// What it takes beyond the volumes and iterations of an inversion by total variation.
  ///
  /// - Parameter matrix: The extents of the field.
  func needs(for matrix: Extents) -> MethodNeeds
}

extension DipoleInversion {
  /// Nothing more.
  public func needs(for matrix: Extents) -> MethodNeeds { MethodNeeds() }
}

/// A local field on its working grid.
struct InversionProblem {
  let grid: WorkingGrid
  /// The field [ppm], zero outside the mask.
  let field: NDArray<Float>
  let hertzPerPPM: Double
  private let reference: NDArray<Bool>
  private let referenceCount: Int

  init(_ measurement: FieldMeasurement, region: WorkingRegion) throws(QSMError) {
    guard measurement.fieldStrength > 0, measurement.fieldStrength < .infinity else {
      throw .badFieldStrength(measurement.fieldStrength)
    }
    let geometry = measurement.field.geometry
    grid = try WorkingGrid(field: measurement.field, mask: measurement.mask, region: region)
    if let noise = measurement.fieldNoise { try WorkingGrid.check(noise, "field noise", on: geometry) }
    if let image = measurement.magnitude { try WorkingGrid.check(image, "magnitude", on: geometry) }
    hertzPerPPM = measurement.hertzPerPPM
    let scale = Float(1 / hertzPerPPM)
    field = grid.load(measurement.field).map { $0 * scale }
    if let region = measurement.reference {
      try WorkingGrid.check(region, "reference region", on: geometry)
      let inside = grid.load(region.map { Float($0) })
      reference = inside.map { $0 != 0 }
      referenceCount = inside.withUnsafeBufferPointer { $0.count { $0 != 0 } }
    } else {
      reference = grid.mask
      referenceCount = grid.maskCount
    }
    guard referenceCount > 0 else { throw .emptyReference }
  }

  /// The map of a solution on the working grid [ppm].
  func map(_ solution: NDArray<Float>, iterations: Int = 0, change: Double = 0) -> SusceptibilityMap {
    var sum = 0.0
    solution.withUnsafeBufferPointer { solution in
      reference.withUnsafeBufferPointer { reference in
        for index in solution.indices where reference[index] { sum += Double(solution[index]) }
      }
    }
    let mean = sum / Double(referenceCount)
    let susceptibility = grid.store(solution.map { $0 - Float(mean) })
    return SusceptibilityMap(
      susceptibility: susceptibility, referenceValue: mean, iterations: iterations, change: change)
  }

  /// The weights of the field: those of the noise, or 1 in the mask; another one outside, where the field is taken to
  /// be zero.
  func weights(_ noise: NDArray<Float>?, outside: Float) -> NDArray<Float> {
    guard let noise else { return grid.mask.map { $0 ? 1 : outside } }
    return noise.combined(with: grid.mask.map { $0 ? 1 : 0 }) { weight, inside in
      inside == 0 ? outside : weight
    }
  }

  /// See ``SusceptibilityMap/shrinkage``.
  func shrinkage(of model: NDArray<Float>, weights: NDArray<Float>?) -> Double? {
    var weighted = model
    if let weights { weighted = weighted.combined(with: weights) { $0 * $1 * $1 } }
    weighted.keepOnly(grid.mask)
    let (square, product) = (weighted.dot(model), weighted.dot(field))
    return product > 0 ? 1 - square / product : nil
  }

  /// The map of a field that is divided by a filter in k-space.
  func map(filteredBy factors: (NDArray<Float>) -> NDArray<Float>) -> SusceptibilityMap {
    let transform = RealFourierTransform(shape: grid.matrix.shape)
    var workspace = transform.makeWorkspace()
    var solution = field
    transform.filter(&solution, workspace: &workspace, by: factors(DipoleKernel(grid).factors))
    return map(solution)
  }
}
