import MRIData
import NDArrays

/// One slice of a volume, cropped, as radiologists see it: one pixel for each voxel.
///
/// Pixels have the voxels' proportions, which ``aspectRatio`` tells whoever shows the picture.
public struct SliceView: Sendable, Equatable {
  /// The voxel axis that the slice stands across: 0 is `x`, 1 is `y`, 2 is `z`.
  public let axis: Int
  /// The slice's index along that axis.
  public let index: Int
  /// The voxels that are shown, along `x`, `y` and `z`.
  public let box: [Range<Int>]
  private let orientation: SliceOrientation
  private let voxelSize: SIMD3<Double>

  /// Chooses a slice.
  ///
  /// - Parameters:
  ///   - geometry: The grid.
  ///   - axis: The voxel axis that it stands across.
  ///   - index: Its index along that axis.
  ///   - box: The voxels to show, along `x`, `y` and `z`; the range across the slice is left aside.
  public init(_ geometry: Geometry, across axis: Int, at index: Int, showing box: [Range<Int>]) {
    precondition((0..<3).contains(axis) && (0..<geometry.matrix[axis]).contains(index), "slice \(index)")
    precondition(
      box.count == 3 && (0..<3).allSatisfy { !box[$0].isEmpty && box[$0].upperBound <= geometry.matrix[$0] },
      "the part \(box) of \(geometry.matrix)")
    self.axis = axis
    self.index = index
    self.box = box
    orientation = SliceOrientation(geometry, across: axis)
    voxelSize = geometry.voxelSize
  }

  /// Which way the slice is cut; of oblique ones, the nearest of the three.
  public var plane: String { ["sagittal", "coronal", "axial"][orientation.plane] }

  /// Width over height of the picture in the patient.
  public var aspectRatio: Double {
    size.x / size.y
  }

  /// Width and height in the patient [m].
  public var size: SIMD2<Double> {
    func length(_ axis: Int) -> Double { Double(box[axis].count) * abs(voxelSize[axis]) }
    return SIMD2(length(orientation.horizontal), length(orientation.vertical))
  }

  /// The side of the patient at the left edge of the picture: `R`, or in sagittal slices `A`.
  public var leftMark: String { orientation.marks.left }
  /// The side of the patient at the right edge of the picture: `L`, or in sagittal slices `P`.
  public var rightMark: String { orientation.marks.right }

  /// Where a box of voxels lies on the picture, as parts of its width and height.
  public func place(of part: [Range<Int>]) -> (x: ClosedRange<Double>, y: ClosedRange<Double>) {
    func place(_ axis: Int, falls: Bool) -> ClosedRange<Double> {
      let whole = box[axis], part = part[axis].clamped(to: whole)
      let lower = Double(part.lowerBound - whole.lowerBound) / Double(whole.count)
      let upper = Double(part.upperBound - whole.lowerBound) / Double(whole.count)
      return falls ? (1 - upper)...(1 - lower) : lower...upper
    }
    return (
      place(orientation.horizontal, falls: orientation.fallsHorizontally),
      place(orientation.vertical, falls: orientation.fallsVertically)
    )
  }

  /// Draws the slice of a volume.
  ///
  /// - Parameters:
  ///   - volume: Values, axes `[z, y, x]`; those that are not finite stay black.
  ///   - range: Which values the ends of the colour map stand for.
  ///   - colors: How values become colours.
  ///   - mask: The object, axes `[z, y, x]`; the rest stays black.
  /// - Returns: A picture for ``PNGFile``, axes `[row, column]`, with a third axis of three colours unless it is grey.
  public func picture(
    of volume: NDArray<Float>, range: ClosedRange<Float>, colors: ColorMap = .grey,
    within mask: NDArray<Bool>? = nil
  ) -> NDArray<UInt8> {
    precondition(mask.map { $0.shape == volume.shape } ?? true, "a mask of another shape")
    let strides = [1, volume.shape[2], volume.shape[1] * volume.shape[2]]
    func offsets(_ axis: Int, falls: Bool) -> [Int] {
      (falls ? box[axis].reversed() : Array(box[axis])).map { $0 * strides[axis] }
    }
    let xs = offsets(orientation.horizontal, falls: orientation.fallsHorizontally)
    let ys = offsets(orientation.vertical, falls: orientation.fallsVertically)
    let levels = colors.levels, samples = colors == .grey ? 1 : 3, flags = mask?.elements
    var picture = NDArray<UInt8>(
      repeating: 0, shape: [ys.count, xs.count] + (samples == 3 ? [3] : []))
    picture.withUnsafeMutableBufferPointer { pixels in
      volume.withUnsafeBufferPointer { voxels in
        for (row, y) in ys.enumerated() {
          for (column, x) in xs.enumerated() {
            let voxel = index * strides[axis] + y + x
            guard voxels[voxel].isFinite, flags?[voxel] ?? true else { continue }
            let color = levels[Int((255 * range.position(of: voxels[voxel])).rounded())]
            for sample in 0..<samples { pixels[(row * xs.count + column) * samples + sample] = color[sample] }
          }
        }
      }
    }
    return picture
  }
}
