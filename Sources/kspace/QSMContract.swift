import Foundation
import KSpaceToolkit

/// A stage of QSM-CI: artifacts of known names and units in one folder, results in another.
///
/// Reads `params.json` and, as far as the stage provides them, `phase`, `magnitude`, `mask`, `totalfield` and
/// `localfield` (`.nii.gz`; radians and ppm), and writes every later artifact: `totalfield`, `localfield` and `chimap`
/// [ppm] on the same grid. `config.json`, if there is one, holds further options.
///
/// - SeeAlso: `CONTRACT.md` of <https://github.com/QSMxT/QSM-CI>.
struct QSMContract {
  /// `params.json`.
  private struct Parameters: Decodable {
    let TE: [Double]?
    let B0: Double
    let B0_dir: [Double]?
  }

  let input: String
  let output: String

  func run(_ given: QSMMethodArguments, _ running: RunArguments, _ progress: Progress) throws {
    let parameters = try readParameters()
    let methods = try withConfiguration(given)
    let hertz = Float(parameters.B0 * ScanParameters.protonGyromagneticRatio * 1e-6)
    var isFolder: ObjCBool = false
    if !FileManager.default.fileExists(atPath: output, isDirectory: &isFolder) || !isFolder.boolValue {
      throw CommandError(
        output, "the output folder is not there", remedy: "Create it first, as the contract says")
    }
    for name in ["chimap", "localfield", "totalfield"] where has(name, in: output) && !running.force {
      throw CommandError(
        "\(output)/\(name).nii.gz", "the output exists", remedy: "Empty the folder, or give --force")
    }
    var scan = try readScan(parameters, hertz: hertz)
    for assumption in scan.assumptions { Terminal.report("kspace: \(assumption)") }
    if running.dryRun { return }
    var choice = methods
    if choice.mask == nil, has("mask", in: input) { choice.mask = path("mask") }
    let chain = QSMChain(choice, progress: progress), mapping = chain.mapping(for: scan)
    if has("localfield", in: input) {
      let local = try fields("localfield", hertz: hertz, geometry: scan.geometry)
      let mask = try chain.mask(scan)
      let known = LocalField(restricting: local, to: mask)
      let map = try mapping.susceptibility(of: known, wrapped: scan.wrapped)
      try write(map.susceptibility, "chimap", scan)
    } else if has("totalfield", in: input) {
      let total = try fields("totalfield", hertz: hertz, geometry: scan.geometry)
      let local = try mapping.background(total, mask: try chain.mask(scan))
      try write(local.field.map { $0 / hertz }, "localfield", scan)
      let map = try mapping.susceptibility(of: local, wrapped: scan.wrapped)
      try write(map.susceptibility, "chimap", scan)
    } else {
      scan.isSignOpen = false
      let outcome = try chain.run(scan)
      try write(outcome.totalField.map { $0 / hertz }, "totalfield", scan)
      try write(outcome.local.field.map { $0 / hertz }, "localfield", scan)
      try write(outcome.map.susceptibility, "chimap", scan)
    }
    try Terminal.deliver("\(output)/chimap.nii.gz")
  }

  private func path(_ name: String) -> String { "\(input)/\(name).nii.gz" }

  private func has(_ name: String, in folder: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder)/\(name).nii.gz")
  }

  private func readParameters() throws -> Parameters {
    let file = "\(input)/params.json"
    guard let data = FileManager.default.contents(atPath: file) else {
      throw CommandError(
        file, "there is no params.json in the input folder", remedy: "Name a folder of QSM-CI's contract")
    }
    guard let parameters = try? JSONDecoder().decode(Parameters.self, from: data), parameters.B0 > 0 else {
      throw CommandError(
        file, "B0 [T] is missing, or a value has the wrong type", remedy: "Write it as the contract says")
    }
    if let long = parameters.TE?.first(where: QSMSource.isTooLong) {
      throw CommandError(
        file, "an echo time of \(long) s is longer than any gradient echo's", remedy: "Write TE in seconds")
    }
    if let times = parameters.TE,
      !times.allSatisfy({ $0 > 0 }) || !zip(times, times.dropFirst()).allSatisfy({ $0 < $1 })
    {
      throw CommandError(
        file, "the echo times \(times) s do not rise", remedy: "Write TE in the order of the echoes")
    }
    return parameters
  }

  /// `config.json`, whose keys are option names, under what the command line says.
  private func withConfiguration(_ given: QSMMethodArguments) throws -> QSMMethodArguments {
    let file = "\(input)/config.json"
    guard FileManager.default.fileExists(atPath: file) else { return given }
    let typed = Array(CommandLine.arguments.drop { $0 != "qsm" }.dropFirst())
    return try MapSusceptibility.parse(try QSMConfiguration(at: file).arguments(before: typed)).methods
  }

  private func readScan(_ parameters: Parameters, hertz: Float) throws -> QSMScan {
    // One that was not parsed cannot be read.
    var images = try QSMImageArguments.parse([])
    images.phase = [path("phase")]
    images.magnitude = has("magnitude", in: input) ? [path("magnitude")] : []
    images.phaseScale = .radians
    images.phaseSign = .positive
    images.fieldStrength = FieldStrength(argument: "\(parameters.B0)T")
    images.echoTimes = parameters.TE.flatMap { times in
      EchoTimes(argument: times.map { "\($0)s" }.joined(separator: ","))
    }
    images.fieldDirection = parameters.B0_dir.flatMap {
      $0.count == 3 ? Direction3([$0[0], $0[1], $0[2]]) : nil
    }
    if has("phase", in: input), !has("localfield", in: input), !has("totalfield", in: input) {
      return try QSMSource(folder: nil, images).read()
    }
    // A later stage: the field stands for the echoes, and a mask is needed.
    let name = has("localfield", in: input) ? "localfield" : "totalfield"
    guard has(name, in: input), has("mask", in: input) else {
      throw CommandError(
        input, "there is neither phase.nii.gz, nor a field with mask.nii.gz",
        remedy: "Mount what the stage consumes")
    }
    var field = try NIfTIFile(at: path(name)).volumes(scaling: .applied)
    let fileGeometry = field.geometry
    if let direction = images.fieldDirection { field.geometry.turn(fieldDirection: direction.vector) }
    var magnitude: ImageVolumes<Float>?
    if has("magnitude", in: input) {
      let echoes = try QSMSource.check(
        try NIfTIFile(at: path("magnitude")).volumes(scaling: .applied), path("magnitude"), like: field)
      magnitude = ImageVolumes(QSMSource.combined(echoes).voxels, geometry: field.geometry)
    }
    return QSMScan(
      wrapped: .init(
        field: field.map { $0 * hertz }, period: .infinity, magnitude: magnitude,
        fieldStrength: parameters.B0),
      relaxation: nil, magnitude: magnitude ?? field.map { _ in 1 }, hasMagnitude: magnitude != nil,
      phase: nil, echoTimes: parameters.TE ?? [],
      fileGeometry: fileGeometry, isSignOpen: false, assumptions: [])
  }

  private func fields(_ name: String, hertz: Float, geometry: Geometry) throws -> ImageVolumes<Float> {
    let volumes = try NIfTIFile(at: path(name)).volumes(scaling: .applied)
    return ImageVolumes(volumes.voxels.map { $0.isFinite ? $0 * hertz : 0 }, geometry: geometry)
  }

  private func write(_ volume: ImageVolumes<Float>, _ name: String, _ scan: QSMScan) throws {
    try NIfTIFile.write(
      ImageVolumes(volume.voxels, geometry: scan.fileGeometry), to: "\(output)/\(name).nii.gz")
  }
}
