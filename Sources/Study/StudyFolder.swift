import Files
import Foundation

/// The folder of a study: what may be continued, and what must not be touched.
public enum StudyFolder {
  /// What says that a folder holds a study, and in which form.
  private struct Mark: Codable, Equatable {
    var format = 4
    var software = "KSpaceToolkit"
    /// The day on which the study was begun.
    var begun: String?
    /// The version of the program; `nil` for a subject of a group, whose folder states it.
    var version: String?
    /// Whether the images of a subject stay when its values are known, whatever later runs are asked for.
    var keepsImages: Bool?
  }

  private static let mark = "study.json"
  private static let names: Set<String> = [
    mark, WorkFolder.name, "cells", "motions", StudyAtlas.folder, "report.html", "results.json",
    "results.tsv", "regions.tsv",
    "mask.nii.gz", "subjects", "subjects.tsv", "scores.tsv",
    // The lock of earlier versions.
    ".lock",
  ]

  /// Refuses a folder that holds anything but an earlier part of a study in today's form.
  ///
  /// - Throws: ``StudyError/notAStudy(path:)``, ``StudyError/otherForm(path:)``.
  public static func check(_ path: String) throws(StudyError) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
    let found = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    guard isFolder.boolValue, found.allSatisfy({ names.contains($0) || $0.hasPrefix(".partial-") }) else {
      throw .notAStudy(path: path)
    }
    let holdsResults = found.contains { !$0.hasPrefix(".") && $0 != mark }
    let stated: Mark? = try? JSONFile.read("\(path)/\(mark)")
    if let stated, stated.format == Mark().format { return }
    if stated != nil || holdsResults { throw .otherForm(path: path) }
  }

  /// Makes the folder, or goes on with it.
  ///
  /// - Parameters:
  ///   - path: The folder.
  ///   - version: The version of the program, if all processes that work on the folder must be of it.
  ///   - replacing: Whether a folder of another version becomes one of this.
  /// - Throws: ``StudyError`` as ``check(_:)`` does and, for another version,
  ///   ``StudyError/otherChoices(path:cell:difference:)``; ``FileError`` if one may not write there.
  public static func begin(_ path: String, version: String? = nil, replacing: Bool = false) throws {
    try check(path)
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw FileError.cannotWrite(path: path, reason: "the folder cannot be made")
    }
    let file = "\(path)/\(mark)"
    guard var found: Mark = try? JSONFile.read(file) else {
      // Of several processes that begin at once, on different days perhaps, the first one's mark stays.
      return try JSONFile.create(Mark(begun: today, version: version), at: file)
    }
    guard let version, let other = found.version, other != version else { return }
    guard replacing else {
      throw StudyError.otherChoices(path: path, cell: "the study", difference: "version \(other)")
    }
    found.version = version
    try JSONFile.write(found, to: file)
  }

  /// Makes the folder of a subject, or goes on with it, and notes that its images stay.
  ///
  /// - Throws: As ``begin(_:version:replacing:)``.
  static func keepImages(of path: String) throws {
    guard !keepsImages(of: path) else { return }
    try begin(path)
    var mark: Mark = try JSONFile.read("\(path)/\(mark)")
    mark.keepsImages = true
    try JSONFile.write(mark, to: "\(path)/\(Self.mark)")
  }

  /// Whether somebody asked for the images of a subject.
  static func keepsImages(of path: String) -> Bool {
    let mark: Mark? = try? JSONFile.read("\(path)/\(mark)")
    return mark?.keepsImages == true
  }

  /// The day on which a study was begun; it stays when the study goes on, so that its report is the same.
  static func begun(_ path: String) -> String? {
    let mark: Mark? = try? JSONFile.read("\(path)/\(mark)")
    return mark?.begun
  }

  /// The day, or that of `SOURCE_DATE_EPOCH`, as reproducible builds state it.
  private static var today: String {
    let stated = ProcessInfo.processInfo.environment["SOURCE_DATE_EPOCH"].flatMap(Double.init)
    let day = stated.map { Date(timeIntervalSince1970: $0) } ?? Date()
    return day.formatted(.iso8601.year().month().day())
  }
}
