import Files
import ImageFiles
import MRIData

extension BrainMask {
  /// Reads a mask onto the grid of a scan's maps: axes are put in their order and direction, which is exact.
  ///
  ///     let brain = try BrainMask(at: "mask.nii.gz", on: maps.geometry)
  ///
  /// - Parameters:
  ///   - path: A NIfTI file of one volume, above one half inside.
  ///   - grid: Where the maps lie.
  ///   - name: What it is, for messages.
  ///   - ignoringAffine: Whether to take it voxel by voxel wherever it lies.
  /// - Throws: ``InputError`` with both grids in words if voxels do not lie on voxels, if there is more than one volume,
  ///   or if it is empty; ``FileError`` if it cannot be read.
  public init(
    at path: String, on grid: Geometry, name: String = "mask", ignoringAffine: Bool = false
  ) throws {
    let file = try NIfTIFile(at: path)
    guard file.volumeCount == 1 else {
      throw InputError(
        path, "the \(name) holds \(file.volumeCount) volumes", remedy: "Give a file of one volume")
    }
    let placed = try file.volumes(scaling: .applied).placed(
      on: grid, name, of: file, like: "the phase", ignoringAffine: ignoringAffine)
    self.init(placed.volumes, origin: "given")
    remark = placed.remark
    if isEmpty {
      throw InputError(path, "the \(name) is empty", remedy: "Give a mask that is 1 inside and 0 outside")
    }
  }
}
