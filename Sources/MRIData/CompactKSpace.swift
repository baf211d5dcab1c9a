import NDArrays
import Numerics

/// The acquired samples of one Cartesian scan, without the zeros in between.
///
/// A scan of 32 channels and 8 echoes is as large as its measurement this way, a quarter of its grid at an acceleration
/// of 4. Everything but ``samples`` is as in ``KSpace``.
public struct CompactKSpace: Sendable {
  /// The samples, axes `[row, kx]`, in the order of ``table``.
  public let samples: NDArray<Complex<Float>>
  /// Which line each row is.
  public let table: LineTable
  /// The acquired phase-encoding positions of each echo.
  public let masks: [SamplingMask]
  /// The part of `kx` that was sampled; shorter than the axis for an asymmetric echo.
  public let readoutRange: Range<Int>
  /// Lines measured to calibrate parallel imaging, where they are not (only) image lines.
  public let calibration: CompactCalibrationLines?
  /// What is known of the noise of ``samples``.
  public let noise: NoiseLevel
  /// Echo times, field strength and the rest of what the scanner was told.
  public let parameters: ScanParameters
  /// Where the encoded grid lies in the patient.
  public let geometry: Geometry
  /// The grid that the scan was prescribed for; images are cropped to it after reconstruction.
  public let prescribedMatrix: Extents
  /// What was assumed when the scan was read, one sentence each.
  public let assumptions: [String]

  /// Creates a scan.
  ///
  /// - Precondition: The samples have one row for each acquired position of each echo and channel.
  public init(
    samples: NDArray<Complex<Float>>, channels: Int, masks: [SamplingMask], parameters: ScanParameters,
    geometry: Geometry, readoutRange: Range<Int>? = nil, prescribedMatrix: Extents? = nil,
    calibration: CompactCalibrationLines? = nil, noise: NoiseLevel = .unknown, assumptions: [String] = []
  ) {
    let table = LineTable(masks, channels: channels)
    precondition(
      samples.shape == [table.count, geometry.matrix.x]
        && masks.allSatisfy { $0.partitions == geometry.matrix.z && $0.lines == geometry.matrix.y },
      "samples of shape \(samples.shape) are not the \(table.count) lines of masks on \(geometry.matrix)")
    self.samples = samples
    self.table = table
    self.masks = masks
    self.readoutRange = readoutRange ?? 0..<geometry.matrix.x
    self.calibration = calibration
    self.noise = noise
    self.parameters = parameters
    self.geometry = geometry
    self.prescribedMatrix = prescribedMatrix ?? geometry.matrix
    self.assumptions = assumptions
  }

  /// The number of echoes.
  public var echoes: Int { masks.count }
  /// The number of receive channels.
  public var channels: Int { table.channels }
  /// The number of phase-encoding steps along `kz`; 1 for a two-dimensional scan.
  public var partitions: Int { geometry.matrix.z }
  /// The number of phase-encoding steps along `ky`.
  public var lines: Int { geometry.matrix.y }
  /// The number of samples along the readout.
  public var readoutLength: Int { geometry.matrix.x }

  /// Whether every phase-encoding position of every echo was acquired.
  public var isFullySampled: Bool { masks.allSatisfy(\.isFullySampled) }

  /// The k-space of one channel with zeros in between, axes `[echo, kz, ky, kx]`.
  public func channel(_ channel: Int) -> NDArray<Complex<Float>> {
    let plane = partitions * lines, length = readoutLength
    return NDArray(uninitializedShape: [echoes] + geometry.matrix.shape) { target in
      samples.withUnsafeBufferPointer { source in
        for echo in 0..<echoes {
          var next = 0
          func clear(upTo position: Int) {
            target[(echo * plane + next) * length..<(echo * plane + position) * length]
              .initialize(repeating: .zero)
          }
          for position in table.positions[echo] {
            clear(upTo: position)
            let row = table.row(echo: echo, channel: channel, position: position) * length
            _ = target[(echo * plane + position) * length..<(echo * plane + position + 1) * length]
              .initialize(fromContentsOf: source[row..<row + length])
            next = position + 1
          }
          clear(upTo: plane)
        }
      }
    }
  }
}

extension CalibrationLines {
  /// Puts lines into the whole grid.
  public init(_ lines: CompactCalibrationLines) {
    let matrix = Extents(x: lines.samples.shape[1], y: lines.mask.lines, z: lines.mask.partitions)
    let grid = lines.table.grid(of: lines.samples, matrix)
    self.init(
      samples: grid.reshaped(to: Array(grid.shape.dropFirst())), mask: lines.mask,
      isEmbedded: lines.isEmbedded)
  }
}

extension CompactKSpace {
  /// Leaves out what was not acquired; a fully sampled scan shares its samples.
  public init(_ scan: KSpace) {
    self.init(
      samples: LineTable(scan.masks, channels: scan.channels).lines(of: scan.samples),
      channels: scan.channels,
      masks: scan.masks, parameters: scan.parameters, geometry: scan.geometry,
      readoutRange: scan.readoutRange, prescribedMatrix: scan.prescribedMatrix,
      calibration: scan.calibration.map { CompactCalibrationLines($0) }, noise: scan.noise,
      assumptions: scan.assumptions)
  }
}

extension KSpace {
  /// Puts acquired lines into the whole grid; a fully sampled scan shares its samples.
  public init(_ scan: CompactKSpace) {
    self.init(
      samples: scan.table.grid(of: scan.samples, scan.geometry.matrix), masks: scan.masks,
      parameters: scan.parameters, geometry: scan.geometry, readoutRange: scan.readoutRange,
      prescribedMatrix: scan.prescribedMatrix, calibration: scan.calibration.map { CalibrationLines($0) },
      noise: scan.noise, assumptions: scan.assumptions)
  }
}
