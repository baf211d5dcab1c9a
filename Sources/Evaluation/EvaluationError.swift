/// Why images or samples cannot be compared: what is wrong, where, and what to do.
public enum EvaluationError: Error, Equatable, CustomStringConvertible {
  /// One of the two images that are compared.
  public enum Side: String, Sendable {
    /// The image that is judged.
    case image
    /// What it is judged by.
    case reference
  }

  /// Voxels that count are NaN or infinite.
  case notFinite(Side, voxels: Int)
  /// The mask holds no voxel.
  case emptyMask
  /// The image has too few voxels along an axis for the window of the metric.
  case smallerThanWindow(shape: [Int], window: Int)
  /// The reference is zero or constant where it counts, so that nothing can be expressed in parts of it.
  case referenceWithoutContrast
  /// The image is zero or constant where it counts, so that no factor or line leads from it to the reference.
  case imageWithoutContrast
  /// Labels that are no whole numbers.
  case fractionalLabel(Double)
  /// A statistic needs more values.
  case tooFewValues(count: Int, needed: Int, statistic: String)
  /// A sample holds NaN or infinities.
  case valuesNotFinite(statistic: String)
  /// All values of a sample are equal, so that the statistic is not defined.
  case constantValues(statistic: String)

  /// Which of the two images is to blame; `nil` where it is neither.
  public var side: Side? {
    switch self {
    case .notFinite(let side, _): side
    case .referenceWithoutContrast: .reference
    case .imageWithoutContrast: .image
    default: nil
    }
  }

  /// What is wrong.
  public var problem: String {
    switch self {
    case .notFinite(let side, let voxels):
      "The \(side.rawValue) has \(voxels) voxels that are NaN or infinite where it is compared"
    case .emptyMask:
      "The mask holds no voxel"
    case .smallerThanWindow(let shape, let window):
      "The image of \(shape) voxels is smaller than the window of \(window) along an axis"
    case .referenceWithoutContrast:
      "The reference is constant where it is compared, so that errors cannot be expressed in parts of it"
    case .imageWithoutContrast:
      "The image is constant where it is compared, so that it cannot be scaled to the reference"
    case .fractionalLabel(let value):
      "The label \(value) is not a whole number from -2^31 to 2^31 - 1"
    case .tooFewValues(let count, let needed, let statistic):
      "\(statistic) needs at least \(needed) values, but there are \(count)"
    case .valuesNotFinite(let statistic):
      "\(statistic) was asked of values that are NaN or infinite"
    case .constantValues(let statistic):
      "\(statistic) is not defined, because all values are equal"
    }
  }

  /// What to do about it.
  public var remedy: String {
    switch self {
    case .notFinite: "Give a mask that leaves them out, or set them to zero first"
    case .emptyMask: "Give a mask that covers the object"
    case .smallerThanWindow:
      "Compare slice by slice, or choose a convention that extends the image at its border"
    case .referenceWithoutContrast, .imageWithoutContrast: "Check that it is the right file, and the mask"
    case .fractionalLabel: "Labels of regions are integers; do not interpolate them linearly"
    case .tooFewValues: "Add subjects or regions"
    case .valuesNotFinite: "Leave out what is missing"
    case .constantValues: "Check that the values are the right ones"
    }
  }

  /// One message for the user.
  public var description: String { "\(problem). \(remedy)." }
}
