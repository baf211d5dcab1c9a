/// The slices of a two-dimensional scan, lowest along the slice direction first; a volume is a stack of one.
///
///     let stack = try SliceStack(MRDFile(at: "localizer.mrd"))
///     let images = try stack.images(by: GRAPPA())
public struct SliceStack: Sendable {
  /// The acquired lines of each slice.
  public let slices: [CompactKSpace]
  /// Where the stack lies in the patient; on the grid of ``KSpace/geometry``, with one `z` per slice.
  public let geometry: Geometry

  /// Joins slices that were read before, lowest along the slice direction first.
  ///
  /// - Precondition: There is at least one.
  public init(_ slices: [CompactKSpace], geometry: Geometry) {
    precondition(!slices.isEmpty, "a stack needs a slice")
    self.slices = slices
    self.geometry = geometry
  }

  /// The images of all slices as one stack, cropped to the prescribed field of view.
  ///
  /// - Throws: What the reconstruction throws.
  public func images(by reconstruction: some Reconstruction) throws -> ChannelImages {
    var matrix = slices[0].prescribedMatrix
    if slices.count > 1 { matrix.z = slices.count }
    return ChannelImages(
      stacking: try slices.map { try reconstruction($0).cropped(to: $0.prescribedMatrix) },
      geometry: geometry.cropped(to: matrix))
  }
}
