import Files
import ImageFiles
import MRIData

/// Why a sampling mask could not be made, read, written or applied: both numbers, and what to do.
public enum SamplingError: Error, Equatable, CustomStringConvertible {
  /// The grid has no positions, or more than any scan has.
  case invalidGrid(lines: Int, partitions: Int)
  /// The acceleration is below 1 or not a number.
  case invalidAcceleration(Double)
  /// A parameter of a pattern lies outside its range.
  case invalidParameter(name: String, value: Double, range: String)
  /// The calibration box is larger than the part of the grid that is encoded.
  case calibrationTooLarge(box: GridExtent, grid: GridExtent)
  /// The acceleration leaves fewer samples than the calibration box needs.
  case tooFewSamples(wanted: Int, needed: Int, acceleration: Double, basis: String)
  /// The acceleration asks for more samples than the shutter holds.
  case tooManySamples(wanted: Int, available: Int, acceleration: Double, basis: String)
  /// The mask holds no sample.
  case empty(grid: GridExtent)
  /// The mask lacks the centre of k-space.
  case centreMissing(line: Int, partition: Int, acquired: Int)
  /// The mask was made for another grid.
  case extentsDiffer(mask: GridExtent, data: GridExtent)
  /// There are masks for another number of echoes.
  case echoesDiffer(masks: Int, data: Int)
  /// The mask asks for positions that the scan does not have.
  case notAcquired(missing: Int, wanted: Int)
  /// A family of masks was asked of a pattern that makes none.
  case familyNeedsDisks
  /// A mask made anew from its recipe is not the one that the sidecar describes.
  case notReproduced(stated: String, made: String)
  /// An array or picture file cannot be read or written.
  case imageFile(FileError)
  /// A file cannot be read, written or understood.
  case file(path: String, problem: String, remedy: String)

  /// What is wrong, where, and what to do.
  public var description: String {
    switch self {
    case .invalidGrid(let lines, let partitions):
      "A grid of \(lines)x\(partitions) positions cannot be sampled. "
        + "Give at least one line and one partition, and no more than 2^24 positions."
    case .invalidAcceleration(let acceleration):
      "An acceleration of \(acceleration) is impossible. Ask for 1 or more."
    case .invalidParameter(let name, let value, let range):
      "The \(name) is \(value), but must be \(range)."
    case .calibrationTooLarge(let box, let grid):
      "A calibration box of \(box) does not fit the \(grid) positions that are encoded around the centre. "
        + "Make the box smaller."
    case .tooFewSamples(let wanted, let needed, let acceleration, let basis):
      "Acceleration \(acceleration) (\(basis)) leaves \(wanted) samples, but the calibration box and the centre "
        + "need \(needed). Ask for a lower acceleration or a smaller box."
    case .tooManySamples(let wanted, let available, let acceleration, let basis):
      "Acceleration \(acceleration) (\(basis)) asks for \(wanted) samples, but only \(available) positions are "
        + "encoded. Ask for a higher acceleration, or count it against the shutter."
    case .empty(let grid):
      "The mask of \(grid) positions has 0 samples. Choose a mask that samples k-space."
    case .centreMissing(let line, let partition, let acquired):
      "The mask has \(acquired) samples, but not the centre of k-space at line \(line), partition \(partition) "
        + "(counted from 0). Check that it is not shifted to the corner and that its axes are [kz, ky]."
    case .extentsDiffer(let mask, let data):
      "The mask has \(mask) positions (ky x kz), the data have \(data). Make a mask for this matrix."
    case .echoesDiffer(let masks, let data):
      "There are masks for \(masks) echoes, but the data have \(data). Give one mask, or one per echo."
    case .notAcquired(let missing, let wanted):
      "The mask wants \(wanted) positions, of which the scan lacks \(missing). "
        + "Undersample a complete scan, or take a mask within the acquired positions."
    case .familyNeedsDisks:
      "Only Poisson-disk masks come in nested or complementary families. Ask for 1 mask of this pattern."
    case .notReproduced(let stated, let made):
      "The recipe gives masks with checksums \(made), but the sidecar states \(stated). "
        + "One of the two was changed; make the mask again."
    case .imageFile(let error):
      error.description
    case .file(let path, let problem, let remedy):
      "\(path): \(problem). \(remedy)."
    }
  }
}

extension SamplingMask {
  /// The extents of the grid.
  public var extent: GridExtent { GridExtent(lines: lines, partitions: partitions) }
}
