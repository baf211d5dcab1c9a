import MRIData
import NDArrays

/// Slices of volumes side by side, for a quick look.
///
///     try PNGFile.write(Montage(slices: 6).picture(of: magnitude), to: "magnitude.png")
///
/// The slices of a single volume fill a grid; of several volumes (echoes), each fills one row. Slices stand at equal
/// distances within the object, from the feet to the head, from the right to the left or from the front to the back.
/// Seen as radiologists do: in axial slices the front is up, in the others the head; the patient's right is on the
/// left, and in sagittal slices the front is. All slices share one scale of values. Voxels are drawn in their true
/// proportions, without interpolation, which wrapped phase and labels would not bear; of voxels so uneven that their
/// picture would be larger than a screen, only some are drawn.
public struct Montage: Sendable {
  /// Which values the ends of the colour map stand for.
  public enum Window: Sendable {
    /// Percentiles of the values within the object.
    case percentiles(Double, Double)
    /// Plus and minus a percentile of the magnitudes within the object.
    case symmetric(percentile: Double)
    /// Given values.
    case range(ClosedRange<Float>)
  }

  /// How many slices to show, at most.
  public var slices: Int
  /// The voxel axis from slice to slice: 0 is `x`, 1 is `y`, 2 is `z`.
  public var axis: Int
  /// Which values the ends of the colour map stand for.
  public var window: Window
  /// How values become colours.
  public var colors: ColorMap
  /// Whether the first slice bears the patient's sides and a scale.
  public var isMarked = false

  private static let gap = 2
  private static let smallestTile = 128
  /// The longest side of a tile, and the most pixels of a picture.
  private static let largestTile = 2048.0, mostPixels = Double(1 << 26)

  /// Describes a picture.
  public init(
    slices: Int = 12, across axis: Int = 2, window: Window = .percentiles(1, 99.5), colors: ColorMap = .grey
  ) {
    precondition(slices > 0 && (0..<3).contains(axis), "\(slices) slices across axis \(axis)")
    self.slices = slices
    self.axis = axis
    self.window = window
    self.colors = colors
  }

  /// Draws volumes.
  ///
  /// - Parameters:
  ///   - volumes: The volumes; values that are not finite stay black.
  ///   - mask: The object, axes `[z, y, x]`; the rest stays black. Without it, the object is where magnitudes exceed a
  ///     tenth of their 99th percentile.
  ///   - labels: Regions that are tinted, axes `[z, y, x]`, 0 for none; slices are those that show them.
  /// - Returns: A picture for ``PNGFile``, axes `[row, column]`, with a third axis of three colours unless it is grey.
  public func picture(
    of volumes: ImageVolumes<Float>, within mask: NDArray<Bool>? = nil, labels: NDArray<Int32>? = nil
  ) -> NDArray<UInt8> {
    let matrix = volumes.geometry.matrix
    for shape in [mask?.shape, labels?.shape].compactMap(\.self) {
      precondition(shape == matrix.shape, "a mask or labels of shape \(shape) for \(matrix)")
    }
    let object = ObjectStatistics(volumes, mask: mask, axis: axis)
    let range = object.range(window)
    let orientation = SliceOrientation(volumes.geometry, across: axis)
    let shown = labels.map { ObjectStatistics(volumes, mask: $0.map { $0 != 0 }, axis: axis) } ?? object
    let chosen = shown.slices(slices, falling: orientation.fallsAcross)

    let columns = volumes.count > 1 ? chosen.count : Int(Double(chosen.count).squareRoot().rounded(.up))
    let tiles = volumes.count > 1 ? volumes.count * columns : chosen.count
    let longest = min(Self.largestTile, (Self.mostPixels / Double(max(1, tiles))).squareRoot())
    let horizontal = pixels(
      along: orientation.horizontal, falling: orientation.fallsHorizontally, of: volumes.geometry,
      besides: orientation.vertical, atMost: longest)
    let vertical = pixels(
      along: orientation.vertical, falling: orientation.fallsVertically, of: volumes.geometry,
      besides: orientation.horizontal, atMost: longest)
    let height = (tiles + columns - 1) / columns * (vertical.count + Self.gap) - Self.gap
    let width = columns * (horizontal.count + Self.gap) - Self.gap

    let levels = colors.levels, flags = mask?.elements, tints = labels.map(LabelTints.init)
    let samples = colors == .grey && labels == nil ? 1 : 3
    let strides = [1, matrix.x, matrix.x * matrix.y]
    let xs = horizontal.map { $0 * strides[orientation.horizontal] }
    let ys = vertical.map { $0 * strides[orientation.vertical] }
    var picture = NDArray<UInt8>(repeating: 0, shape: [height, width] + (samples == 3 ? [3] : []))
    picture.withUnsafeMutableBufferPointer { pixels in
      volumes.voxels.withUnsafeBufferPointer { voxels in
        for tile in 0..<tiles {
          let volume = volumes.count > 1 ? tile / columns : 0
          let inVolume = chosen[volumes.count > 1 ? tile % columns : tile] * strides[axis]
          let top = tile / columns * (vertical.count + Self.gap)
          let left = tile % columns * (horizontal.count + Self.gap)
          for (row, y) in ys.enumerated() {
            for (column, x) in xs.enumerated() {
              let voxel = inVolume + y + x
              let value = voxels[volume * matrix.count + voxel]
              guard value.isFinite, flags?[voxel] ?? true else { continue }
              let level = levels[Int((255 * range.position(of: value)).rounded())]
              let color = tints?.tinted(level, at: voxel) ?? level
              let pixel = ((top + row) * width + left + column) * samples
              for sample in 0..<samples { pixels[pixel + sample] = color[sample] }
            }
          }
        }
      }
    }
    guard isMarked else { return picture }
    let tile = (width: horizontal.count, height: vertical.count)
    let size = 1e3 * abs(volumes.geometry.voxelSize[orientation.horizontal])
    var marks = PictureMarks(picture, tile: tile)
    marks.mark(
      left: orientation.marks.left, right: orientation.marks.right, tile: tile,
      millimetres: size * Double(matrix[orientation.horizontal]))
    return marks.picture
  }

  /// The values that the ends of the colour map stand for, which viewers of the volumes may use as well.
  ///
  /// - Returns: `nil` where all values are equal.
  public func displayRange(
    of volumes: ImageVolumes<Float>, within mask: NDArray<Bool>? = nil
  ) -> ClosedRange<Double>? {
    let range = ObjectStatistics(volumes, mask: mask, axis: axis).range(window)
    guard range.lowerBound < range.upperBound else { return nil }
    return Double(range.lowerBound)...Double(range.upperBound)
  }

  /// The index of the voxel that each pixel of a tile shows along one axis.
  private func pixels(
    along axis: Int, falling: Bool, of geometry: Geometry, besides other: Int, atMost most: Double
  ) -> [Int] {
    // The smaller voxel side is one pixel, or several if the whole tile would be too small to see, or a part of one if the
    // tile would be too large.
    let extents = geometry.matrix
    func size(_ axis: Int) -> Double {
      let size = abs(geometry.voxelSize[axis])
      return size.isNormal ? size : 1
    }
    let lengths = (own: Double(extents[axis]) * size(axis), other: Double(extents[other]) * size(other))
    let longest = max(lengths.own, lengths.other)
    let natural = longest / min(size(axis), size(other))
    let zoom = max(1, (Double(Self.smallestTile) / natural).rounded(.up))
    let pixels = min(natural * zoom, most)
    let count = max(1, Int((lengths.own / longest * pixels).rounded()))
    return (0..<count).map { pixel in
      let index = (2 * pixel + 1) * extents[axis] / (2 * count)
      return falling ? extents[axis] - 1 - index : index
    }
  }
}

extension ClosedRange<Float> {
  /// Where a value lies between the bounds, 0 to 1; values outside are taken as the nearer bound.
  func position(of value: Float) -> Float {
    guard lowerBound < upperBound else { return value <= lowerBound ? 0 : 1 }
    return Swift.max(0, Swift.min(1, (value - lowerBound) / (upperBound - lowerBound)))
  }
}
