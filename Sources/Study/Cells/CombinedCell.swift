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
  ///
  /// Where that noise exceeds ``largestFieldNoise``, the field is not used.
  func mapped(
    by mapping: SusceptibilityMapping, within mask: NDArray<Bool>?, noise: ImageVolumes<Float>?
  ) throws -> CellImages {
    guard let output else { return images }
    let geometry = output.field.geometry
    let wrapped = SusceptibilityMapping.WrappedField(
      field: output.field, period: output.fieldPeriod, noise: noise ?? output.fieldNoise,
      magnitude: ImageVolumes(output.magnitude[0], geometry: geometry),
      fieldStrength: output.parameters.fieldStrength)
    var region = try mask ?? images.object()
    if let noise = wrapped.noise { region = region.whereKnown(noise[0]) }
    var result = images
    result.susceptibility = try mapping(
      wrapped, mask: ImageVolumes(region.map { $0 ? 1 : 0 }, geometry: geometry)
    ).map.susceptibility
    return result
  }
}

/// The largest noise of a field that maps are made of, in medians over the mask.
let largestFieldNoise: Float = 5

extension NDArray<Bool> {
  /// The voxels of a mask whose field is known: its deviation is at most ``largestFieldNoise`` times the median.
  ///
  /// Beside air, dephasing leaves no signal and no phase. The removal of the background would spread what is there
  /// instead over its spheres, a centimetre into the brain.
  func whereKnown(_ noise: NDArray<Float>) -> NDArray<Bool> {
    let inside = noise.elements(within: self).filter { $0 > 0 && $0.isFinite }.sorted()
    guard !inside.isEmpty else { return self }
    let limit = largestFieldNoise * inside[inside.count / 2]
    return NDArray(zip(elements, noise.elements).map { $0 && $1 <= limit }, shape: shape)
  }
}
