import NDArrays

/// Colours for the regions of a label volume, laid over grey pictures.
struct LabelTints {
  /// Colours that are told apart beside each other; regions beyond their number begin anew.
  private static let palette: [SIMD3<Float>] = [
    [230, 75, 60], [70, 160, 235], [90, 200, 90], [245, 190, 50], [175, 110, 220], [60, 205, 200],
    [240, 130, 190], [160, 120, 70], [200, 220, 90], [110, 120, 240],
  ]
  private static let opacity: Float = 0.55

  private let labels: [Int32]
  private let colors: [Int32: SIMD3<Float>]

  /// Gives each region a colour, in the order of their numbers.
  init(_ labels: NDArray<Int32>) {
    self.labels = labels.elements
    let found = Set(self.labels).subtracting([0]).sorted()
    colors = Dictionary(
      uniqueKeysWithValues: found.enumerated().map { ($1, Self.palette[$0 % Self.palette.count]) })
  }

  /// A colour as it is seen through the region of a voxel.
  func tinted(_ color: SIMD3<UInt8>, at voxel: Int) -> SIMD3<UInt8> {
    guard let tint = colors[labels[voxel]] else { return color }
    let mixed = SIMD3<Float>(color) * (1 - Self.opacity) + tint * Self.opacity
    return SIMD3<UInt8>(mixed, rounding: .toNearestOrEven)
  }
}
