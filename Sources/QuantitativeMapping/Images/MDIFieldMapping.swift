import ChannelCombination
import MRIData
import NDArrays
import Numerics

/// MDI of a single channel: the maximum-likelihood fit of the model to the echoes.
public struct MDIFieldMapping: FieldMapping {
  /// Creates the method.
  public init() {}

  /// The method.
  public var configuration: MethodConfiguration { MDI().configuration }

  /// The wrapped field with its noise, and R2*.
  ///
  /// - Throws: ``CoilCombinationError``.
  public func callAsFunction(
    _ echoes: ImageVolumes<Complex<Float>>, _ parameters: ScanParameters
  ) throws -> EchoMaps {
    let channel = echoes.voxels.reshaped(to: [echoes.count, 1] + echoes.geometry.matrix.shape)
    return EchoMaps(
      try MDI()(ChannelImages(channel, parameters: parameters, geometry: echoes.geometry)), combination: "")
  }
}
