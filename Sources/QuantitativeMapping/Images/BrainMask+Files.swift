import Files
import ImageFiles
import MRIData
import NDArrays

extension BrainMask {
  /// Reads a mask onto the grid of a scan's maps: axes are put in their order and direction, which is exact.
  ///
  ///     let brain = try BrainMask(at: "mask.nii.gz", on: maps.geometry)
  ///
  /// - Parameters:
  ///   - path: A NIfTI file of one volume, above zero inside; of fractions up to 1, above one half.
  ///   - grid: Where the maps lie.
  ///   - name: What it is, for messages.
  ///   - ignoringAffine: Whether to take it voxel by voxel wherever it lies.
  /// - Throws: ``InputError`` with both grids in words if voxels do not lie on voxels, if there is more than one volume,
  ///   if it holds negative values or such that are not finite, or if it is empty; ``FileError`` if it cannot be read.
  public init(
    at path: String, on grid: Geometry, name: String = "mask", ignoringAffine: Bool = false
  ) throws {
    let file = try NIfTIFile(at: path)
    guard file.volumeCount == 1 else {
      throw InputError(
        path, "the \(name) holds \(file.volumeCount) volumes", remedy: "Give a file of one volume")
    }
    if let contradiction = file.contradiction {
      throw InputError(
        path, contradiction, remedy: "Correct the header, so that voxel sizes and orientation agree")
    }
    let placed = try file.volumes(
      on: grid, name, like: "the phase", ignoringAffine: ignoringAffine)
    let values = placed.volumes[0]
    let threshold = try Self.threshold(values, name, path)
    self.init(values.map { $0 > threshold }, geometry: placed.volumes.geometry)
    var remarks = file.remarks
    if let remark = placed.remark { remarks.append(remark) }
    if threshold > 0 {
      remarks.append(
        "\(path): the \(name) holds fractions between 0 and 1; what is above one half is inside.")
    }
    remark = remarks.isEmpty ? nil : remarks.joined(separator: " ")
    if isEmpty {
      throw InputError(path, "the \(name) is empty", remedy: "Give a mask that is 1 inside and 0 outside")
    }
  }

  /// What values have to be above to be inside: zero, or one half of a mask of probabilities.
  ///
  /// - Throws: ``InputError`` for values that are negative or not finite, which no mask has.
  private static func threshold(
    _ values: NDArray<Float>, _ name: String, _ path: String
  ) throws(InputError) -> Float {
    let remedy = "Give a mask that is 1 inside and 0 outside"
    var fraction: Float?, areSeveral = false, largest: Float = 0
    for value in values.elements {
      guard value.isFinite else {
        throw InputError(path, "the \(name) holds values that are not finite (\(value))", remedy: remedy)
      }
      guard value >= 0 else {
        throw InputError(path, "the \(name) holds negative values (\(value))", remedy: remedy)
      }
      largest = max(largest, value)
      if value > 0, value < 1 {
        areSeveral = areSeveral || fraction.map { $0 != value } ?? false
        fraction = value
      }
    }
    // One value beside zero is a mask, whatever the value.
    let isSoft = fraction != nil && largest <= 1 && (areSeveral || fraction != largest)
    return isSoft ? 0.5 : 0
  }
}
