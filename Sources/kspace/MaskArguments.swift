import ArgumentParser
import KSpaceToolkit

extension GridExtent: ExpressibleByArgument {
  /// Reads `300x72`, `ky` first.
  public init?(argument: String) { self.init(argument) }
}

extension AccelerationBasis: ExpressibleByArgument {}
extension SamplingShutter: ExpressibleByArgument {}
extension SamplingMetric: ExpressibleByArgument {}
extension AcquisitionOrder: ExpressibleByArgument {}
extension MaskAxes: ExpressibleByArgument {
  /// What the option says of itself.
  static let help = """
    The order of a .npy mask's axes as NumPy's shape shows it, slower one first: kz,ky (as written here) or ky,kz; told by \
    the shape unless it is square.
    """
}

/// Options that every mask to be made has.
struct MaskOutlineArguments: ParsableArguments {
  @Option(
    help:
      "The fully sampled box at the centre (ky x kz), 0x0 for none; 24x24 unless given, or less where the grid is smaller."
  )
  var calibration: GridExtent?

  @Option(help: "The outline of the samples: rectangle or ellipse.")
  var shutter: SamplingShutter = .rectangle

  @Option(help: "The encoded fraction of ky and kz, such as 0.75,1.")
  var partialFourier: PartialFourierArgument?

  /// The region on a grid.
  func region(on grid: GridExtent) -> SamplingRegion {
    let usual = GridExtent(lines: min(24, grid.lines), partitions: min(24, grid.partitions))
    return SamplingRegion(
      shutter: shutter, calibration: calibration ?? usual,
      partialFourier: partialFourier?.fractions ?? .init())
  }
}

/// Options of masks that are lattices.
struct LatticeArguments: ParsableArguments {
  @Option(help: "The grid, such as 300x72 (ky x kz).")
  var matrix: GridExtent

  @Option(help: "The distance of acquired lines and partitions, such as 2x1.")
  var step: GridExtent

  @OptionGroup var outline: MaskOutlineArguments

  /// The recipe.
  func recipe(shift: Int = 0) -> MaskRecipe {
    let pattern = Lattice(
      lineStep: step.lines, partitionStep: step.partitions, shift: shift, region: outline.region(on: matrix))
    return MaskRecipe(pattern: .lattice(pattern), grid: matrix, seed: 1)
  }
}

/// Options that masks of an exact acceleration have.
struct MaskDensityArguments: ParsableArguments {
  @Option(help: "The acceleration, calibration included.")
  var acceleration: Double?

  @Option(
    help: "What the acceleration is counted against: grid, shutter, or outer (outside the calibration box).")
  var basis: AccelerationBasis = .grid

  @Option(help: "The seed; equal seeds give equal masks for ever.")
  var seed: UInt64 = 1

  /// The acceleration, which cannot be done without.
  func stated() throws -> Double {
    guard let acceleration else {
      throw ValidationError("--acceleration is missing, such as --acceleration 4.")
    }
    return acceleration
  }
}

/// Options that describe a Poisson-disk mask.
struct PoissonArguments: ParsableArguments {
  @OptionGroup var density: MaskDensityArguments
  @OptionGroup var outline: MaskOutlineArguments

  @Option(help: "How much the radius grows from the centre to the edge; 0 is uniform density.")
  var densitySlope = 0.0

  @Option(help: "Distances in steps of the grid (index) or in fractions of its extent (extent).")
  var metric: SamplingMetric = .index

  /// The recipe.
  func recipe(on grid: GridExtent, family: MaskRecipe.Family? = nil) throws -> MaskRecipe {
    let acceleration = try family == nil ? density.stated() : density.acceleration ?? 1
    let pattern = PoissonDisk(
      acceleration: acceleration, basis: density.basis, region: outline.region(on: grid),
      densitySlope: densitySlope, metric: metric)
    return MaskRecipe(pattern: .poissonDisk(pattern), grid: grid, seed: density.seed, family: family)
  }
}
