import MRIData
import Phantoms
import RawData

/// How a simulated echo-planar scan reads its lines: several after one excitation, in alternating directions, with ghosts.
///
/// The lines of a shot lie as far apart as there are shots to a partition. Each is taken at its echo's echo time: what
/// evolves along a train, which distorts and blurs images, is not simulated.
public struct EchoPlanarTrain: Sendable, Equatable {
  /// The number of lines after an excitation and echo.
  public var lines: Int
  /// The number of readouts without phase encoding before the first line of a shot.
  public var navigators: Int
  /// How much more finely than voxels demand a readout is sampled.
  public var oversampling = 2
  /// The gradient of a readout.
  public var gradient: ReadoutTrapezoid
  /// By how much the images of reversed lines differ in phase from those of forward ones in the middle [rad].
  public var phase: Double
  /// By how many samples of the encoded grid lines of both directions are apart.
  public var shift: Double

  /// Creates trains.
  ///
  /// - Parameters:
  ///   - lines: The number of lines after an excitation and echo.
  ///   - navigators: The number of navigators before them.
  ///   - matrix: The grid of the images.
  ///   - hasRamps: Whether samples are taken on the gradient's ramps.
  ///   - phase: The constant phase between the directions [rad].
  ///   - shift: The shift between them, in samples.
  public init(
    lines: Int, navigators: Int = 3, matrix: Extents, hasRamps: Bool = true, phase: Double = 0.6,
    shift: Double = 0.7
  ) {
    self.lines = lines
    self.navigators = navigators
    self.phase = phase
    self.shift = shift
    let count = oversampling * matrix.x
    var gradient =
      hasRamps
      ? ReadoutTrapezoid(
        rampUp: 120e-6, flatTop: 360e-6, rampDown: 120e-6, delay: 24e-6, dwellTime: 552e-6 / Double(count),
        samples: count)
      : ReadoutTrapezoid(
        rampUp: 0, flatTop: 600e-6, rampDown: 0, delay: 0, dwellTime: 600e-6 / Double(count), samples: count)
    gradient.echoSpacing = gradient.duration
    self.gradient = gradient
  }

  /// Echo times and TR that leave room for the trains: echoes one after the other, as soon as can be.
  ///
  /// - Parameter echoTimes: The echo times [s], instead of the earliest ones; their number counts.
  public func parameters(echoes: Int, echoTimes: [Double]? = nil) -> ScanParameters {
    let duration = gradient.duration * Double(lines)
    let first = 3e-3 + gradient.duration * Double(navigators) + duration / 2
    let times = echoTimes ?? (0..<echoes).map { first + Double($0) * (duration + 1e-3) }
    var parameters = ScanParameters.spoiledGradientEcho(echoTimes: times)
    parameters.repetitionTime = max(
      parameters.repetitionTime ?? 0, (times.last ?? 0) + duration / 2 + 3e-3)
    parameters.dwellTime = gradient.dwellTime
    parameters.protocolName = "numerical head, 3D multi-echo EPI"
    return parameters
  }

  /// The number of points of the encoded readout.
  func extent(of matrix: Extents) -> Int { oversampling * matrix.x }

  /// The number of shots of a partition.
  func shots(of matrix: Extents) -> Int { (matrix.y + lines - 1) / lines }

  /// How lines of one direction sample `kx`.
  func sampling(isReversed: Bool, matrix: Extents) -> ReadoutSampling {
    let extent = extent(of: matrix), sign = isReversed ? 0.5 : -0.5
    let positions = gradient.positions(onGridOf: extent)
    return ReadoutSampling(
      extent: extent, positions: isReversed ? positions.map(-) : positions, phase: sign * phase,
      slope: sign * 2 * .pi * shift / Double(extent))
  }
}
