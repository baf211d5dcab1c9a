import Files
import ImageFiles
import MRIData
import ParallelImaging
import RawData
import Synchronization

/// The way from a raw file to a folder of images and maps, with sidecars, previews and the record of what was assumed.
///
///     let run = try ReconstructionRun(of: MRDFile(at: "scan.h5"))
///     try run(run.read(), writingTo: "images")        // sub-01/anat/..., figures/, provenance.json
///
/// What does not suit the scan or the machine is refused before samples are read.
public struct ReconstructionRun {
  /// What the file holds.
  public let layout: ScanLayout
  /// What was chosen for it.
  public let choice: ReconstructionChoice
  /// The participant's label in the file names.
  public var subject = "01"
  /// Whether the complex images of every channel are written, too.
  public var writesChannels = false
  /// How noise is found where it does not follow from weights, if maps of it are written, too.
  public var replicas: PseudoReplicas?
  /// What was run, for the record.
  public var command: [String] = []
  private let file: MRDFile
  private let reading: ReadingOptions
  private let observer: RunObserver

  /// What a run yielded.
  public struct Outcome {
    /// Echoes and maps.
    public let maps: EchoMaps
    /// What was written, for the user; the argument is what the folder is called.
    public let summary: (String) -> String
  }

  /// Opens a scan and chooses its stages; tells the observer what they are and what they need.
  ///
  /// - Parameters:
  ///   - file: The raw file.
  ///   - reading: What the user says where it is silent or wrong.
  ///   - options: The choices.
  ///   - observer: Follows the run.
  /// - Throws: ``RawDataError`` if the header contradicts the data in a way that is not settled, and as
  ///   ``ReconstructionOptions/choice(for:of:)``.
  public init(
    of file: MRDFile, reading: ReadingOptions = .init(), options: ReconstructionOptions = .init(),
    observer: RunObserver = .init()
  ) throws {
    self.file = file
    self.reading = reading
    self.observer = observer
    layout = try ScanLayout(of: file, options: reading)
    try layout.check(path: file.path)
    // What was assumed may be why no method suits the scan.
    for finding in layout.findings where finding.severity == .warning {
      observer.report("warning: \(finding)")
    }
    choice = try options.choice(for: layout, of: file.path)
    observer.report(choice.plan)
    for line in choice.account { observer.report(line) }
    for warning in choice.warnings { observer.report("warning: \(warning)") }
  }

  /// Reads the samples.
  ///
  /// - Throws: ``RawDataError``.
  public func read() throws -> SliceStack {
    observer.progress("reading", 0)
    let stack = try SliceStack(file, options: reading)
    observer.progress("reading", 1)
    return stack
  }

  /// Reconstructs, and writes a BIDS derivative data set.
  ///
  /// - Parameters:
  ///   - stack: The samples, as ``read()`` gives them.
  ///   - folder: Where to write; new or empty.
  /// - Throws: What the stages throw, ``FileError/cannotWrite(path:reason:)``, and what the observer throws.
  @discardableResult
  public func callAsFunction(_ stack: SliceStack, writingTo folder: String) throws -> Outcome {
    let results = ReconstructionResults(
      dataset: try DerivativeDataset(
        at: folder, name: "Reconstruction of \(file.path)", version: ToolkitVersion.text),
      subject: subject, reconstruction: choice.name.filter { $0 != "-" }, of: stack)
    let (pipeline, observer, writesChannels) = (choice.pipeline, observer, writesChannels)
    let finished = Atomic<Int>(0)
    var diagnostics: [Diagnostic] = []
    let maps = try pipeline(stack) { images in
      diagnostics = images.diagnostics
      report(diagnostics)
      return images.observed { channel, volumes in
        try observer.check()
        let count = finished.wrappingAdd(1, ordering: .relaxed).newValue
        // A combination that passes twice has seen all channels once before it begins again.
        if writesChannels, count <= images.channels {
          try results.writeChannel(channel, volumes, of: images)
        }
        observer.progress(
          "channels", Double(count) / Double(images.channels * pipeline.combination.passes))
      }
    }
    try observer.check()
    let noise = try replicas.map { replicas in
      try NoiseMaps(of: pipeline.reconstruction, stack, replicas: replicas) { fraction in
        try observer.check()
        observer.progress("noise", fraction)
      }
    }

    observer.progress("writing", 0)
    try results.write(maps)
    if let noise { try results.write(noise, of: maps) }
    try observer.check()
    let account = (choice.account + choice.warnings).map(observer.wording)
    try JSONFile.write(
      ReconstructionProvenance(
        stack, layout: layout, input: file.path, method: choice.name, combination: pipeline.combination,
        configurations: [pipeline.reconstruction.configuration, pipeline.combination.configuration],
        assumptions: maps.assumptions + account + (noise.map { [$0.account] } ?? []),
        diagnostics: diagnostics, command: command),
      to: folder + "/provenance.json")
    observer.progress("writing", 1)
    return Outcome(maps: maps) { results.summary(of: maps, withNoise: noise != nil, in: $0) }
  }

  /// Tells what the reconstruction measured of itself; of many slices, the first and all warnings.
  private func report(_ diagnostics: [Diagnostic]) {
    for diagnostic in diagnostics where diagnostic.slice ?? 1 == 1 || diagnostic.isWarning {
      observer.report("\(diagnostic.isWarning ? "warning: " : "")\(diagnostic)")
    }
  }
}
