/// The trapezoidal gradient under which the lines of an echo-planar scan are sampled, at an even pace in time.
///
/// ```
/// g(t)   rises from 0 to 1 in rampUp, stays for flatTop, falls in rampDown
/// k(t) = integral of g from 0 to t
/// ```
///
/// Siemens' converter describes it as `ConventionalEPI`. Times are in seconds.
public struct ReadoutTrapezoid: Sendable, Equatable, Codable {
  /// The time in which the gradient rises [s].
  public var rampUp: Double
  /// The time for which it stays [s].
  public var flatTop: Double
  /// The time in which it falls [s].
  public var rampDown: Double
  /// The time from the gradient's beginning to that of the first sample's dwell time [s].
  public var delay: Double
  /// The time between samples [s].
  public var dwellTime: Double
  /// The number of samples.
  public var samples: Int
  /// The time from the beginning of one line's gradient to that of the next [s], where it is known.
  public var echoSpacing: Double?

  /// Creates a trapezoid.
  public init(
    rampUp: Double, flatTop: Double, rampDown: Double, delay: Double, dwellTime: Double, samples: Int,
    echoSpacing: Double? = nil
  ) {
    self.rampUp = rampUp
    self.flatTop = flatTop
    self.rampDown = rampDown
    self.delay = delay
    self.dwellTime = dwellTime
    self.samples = samples
    self.echoSpacing = echoSpacing
  }

  /// How long the gradient lasts [s].
  public var duration: Double { rampUp + flatTop + rampDown }

  /// How much later than `k = 0` is passed the middle of the samples is [s].
  var lateness: Double { delay + dwellTime * Double(samples) / 2 - time(atArea: area(until: duration) / 2) }

  /// Whether samples are taken while there is a gradient, and gradients follow one another, within half a dwell time.
  public var isPlausible: Bool {
    let times = [rampUp, flatTop, rampDown, delay]
    return times.allSatisfy { $0 >= 0 && $0.isFinite } && dwellTime > 0
      // A readout counts its samples in 16 bits.
      && (2...Int(UInt16.max)).contains(samples)
      && delay + dwellTime * Double(samples) <= duration + dwellTime / 2
      && duration <= (echoSpacing ?? .infinity) + dwellTime / 2
  }

  /// Where samples lie along `kx`, in steps of a grid of `extent` points from its centre, in the order of time.
  ///
  /// What the gradient does while samples are taken spans the grid; `k = 0` halves the area under the gradient.
  public func positions(onGridOf extent: Int) -> [Double] {
    let scale = Double(extent) / (area(until: delay + dwellTime * Double(samples)) - area(until: delay))
    let middle = area(until: duration) / 2
    return (0..<samples).map {
      scale * (area(until: delay + dwellTime * (Double($0) + 0.5)) - middle)
    }
  }

  /// The area under the gradient, of unit height, from its beginning to a time [s].
  private func area(until time: Double) -> Double {
    if time <= 0 { return 0 }
    if time < rampUp { return time * time / (2 * rampUp) }
    if time <= rampUp + flatTop { return time - rampUp / 2 }
    let whole = rampUp / 2 + flatTop + rampDown / 2
    let rest = duration - time
    return rest > 0 ? whole - rest * rest / (2 * rampDown) : whole
  }

  /// The time at which the area under the gradient reaches a value [s].
  private func time(atArea area: Double) -> Double {
    if area < rampUp / 2 { return (2 * rampUp * area).squareRoot() }
    if area <= rampUp / 2 + flatTop { return area + rampUp / 2 }
    return duration - (2 * rampDown * (rampUp / 2 + flatTop + rampDown / 2 - area)).squareRoot()
  }
}

extension ReadoutTrapezoid {
  /// The parameters without which there is no trapezoid.
  static let names = ["rampUpTime", "flatTopTime", "rampDownTime", "dwellTime", "numSamples"]

  /// Reads the description that Siemens' converter writes, whose times are in microseconds; `nil` if it is another one.
  init?(_ description: MRDHeader.TrajectoryDescription) {
    func time(_ name: String) -> Double? { description.parameters[name].map { $0 * 1e-6 } }
    guard let rampUp = time("rampUpTime"), let flatTop = time("flatTopTime"),
      let rampDown = time("rampDownTime"), let dwellTime = time("dwellTime"),
      let samples = description.parameters["numSamples"], (2...65535).contains(samples)
    else { return nil }
    let rest = rampUp + flatTop + rampDown - dwellTime * samples
    self.init(
      rampUp: rampUp, flatTop: flatTop, rampDown: rampDown, delay: time("acqDelayTime") ?? rest / 2,
      dwellTime: dwellTime, samples: Int(samples),
      // What is far too short for the samples is in another unit.
      echoSpacing: time("echoSpacing").flatMap { $0 > 0.5 * dwellTime * samples ? $0 : nil })
  }

  /// The parameters as Siemens' converter writes them.
  var parameters: [String: Double] {
    var parameters = [
      "rampUpTime": rampUp * 1e6, "flatTopTime": flatTop * 1e6, "rampDownTime": rampDown * 1e6,
      "acqDelayTime": delay * 1e6, "dwellTime": dwellTime * 1e6, "numSamples": Double(samples),
    ]
    parameters["echoSpacing"] = echoSpacing.map { $0 * 1e6 }
    return parameters
  }
}
