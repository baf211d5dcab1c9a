import Files
import Foundation
import MRIData
import RawData

/// How scans of a subject that moved in between are brought onto the reference.
///
/// One motion for each scan, whatever its method: methods that are compared must not differ in where they lie.
public struct ScanAlignment: Sendable {
  /// The registration.
  public var tool: Elastix
  /// What makes the images that are registered.
  public var reconstruction: any Reconstruction

  /// Chooses how scans are aligned.
  public init(tool: Elastix, reconstruction: any Reconstruction) {
    self.tool = tool
    self.reconstruction = reconstruction
  }

  /// What a motion follows from.
  private struct Record: Codable, Equatable {
    var scan: StudyInput
    var reference: CellRecipe
    var tool: String
    var motion: RigidMotion
  }

  /// The motion of a scan, found once and kept in the study's folder.
  func motion(
    of scan: StudyScan, _ stack: SliceStack, reference: CellRecord, images: CellImages, folder: String
  ) throws -> RigidMotion {
    let path = "\(folder)/motions/\(scan.name).json"
    if let data = FileManager.default.contents(atPath: path),
      let record = try? JSONFile.decode(Record.self, from: data), record.scan == scan.input,
      record.reference == reference.recipe, record.tool == tool.version
    {
      return record.motion
    }
    let own = try Pipeline(reconstruction, then: scan.combination)(stack)
    guard let magnitude = own.magnitude else { preconditionFailure("a combination without magnitudes") }
    let motion = try tool.motion(from: images.magnitude, to: magnitude)
    try FileManager.default.createDirectory(atPath: "\(folder)/motions", withIntermediateDirectories: true)
    try JSONFile.write(
      Record(scan: scan.input, reference: reference.recipe, tool: tool.version, motion: motion), to: path)
    return motion
  }
}
