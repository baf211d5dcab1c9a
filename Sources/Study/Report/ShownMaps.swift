import ImageFiles
import MRIData
import NDArrays

/// A kind of image that a report shows of every cell, all on one scale.
struct ShownMap {
  /// Its identifier in the page.
  let id: String
  /// What it is called.
  let name: String
  /// Which values the ends of the scale stand for, and their unit.
  let range: ClosedRange<Float>, unit: String
  /// Which errors the ends of the errors' scale stand for.
  let errorRange: ClosedRange<Float>
  let colors: ColorMap
  /// The period of values that wrap.
  var period: Float?
  /// Finds the map among a cell's images, axes `[z, y, x]`.
  let volume: (CellImages) -> NDArray<Float>?

  /// What may be shown of cells that are compared with a reference, what matters most first.
  static func all(of reference: CellImages, within mask: NDArray<Bool>) -> [ShownMap] {
    var maps: [ShownMap] = []
    if reference.susceptibility != nil {
      maps.append(
        ShownMap(
          id: "map-chi", name: "Susceptibility", range: -150...150, unit: "ppb", errorRange: -50...50,
          colors: .grey
        ) { $0.susceptibility?[0].map { 1000 * $0 } })
    }
    let echo = reference.magnitude.count / 2
    let peak =
      reference.magnitude[echo].elements(within: mask).max().map { max($0, .leastNormalMagnitude) } ?? 1
    maps.append(
      ShownMap(
        id: "map-magnitude", name: "Magnitude, echo \(echo + 1)", range: 0...100, unit: "% of the peak",
        errorRange: -20...20, colors: .grey
      ) { $0.magnitude[echo].map { 100 * $0 / peak } })
    if reference.phase != nil {
      maps.append(
        ShownMap(
          id: "map-phase", name: "Phase, echo \(echo + 1)", range: -.pi ... .pi, unit: "rad",
          errorRange: -0.5...0.5, colors: .cyclic, period: 2 * .pi
        ) { $0.phase?[echo] })
    }
    if reference.field != nil, let period = reference.fieldPeriod {
      let half = Float(period / 2)
      maps.append(
        ShownMap(
          id: "map-field", name: "Field", range: -half...half, unit: "Hz", errorRange: -5...5,
          colors: .cyclic,
          period: Float(period)
        ) { $0.field?[0] })
    }
    if reference.r2Star != nil {
      maps.append(
        ShownMap(
          id: "map-r2star", name: "R2*", range: 0...60, unit: "1/s", errorRange: -20...20, colors: .grey
        ) { $0.r2Star?[0] })
    }
    return maps
  }

  /// A map less that of the reference; modulo the period of values that wrap.
  func error(of map: NDArray<Float>, from reference: NDArray<Float>) -> NDArray<Float> {
    precondition(map.shape == reference.shape, "volumes of shape \(map.shape) and \(reference.shape)")
    return NDArray<Float>(uninitializedShape: map.shape) { target in
      map.withUnsafeBufferPointer { map in
        reference.withUnsafeBufferPointer { reference in
          for index in map.indices {
            let error = map[index] - reference[index]
            target.initializeElement(
              at: index, to: period.map { error.remainder(dividingBy: $0) } ?? error)
          }
        }
      }
    }
  }

  /// What the ends of the scale stand for; a window of a half or a quarter narrows it.
  func scaleText(narrowedBy factor: Float) -> String {
    let (low, high) = (range.lowerBound, range.upperBound)
    func text(_ value: Float) -> String { (Double(value)).rounded(1) }
    if colors == .cyclic { return "\(name): \(text(low)) to \(text(high)) \(unit), wrapped" }
    return "\(name): black \(text(low / factor)), white \(text(high / factor)) \(unit)"
  }

  var errorText: String {
    "\(name), cell less reference: blue \(Double(errorRange.lowerBound).rounded(1)), white 0, red \(Double(errorRange.upperBound).rounded(1)) \(unit)"
  }
}
