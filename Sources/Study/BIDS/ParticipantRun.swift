import Files
import Foundation
import MRIData
import QuantitativeMapping
import RawData

/// The way from the scans of a BIDS data set to its derivatives: images of raw data, and maps of images.
///
///     let run = ParticipantRun(of: "data", to: "derivatives")
///     for scan in try BIDSDataset(at: "data").scans(of: "01") { _ = try run(scan) }
public struct ParticipantRun: Sendable {
  /// How raw data are reconstructed.
  public var reconstruction = ReconstructionOptions()
  /// What the user says where raw data are silent or wrong.
  public var reading = ReadingOptions()
  /// What the user says where images are silent or wrong.
  public var images = ImageReading()
  /// How susceptibility is found.
  public var susceptibility = SusceptibilityOptions()
  /// The atlas whose regions are found on every scan, if any.
  public var atlas: AtlasRun?
  /// The files that the choices stand in.
  public var configurationFiles: [String] = []
  /// Whether derivatives that follow from something else may be replaced.
  public var replaces = false
  /// What was run, for the record.
  public var command: [String] = []
  private let dataset: String
  private let output: String
  private let observer: RunObserver

  /// Names the data set of the scans, and that of their derivatives.
  public init(of dataset: String, to output: String, observer: RunObserver = .init()) {
    self.dataset = dataset
    self.output = output
    self.observer = observer
  }

  /// Makes the derivatives of a scan, if they are not there.
  ///
  /// - Returns: The names of the steps that were made; `nil` if all was there.
  /// - Throws: ``InputError`` if derivatives are there that follow from something else; what the steps throw.
  public func callAsFunction(_ scan: BIDSDataset.Scan) throws -> [String]? {
    let folder = ParticipantFolder(of: scan, in: output), origin = try origin(of: scan)
    if try folder.isFinished(from: origin, replacing: replaces) { return nil }
    observer.report("\(scan.name) from \(scan.raw ?? scan.images)")
    let scratch = try ScratchFolder(in: "\(output)/\(WorkFolder.name)")
    defer { scratch.remove() }
    var steps: [(name: String, folder: String)] = []
    var source = scan.images, images = images
    if let raw = scan.raw {
      source = scratch.path + "/reconstruction"
      // What was reconstructed from raw data has its sign, its unit and its times already.
      (images.phaseSign, images.phaseScale) = (.positive, .automatic)
      (images.echoTimes, images.fieldStrength, images.isBipolar) = (nil, nil, false)
      steps.append(("reconstruction", source))
      var run = try ReconstructionRun(
        of: MRDFile(at: raw), reading: reading, options: reconstruction, observer: observer)
      (run.subject, run.command) = (scan.subject, command)
      try run(run.read(), writingTo: source)
    }
    let maps = scratch.path + "/susceptibility"
    steps.append(("susceptibility", maps))
    var run = try SusceptibilityRun(
      of: ImageSource(folder: source, reading: images), options: susceptibility, observer: observer)
    (run.subject, run.command, run.writesIntermediates) = (scan.subject, command, true)
    run.furtherFiles = configurationFiles + (atlas?.atlas.files ?? [])
    let echoes = try run.read()
    try atlas?.check(echoes.maps)
    let outcome = try run.map(echoes), regions = try atlas?.place(on: outcome)
    try run.write(outcome, to: maps) { results, record in
      guard let atlas, let regions else { return }
      _ = try atlas.write(regions, of: outcome, to: results, in: &record)
    }
    try folder.place(steps, from: origin)
    return steps.map(\.name)
  }

  /// The name of a file within the data set, whichever way the folder is called; that of others is their path.
  private func named(_ path: String) -> String {
    let root = URL(filePath: dataset).standardizedFileURL.path,
      whole = URL(filePath: path).standardizedFileURL.path
    return whole.hasPrefix(root + "/") ? String(whole.dropFirst(root.count + 1)) : path
  }

  /// What the derivatives of a scan follow from.
  private func origin(of scan: BIDSDataset.Scan) throws -> ParticipantFolder.Origin {
    var files = [scan.raw].compactMap(\.self)
    if files.isEmpty {
      let source = try ImageSource(folder: scan.images)
      files = source.originals + source.sidecars
    }
    let further = susceptibility.files + configurationFiles + (atlas?.atlas.files ?? [])
    var inputs = try (files + further).map {
      (named($0), try SHA256.digest(ofFile: $0))
    }
    if let network = try susceptibility.network { inputs.append(("network", network.network.model.digest)) }
    return ParticipantFolder.Origin(
      version: ToolkitVersion.text,
      choices: reconstruction.settings.merging(images.settings) { $1 }
        .merging(susceptibility.settings) { $1 },
      inputs: Dictionary(inputs) { first, _ in first })
  }
}
