import MRIData

/// A regular pattern: every `lineStep`-th line and every `partitionStep`-th partition.
///
/// ```
/// acquired:  y = 0 (mod Ry)  and  z = shift * y / Ry (mod Rz)      y, z from the centre of k-space
/// ```
///
/// A shift makes the pattern two-dimensional CAIPIRINHA, which moves the aliases to where receive channels tell
/// them apart better. With a calibration box as deep as the grid, `lineStep = 2` is the usual parallel-imaging scan:
///
///     Lattice(lineStep: 2, region: SamplingRegion(calibration: GridExtent(lines: 36, partitions: 80)))
///
/// - SeeAlso: F. A. Breuer et al., "Controlled aliasing in volumetric parallel imaging (2D CAIPIRINHA)", Magn.
///   Reson. Med. 55(3):549-556, 2006, doi:10.1002/mrm.20787.
public struct Lattice: SamplingPattern, Codable, Equatable {
  /// The distance of acquired lines.
  public var lineStep: Int
  /// The distance of acquired partitions.
  public var partitionStep: Int
  /// By how many partitions the pattern moves from one acquired line to the next.
  public var shift: Int
  /// Which positions may and which must be sampled.
  public var region: SamplingRegion

  /// Creates a pattern; without arguments every position of the region is acquired.
  public init(
    lineStep: Int = 1, partitionStep: Int = 1, shift: Int = 0, region: SamplingRegion = SamplingRegion()
  ) {
    self.lineStep = lineStep
    self.partitionStep = partitionStep
    self.shift = shift
    self.region = region
  }

  /// The mask; the seed has no effect.
  ///
  /// - Throws: ``SamplingError`` if a step is not positive or the region does not fit the grid.
  public func mask(lines: Int, partitions: Int, seed: UInt64 = 0) throws(SamplingError) -> SamplingMask {
    for (name, step, extent) in [
      ("line step", lineStep, lines), ("partition step", partitionStep, partitions),
    ]
    where step < 1 || step > max(extent, 1) {
      throw .invalidParameter(name: name, value: Double(step), range: "between 1 and the extent \(extent)")
    }
    let grid = try SamplingGrid(region, lines: lines, partitions: partitions)
    return grid.mask(
      acquiring: grid.positions(.free).filter { position in
        let y = Int(position) % lines - lines / 2, z = Int(position) / lines - partitions / 2
        return y.isMultiple(of: lineStep)
          && (z - shift % partitionStep * (y / lineStep)).isMultiple(of: partitionStep)
      })
  }
}
