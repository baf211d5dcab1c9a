import ChannelCombination
import MRIData
import NDArrays
import Numerics
import PhaseUnwrapping
import QSM

/// A way from the complex echoes of combined channels to a field.
public protocol FieldMapping: ConfiguredMethod {
  /// The field of echoes, and R2* where the way yields one.
  ///
  /// - Parameters:
  ///   - echoes: The complex images, at least two echoes.
  ///   - parameters: Their times and polarities.
  /// - Throws: An error that says why the echoes allow no field map.
  func callAsFunction(_ echoes: ImageVolumes<Complex<Float>>, _ parameters: ScanParameters) throws -> EchoMaps
}

extension EchoPhaseField: FieldMapping {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("MCPC-3D-S and a line through the origin", revision: 3)
      .with("weights", fit.weights.rawValue).with("unwrapping", unwrapping.configuration)
  }

  /// The total field with its noise.
  ///
  /// - Throws: ``QSMError``.
  public func callAsFunction(
    _ echoes: ImageVolumes<Complex<Float>>, _ parameters: ScanParameters
  ) throws -> EchoMaps {
    let fit = try self(
      echoes, echoTimes: parameters.echoTimes, alternates: Set(parameters.polarities).count > 1)
    let noise = fit.noise.map { ImageVolumes($0, geometry: echoes.geometry) }
    return EchoMaps(
      magnitude: echoes.map(\.length), phase: echoes.wrappedPhase,
      field: FieldMap(ImageVolumes(fit.field, geometry: echoes.geometry), noise: noise, stage: .total),
      parameters: parameters, geometry: echoes.geometry)
  }
}
