import Foundation

/// The folder of a study: what may be continued, and what must not be touched.
public enum StudyFolder {
  private static let names: Set<String> = [
    "cells", "report.html", "results.json", "results.tsv", "regions.tsv", "mask.nii.gz",
    "subjects", "subjects.tsv", "scores.tsv",
  ]

  /// Refuses a folder that holds anything but an earlier part of a study.
  ///
  /// - Throws: ``StudyError/notAStudy(path:)``.
  public static func check(_ path: String) throws(StudyError) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
    let found = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    guard isFolder.boolValue, found.allSatisfy({ names.contains($0) || $0.hasPrefix(".partial-") }) else {
      throw .notAStudy(path: path)
    }
  }
}
