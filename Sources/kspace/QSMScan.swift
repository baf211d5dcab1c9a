import Foundation
import KSpaceToolkit

/// One scan, read and brought to the toolkit's units.
struct QSMScan {
  /// The field of the echoes and what is known beside it.
  var wrapped: SusceptibilityMapping.WrappedField
  /// R2* [1/s].
  var relaxation: ImageVolumes<Float>?
  /// The magnitude of every echo; ones where there is none.
  var magnitude: ImageVolumes<Float>
  /// Whether the magnitude was read.
  var hasMagnitude = true
  /// The phase of every echo [rad], where it was read.
  var phase: ImageVolumes<Float>?
  /// The echo times [s]; not known for a field map without magnitudes.
  var echoTimes: [Double]
  /// Where the voxels lie by the files, whatever is known of the field's direction.
  var fileGeometry: Geometry
  /// Whether the files leave the sign of the phase open.
  var isSignOpen: Bool
  /// What was assumed, one sentence each.
  var assumptions: [String]

  var geometry: Geometry { wrapped.field.geometry }

  /// What the scanner was told, as far as files say it.
  var parameters: ScanParameters {
    ScanParameters(echoTimes: echoTimes, fieldStrength: wrapped.fieldStrength)
  }
}

extension QSMSource {
  /// Reads the scan.
  ///
  /// - Throws: ``CommandError`` if something is missing that cannot be assumed.
  func read() throws -> QSMScan {
    switch content {
    case .echoes(let phase, let magnitude): try readEchoes(phase, magnitude)
    case .fieldMap(let field, let noise, let relaxation, let magnitude):
      try readFieldMap(field, noise, relaxation, magnitude)
    }
  }

  private func readFieldMap(
    _ field: String, _ noise: String?, _ relaxation: String?, _ magnitude: [String]
  ) throws -> QSMScan {
    if arguments.field == .mcpc3ds {
      throw CommandError(
        name, "this folder holds MDI's field map, and MDI's echoes have no phase of their own",
        remedy: "Reconstruct with --combine mcpc3ds for --field mcpc3ds")
    }
    let sidecar = try Sidecar(at: NamedImage.sidecar(of: field))
    guard case .number(let period)? = sidecar.extra["FieldPeriod"], period > 0 else {
      throw CommandError(
        NamedImage.sidecar(of: field), "FieldPeriod [Hz], at which the field repeats, is missing",
        remedy:
          "Write the map again with kspace reconstruct, or start from the echoes with --magnitude and --phase"
      )
    }
    var assumptions: [String] = []
    var map = try NIfTIFile(at: field).volumes(scaling: .applied)
    let fileGeometry = map.geometry
    try settle(&map.geometry, sidecar, &assumptions)
    func companion(_ path: String?) throws -> ImageVolumes<Float>? {
      guard let path else { return nil }
      var volumes = try Self.check(try NIfTIFile(at: path).volumes(scaling: .applied), path, like: map)
      volumes.geometry = map.geometry
      return volumes
    }
    var echoes = try magnitudes(magnitude, like: map)
    echoes.geometry = map.geometry
    let times = try echoTimes(of: magnitude, count: echoes.count)
    // MDI's images have the toolkit's sign whatever the raw data had.
    let isSignOpen = sidecar.phaseSign == nil && arguments.phaseSign == .automatic
    if arguments.phaseSign == .negative { map = map.map { -$0 } }
    let known = arguments.relaxation == .mdi ? try companion(relaxation) : nil
    return QSMScan(
      wrapped: .init(
        field: map, period: period, noise: try companion(noise), magnitude: Self.combined(echoes),
        fieldStrength: try fieldStrength(sidecar, field)),
      relaxation: try known ?? fittedRelaxation(echoes, times, &assumptions), magnitude: echoes, phase: nil,
      echoTimes: times, fileGeometry: fileGeometry, isSignOpen: isSignOpen, assumptions: assumptions)
  }

  private func readEchoes(_ phasePaths: [String], _ magnitudePaths: [String]) throws -> QSMScan {
    var assumptions: [String] = []
    var phase = try readPhase(phasePaths, &assumptions)
    let fileGeometry = phase.geometry
    let sidecar = Sidecar(readableAt: NamedImage.sidecar(of: phasePaths[0]))
    try settle(&phase.geometry, sidecar, &assumptions)
    var magnitude: ImageVolumes<Float>
    let hasMagnitude = !magnitudePaths.isEmpty
    if magnitudePaths.isEmpty {
      assumptions.append(
        "There is no magnitude: all echoes count alike, and a mask has to come from the phase or from a file."
      )
      magnitude = phase.map { $0.isFinite ? 1 : 0 }
    } else {
      magnitude = try magnitudes(magnitudePaths, like: phase)
      magnitude.geometry = phase.geometry
      if magnitude.count != phase.count {
        throw CommandError(
          magnitudePaths[0],
          "there are \(magnitude.count) magnitude volumes and \(phase.count) phase volumes",
          remedy: "Give one of each for every echo")
      }
    }
    let times = try echoTimes(of: phasePaths, count: phase.count)
    let strength = try fieldStrength(sidecar, phasePaths[0])
    let isSignOpen = sidecar.phaseSign == nil && arguments.phaseSign == .automatic
    if arguments.phaseSign == .negative { phase = phase.map { -$0 } }
    // NaN has no phase, and its magnitude says so.
    let invalid = zip(phase.voxels.elements, magnitude.voxels.elements).count {
      !$0.0.isFinite || !$0.1.isFinite
    }
    if invalid > 0 { assumptions.append("\(invalid) values that are not finite were taken for no signal.") }
    let images = Self.complex(magnitude, phase)
    magnitude = images.map(\.length)
    if phase.count == 1 {
      let period = 1 / times[0]
      assumptions.append(
        "There is one echo: its phase is taken for 2 pi f TE alone, without the receiver's own, which is left to the "
          + "removal of the background.")
      return QSMScan(
        wrapped: .init(
          field: phase.map { $0.isFinite ? $0 * Float(period / (2 * Double.pi)) : 0 }, period: period,
          noise: nil,
          magnitude: magnitude, fieldStrength: strength),
        relaxation: nil, magnitude: magnitude, hasMagnitude: hasMagnitude, phase: phase, echoTimes: times,
        fileGeometry: fileGeometry, isSignOpen: isSignOpen, assumptions: assumptions)
    }
    let polarities = try polarities(of: phasePaths, count: phase.count, &assumptions)
    if arguments.field == .mcpc3ds {
      let fit = try EchoPhaseField(fit: PhaseFit(hasIntercept: false, weights: arguments.fitWeights))(
        images, echoTimes: times, alternates: Set(polarities).count > 1)
      func volume(_ values: NDArray<Float>) -> ImageVolumes<Float> {
        ImageVolumes(values, geometry: phase.geometry)
      }
      return QSMScan(
        wrapped: .init(
          field: volume(fit.field), period: .infinity, noise: fit.noise.map(volume),
          magnitude: Self.combined(magnitude), fieldStrength: strength),
        relaxation: try fittedRelaxation(magnitude, times, &assumptions), magnitude: magnitude,
        hasMagnitude: hasMagnitude, phase: phase, echoTimes: times, fileGeometry: fileGeometry,
        isSignOpen: isSignOpen, assumptions: assumptions)
    }
    let parameters = ScanParameters(echoTimes: times, fieldStrength: strength, polarities: polarities)
    let channel = images.voxels.reshaped(to: [phase.count, 1] + phase.geometry.matrix.shape)
    let output = try MDI()(ChannelImages(channel, parameters: parameters, geometry: phase.geometry))
    return QSMScan(
      wrapped: .init(
        field: output.field, period: output.fieldPeriod, noise: output.fieldNoise,
        magnitude: Self.combined(magnitude),
        fieldStrength: strength),
      relaxation: arguments.relaxation == .mdi
        ? output.r2Star : try fittedRelaxation(magnitude, times, &assumptions),
      magnitude: magnitude, hasMagnitude: hasMagnitude, phase: phase, echoTimes: times,
      fileGeometry: fileGeometry, isSignOpen: isSignOpen, assumptions: assumptions + output.assumptions)
  }
}
