import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays

/// The stage contract of QSM-CI: a folder with `params.json` and NIfTI files goes in, maps come out.
///
/// The contract's signs are the toolkit's: positive phase and positive field stand for paramagnetic matter, fields are
/// in ppm. Whatever stage the input begins with, the rest of the way is made: from `phase` and `magnitude` (all echoes),
/// `totalfield` or `localfield`, each with `mask` if there is one, to `totalfield` [ppm], `localfield` [ppm] and `chimap`
/// [ppm] on the same grid.
///
/// - SeeAlso: `CONTRACT.md` of <https://github.com/QSMxT/QSM-CI>.
public struct StageContract {
  /// `params.json`.
  private struct Parameters: Decodable {
    let TE: [Double]?
    let B0: Double
    let B0_dir: [Double]?
  }

  /// The folder that holds what a stage consumes.
  public let input: String
  /// The folder that takes what it produces.
  public let output: String
  private let parameters: Parameters

  /// Opens the folders.
  ///
  /// - Parameter replacing: Whether results that exist may be replaced.
  /// - Throws: ``InputError`` if the parameters are missing or impossible, or the output is not ready.
  public init(input: String, output: String, replacing: Bool) throws(InputError) {
    self.input = input
    self.output = output
    parameters = try Self.parameters(in: input)
    var isFolder: ObjCBool = false
    if !FileManager.default.fileExists(atPath: output, isDirectory: &isFolder) || !isFolder.boolValue {
      throw InputError(
        output, "the output folder is not there", remedy: "Create it first, as the contract says")
    }
    for name in ["chimap", "localfield", "totalfield"] where has(name, in: output) && !replacing {
      throw InputError(
        "\(output)/\(name).nii.gz", "the output exists",
        remedy: "Empty the folder, or allow it to be replaced (`replacing`)")
    }
  }

  /// What the input begins with.
  ///
  /// - Parameter ignoringAffine: Whether images are taken voxel by voxel wherever their headers say that they lie.
  /// - Throws: ``InputError`` if there is nothing to begin with.
  public func source(ignoringAffine: Bool = false) throws(InputError) -> ImageSource {
    var reading = ImageReading()
    reading.ignoresAffine = ignoringAffine
    reading.phaseScale = .radians
    reading.phaseSign = .positive
    reading.fieldUnit = .partsPerMillion
    reading.fieldStrength = parameters.B0
    reading.echoTimes = parameters.TE
    reading.fieldDirection = try parameters.B0_dir.map { stated throws(InputError) in
      let length = stated.reduce(0) { $0 + $1 * $1 }.squareRoot()
      guard stated.count == 3, length > 0, length.isFinite else {
        throw InputError(
          "\(input)/params.json", "its key B0_dir is \(stated), which is no direction",
          remedy: "Write three numbers along the voxel axes that are not all zero")
      }
      return SIMD3(stated[0], stated[1], stated[2]) / length
    }
    let magnitude = has("magnitude", in: input) ? [path("magnitude")] : []
    for (name, stage) in [("localfield", FieldMap.Stage.local), ("totalfield", .total)]
    where has(name, in: input) {
      guard has("mask", in: input) else { break }
      return ImageSource(field: path(name), stage: stage, magnitude: magnitude, reading: reading)
    }
    guard has("phase", in: input), !has("localfield", in: input), !has("totalfield", in: input) else {
      throw InputError(
        input, "there is neither phase.nii.gz, nor a field with mask.nii.gz",
        remedy: "Mount what the stage consumes")
    }
    return ImageSource(phase: [path("phase")], magnitude: magnitude, reading: reading)
  }

  /// The mask of the input; `nil` without one.
  public var mask: String? { has("mask", in: input) ? path("mask") : nil }

  /// The file of further settings; `nil` without one.
  public var configuration: String? {
    let file = "\(input)/config.json"
    return FileManager.default.fileExists(atPath: file) ? file : nil
  }

  /// Writes what the stages produced.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``.
  public func write(_ result: SusceptibilityMaps, of maps: EchoMaps) throws {
    let perHertz = Float(1 / (parameters.B0 * ScanParameters.protonGyromagneticRatio * 1e-6))
    let stage = maps.field?.stage
    if let total = result.totalField, stage != .total { try write(total.map { $0 * perHertz }, "totalfield") }
    if stage != .local { try write(result.local.field.map { $0 * perHertz }, "localfield") }
    try write(result.susceptibility, "chimap")
  }

  private func write(_ volume: ImageVolumes<Float>, _ name: String) throws {
    try NIfTIFile.write(volume, to: "\(output)/\(name).nii.gz")
  }

  private func path(_ name: String) -> String { "\(input)/\(name).nii.gz" }

  private func has(_ name: String, in folder: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder)/\(name).nii.gz")
  }

  private static func parameters(in input: String) throws(InputError) -> Parameters {
    let file = "\(input)/params.json"
    guard let data = FileManager.default.contents(atPath: file) else {
      throw InputError(
        file, "there is no params.json in the input folder", remedy: "Name a folder of QSM-CI's contract")
    }
    guard let parameters = try? JSONFile.decode(Parameters.self, from: data), parameters.B0 > 0 else {
      throw InputError(
        file, "B0 [T] is missing, or a value has the wrong type", remedy: "Write it as the contract says")
    }
    try Plausibility.check(fieldStrength: parameters.B0, file, remedy: "Write B0 in teslas")
    if let times = parameters.TE {
      try Plausibility.check(
        echoTimes: times, file, remedy: "Write TE in seconds, in the order of the echoes")
    }
    return parameters
  }
}
