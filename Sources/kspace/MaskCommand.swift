import ArgumentParser
import Foundation
import KSpaceToolkit

/// `kspace mask`: makes, converts, recovers and checks sampling masks.
struct Mask: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a sampling mask, or take one from elsewhere, and tell how good it is.",
    discussion: """
      The extension of --output chooses the format: .npy (NumPy shows the shape (kz, ky), so that --matrix 300x72, ky x \
      kz, gives (72, 300)), BART's .cfl (phase 1 is ky, phase 2 kz), .csv (positions in the order of acquisition) or \
      .png. A sidecar .json beside it holds the recipe, from which the mask can be made again bit for bit. For example:

        kspace mask poisson --matrix 300x72 --acceleration 4 --calibration 24x24 --seed 7 -o mask.npy
      """,
    subcommands: [
      Poisson.self, Uniform.self, CAIPI.self, RandomMask.self, Convert.self, Recover.self, CheckMasks.self,
    ])

  /// `kspace mask poisson`.
  struct Poisson: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Poisson disks: incoherent, evenly spread.",
      discussion: """
        For example:

          kspace mask poisson --matrix 300x72 --acceleration 4 --calibration 24x24 --seed 7 -o mask.npy
          kspace mask poisson --matrix 300x72 --nested 3,4,5 -o mask.npy
        """)

    @Option(help: "The grid, such as 300x72 (ky x kz).")
    var matrix: GridExtent

    @Option(help: "Make one mask per acceleration, such as 3,4,5, each within the denser ones.")
    var nested: NumberList?

    @Option(help: "Make this many masks that fill each other's gaps, one per echo.")
    var echoes: Int?

    @OptionGroup var mask: PoissonArguments
    @OptionGroup var output: MaskOutput

    func validate() throws {
      if nested != nil, echoes != nil || mask.density.acceleration != nil {
        throw ValidationError("--nested stands alone: it replaces --acceleration and excludes --echoes.")
      }
    }

    func run() throws {
      let family: MaskRecipe.Family? =
        nested.map { .nested(accelerations: $0.numbers) } ?? echoes.map { .complementary(echoes: $0) }
      if echoes != nil { _ = try mask.density.stated() }
      try output.deliver(mask.recipe(on: matrix, family: family))
    }
  }

  /// `kspace mask uniform`.
  struct Uniform: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Every n-th line and partition, with a calibration box: the usual parallel-imaging scan.",
      discussion:
        "For example: kspace mask uniform --matrix 256x96 --step 2x1 --calibration 24x24 -o mask.npy")

    @OptionGroup var lattice: LatticeArguments
    @OptionGroup var output: MaskOutput

    func run() throws { try output.deliver(lattice.recipe()) }
  }

  /// `kspace mask caipi`.
  struct CAIPI: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "caipi", abstract: "A regular pattern whose partitions move on from line to line.",
      discussion: "For example: kspace mask caipi --matrix 256x96 --step 2x2 --shift 1 -o mask.npy")

    @Option(help: "By how many partitions the pattern moves from one acquired line to the next.")
    var shift = 1

    @OptionGroup var lattice: LatticeArguments
    @OptionGroup var output: MaskOutput

    func run() throws { try output.deliver(lattice.recipe(shift: shift)) }
  }

  /// `kspace mask random`.
  struct RandomMask: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "random", abstract: "Positions drawn at random, uniformly or with --width as a Gaussian.",
      discussion: "For example: kspace mask random --matrix 256x96 --acceleration 4 --width 0.5 -o mask.npy")

    @Option(help: "The grid, such as 300x72 (ky x kz).")
    var matrix: GridExtent

    @Option(help: "The width of a Gaussian density, in units of the edge of k-space; uniform unless given.")
    var width: Double?

    @OptionGroup var density: MaskDensityArguments
    @OptionGroup var outline: MaskOutlineArguments
    @OptionGroup var output: MaskOutput

    func run() throws {
      let pattern = RandomPositions(
        acceleration: try density.stated(), basis: density.basis, region: outline.region(on: matrix),
        width: width)
      try output.deliver(MaskRecipe(pattern: .randomPositions(pattern), grid: matrix, seed: density.seed))
    }
  }

  /// `kspace mask convert`.
  struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Read a mask from a .npy, .cfl or .csv file, measure it, and write it in another format.",
      discussion: "For example: kspace mask convert mask.npy -o mask.csv --order center-out")

    @Argument(help: "The mask file.")
    var file: String

    @Option(help: "The grid that the mask must have; a .csv from elsewhere does not say it.")
    var matrix: GridExtent?

    @Option(help: "\(MaskAxes.help)")
    var maskAxes: MaskAxes?

    @OptionGroup var output: MaskOutput

    func run() throws {
      let masks = try MaskFile.read(file, matrix: matrix, axes: maskAxes)
      let sidecar = MaskSidecar(of: masks, readFrom: file)
      try output.deliver(masks, recipe: sidecar?.recipe, source: sidecar?.source ?? file)
    }
  }

  /// `kspace mask recover`.
  struct Recover: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Recover the mask of a prospectively undersampled scan from its counters, echo by echo.",
      discussion: "For example: kspace mask recover scan.h5 -o mask.npy")

    @Argument(help: "The raw file (MRD).")
    var raw: String

    @OptionGroup(title: "What the file leaves open") var reading: ReadingArguments
    @OptionGroup var output: MaskOutput

    func run() throws {
      let file = try reading.open(raw)
      let layout = try ScanLayout(of: file, options: reading.options)
      try layout.check(path: raw)
      Terminal.report(layout.findings)
      guard layout.sliceCounters.count == 1 else {
        throw InputError(
          raw, "the scan holds \(layout.sliceCounters.count) slices", remedy: "Choose one with --slice")
      }
      let masks = layout.masks(slice: layout.sliceCounters[0])
      // One mask says it all where the echoes agree.
      let distinct = masks.allSatisfy { $0 == masks[0] } ? [masks[0]] : masks
      try output.deliver(distinct, recipe: nil, source: raw)
    }
  }

  /// `kspace mask check`.
  struct CheckMasks: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check",
      abstract: "Make the masks of a folder anew from their sidecars, compare them, and write index.json.",
      discussion: "For example: kspace mask check SamplingMasks")

    @Argument(help: "The folder, such as SamplingMasks.")
    var folder: String

    func run() throws {
      let index = try MaskIndex(ofFolder: folder)
      try index.write(toFolder: folder)
      print("\(index.entries.count) masks are as their recipes make them; \(folder)/index.json lists them")
    }
  }
}

extension Mask.Convert: ReadingCommand {
  var inputs: [String] { [file] }
}

extension Mask.Recover: ReadingCommand {
  var inputs: [String] { [raw] }
}

extension Mask.CheckMasks: ReadingCommand {
  var inputs: [String] { [folder] }
}
