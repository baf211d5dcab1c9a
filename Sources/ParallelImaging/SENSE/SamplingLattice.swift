import MRIData
import NDArrays

/// A mask whose positions form a lattice that closes over the grid: regular sampling and CAIPI.
///
/// ```
/// (kz, ky) = origin + i (dz, shift) + j (0, dy)        modulo (partitions, lines)
/// ```
///
/// A voxel's aliases are then as many as the acceleration `R = dy dz`, at distances `q` for which `k q` is whole for
/// every `k` of the lattice, and
///
/// ```
/// (F^H M F x)(r) = 1/R sum_q exp(2 pi i (origin - centre) q) x(r - q)
/// ```
struct SamplingLattice: Sendable {
  /// A step of the grid, in `(kz, ky)` or `(z, y)`.
  struct Offset: Sendable, Equatable {
    var line: Int
    var partition: Int
  }

  let lines: Int
  let partitions: Int
  /// The first acquired position, relative to the centre of k-space.
  let origin: Offset
  /// The distances `dy` and `dz` of its lines and partitions.
  let steps: Offset
  /// How far the next partition of the lattice is shifted along `ky`.
  let shift: Int
  /// The distances of the voxels that fold onto each other, the voxel itself first.
  let aliases: [Offset]

  /// The acceleration.
  var acceleration: Int { aliases.count }

  /// Finds the lattice of acquired positions, if they are one.
  ///
  /// - Parameters:
  ///   - positions: The offsets `kz lines + ky`, ascending.
  ///   - lines: The extent of the grid along `ky`.
  ///   - partitions: The extent of the grid along `kz`.
  init?(_ positions: [Int], lines: Int, partitions: Int) {
    self.init(spannedBy: positions, lines: lines, partitions: partitions)
    guard positions.count * acceleration == lines * partitions else { return nil }
  }

  /// Finds the lattice of which all positions were acquired, and outside a region no others.
  init?(_ mask: SamplingMask, outside region: CalibrationRegion?) {
    let flags = mask.isAcquired.elements, lines = mask.lines
    let positions = flags.indices.filter { position in
      flags[position]
        && !(region.map { $0.lines.contains(position % lines) && $0.partitions.contains(position / lines) }
          ?? false)
    }
    self.init(spannedBy: positions, lines: lines, partitions: mask.partitions)
    guard flags.indices.allSatisfy({ flags[$0] || !contains(line: $0 % lines, partition: $0 / lines) }) else {
      return nil
    }
  }

  /// Whether a position belongs to the lattice.
  func contains(line: Int, partition: Int) -> Bool {
    let (y, z) = (line - lines / 2 - origin.line, partition - partitions / 2 - origin.partition)
    return z % steps.partition == 0 && (y - z / steps.partition * shift) % steps.line == 0
  }

  /// The smallest lattice whose first rows are those of some positions, if it has them all.
  private init?(spannedBy positions: [Int], lines: Int, partitions: Int) {
    guard let first = positions.first else { return nil }
    let (kz, ky) = first.quotientAndRemainder(dividingBy: lines)
    // The next position in the row, and the first of the next row that has one.
    let inRow = positions.dropFirst().first.map { $0 / lines == kz ? $0 % lines - ky : lines } ?? lines
    let below = positions.first { $0 / lines > kz }
    let (dy, dz) = (inRow, below.map { $0 / lines - kz } ?? partitions)
    let shift = below.map { ($0 % lines - ky + lines) % dy } ?? 0
    guard lines % dy == 0, partitions % dz == 0, partitions / dz * shift % dy == 0 else { return nil }
    self.lines = lines
    self.partitions = partitions
    self.shift = shift
    steps = Offset(line: dy, partition: dz)
    origin = Offset(line: ky - lines / 2, partition: kz - partitions / 2)
    var aliases: [Offset] = []
    for i in 0..<dy {
      for j in 0..<dz {
        let z = partitions / dz * j - partitions / dz * shift * i / dy
        aliases.append(
          Offset(line: lines / dy * i, partition: (z % partitions + partitions) % partitions))
      }
    }
    self.aliases = aliases
    guard positions.allSatisfy({ contains(line: $0 % lines, partition: $0 / lines) }) else { return nil }
  }
}
