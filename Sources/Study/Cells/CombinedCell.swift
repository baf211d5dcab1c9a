import CoilCombination
import MRIData
import NDArrays
import Numerics
import QSM

/// The channels of a cell combined: by MDI where the echoes allow it, else adaptively.
struct CombinedCell {
  /// The images, still without susceptibility.
  let images: CellImages
  /// All that MDI found; `nil` where it was not used.
  let output: MDI.Output?
  /// What was assumed on the way.
  let assumptions: [String]

  init(_ channels: ChannelImages, allowsFieldMap: Bool) throws {
    guard allowsFieldMap else {
      images = CellImages(magnitude: try AdaptiveCombination()(channels).map(\.length))
      output = nil
      assumptions = channels.assumptions
      return
    }
    let output = try MDI()(channels)
    var images = CellImages(magnitude: output.magnitude)
    images.phase = output.echoes.map { $0.length > 0 && $0.isFinite ? $0.phase : 0 }
    images.field = output.field
    images.fieldNoise = output.fieldNoise
    images.r2Star = output.r2Star
    images.fieldPeriod = output.fieldPeriod
    self.images = images
    self.output = output
    assumptions = output.assumptions
  }

  /// The images with susceptibility [ppm], within a mask and by the noise of the field [Hz], or by their own.
  func mapped(
    by mapping: SusceptibilityMapping, within mask: NDArray<Bool>?, noise: ImageVolumes<Float>?
  ) throws -> CellImages {
    guard let output else { return images }
    let geometry = output.field.geometry
    let wrapped = SusceptibilityMapping.WrappedField(
      field: output.field, period: output.fieldPeriod, noise: noise ?? output.fieldNoise,
      magnitude: ImageVolumes(output.magnitude[0], geometry: geometry),
      fieldStrength: output.parameters.fieldStrength)
    let region = try mask ?? images.object()
    var result = images
    result.susceptibility = try mapping(
      wrapped, mask: ImageVolumes(region.map { $0 ? 1 : 0 }, geometry: geometry)
    ).map.susceptibility
    return result
  }
}
