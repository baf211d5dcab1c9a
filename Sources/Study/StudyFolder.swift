import Foundation
import ImageFiles

/// The folder of a study: what may be continued, and what must not be touched.
public enum StudyFolder {
  private static let names: Set<String> = [
    "cells", "motions", "report.html", "results.json", "results.tsv", "regions.tsv", "mask.nii.gz",
    "subjects", "subjects.tsv", "scores.tsv",
  ]
  private static let fragment = ".partial-"

  /// Refuses a folder that holds anything but an earlier part of a study.
  ///
  /// - Throws: ``StudyError/notAStudy(path:)``.
  public static func check(_ path: String) throws(StudyError) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
    let found = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    guard isFolder.boolValue, found.allSatisfy({ names.contains($0) || $0.hasPrefix(fragment) }) else {
      throw .notAStudy(path: path)
    }
  }

  /// Removes what runs that were killed have left half-written.
  static func removeFragments(in path: String) {
    let files = FileManager.default
    for folder in [path, "\(path)/cells", "\(path)/motions"] {
      for name in (try? files.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix(fragment) {
        try? files.removeItem(atPath: "\(folder)/\(name)")
      }
    }
  }
}

extension String {
  /// Writes the text in one step: a run that is killed leaves the old file or the new one.
  public func write(toStudyFile path: String) throws(ImageFileError) {
    let file = try AtomicFile(path)
    try file.append(utf8)
    try file.commit()
  }
}

extension Encodable {
  /// Writes the value as JSON, keys in order, in one step.
  func written(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try (String(decoding: try encoder.encode(self), as: UTF8.self) + "\n").write(toStudyFile: path)
  }
}
