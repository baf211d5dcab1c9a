import MRIData
import NDArrays
import Numerics

/// A numerical head in a scanner: multi-channel multi-echo 3D gradient-echo k-space, and the truth behind it.
///
///     let phantom = HeadPhantom(HeadAnatomy(seed: 7), channels: 8)
///     let scan = phantom.scan()
///     let chi = phantom.susceptibility
///
/// The signal is simulated on a grid of half the voxel size and cropped in k-space, so that partial volume,
/// dephasing inside voxels and ringing at edges are there as in a real scan. Only the field of view gives
/// signal, in a slab along the second phase encoding; the field, though, comes from the whole head.
///
/// The truth maps are means over voxels of the maps that the simulation used; labels and the mask are samples
/// at the centres of voxels.
public struct HeadPhantom: Sendable {
  /// The subject.
  public let anatomy: HeadAnatomy
  /// The grid of the images.
  public let geometry: Geometry
  /// The sequence.
  public let parameters: ScanParameters
  /// The number of receive channels.
  public let channels: Int
  /// The number that the noise and the receivers' phases follow from.
  public let seed: UInt64

  /// The susceptibility relative to water [ppm].
  public let susceptibility: ImageVolumes<Float>
  /// The part of it that diamagnetic matter has [ppm], at most zero.
  public let diamagneticSusceptibility: ImageVolumes<Float>
  /// The off-resonance [Hz] after a second-order shim of the brain; positive where the phase grows with TE.
  public let field: ImageVolumes<Float>
  /// The effective transverse relaxation rate R2* [1/s].
  public let transverseRelaxationRate: ImageVolumes<Float>
  /// The tissues, as raw values of ``Tissue``.
  public let labels: ImageVolumes<UInt8>
  /// The brain: 1 inside its surface, sulci and ventricles included, 0 elsewhere.
  public let brainMask: ImageVolumes<UInt8>
  /// The receive sensitivities; the root of their summed squares is about 1 in the middle of the head.
  public let sensitivities: CoilSensitivities
  /// The covariance of the noise, `E[n n^H]`, axes `[channel, channel]`.
  ///
  /// The diagonal is the variance of real and imaginary part together.
  public let noiseCovariance: NDArray<Complex<Double>>

  let fineGeometry: Geometry
  let signalMaps: SignalMaps
  let sensitivityMaps: [SplineMap]
  let noise: CorrelatedNoise

  /// The grid of a whole-head scan: 160 x 192 x 48 voxels of 1.2 x 1.2 x 3 mm, axial.
  public static let defaultGeometry = Geometry(
    matrix: Extents(x: 160, y: 192, z: 48), voxelSize: [1.2e-3, 1.2e-3, 3e-3])

  /// The grid of a slab about the head's middle.
  ///
  /// - Parameters:
  ///   - matrix: The number of voxels.
  ///   - voxelSize: Their size [m]; that of ``defaultGeometry`` unless given.
  ///   - tilt: The angle by which an axial slab is tilted about the left-right axis, front up [rad].
  public static func geometry(
    matrix: Extents, voxelSize: SIMD3<Double>? = nil, tilt: Double = 0
  ) -> Geometry {
    var geometry = defaultGeometry
    geometry.matrix = matrix
    if let voxelSize { geometry.voxelSize = voxelSize }
    // LPS: y points to the back, z to the head.
    let (sine, cosine) = (Double.sin(tilt), Double.cos(tilt))
    geometry.phaseDirection = [0, cosine, -sine]
    geometry.sliceDirection = [0, sine, cosine]
    return geometry
  }

  /// Puts a subject in the scanner: draws the head and computes its field.
  ///
  /// - Parameters:
  ///   - anatomy: The subject.
  ///   - geometry: The grid of the images; its orientation sets the direction of the static field.
  ///   - parameters: Echo times, TR, flip angle and field strength.
  ///   - channels: The number of receive channels.
  ///   - signalToNoise: The mean over white matter of the root of the channels' summed squared signal at the
  ///     first echo, over the standard deviation of the real part of the noise (root mean square over channels).
  ///     Infinite for a scan without noise.
  ///   - seed: What the noise and the receivers' phases follow from; the subject's seed unless given.
  ///   - arrayTurn: The angle by which the receive array is turned about the head's long axis [rad].
  ///   - progress: Is told what is being done, and which part of it all is done.
  /// - Precondition: There is at least one channel and one echo, and the signal-to-noise ratio is positive.
  public init(
    _ anatomy: HeadAnatomy, geometry: Geometry = Self.defaultGeometry,
    parameters: ScanParameters = .spoiledGradientEcho(), channels: Int = 8, signalToNoise: Double = 60,
    seed: UInt64? = nil, arrayTurn: Double = 0, progress: (String, Double) -> Void = { _, _ in }
  ) {
    precondition(signalToNoise > 0, "a signal-to-noise ratio of \(signalToNoise)")
    precondition(!parameters.echoTimes.isEmpty, "a scan without echoes")
    self.anatomy = anatomy
    self.geometry = geometry
    self.parameters = parameters
    self.channels = channels
    self.seed = seed ?? anatomy.seed
    fineGeometry = geometry.halvingVoxels
    let maps = HeadMaps(anatomy, on: fineGeometry, parameters: parameters, progress: progress)
    signalMaps = maps.signal

    susceptibility = ImageVolumes(GridTransfer.voxelMeans(maps.susceptibility), geometry: geometry)
    diamagneticSusceptibility = ImageVolumes(GridTransfer.voxelMeans(maps.diamagnetic), geometry: geometry)
    field = ImageVolumes(GridTransfer.voxelMeans(maps.signal.field), geometry: geometry)
    transverseRelaxationRate = ImageVolumes(GridTransfer.voxelMeans(maps.signal.rate), geometry: geometry)
    labels = ImageVolumes(GridTransfer.centres(maps.labels), geometry: geometry)
    brainMask = ImageVolumes(GridTransfer.centres(maps.brain).map { $0 ? 1 : 0 }, geometry: geometry)

    var generator = SeededGenerator(seed: self.seed, stream: CorrelatedNoise.Stream.receivers.rawValue)
    let array = ReceiveArray(channels: channels, turn: arrayTurn, generator: &generator)
    sensitivityMaps = array.sensitivities(around: geometry)
    sensitivities = CoilSensitivities(Self.sample(sensitivityMaps, on: geometry), geometry: geometry)
    let signal = Self.whiteMatterSignal(maps, sensitivities, echoTime: parameters.echoTimes[0])
    let deviation = signal / signalToNoise
    noiseCovariance = array.noiseCovariance.map { Complex(2 * deviation * deviation) * $0 }
    noise = CorrelatedNoise(array, standardDeviation: deviation, seed: self.seed)
  }

  /// The part of the susceptibility that paramagnetic matter has [ppm], at least zero.
  public var paramagneticSusceptibility: ImageVolumes<Float> {
    combined(susceptibility, diamagneticSusceptibility) { $0 - $1 }
  }

  /// The irreversible transverse relaxation rate R2 [1/s]: what sources of 137 /s for each ppm of either kind at 3 T leave
  /// of R2*, as spin echoes would measure it.
  ///
  /// - SeeAlso: H.-G. Shin et al., NeuroImage 240:118371, 2021, doi:10.1016/j.neuroimage.2021.118371.
  public var irreversibleRate: ImageVolumes<Float> {
    let relaxivity = Float(137 * parameters.fieldStrength / 3)
    let sources = combined(paramagneticSusceptibility, diamagneticSusceptibility) { $0 - $1 }
    return combined(transverseRelaxationRate, sources) { max(0, $0 - relaxivity * $1) }
  }

  private func combined(
    _ first: ImageVolumes<Float>, _ second: ImageVolumes<Float>, _ value: (Float, Float) -> Float
  ) -> ImageVolumes<Float> {
    ImageVolumes(first.voxels.combined(with: second.voxels, value), geometry: geometry)
  }

  /// A simulated scan [s per voxel, channel and echo].
  private static let simulationCost = 1.2e-7

  /// What a simulation takes.
  public static func needs(
    of anatomy: HeadAnatomy, geometry: Geometry, channels: Int, echoes: Int
  ) -> MethodNeeds {
    let fine = geometry.halvingVoxels
    let head = HeadMaps.surroundings(of: anatomy, geometry: fine).matrix.count
    // While the field is computed: labels, texture, susceptibility, their transform and its result per voxel of the
    // whole head. While an echo is: three maps, the signal and its partly cropped transform.
    let preparation = 28 * head
    let echo = 24 * fine.matrix.count
    let volume = MemoryLayout<Complex<Float>>.size * geometry.matrix.count
    return MethodNeeds(
      memory: Double(max(preparation, echo) + 2 * channels * volume),
      seconds: simulationCost * Double(geometry.matrix.count * channels * echoes))
  }

  private static func sample(_ maps: [SplineMap], on geometry: Geometry) -> NDArray<Complex<Float>> {
    let plane = geometry.matrix.x * geometry.matrix.y
    return NDArray(uninitializedShape: [maps.count] + geometry.matrix.shape) { target in
      let target = SharedBuffer(target)
      Parallelism.forEach(maps.count * geometry.matrix.z) { index in
        maps[index / geometry.matrix.z].evaluate(
          plane: index % geometry.matrix.z, of: geometry, into: target[index * plane..<(index + 1) * plane])
      }
    }
  }

  /// The mean root of the channels' summed squared signal in white matter; zero if there is none in view.
  private static func whiteMatterSignal(
    _ maps: HeadMaps, _ sensitivities: CoilSensitivities, echoTime: Double
  ) -> Double {
    let labels = GridTransfer.centres(maps.labels).elements
    let magnitude = GridTransfer.centres(maps.signal.magnitude).elements
    let rate = GridTransfer.centres(maps.signal.rate).elements
    var sum = 0.0, count = 0
    sensitivities.maps.withUnsafeBufferPointer { maps in
      for voxel in labels.indices where labels[voxel] == Tissue.whiteMatter.rawValue {
        var square: Float = 0
        for channel in 0..<sensitivities.channels {
          square += maps[channel * labels.count + voxel].lengthSquared
        }
        sum +=
          Double(magnitude[voxel]) * Double.exp(-echoTime * Double(rate[voxel])) * Double(square).squareRoot()
        count += 1
      }
    }
    return count > 0 ? sum / Double(count) : 0
  }
}

extension Geometry {
  /// The grid with twice the voxels along each axis over the same field of view.
  var halvingVoxels: Geometry {
    var fine = self
    fine.matrix = Extents(x: 2 * matrix.x, y: 2 * matrix.y, z: 2 * matrix.z)
    fine.voxelSize = voxelSize / 2
    return fine
  }
}
