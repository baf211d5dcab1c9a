import ArgumentParser
import Foundation
import KSpaceToolkit

/// `kspace undersample`: removes lines from a raw file as if they had not been acquired.
struct Undersample: LongCommand {
  static let configuration = CommandConfiguration(
    abstract: "Apply a sampling mask to a complete raw file and write a valid MRD file that says so.",
    discussion: """
      Without --mask, a Poisson-disk mask is made:

        kspace undersample RAW --acceleration 4 --calibration 24x24 --seed 3 -o out.mrd

      Names that end in .mrd get MRD's stream format, others HDF5; - sends a stream to standard output, and words to standard \
      error. Readouts are copied as they are and in their order; noise scans and calibration lines stay, also those measured \
      apart, which then calibrate the copy. Image lines of other slices, averages and so on than the chosen ones go, and \
      waveforms are not copied. What the source shows of zero-filling, interpolation, \
      symmetry or earlier acceleration is reported and recorded in the header of the copy.
      """)

  @Argument(help: "The raw file (MRD, HDF5 or stream).")
  var raw: String

  @Option(name: .shortAndLong, help: "The file to write.")
  var output: String

  @Option(help: "The mask (.npy, .cfl or .csv), one for all echoes or one per echo.")
  var mask: String?

  @Option(help: "\(MaskAxes.help)")
  var maskAxes: MaskAxes?

  @Flag(help: "Make masks that fill each other's gaps, one per echo.")
  var complementary = false

  @OptionGroup(title: "A mask to be made") var poisson: PoissonArguments
  @OptionGroup(title: "What the file leaves open") var reading: ReadingArguments
  @OptionGroup(title: "Running") var running: RunArguments

  func validate() throws {
    if mask == nil, poisson.density.acceleration == nil {
      throw ValidationError("Give --mask, or --acceleration for a Poisson-disk mask.")
    }
    if mask == nil, maskAxes != nil { throw ValidationError("--mask-axes is for a --mask.") }
    let typed = CommandLine.arguments.map { String($0.prefix { $0 != "=" }) }
    let idle = mask == nil ? [] : Self.ofMadeMasks.filter(typed.contains)
    if !idle.isEmpty {
      throw ValidationError(
        "--mask is used as it is: \(idle.joined(separator: ", ")) would do nothing. Leave them out.")
    }
  }

  /// The options that describe a mask to be made; whether one was typed, its value does not tell where that is the usual one.
  private static let ofMadeMasks = [
    "--acceleration", "--basis", "--seed", "--calibration", "--shutter", "--partial-fourier",
    "--density-slope", "--metric", "--complementary",
  ]

  func run() throws {
    let progress = running.begin()
    try OutputPath.check(output, replacing: running.force, inputs: [raw])
    let file = try reading.open(raw)
    let layout = try ScanLayout(of: file, options: reading.options)
    try layout.check(path: raw)
    Terminal.report(layout.findings)
    let (made, recipe) = try masks(for: layout)
    let masks = made.forEachEcho(of: layout.parameters.echoTimes.count)
    for slice in layout.sliceCounters { try masks.validate(against: layout.masks(slice: slice)) }
    let copy = UndersampledCopy(file.acquisitions, layout: layout, masks: masks)
    let images = copy.readouts.count(where: \.isImage)
    let plan =
      "\(raw): \(images) of \(images + copy.removedCount) image lines stay, "
      + "\(copy.readouts.count - images) other readouts are copied" + skipped(in: file)
    guard !running.dryRun else { return say(plan) }

    let honesty = try SourceHonesty(file, layout: layout)
    for warning in honesty.warnings { Terminal.report("kspace: warning: \(raw): \(warning)") }
    let parameters = try MaskSidecar(masks: made, recipe: recipe, source: mask)
      .headerParameters(ofCopyOf: raw, warnings: honesty.warnings)
    let writer = try MRDWriter(
      creating: output, header: copy.header(from: file.header, userParameters: parameters))
    try copy.write(from: file, to: writer) { progress.report("writing", $0) }
    say(plan)
    let distinct = made.allSatisfy { $0 == made[0] } ? [made[0]] : made
    for (echo, mask) in distinct.enumerated() {
      let figures = try SamplingFigures(mask, region: recipe?.region)
      say(
        String(
          format:
            "echo %d: acceleration %.3f of the grid, %.3f of the shutter, %@ outside the calibration box",
          echo + 1, figures.gridAcceleration, figures.shutterAcceleration,
          figures.outerAcceleration.map { String(format: "%.3f", $0) } ?? "none"))
    }
  }

  /// Says what was done; on the standard output it would be part of a stream that goes there.
  private func say(_ text: String) {
    if output == "-" { Terminal.report(text) } else { print(text) }
  }

  /// The end of the sentence on what is copied: what is not.
  private func skipped(in file: MRDFile) -> String {
    let others = file.skipped.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    return others.isEmpty ? "" : "; not read, and not copied: \(others.joined(separator: ", "))"
  }

  /// One mask for all echoes or one for each, and their recipe if there is one.
  private func masks(for layout: ScanLayout) throws -> ([SamplingMask], MaskRecipe?) {
    let echoes = layout.parameters.echoTimes.count
    let grid = GridExtent(lines: layout.grid.matrix.y, partitions: layout.grid.matrix.z)
    if let mask {
      let masks = try MaskFile.read(mask, matrix: grid, axes: maskAxes)
      return (masks, MaskSidecar(of: masks, readFrom: mask)?.recipe)
    }
    let recipe = try poisson.recipe(
      on: grid, family: complementary ? .complementary(echoes: echoes) : nil)
    return (try recipe.masks(), recipe)
  }
}

extension Undersample: ReadingCommand {
  var inputs: [String] { [raw] }
}

extension [SamplingMask] {
  /// One mask per echo, of which a single one serves all.
  fileprivate func forEachEcho(of count: Int) -> [SamplingMask] {
    self.count == 1 ? Array(repeating: self[0], count: count) : self
  }
}
