import Files
import Foundation
import MRIData
import NDArrays

extension Geometry {
  /// Where the voxels lie, for a message: `30x30x20 voxels of 2 x 2 x 3 mm, axes to the left, back and head, first at ...`.
  ///
  /// Positions are those of NIfTI files, to the right, front and head [mm].
  public var account: String {
    let affine = affineRAS
    func number(_ value: Double) -> String {
      let rounded = (value * 1e3).rounded() / 1e3
      return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }
    func direction(_ step: SIMD3<Double>) -> String {
      let axis = (0..<3).max { abs(step[$0]) < abs(step[$1]) } ?? 0
      return [["left", "right"], ["back", "front"], ["feet", "head"]][axis][step[axis] < 0 ? 0 : 1]
    }
    let size = voxelSize * 1e3
    let origin = (0..<3).map { number(affine.origin[$0]) }.joined(separator: ", ")
    return "\(matrix) voxels of \(number(size.x)) x \(number(size.y)) x \(number(size.z)) mm, axes to the "
      + "\(direction(affine.x)), \(direction(affine.y)) and \(direction(affine.z)), the first at (\(origin)) mm"
  }
}

/// Volumes on the grid that they were brought onto.
public struct PlacedVolumes<Element: ArrayElement>: Sendable {
  /// The volumes.
  public let volumes: ImageVolumes<Element>
  /// What was done, for the user; `nil` for nothing.
  public let remark: String?
}

extension ImageVolumes {
  /// The volumes of a file on the grid of other images: axes are put in their order and direction, which is exact.
  ///
  /// Nothing is interpolated. A file without an orientation (as one that only knows voxel sizes) lies nowhere; it is
  /// taken voxel by voxel if its extents are those of the grid.
  ///
  /// - Parameters:
  ///   - grid: Where the images lie.
  ///   - name: What the volumes are, such as `mask`.
  ///   - file: Where they came from.
  ///   - images: What the images are, such as `the phase`.
  ///   - ignoringAffine: Whether to take them voxel by voxel wherever they lie.
  /// - Throws: ``InputError`` with both grids in words if voxels do not lie on voxels.
  public func placed(
    on grid: Geometry, _ name: String, of file: NIfTIFile, like images: String, ignoringAffine: Bool
  ) throws(InputError) -> PlacedVolumes<Element> {
    guard
      let arrangement = try geometry.arrangement(
        on: grid, name, of: file, like: images, ignoringAffine: ignoringAffine)
    else {
      return PlacedVolumes(
        volumes: ImageVolumes(voxels, geometry: grid),
        remark: ignoringAffine
          ? nil
          : "\(file.path) has no orientation: the \(name) was taken voxel by voxel, as \(images) is stored.")
    }
    return PlacedVolumes(
      volumes: arranged(by: arrangement, on: grid),
      remark: arrangement.isIdentity
        ? nil
        : "\(file.path): the \(name) is stored along other axes than \(images); it was turned to them.")
  }
}

extension NIfTIFile {
  /// Refuses a file that does not lie on the grid of other images, by its header, before its voxels are read.
  ///
  /// - Throws: ``InputError`` as ``ImageVolumes/placed(on:_:of:like:ignoringAffine:)``.
  public func checkPlace(
    on grid: Geometry, _ name: String, like images: String, ignoringAffine: Bool
  ) throws(InputError) {
    _ = try geometry.arrangement(on: grid, name, of: self, like: images, ignoringAffine: ignoringAffine)
  }

  /// The voxels on the grid of other images, once the header says that they lie there.
  ///
  /// - Throws: ``InputError`` as ``ImageVolumes/placed(on:_:of:like:ignoringAffine:)``, ``FileError``.
  public func volumes(
    on grid: Geometry, _ name: String, like images: String, ignoringAffine: Bool
  ) throws -> PlacedVolumes<Float> {
    try checkPlace(on: grid, name, like: images, ignoringAffine: ignoringAffine)
    return try volumes(scaling: .applied).placed(
      on: grid, name, of: self, like: images, ignoringAffine: ignoringAffine)
  }
}

extension Geometry {
  /// How voxels lie on the grid of other images; `nil` where they are taken one by one.
  fileprivate func arrangement(
    on grid: Geometry, _ name: String, of file: NIfTIFile, like images: String, ignoringAffine: Bool
  ) throws(InputError) -> GridArrangement? {
    if ignoringAffine || !file.hasOrientation {
      guard matrix == grid.matrix else {
        throw InputError(
          file.path, "the grid of the \(name) is \(matrix), and \(images) has \(grid.matrix)",
          remedy: "Give files of the same scan, resampled to one grid")
      }
      return nil
    }
    if let arrangement = arrangement(on: grid) { return arrangement }
    // Tilted axes of the same extents, as of a field direction that was stated otherwise, have a distance; others none.
    let distance =
      matrix == grid.matrix
      ? ", up to \(String(format: "%.3g", largestOffset(from: grid) * 1e3)) mm apart" : ""
    throw InputError(
      file.path,
      "the grid of the \(name) is \(matrix), and \(images) has \(grid.matrix); their voxels do not lie at the same "
        + "places\(distance). The \(name): \(account). The other: \(grid.account)",
      remedy: "Resample it to that grid first, or take it voxel by voxel with `ignoresAffine`")
  }
}
