import Files
import Foundation

/// A BIDS data set of which susceptibility is mapped: raw data beside it, or gradient echoes in it.
///
/// ```
/// sourcedata/sub-01[/ses-pre]/.../scan.h5                       raw data (MRD, .h5 or .mrd), which prevail
/// sub-01[/ses-pre]/anat/sub-01_..._part-phase_MEGRE.nii.gz      echoes as magnitude and phase
/// ```
///
/// - SeeAlso: The Brain Imaging Data Structure, https://bids-specification.readthedocs.io.
public struct BIDSDataset: Sendable {
  /// One scan of a participant.
  public struct Scan: Sendable, Equatable {
    /// The participant's label.
    public var subject: String
    /// The session's label, where there are sessions.
    public var session: String?
    /// The raw file; `nil` if the echoes of the data set are taken.
    public var raw: String?
    /// The folder of the echoes.
    public var images: String

    /// How people and files call it: `sub-01`, `sub-01/ses-pre`.
    public var name: String { "sub-\(subject)" + (session.map { "/ses-\($0)" } ?? "") }
  }

  /// The folder.
  public let folder: String
  /// The participants' labels, in their order.
  public let participants: [String]

  /// Opens a data set.
  ///
  /// - Throws: ``InputError`` if the folder is no BIDS data set, or has no participants.
  public init(at folder: String) throws(InputError) {
    self.folder = folder
    guard FileManager.default.fileExists(atPath: "\(folder)/dataset_description.json") else {
      throw InputError(
        folder, "this is no BIDS data set (it has no dataset_description.json)",
        remedy: "Give the folder that holds it")
    }
    let all = Self.labels("sub-", in: folder) + Self.labels("sub-", in: "\(folder)/sourcedata")
    participants = Set(all).sorted()
    guard !participants.isEmpty else {
      throw InputError(folder, "there are no participants (sub-...)", remedy: "Check the folder")
    }
  }

  /// The participants that are meant; all if none is named, with or without `sub-`.
  ///
  /// - Throws: ``InputError`` if one is not there.
  public func participants(named labels: [String]) throws(InputError) -> [String] {
    let labels = labels.map { $0.hasPrefix("sub-") ? String($0.dropFirst(4)) : $0 }
    for label in labels where !participants.contains(label) {
      throw InputError(
        folder, "there is no participant \(label)",
        remedy: "There are \(participants.joined(separator: ", "))")
    }
    return labels.isEmpty ? participants : participants.filter(labels.contains)
  }

  /// The scans of participants, by their names and those of sessions; of all if none is named.
  ///
  /// - Throws: ``InputError`` if a participant or a session is not there, or if a session has several raw files.
  public func scans(ofParticipants labels: [String], sessions: [String]) throws(InputError) -> [Scan] {
    var scans: [Scan] = []
    for subject in try participants(named: labels) {
      scans += try self.scans(of: subject, sessions: sessions)
    }
    let found = Set(scans.compactMap(\.session))
    for session in Self.bare(sessions) where !found.contains(session) {
      throw InputError(
        folder, "there is no session \(session) of these participants",
        remedy: "Name sessions that are there, or none for all")
    }
    return scans
  }

  /// Sessions without `ses-`.
  private static func bare(_ sessions: [String]) -> [String] {
    sessions.map { $0.hasPrefix("ses-") ? String($0.dropFirst(4)) : $0 }
  }

  /// The scans of a participant: one for each session.
  ///
  /// - Parameters:
  ///   - subject: The participant's label.
  ///   - sessions: The sessions that are meant; all if none is named, with or without `ses-`.
  /// - Throws: ``InputError`` if a session has several raw files.
  public func scans(of subject: String, sessions: [String] = []) throws(InputError) -> [Scan] {
    let images = "\(folder)/sub-\(subject)", sources = "\(folder)/sourcedata/sub-\(subject)"
    let wanted = Self.bare(sessions)
    let found = Set(Self.labels("ses-", in: images) + Self.labels("ses-", in: sources)).sorted()
    // A participant without sessions has none of those that are wanted.
    let names: [String?] =
      wanted.isEmpty ? (found.isEmpty ? [nil] : found) : found.filter { wanted.contains($0) }
    var scans: [Scan] = []
    for session in names {
      let below = session.map { "/ses-\($0)" } ?? ""
      scans.append(
        Scan(subject: subject, session: session, raw: try raw(in: sources + below), images: images + below))
    }
    return scans
  }

  private func raw(in folder: String) throws(InputError) -> String? {
    let files = ((try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? [])
      .filter { $0.hasSuffix(".h5") || $0.hasSuffix(".mrd") }.sorted()
    guard files.count < 2 else {
      throw InputError(
        folder, "there are several raw files: \(files.joined(separator: ", "))",
        remedy: "Leave one for each session, which is the unit of this app")
    }
    return files.first.map { "\(folder)/\($0)" }
  }

  private static func labels(_ prefix: String, in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { name in
      var isFolder: ObjCBool = false
      return name.hasPrefix(prefix)
        && FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder)
        && isFolder.boolValue
    }.map { String($0.dropFirst(prefix.count)) }
  }
}
