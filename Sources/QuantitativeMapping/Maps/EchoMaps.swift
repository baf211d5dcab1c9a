import ChannelCombination
import MRIData
import NDArrays
import Numerics

/// What the echoes of one scan yielded: combined echoes, field and R2*, where they lie, and what was assumed.
///
/// It is made from raw data by a ``CombinationMethod``, and from the images of other tools by an ``ImageSource``;
/// ``SusceptibilityMapping`` takes it from there, whatever it came from.
///
///     let maps = try Pipeline(GRAPPA(), then: CombinationMethod.mdi)(scan)
///     let susceptibility = try SusceptibilityMapping()(maps, mask: brain)
public struct EchoMaps: Sendable {
  /// The magnitude of every echo, axes `[echo, z, y, x]`; `nil` where only phase or a field is known.
  public var magnitude: ImageVolumes<Float>?
  /// The phase of every echo [rad], wrapped; `nil` where the way here keeps none.
  public var phase: ImageVolumes<Float>?
  /// The off-resonance; `nil` where the echoes do not tell it.
  public var field: FieldMap?
  /// R2* [1/s]; `nil` where the echoes do not tell it.
  public var r2Star: ImageVolumes<Float>?
  /// What the scanner was told.
  public var parameters: ScanParameters
  /// Where the voxels lie in the patient.
  public var geometry: Geometry
  /// The direction of the static field along the voxel axes, unit length; that of ``geometry`` unless stated otherwise.
  public var fieldDirection: SIMD3<Double>
  /// How the channels became one, in words; `nil` where nobody knows.
  public var combination: String?
  /// The standard deviation of the noise of a channel's real part, where it is known.
  public var noiseDeviation: Double?
  /// Whether the sign of the phase is known: stated by a file or the user, rather than taken for the usual one.
  public var isSignKnown = true
  /// Whether it is known where the voxels lie; a file may state no orientation.
  public var isPlaced = true
  /// What was assumed on the way here, one sentence each.
  public var assumptions: [String] = []
  /// What speaks against the images or what is said of them, one sentence each.
  public var warnings: [String] = []

  /// Collects maps on one grid.
  public init(
    magnitude: ImageVolumes<Float>? = nil, phase: ImageVolumes<Float>? = nil, field: FieldMap? = nil,
    r2Star: ImageVolumes<Float>? = nil, parameters: ScanParameters, geometry: Geometry,
    fieldDirection: SIMD3<Double>? = nil, combination: String? = nil, noiseDeviation: Double? = nil,
    isSignKnown: Bool = true, isPlaced: Bool = true, assumptions: [String] = []
  ) {
    self.magnitude = magnitude
    self.phase = phase
    self.field = field
    self.r2Star = r2Star
    self.parameters = parameters
    self.geometry = geometry
    self.fieldDirection = fieldDirection ?? geometry.fieldDirection
    self.combination = combination
    self.noiseDeviation = noiseDeviation
    self.isSignKnown = isSignKnown
    self.isPlaced = isPlaced
    self.assumptions = assumptions
  }
}

extension EchoMaps {
  /// What MDI found.
  public init(_ output: MDI.Output, combination: String = "MDI (Gram eigenvector)") {
    self.init(
      magnitude: output.magnitude, phase: output.echoes.wrappedPhase,
      field: FieldMap(output.field, noise: output.fieldNoise, stage: .wrapped(period: output.fieldPeriod)),
      r2Star: output.r2Star, parameters: output.parameters, geometry: output.field.geometry,
      combination: combination, noiseDeviation: output.noise.standardDeviation.map(Double.init),
      assumptions: output.assumptions)
  }

  /// The one magnitude that edges, unwrapping and masks go by: the root of the summed squares of all echoes.
  ///
  /// Late echoes show what early ones do not, the nuclei that are rich in iron.
  public var combinedMagnitude: ImageVolumes<Float>? { magnitude.map(\.rootSumOfSquares) }
}

extension ImageVolumes<Complex<Float>> {
  /// The phase [rad]; zero where there is no signal, which is what viewers expect outside of the object.
  var wrappedPhase: ImageVolumes<Float> { map { $0 == .zero || !$0.isFinite ? 0 : $0.phase } }
}

extension ImageVolumes<Float> {
  /// The root of the summed squares of all volumes; values that are not finite count as zero.
  var rootSumOfSquares: ImageVolumes<Float> {
    let volume = geometry.matrix.count
    var sum = NDArray<Float>(repeating: 0, shape: geometry.matrix.shape)
    sum.withUnsafeMutableBufferPointer { sum in
      voxels.withUnsafeBufferPointer { values in
        for echo in 0..<count {
          for index in 0..<volume {
            let value = values[echo * volume + index]
            if value.isFinite { sum[index] += value * value }
          }
        }
        for index in sum.indices { sum[index] = sum[index].squareRoot() }
      }
    }
    return ImageVolumes(sum, geometry: geometry)
  }
}
