import NDArrays

/// The value that separates signal from background, by the noise in the dark and the mean of the bright.
///
/// ```
/// threshold = max(5 noise, bright / 5)
/// bright    the mean between the 80th and 99th percentile
/// noise     the mean of the lowest 15 %, or of the lowest 5 %, where that is below bright / 10; else 0
/// ```
///
/// Measured over the whole volume; zeros that masking left behind count as background.
///
/// - SeeAlso: `robustmask` of <https://github.com/korbinian90/MriResearchTools.jl>, whose rule this is.
package struct RobustThreshold {
  package let value: Float

  package init(_ volume: NDArray<Float>) {
    var values = volume.withUnsafeBufferPointer { $0.filter(\.isFinite) }
    values.sort()
    guard values.count > 1 else {
      value = 0
      return
    }
    func part(_ low: Double, _ high: Double) -> ArraySlice<Float> {
      let last = Double(values.count - 1)
      return values[Int(low * last)...Int(high * last)]
    }
    func mean(_ part: ArraySlice<Float>) -> Double {
      part.reduce(0) { $0 + Double($1) } / Double(part.count)
    }
    let bright = mean(part(0.8, 0.99))
    let noise = [0.15, 0.05].map { mean(part(0, $0)) }.first { $0 <= bright / 10 } ?? 0
    value = Float(max(5 * noise, bright / 5))
  }
}
