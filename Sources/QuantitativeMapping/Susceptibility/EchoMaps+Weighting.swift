import MRIData
import NDArrays
import Numerics
import PhaseUnwrapping
import QSM

extension EchoMaps {
  /// The susceptibility-weighted image of the echo nearest to 20 ms at 3 T, with the number of that echo from 0; `nil`
  /// without magnitudes of all echoes or a field.
  ///
  /// The phase is that of the echo, or follows from the field where the echoes have none. A field that repeats is
  /// unwrapped first, everywhere: its period is no whole turn at most echo times, and wraps would be drawn as vessels.
  public var susceptibilityWeighted: (image: ImageVolumes<Float>, echo: Int)? {
    let times = parameters.echoTimes, wanted = 0.06 / parameters.fieldStrength
    guard let field = inFilePrecision.field, let all = magnitude, all.count == times.count,
      let echo = times.indices.min(by: { abs(times[$0] - wanted) < abs(times[$1] - wanted) })
    else { return nil }
    let time = Float(2 * Double.pi * times[echo])
    let magnitude = all[echo], phase = phase?[echo] ?? field.everywhere(combinedMagnitude).map { $0 * time }
    let images = NDArray(
      zip(magnitude.elements, phase.elements).map {
        $0.isFinite && $1.isFinite ? Complex(length: abs($0), phase: $1) : .zero
      },
      shape: magnitude.shape)
    return (SusceptibilityWeightedImage()(ImageVolumes(images, geometry: geometry)), echo)
  }
}

extension FieldMap {
  /// The field without wraps, inside of the object and outside.
  fileprivate func everywhere(_ magnitude: ImageVolumes<Float>?) -> NDArray<Float> {
    guard let period else { return values[0] }
    let known = values.map { $0.isFinite ? UInt8(1) : 0 }
    let unwrapped = try? FieldUnwrapping()(
      values, period: period, noise: noise, magnitude: magnitude, mask: known)
    return (unwrapped ?? values)[0]
  }
}
