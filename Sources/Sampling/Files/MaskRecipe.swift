import MRIData

/// Everything that a generated mask depends on: from an equal recipe the same mask is made, bit for bit.
public struct MaskRecipe: Sendable, Codable, Equatable {
  /// The pattern and its parameters.
  public var pattern: Pattern
  /// The extents of the grid.
  public var grid: GridExtent
  /// The seed of the random choices.
  public var seed: UInt64
  /// The family that the masks belong to, if they were not made alone.
  public var family: Family?

  /// The patterns that a recipe may name.
  public enum Pattern: Sendable, Equatable {
    case poissonDisk(PoissonDisk)
    case lattice(Lattice)
    case randomPositions(RandomPositions)
  }

  /// Masks that are made together.
  public enum Family: Sendable, Codable, Equatable {
    /// Masks for several accelerations, each within the denser ones.
    case nested(accelerations: [Double])
    /// Masks for several echoes that complement each other.
    case complementary(echoes: Int)
  }

  /// Creates a recipe.
  public init(pattern: Pattern, grid: GridExtent, seed: UInt64, family: Family? = nil) {
    self.pattern = pattern
    self.grid = grid
    self.seed = seed
    self.family = family
  }

  /// The region that the pattern samples.
  public var region: SamplingRegion {
    switch pattern {
    case .poissonDisk(let pattern): pattern.region
    case .lattice(let pattern): pattern.region
    case .randomPositions(let pattern): pattern.region
    }
  }

  /// The masks: one, or one per member of the family.
  ///
  /// - Throws: ``SamplingError`` if the pattern cannot be laid over the grid.
  public func masks() throws(SamplingError) -> [SamplingMask] {
    switch (pattern, family) {
    case (.poissonDisk, _):
      return try diskSamples().map(\.mask)
    case (.lattice(let pattern), nil):
      return [try pattern.mask(lines: grid.lines, partitions: grid.partitions, seed: seed)]
    case (.randomPositions(let pattern), nil):
      return [try pattern.mask(lines: grid.lines, partitions: grid.partitions, seed: seed)]
    default:
      throw .familyNeedsDisks
    }
  }

  /// The masks of a Poisson-disk recipe with the distances that they keep; none for other patterns.
  ///
  /// - Throws: ``SamplingError`` if the pattern cannot be laid over the grid.
  public func diskSamples() throws(SamplingError) -> [DiskSample] {
    guard case .poissonDisk(let pattern) = pattern else { return [] }
    switch family {
    case nil:
      return [try pattern.sample(lines: grid.lines, partitions: grid.partitions, seed: seed)]
    case .nested(let accelerations):
      return try pattern.nestedSamples(
        accelerations: accelerations, lines: grid.lines, partitions: grid.partitions, seed: seed)
    case .complementary(let echoes):
      return try pattern.complementarySamples(
        echoes: echoes, lines: grid.lines, partitions: grid.partitions, seed: seed)
    }
  }
}

extension MaskRecipe.Pattern: Codable {
  private enum Key: String, CodingKey {
    case generator, parameters
  }

  /// The generator's name, as files hold it.
  public var generator: String {
    switch self {
    case .poissonDisk: "PoissonDisk"
    case .lattice: "Lattice"
    case .randomPositions: "RandomPositions"
    }
  }

  /// Reads the generator's name and its parameters.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let name = try container.decode(String.self, forKey: .generator)
    switch name {
    case "PoissonDisk": self = .poissonDisk(try container.decode(PoissonDisk.self, forKey: .parameters))
    case "Lattice": self = .lattice(try container.decode(Lattice.self, forKey: .parameters))
    case "RandomPositions":
      self = .randomPositions(try container.decode(RandomPositions.self, forKey: .parameters))
    default:
      throw DecodingError.dataCorruptedError(
        forKey: .generator, in: container, debugDescription: "there is no generator \"\(name)\"")
    }
  }

  /// Writes the generator's name and its parameters.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(generator, forKey: .generator)
    switch self {
    case .poissonDisk(let pattern): try container.encode(pattern, forKey: .parameters)
    case .lattice(let pattern): try container.encode(pattern, forKey: .parameters)
    case .randomPositions(let pattern): try container.encode(pattern, forKey: .parameters)
    }
  }
}
