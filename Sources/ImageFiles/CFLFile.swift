import Files
import Foundation
import NDArrays
import Numerics

/// BART's arrays: a text header `.hdr` with the dimensions, and the elements in `.cfl`.
///
/// BART lists dimensions fastest first, an ``NDArray`` slowest first. Reversed, they are the same array:
///
/// ```
/// BART  0 read, 1 phase, 2 partition, 3 channel, 4 map, 5 echo, ..., 15
/// here  [15, ..., echo, map, channel, z, y, x]
/// ```
///
/// Files are named as in BART, without an extension; `.cfl` or `.hdr` at the end is ignored.
///
/// - SeeAlso: `enum mri_dims` in `misc/mri.h` of <https://github.com/mrirecon/bart>
public enum CFLFile {
  private static let axes = 16
  private static let bytes = MemoryLayout<Complex<Float>>.stride

  /// Reads an array with all of BART's sixteen dimensions, slowest first.
  ///
  /// - Throws: ``FileError`` if one of the two files is missing, or they do not fit each other.
  public static func read(_ path: String) throws(FileError) -> NDArray<Complex<Float>> {
    LastWord.note(.reading, path)
    let base = baseName(path)
    let dimensions = try dimensions(base + ".hdr")
    let needed = byteCount(of: dimensions, elementBytes: bytes)
    let elements = base + ".cfl"
    let found = try RegularFile.length(elements)
    guard let handle = FileHandle(forReadingAtPath: elements) else {
      throw .unreadable(path: elements, reason: "no permission")
    }
    guard let needed, needed == found else {
      throw .sizeMismatch(
        path: elements, dimensions: dimensions, expectedBytes: needed ?? .max, foundBytes: found)
    }
    try MachineMemory.check(needed, toRead: elements)
    return try NDArray(uninitializedShape: dimensions.reversed()) { (target) throws(FileError) in
      var rest = UnsafeMutableRawBufferPointer(target)
      while !rest.isEmpty {
        let count = Foundation.read(handle.fileDescriptor, rest.baseAddress, rest.count)
        guard count > 0 else { throw .unreadable(path: elements, reason: String(cString: strerror(errno))) }
        rest = UnsafeMutableRawBufferPointer(rebasing: rest[count...])
      }
    }
  }

  /// Writes an array of up to sixteen axes, the last of which becomes BART's dimension 0.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``; then neither file is left behind.
  public static func write(_ array: NDArray<Complex<Float>>, to path: String) throws(FileError) {
    precondition(array.shape.count <= axes, "BART has no more than \(axes) axes; shape \(array.shape)")
    let dimensions = array.shape.reversed() + Array(repeating: 1, count: axes - array.shape.count)
    let base = baseName(path)
    let elements = try AtomicFile(base + ".cfl")
    let header = try AtomicFile(base + ".hdr")
    try array.withUnsafeBufferPointer { (values) throws(FileError) in
      try elements.append(UnsafeRawBufferPointer(values))
    }
    let list = dimensions.map(String.init).joined(separator: " ")
    try header.append("# Dimensions\n\(list)\n# Creator\nKSpaceToolkit\n".utf8)
    try elements.commit()
    try header.commit()
  }

  private static func baseName(_ path: String) -> String {
    path.hasSuffix(".cfl") || path.hasSuffix(".hdr") ? String(path.dropLast(4)) : path
  }

  /// The sixteen dimensions in a header, fastest first; BART leaves out trailing ones.
  private static func dimensions(_ path: String) throws(FileError) -> [Int] {
    try RegularFile.length(path)
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .unreadable(path: path, reason: "no permission")
    }
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    guard let title = lines.firstIndex(where: { $0.hasPrefix("# Dimensions") }), title + 1 < lines.count
    else {
      throw .malformed(path: path, reason: "it has no \"# Dimensions\"")
    }
    let words = lines[title + 1].split(separator: " ")
    let dimensions = words.compactMap { Int($0) }
    guard dimensions.count == words.count, (1...axes).contains(dimensions.count),
      dimensions.allSatisfy({ $0 > 0 })
    else {
      throw .malformed(path: path, reason: "its dimensions are \"\(lines[title + 1])\"")
    }
    return dimensions + Array(repeating: 1, count: axes - dimensions.count)
  }
}

// K-space and images of a scan.
extension CFLFile {
  /// Reads k-space or images of a scan, axes `[echo, channel, z, y, x]`.
  ///
  /// BART marks what was not acquired by zeros; the file holds no mask, no geometry and no echo times.
  ///
  /// - Throws: ``FileError`` as ``read(_:)``, and if the array extends along a dimension that a scan does not have,
  ///   such as several sets of maps.
  public static func readScan(_ path: String) throws(FileError) -> NDArray<Complex<Float>> {
    let shape = try scanShape(path)
    return try read(path).reshaped(to: shape)
  }

  /// The extents of k-space or images of a scan, `[echo, channel, z, y, x]`, by the header alone.
  ///
  /// - Throws: ``FileError`` as ``readScan(_:)``.
  public static func scanShape(_ path: String) throws(FileError) -> [Int] {
    let dimensions = try dimensions(baseName(path) + ".hdr")
    for (dimension, extent) in dimensions.enumerated()
    where extent > 1 && ![0, 1, 2, 3, 5].contains(dimension) {
      throw .unsupported(
        path: baseName(path) + ".cfl", feature: "\(extent) elements along BART's dimension \(dimension)",
        advice: "Take one of them with `bart slice \(dimension) 0`.")
    }
    return [dimensions[5], dimensions[3], dimensions[2], dimensions[1], dimensions[0]]
  }

  /// Writes k-space or images of a scan, axes `[echo, channel, z, y, x]`.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``; then neither file is left behind.
  public static func writeScan(_ scan: NDArray<Complex<Float>>, to path: String) throws(FileError) {
    precondition(scan.shape.count == 5, "a scan needs [echo, channel, z, y, x], not \(scan.shape)")
    // One set of maps, BART's dimension 4, stands between echoes and channels.
    try write(scan.reshaped(to: [scan.shape[0], 1] + scan.shape[1...]), to: path)
  }
}
