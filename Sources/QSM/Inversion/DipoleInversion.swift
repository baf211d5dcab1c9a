import FourierTransforms
import MRIData
import NDArrays

/// A local field with what is known about it.
public struct FieldMeasurement: Sendable {
  /// The local field [Hz], one volume; positive where paramagnetic matter raises it.
  public var field: ImageVolumes<Float>
  /// Where the field is known (not zero).
  ///
  /// Voxels whose field is not finite are left out.
  public var mask: ImageVolumes<UInt8>
  /// The strength of the static field [T].
  public var fieldStrength: Double
  /// The standard deviation of the field [Hz], for methods that weigh the data.
  public var fieldNoise: ImageVolumes<Float>?
  /// A magnitude, in any unit, for methods that look for edges in it.
  public var magnitude: ImageVolumes<Float>?
  /// The region (not zero) whose mean susceptibility is zero; the whole mask where absent.
  public var reference: ImageVolumes<UInt8>?

  /// Collects a field with what is known about it.
  public init(
    field: ImageVolumes<Float>, mask: ImageVolumes<UInt8>, fieldStrength: Double,
    fieldNoise: ImageVolumes<Float>? = nil, magnitude: ImageVolumes<Float>? = nil,
    reference: ImageVolumes<UInt8>? = nil
  ) {
    self.field = field
    self.mask = mask
    self.fieldStrength = fieldStrength
    self.fieldNoise = fieldNoise
    self.magnitude = magnitude
    self.reference = reference
  }

  /// The field of one part per million [Hz].
  public var hertzPerPPM: Double { fieldStrength * ScanParameters.protonGyromagneticRatio * 1e-6 }
}

/// A susceptibility map, and how it was found.
public struct SusceptibilityMap: Sendable {
  /// The susceptibility [ppm] relative to the reference region; zero outside the mask.
  public var susceptibility: ImageVolumes<Float>
  /// The mean over the reference region that was subtracted [ppm].
  public var referenceValue: Double
  /// The number of iterations; 0 for a closed form.
  public var iterations: Int
  /// The change of the last iteration relative to the map.
  public var change: Double
  /// The weight of the gradient that was used [ppm mm]; absent where a method has none.
  public var regularization: Double?
  /// The standard deviation of the field that the weight follows from [ppm].
  ///
  /// The larger of the median of the stated noise and of what the field itself shows.
  public var fieldDeviation: Double?
  /// Whether ``fieldDeviation`` was estimated from the field: no noise was stated, or less than there is.
  public var isFieldDeviationEstimated = false
  /// The standard deviation of what the map leaves unexplained of the field [ppm], at least ``fieldDeviation``.
  ///
  /// Much more than that tells of errors that are no noise. Absent where a method does not follow it.
  public var residualDeviation: Double?
  /// By which part strong sources are expected to be too weak, 0 for not at all; absent where it is not known.
  ///
  /// ```
  /// 1 - <D chi, W^2 D chi> / <D chi, W^2 f>
  /// ```
  ///
  /// over the mask: how much the field of the map would have to grow to fit the measured one best. Noise does not bias
  /// it as long as the map does not follow the noise; small sources lose more, large ones less.
  public var shrinkage: Double?
  /// The part of susceptibility's variance that the field tells, 0 to 1; absent where a method does not ask.
  public var share: Double?
  /// What the user must be told, such as that a network was trained for other voxels.
  public var warnings: [String] = []
}

/// A way from a local field to susceptibility.
///
///     let chi = try TotalVariation()(FieldMeasurement(field: local, mask: mask, fieldStrength: 3))
public protocol DipoleInversion: ConfiguredMethod {
  /// Computes a susceptibility map.
  ///
  /// - Throws: A ``QSMError`` if the volumes do not fit each other or the mask is empty.
  func callAsFunction(_ measurement: FieldMeasurement) throws(QSMError) -> SusceptibilityMap
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
