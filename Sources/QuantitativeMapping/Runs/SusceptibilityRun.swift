import Files
import ImageFiles
import MRIData
import QSM

/// The way from the images of a scan to a folder of susceptibility and what it was found from.
///
///     let run = try SusceptibilityRun(of: ImageSource(folder: "images"))
///     try run.write(run.map(run.read()), to: "maps")        // sub-01/anat/..., figures/, provenance.json
///
/// What does not suit the machine, and networks that cannot be used, are refused before images are read.
public struct SusceptibilityRun {
  /// The participant's label in the file names.
  public var subject = "01"
  /// Whether mask, fields, R2* and susceptibility-weighted images are written, too.
  public var writesIntermediates = false
  /// What was run, for the record.
  public var command: [String] = []
  /// Further files that the run follows from, for the record.
  public var furtherFiles: [String] = []
  private let source: ImageSource
  private let options: SusceptibilityOptions
  private let observer: RunObserver

  /// A scan that was read.
  public struct Scan {
    /// What its echoes yielded.
    public let maps: EchoMaps
    let mask: BrainMask?
    let reference: ZeroReference
  }

  /// What a scan's maps are, and what they were made by.
  public struct Outcome {
    /// What was read.
    public let maps: EchoMaps
    /// Susceptibility, and what it was found from.
    public let result: SusceptibilityMaps
    let sources: SourceSeparation.Sources?
    let mapping: SusceptibilityMapping
  }

  /// Looks at images and machine; tells the observer what there is and what it needs.
  ///
  /// - Parameters:
  ///   - source: The images.
  ///   - options: The choices.
  ///   - observer: Follows the run.
  /// - Throws: ``InputError`` if the memory does not suffice, or an error that names the file of a network.
  public init(
    of source: ImageSource, options: SusceptibilityOptions = .init(), observer: RunObserver = .init()
  ) throws {
    self.source = source
    self.options = options
    self.observer = observer
    observer.report(source.summary)
    let needs = source.needs(for: try options.mapping())
    observer.report("\(source.size?.matrix.description ?? "unknown") voxels; \(needs.words)")
    try MachineMemory.check(
      needs.memory, for: "the mapping", at: "memory", remedy: "Crop the images, or use a larger machine")
  }

  /// The files that the run follows from.
  public var inputs: [String] { source.originals + options.files + furtherFiles }

  /// Reads echoes, mask and reference region.
  ///
  /// - Throws: As ``ImageSource/read(within:)``; ``InputError`` if the region lies elsewhere.
  public func read() throws -> Scan {
    observer.progress("reading", 0)
    let (maps, mask) = try source.read(within: options.mask)
    let region = try options.referenceFile.map {
      try BrainMask(
        at: $0, on: maps.geometry, name: "reference region", ignoringAffine: source.ignoresAffine(of: maps))
    }
    let eroded = mask?.eroded(by: options.maskErosion)
    if let file = options.mask, let eroded, eroded.isEmpty {
      throw InputError(
        file, "an erosion by \((options.maskErosion * 1e3).rounded(3)) mm leaves nothing of the mask",
        remedy: "Erode it by less (`maskErosion`)")
    }
    observer.progress("reading", 1)
    if options.maskErosion > 0, let mask, !mask.isEmpty, mask.count == eroded?.count {
      observer.report(
        "warning: an erosion by \((options.maskErosion * 1e3).rounded(3)) mm takes no voxel of the mask away, as the nearest "
          + "ones outside lie farther.")
    }
    for assumption in maps.assumptions { observer.report(assumption) }
    return Scan(
      maps: maps, mask: eroded,
      reference: region.map { .region($0) } ?? (options.reference == "csf" ? .ventricles : .wholeMap))
  }

  /// Maps susceptibility, and tells the observer what was assumed and what to look at.
  ///
  /// - Throws: As ``SusceptibilityMapping``, and what the observer throws.
  public func map(_ scan: Scan) throws -> Outcome {
    let maps = scan.maps, mapping = try options.mapping(for: maps)
    var result = try mapping(maps, mask: scan.mask, reference: scan.reference) { stage in
      observer.progress(stage.rawValue, 1)
      try observer.check()
    }
    let sources =
      try options.separate
      ? result.separateSources(of: maps, r2: options.r2, ignoringAffine: source.ignoresAffine(of: maps)) : nil
    for assumption in result.assumptions { observer.report(assumption) }
    for warning in result.warnings { observer.report("warning: \(warning)") }
    return Outcome(maps: maps, result: result, sources: sources, mapping: mapping)
  }

  /// Writes a BIDS derivative data set.
  ///
  /// - Parameters:
  ///   - outcome: What ``map(_:)`` gave.
  ///   - folder: Where to write; new or empty.
  ///   - adding: Writes what else was found, and adds to the record.
  /// - Returns: The record, and what was written, for the user; the argument is what the folder is called.
  /// - Throws: ``FileError``, and what the observer throws.
  @discardableResult
  public func write(
    _ outcome: Outcome, to folder: String,
    adding: (SusceptibilityResults, inout SusceptibilityProvenance) throws -> Void = { _, _ in }
  ) throws -> (record: SusceptibilityProvenance, summary: (String) -> String) {
    observer.progress("writing", 0)
    let (maps, result) = (outcome.maps, outcome.result)
    let results = SusceptibilityResults(
      dataset: try DerivativeDataset(
        at: folder, name: "Susceptibility of \(source.name)", version: ToolkitVersion.text), subject: subject)
    try results.write(result, of: maps, intermediates: writesIntermediates)
    if let sources = outcome.sources { try results.write(sources, of: maps, within: result.mask) }
    try observer.check()
    var record = SusceptibilityProvenance(
      result, of: maps, by: outcome.mapping, isMasked: options.mask != nil,
      inputs: try inputs.map { try SusceptibilityProvenance.Input($0) },
      configuration: options.settings.merging(source.reading.settings) { $1 }, command: command)
    if outcome.sources != nil { record.methods += result.separationMethods }
    try adding(results, &record)
    try JSONFile.write(record, to: folder + "/provenance.json")
    observer.progress("writing", 1)
    let intermediates = writesIntermediates
    return (record, { results.summary(of: result, in: $0, intermediates: intermediates) })
  }
}
