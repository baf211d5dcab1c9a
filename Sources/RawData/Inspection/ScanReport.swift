import Foundation
import MRIData

/// The truth about a raw file, from its headers: what it holds, what was sampled, what contradicts what.
///
/// The report and reading share one ``ScanLayout``: what it says is what reconstruction does. Of the samples, a few are
/// read to compare. Values are in SI units; `nil` is what nobody knows.
public struct ScanReport: Sendable, Codable {
  /// The file, as the user named it.
  public let path: String
  /// The size of the file [byte].
  public let byteCount: Int?
  /// The name of the protocol.
  public let protocolName: String?
  /// Make and model of the scanner.
  public let scanner: String?
  /// How the patient lay.
  public let patientPosition: String?

  /// The encoded grid, `kx`, `ky`, `kz`; readout oversampling included.
  public let encodedMatrix: [Int]
  /// The encoded field of view along `x`, `y`, `z` [m].
  public let encodedFieldOfView: [Double?]
  /// The images' grid, cropped to the prescribed field of view; slices along `z`.
  public let imageMatrix: [Int]
  /// The voxel size [m].
  public let voxelSize: [Double]
  /// The encoded over the prescribed field of view along `x`, `y`, `z`.
  public let oversampling: [Double]
  /// The part of the readout that was sampled; below 1 for an asymmetric echo.
  public let readoutFraction: Double
  /// The direction of the main field along the voxel axes.
  public let fieldDirection: [Double]?
  /// The centre of the images [m], LPS.
  public let center: [Double]?

  /// The number of receive channels.
  public let channels: Int
  /// The echo times [s].
  public let echoTimes: [Double?]
  /// The readout direction of each echo.
  public let polarities: [ReadoutPolarity]
  /// Whether forward and reversed readouts are mixed within an echo.
  public let isEchoPlanar: Bool
  /// The repetition time [s].
  public let repetitionTime: Double?
  /// The flip angle [rad].
  public let flipAngle: Double?
  /// The static field [T].
  public let fieldStrength: Double?
  /// The Larmor frequency [Hz].
  public let imagingFrequency: Double?
  /// The time between samples [s].
  public let dwellTime: Double?
  /// The sign that the phase of the source is taken to have.
  public let phaseSign: PhaseSign

  /// The numbers of slices, repetitions, sets and cardiac phases in the file, and of averages at one position.
  public let counts: [String: Int]
  /// The number of readouts of each use.
  public let readouts: [String: Int]
  /// How many things of other kinds the file holds, such as waveforms.
  public let skipped: [String: Int]
  /// What was sampled of each echo, in the first slice.
  public let sampling: [SamplingReport]
  /// What was sampled for calibration, where lines are flagged for it.
  public let calibration: SamplingReport?
  /// The acceleration along `ky` and `kz` that the header states.
  public let statedAcceleration: [Double]?
  /// How parallel imaging was calibrated according to the header.
  public let calibrationMode: String?
  /// The number of samples of the noise scan.
  public let noiseSamples: Int
  /// The noise bandwidth of the receivers relative to the sampling rate.
  public let relativeNoiseBandwidth: Double?
  /// How long the scan took.
  public let time: ScanTimeReport
  /// What the user should know, errors first.
  public let findings: [Finding]

  /// Pictures of the sampling, one per group of echoes with equal masks.
  let pictures: [SampledEchoes]

  /// Echoes that share a mask.
  struct SampledEchoes: Sendable, Codable {
    /// The echoes, counted from 1.
    let echoes: [Int]
    /// The picture's rows.
    let rows: [String]
  }

  /// Inspects the headers of a source.
  ///
  /// - Parameters:
  ///   - source: The readouts of a file.
  ///   - options: What the user says where the file is silent or wrong.
  ///   - skipped: How many things of other kinds the file holds.
  public init(_ source: some ReadoutSource, options: ReadingOptions = .init(), skipped: [String: Int] = [:]) {
    let header = source.header, acquisitions = source.acquisitions
    let headersOnly = ScanLayout(header: header, acquisitions: acquisitions, options: options)
    let layout: ScanLayout
    var unread: [Finding] = []
    do throws(RawDataError) {
      layout = try ScanLayout(of: source, options: options)
    } catch {
      layout = headersOnly
      unread =
        source.findings + [
          .warning("samples cannot be read: \(error.problem)", assuming: "the headers are right")
        ]
    }
    let parameters = layout.parameters, grid = layout.grid
    let encoding =
      header.encodings.indices.contains(layout.encodingSpace) ? header.encodings[layout.encodingSpace] : nil
    path = source.path
    byteCount = (try? FileManager.default.attributesOfItem(atPath: source.path))?[.size] as? Int
    protocolName = header.protocolName
    let maker = [header.manufacturer, header.model].compactMap(\.self)
    scanner = maker.isEmpty ? nil : maker.joined(separator: " ")
    patientPosition = header.patientPosition

    let geometry = layout.geometry ?? layout.sliceGeometries.first
    encodedMatrix = (0..<3).map { grid.matrix[$0] }
    encodedFieldOfView = grid.fieldOfView
    imageMatrix = [grid.prescribed.x, grid.prescribed.y, layout.sliceCounters.count * grid.prescribed.z]
    voxelSize = geometry.map { geometry in (0..<3).map { geometry.voxelSize[$0] } } ?? []
    oversampling = (0..<3).map { Double(grid.matrix[$0]) / Double(grid.prescribed[$0]) }
    let starts = layout.image.map { grid.readoutStart(of: acquisitions[$0.acquisition]) }
    let ends = layout.image.map {
      grid.readoutStart(of: acquisitions[$0.acquisition]) + acquisitions[$0.acquisition].keptCount
    }
    let first = max(0, starts.max() ?? 0), last = min(grid.matrix.x, ends.min() ?? 0)
    let sampled = max(0, last - first), half = grid.matrix.x / 2
    // What is missing on both sides was left out by nobody: the matrix is too large.
    let whole = min(grid.matrix.x, 2 * max(half - first, last - half))
    // A single sample is lost where reversed readouts state the centre of forward ones.
    let isResampled = layout.correction?.resamplings.isEmpty == false
    readoutFraction = isResampled || whole - sampled <= 1 ? 1 : Double(sampled) / Double(whole)
    fieldDirection = geometry.map { geometry in (0..<3).map { geometry.fieldDirection[$0] } }
    center = geometry.map { geometry in (0..<3).map { geometry.center[$0] } }

    channels = layout.channels
    echoTimes = parameters.echoTimes.map { $0.isNaN ? nil : $0 }
    polarities = parameters.polarities
    isEchoPlanar = layout.isEchoPlanar(acquisitions)
    repetitionTime = parameters.repetitionTime
    flipAngle = parameters.flipAngle
    fieldStrength = parameters.fieldStrength.isNaN ? nil : parameters.fieldStrength
    imagingFrequency = parameters.imagingFrequency.isNaN ? nil : parameters.imagingFrequency
    dwellTime = parameters.dwellTime
    phaseSign = parameters.phaseSign

    // Counted before anything was chosen.
    let imaging = acquisitions.filter { $0.flaggedUse.isImage }.map(\.counters)
    counts = [
      "slices": Set(imaging.map(\.slice)).count, "repetitions": Set(imaging.map(\.repetition)).count,
      "sets": Set(imaging.map(\.set)).count, "cardiacPhases": Set(imaging.map(\.phase)).count,
      "averages": layout.image.map(\.turns).max() ?? 0,
    ]
    self.skipped = skipped
    readouts = Dictionary(layout.uses.map { ($0.name, 1) }, uniquingKeysWith: +)
    let slice = layout.sliceCounters.first ?? 0
    let masks = layout.sliceCounters.isEmpty ? [] : layout.masks(slice: slice)
    sampling = masks.map { SamplingReport($0) }
    calibration = layout.calibrationMask(slice: slice).map { SamplingReport($0) }
    pictures = Self.pictures(masks)
    statedAcceleration = encoding?.acceleration.map { [$0.x, $0.y] }
    calibrationMode = encoding?.calibrationMode
    noiseSamples = zip(layout.uses, acquisitions).reduce(0) {
      $0 + ($1.0 == .noise ? Int($1.1.sampleCount) : 0)
    }
    relativeNoiseBandwidth = header.relativeNoiseBandwidth
    time = ScanTimeReport(acquisitions, layout: layout, header: header)
    let all = layout.findings + unread + time.findings
    let order: [Finding.Severity] = [.error, .warning, .note]
    findings = order.flatMap { severity in all.filter { $0.severity == severity } }
  }

  private static func pictures(_ masks: [SamplingMask]) -> [SampledEchoes] {
    var groups: [(mask: SamplingMask, echoes: [Int])] = []
    for (echo, mask) in masks.enumerated() {
      if let known = groups.firstIndex(where: { $0.mask == mask }) {
        groups[known].echoes.append(echo + 1)
      } else {
        groups.append((mask, [echo + 1]))
      }
    }
    return groups.map { SampledEchoes(echoes: $0.echoes, rows: SamplingPicture($0.mask).rows) }
  }
}

extension ReadoutUse {
  /// The name of the use in reports.
  var name: String {
    switch self {
    case .image: "image"
    case .imageAndCalibration: "image and calibration"
    case .calibration: "calibration only"
    case .noise: "noise"
    case .leftOut(let reason): reason.rawValue
    }
  }
}
