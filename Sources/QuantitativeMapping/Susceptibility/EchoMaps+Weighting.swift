import MRIData
import NDArrays
import Numerics
import QSM

extension EchoMaps {
  /// The susceptibility-weighted image of the echo nearest to 20 ms at 3 T, with the number of that echo from 0; `nil`
  /// without magnitudes of all echoes or a field.
  public var susceptibilityWeighted: (image: ImageVolumes<Float>, echo: Int)? {
    let times = parameters.echoTimes, wanted = 0.06 / parameters.fieldStrength
    guard let field, let all = magnitude, all.count == times.count,
      let echo = times.indices.min(by: { abs(times[$0] - wanted) < abs(times[$1] - wanted) })
    else { return nil }
    // The phase of the echo, from the field where there was none: MDI's echoes have no other.
    let time = Float(2 * Double.pi * times[echo])
    let magnitude = all[echo], phase = phase?[echo] ?? field.values[0].map { $0 * time }
    let images = NDArray(
      zip(magnitude.elements, phase.elements).map {
        $0.isFinite && $1.isFinite ? Complex(length: abs($0), phase: $1) : .zero
      },
      shape: magnitude.shape)
    return (SusceptibilityWeightedImage()(ImageVolumes(images, geometry: geometry)), echo)
  }
}
