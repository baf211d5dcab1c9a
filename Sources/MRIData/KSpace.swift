import NDArrays
import Numerics

/// The samples of one Cartesian scan, sorted by their encoding counters.
///
/// ```
/// samples[echo, channel, kz, ky, kx]   centre of k-space at index n / 2 of every spatial axis
/// ```
///
/// Positions that were not acquired hold zero and are absent from ``masks``; a zero sample never means "not
/// acquired" by itself. Two-dimensional scans have `kz = 1`, one `KSpace` per slice.
///
/// The image is the unitary inverse transform, `exp(+2 pi i k r)`; a positive off-resonance turns its phase
/// by `+2 pi f TE`.
public struct KSpace: Sendable {
  /// The samples, axes `[echo, channel, kz, ky, kx]`.
  public var samples: NDArray<Complex<Float>> { didSet { checkShapes() } }

  /// The acquired phase-encoding positions of each echo.
  public var masks: [SamplingMask] { didSet { checkShapes() } }

  /// The part of `kx` that was sampled; shorter than the axis for an asymmetric echo.
  public var readoutRange: Range<Int>

  /// Lines measured to calibrate parallel imaging, where they are not (only) image lines.
  public var calibration: CalibrationLines?

  /// What is known of the noise of ``samples``.
  public var noise: NoiseLevel

  /// Echo times, field strength and the rest of what the scanner was told.
  public var parameters: ScanParameters

  /// Where the encoded grid lies in the patient.
  public var geometry: Geometry { didSet { checkShapes() } }

  /// The grid that the scan was prescribed for; images are cropped to it after reconstruction.
  ///
  /// It is smaller than the encoded grid along an axis that was encoded with oversampling.
  public var prescribedMatrix: Extents

  /// What was assumed when the scan was read, one sentence each.
  public var assumptions: [String]

  /// Creates a scan.
  ///
  /// - Precondition: The samples have five axes, one mask per echo, and masks of `[kz, ky]`.
  public init(
    samples: NDArray<Complex<Float>>, masks: [SamplingMask], parameters: ScanParameters, geometry: Geometry,
    readoutRange: Range<Int>? = nil, prescribedMatrix: Extents? = nil, calibration: CalibrationLines? = nil,
    noise: NoiseLevel = .unknown, assumptions: [String] = []
  ) {
    self.samples = samples
    self.masks = masks
    self.parameters = parameters
    self.geometry = geometry
    self.readoutRange = readoutRange ?? 0..<samples.shape[4]
    self.prescribedMatrix = prescribedMatrix ?? geometry.matrix
    self.calibration = calibration
    self.noise = noise
    self.assumptions = assumptions
    checkShapes()
  }

  private func checkShapes() {
    precondition(samples.shape.count == 5, "k-space needs [echo, channel, kz, ky, kx], not \(samples.shape)")
    precondition(
      masks.count == samples.shape[0]
        && masks.allSatisfy { $0.partitions == samples.shape[2] && $0.lines == samples.shape[3] },
      "k-space of shape \(samples.shape) needs one [kz, ky] mask per echo")
    precondition(
      geometry.matrix == Extents(x: samples.shape[4], y: samples.shape[3], z: samples.shape[2]),
      "geometry \(geometry.matrix) does not describe samples of shape \(samples.shape)")
  }
}

extension KSpace {
  /// The number of echoes.
  public var echoes: Int { samples.shape[0] }
  /// The number of receive channels.
  public var channels: Int { samples.shape[1] }
  /// The number of phase-encoding steps along `kz`; 1 for a two-dimensional scan.
  public var partitions: Int { samples.shape[2] }
  /// The number of phase-encoding steps along `ky`.
  public var lines: Int { samples.shape[3] }
  /// The number of samples along the readout.
  public var readoutLength: Int { samples.shape[4] }

  /// Whether every phase-encoding position of every echo was acquired.
  public var isFullySampled: Bool { masks.allSatisfy(\.isFullySampled) }

  /// A copy of the samples of one echo and one channel, axes `[kz, ky, kx]`.
  public func volume(echo: Int, channel: Int) -> NDArray<Complex<Float>> {
    samples.part(at: echo, channel)
  }
}
