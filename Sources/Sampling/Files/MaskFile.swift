import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import Numerics

/// Sampling masks as files; the extension chooses the format.
///
/// | extension | content | axes |
/// |---|---|---|
/// | `.npy` | NumPy array of booleans (reads any number type; non-zero is acquired) | `[kz, ky]` or `[echo, kz, ky]`; reads `[ky, kz]` where the matrix or the caller says so |
/// | `.cfl` | BART array, 1 where acquired | phase 1, phase 2, echo |
/// | `.csv` | one acquired position per row, in the order of acquisition | columns `ky,kz`, perhaps `echo` |
/// | `.png` | a picture, written only | `kz` down, `ky` across |
public enum MaskFile {
  /// Reads the masks of a file: one, or one per echo.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - matrix: The extents that the masks must have; a `.csv` file from elsewhere does not say them.
  ///   - axes: The order of the axes of a `.npy` array; what its sidecar or its shape says unless given.
  /// - Throws: ``SamplingError`` if the file cannot be understood, a mask is empty, lacks the centre of k-space or
  ///   has other extents, if a square array could be meant either way, or if axes are given for a file that says them.
  public static func read(
    _ path: String, matrix: GridExtent? = nil, axes: MaskAxes? = nil
  ) throws(SamplingError) -> [SamplingMask] {
    LastWord.note(.reading, path)
    try checkKind(of: path)
    if let axes, ["cfl", "hdr", "csv"].contains(kind(of: path)) {
      throw .file(
        path: path, problem: "says itself which axis is ky: `maskAxes: \(axes.rawValue)` is for .npy arrays",
        remedy: "Leave it out")
    }
    let masks =
      switch kind(of: path) {
      case "npy": try oriented(NumPyMask.read(path), path, matrix, axes)
      case "cfl", "hdr": try readArray(path)
      case "csv": try PositionList.read(path, matrix: matrix)
      default:
        throw .file(
          path: path, problem: "masks are not read from this kind of file",
          remedy: "Give a .npy, .cfl or .csv file")
      }
    for mask in masks {
      if let matrix, mask.extent != matrix { throw .extentsDiffer(mask: mask.extent, data: matrix) }
      try mask.validate()
    }
    return masks
  }

  /// Refuses what is there and no regular file: whoever opens a pipe that nobody writes to waits for ever.
  private static func checkKind(of path: String) throws(SamplingError) {
    do throws(FileError) {
      try RegularFile.length(path)
    } catch {
      if case .missing = error { return }
      throw .imageFile(error)
    }
  }

  /// Puts the axes of an array's masks in order, which arrays from elsewhere may have the other way round.
  private static func oriented(
    _ masks: [SamplingMask], _ path: String, _ matrix: GridExtent?, _ axes: MaskAxes?
  ) throws(SamplingError) -> [SamplingMask] {
    if let axes { return axes == .linesFirst ? masks.map(\.transposed) : masks }
    let extent = masks[0].extent
    if extent.lines == extent.partitions {
      let isSymmetric = masks.allSatisfy { $0 == $0.transposed }
      let known = try? MaskSidecar(ofMaskAt: path).masks.map(\.checksum)
      guard isSymmetric || known == masks.map(\.checksum) else {
        throw .file(
          path: path,
          problem:
            "a square array of shape (\(extent.partitions), \(extent.lines)) does not say which axis is ky",
          remedy: "Say `maskAxes: kz,ky` or `maskAxes: ky,kz`, the slower axis first")
      }
      return masks
    }
    let isTransposed = matrix.map {
      $0 != extent && $0 == GridExtent(lines: extent.partitions, partitions: extent.lines)
    }
    return isTransposed == true ? masks.map(\.transposed) : masks
  }

  /// Writes masks, and a sidecar beside the file.
  ///
  /// - Parameters:
  ///   - masks: One mask, or one per echo, of equal extents.
  ///   - path: The file; its extension chooses the format.
  ///   - recipe: How the masks were made.
  ///   - source: Where they came from, if there is no recipe.
  ///   - order: The order of the rows of a `.csv` file.
  /// - Throws: ``SamplingError`` if the format is unknown or the file cannot be written.
  public static func write(
    _ masks: [SamplingMask], to path: String, recipe: MaskRecipe? = nil, source: String? = nil,
    order: AcquisitionOrder = .linear
  ) throws(SamplingError) {
    precondition(
      !masks.isEmpty && masks.allSatisfy { $0.extent == masks[0].extent }, "masks of different extents")
    let sidecar = try MaskSidecar(masks: masks, recipe: recipe, source: source)
    do {
      // Ready before the mask gets its name, so that the two appear together.
      let companion = try AtomicFile(MaskSidecar.path(ofMaskAt: path))
      try companion.append(sidecar.json())
      switch kind(of: path) {
      case "npy": try write(NumPyMask.data(masks), to: path)
      case "csv": try write(PositionList.data(masks, order: order), to: path)
      case "cfl": try CFLFile.writeScan(array(masks), to: path)
      case "png": try PNGFile.write(picture(masks), to: path)
      default:
        throw SamplingError.file(
          path: path, problem: "masks are not written to this kind of file",
          remedy: "Choose a name that ends in .npy, .cfl, .csv or .png")
      }
      try companion.commit()
    } catch {
      throw samplingError(error, path)
    }
  }

  /// The files that are written beside a mask: its sidecar and, for BART, its header.
  package static func companions(of path: String) -> [String] {
    let header = kind(of: path) == "cfl" ? [String(path.dropLast(4)) + ".hdr"] : []
    return [MaskSidecar.path(ofMaskAt: path)] + header
  }

  /// Refuses to write masks where that would replace what exists, unless it may be, or what is no companion of a mask.
  ///
  /// - Throws: ``InputError``.
  public static func check(_ path: String, of masks: [SamplingMask], replacing: Bool) throws(InputError) {
    try OutputPath.check(path, replacing: replacing)
    for companion in companions(of: path) where FileManager.default.fileExists(atPath: companion) {
      // The same mask in another format has the same sidecar.
      let known = try? MaskSidecar(ofMaskAt: companion).masks.map(\.checksum)
      if known == masks.map(\.checksum) || replacing && isCompanion(companion) { continue }
      throw InputError(
        path,
        "\(companion) exists\(replacing ? " and belongs to something else than a mask" : ""), and would be replaced",
        remedy: "Choose another name for the mask with `output`, or move that file away")
    }
  }

  /// Whether a file is what is written beside masks.
  package static func isCompanion(_ path: String) -> Bool {
    if path.hasSuffix(".json") { return (try? MaskSidecar(ofMaskAt: path)) != nil }
    let start = FileManager.default.contents(atPath: path).map {
      String(decoding: $0.prefix(64), as: UTF8.self)
    }
    return start?.hasPrefix("# Dimensions") ?? false
  }

  /// A picture of masks, axes `[kz, ky]`, one above the other; acquired positions are white on dark grey.
  ///
  /// Each position becomes a square of as many pixels as keep the picture under about a thousand.
  public static func picture(_ masks: [SamplingMask]) -> NDArray<UInt8> {
    let lines = masks[0].lines, partitions = masks[0].partitions
    let scale = max(1, min(8, 1000 / max(lines, partitions)))
    let gap = masks.count > 1 ? 4 : 0
    let height = masks.count * (partitions * scale + gap) - gap
    return NDArray(uninitializedShape: [height, lines * scale]) { pixels in
      pixels.initialize(repeating: 110)
      for (index, mask) in masks.enumerated() {
        let top = index * (partitions * scale + gap)
        for row in 0..<partitions * scale {
          for column in 0..<lines * scale {
            pixels[(top + row) * lines * scale + column] =
              mask[line: column / scale, partition: row / scale] ? 255 : 24
          }
        }
      }
    }
  }

  private static func kind(of path: String) -> String { URL(filePath: path).pathExtension.lowercased() }

  private static func readArray(_ path: String) throws(SamplingError) -> [SamplingMask] {
    let array: NDArray<Complex<Float>>, shape: [Int]
    do throws(FileError) {
      shape = try CFLFile.scanShape(path)
    } catch {
      throw .imageFile(error)
    }
    guard shape[1] == 1, shape[4] == 1 else {
      throw .file(
        path: path, problem: "holds \(shape[1]) channels and \(shape[4]) readout samples, which is no mask",
        remedy: "Take one sample of one channel, or make the mask with bart pattern")
    }
    let grid = GridExtent(lines: shape[3], partitions: shape[2])
    guard grid.isPlausible, shape[0] <= 1024, shape[0] * grid.count <= 16 * GridExtent.mostPositions else {
      throw .file(
        path: path,
        problem: "holds \(counted(shape[0], "mask")) of \(grid) positions, too large for any scan",
        remedy: "Check that it is a mask")
    }
    do throws(FileError) {
      array = try CFLFile.readScan(path)
    } catch {
      throw .imageFile(error)
    }
    guard array.elements.allSatisfy(\.isFinite) else {
      throw .file(
        path: path, problem: "holds a value that is no finite number",
        remedy: "Make the mask with bart pattern")
    }
    return (0..<shape[0]).map { echo in
      let plane = array.part(at: echo).reshaped(to: [shape[2], shape[3]])
      return SamplingMask(isAcquired: plane.map { $0 != .zero })
    }
  }

  /// Masks as BART has them, axes `[echo, channel, kz, ky, kx]`.
  private static func array(_ masks: [SamplingMask]) -> NDArray<Complex<Float>> {
    let flags = masks.flatMap { $0.isAcquired.elements.map { Complex<Float>($0 ? 1 : 0, 0) } }
    return NDArray(flags, shape: [masks.count, 1, masks[0].partitions, masks[0].lines, 1])
  }

  private static func write(_ data: Data, to path: String) throws {
    let file = try AtomicFile(path)
    try data.withUnsafeBytes { bytes in try file.append(bytes) }
    try file.commit()
  }

  private static func samplingError(_ error: any Error, _ path: String) -> SamplingError {
    switch error {
    case let error as SamplingError: error
    case let error as FileError: .imageFile(error)
    default: .file(path: path, problem: "cannot be written (\(error))", remedy: "Check the folder")
    }
  }
}

extension SamplingMask {
  /// Checks that the mask can be used: it has samples, among them the centre of k-space.
  ///
  /// - Throws: ``SamplingError/empty(grid:)`` or ``SamplingError/centreMissing(line:partition:acquired:)``.
  public func validate() throws(SamplingError) {
    let acquired = acquiredCount
    guard acquired > 0 else { throw .empty(grid: extent) }
    guard self[line: lines / 2, partition: partitions / 2] else {
      throw .centreMissing(line: lines / 2, partition: partitions / 2, acquired: acquired)
    }
  }
}

extension SamplingMask {
  /// The mask with its two axes exchanged.
  fileprivate var transposed: SamplingMask {
    var mask = SamplingMask(lines: partitions, partitions: lines, isAcquired: false)
    for partition in 0..<partitions {
      for line in 0..<lines where self[line: line, partition: partition] {
        mask[line: partition, partition: line] = true
      }
    }
    return mask
  }
}
