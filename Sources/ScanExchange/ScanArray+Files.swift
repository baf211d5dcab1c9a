import Files
import Foundation
import ImageFiles
import NDArrays
import Numerics

/// What stands beside an array.
private struct ScanArraySidecar: Codable {
  var generatedBy: String
  var content: ScanArray.Content
  /// The axes as NumPy shows them, slowest first.
  var axes: [String]
  /// BART's dimensions of these axes, from 0 on.
  var bartDimensions: [String: Int]
  var scan: ScanFacts
}

extension ScanArray {
  /// BART's dimensions by the names of axes.
  private static func bartDimensions(of content: Content) -> [String: Int] {
    Dictionary(zip(axes(of: content), [13, 5, 3, 2, 1, 0]), uniquingKeysWith: { first, _ in first })
  }

  /// The files that an array is written to: the array's own, and its sidecar.
  public static func files(of path: String) -> [String] {
    let base = URL(filePath: path).deletingPathExtension().relativePath
    return (ScanArrayFormat(ofFile: path) == .bart ? ["\(base).cfl", "\(base).hdr"] : [path])
      + ["\(base).json"]
  }

  /// Whether a file lies beside an array as ``write(to:)`` puts it there: a sidecar, or a part of a `.cfl`; or is not there.
  public static func isCompanion(_ path: String) -> Bool {
    guard let data = FileManager.default.contents(atPath: path) else { return true }
    switch URL(filePath: path).pathExtension {
    case "json": return (try? JSONFile.decode(ScanArraySidecar.self, from: data)) != nil
    case "hdr": return data.starts(with: Data("# Dimensions".utf8))
    default:
      let header = URL(filePath: path).deletingPathExtension().appendingPathExtension("hdr").path
      return FileManager.default.fileExists(atPath: header) && isCompanion(header)
    }
  }

  /// Writes the array, and beside it a `.json` with its axes and all that an array cannot say.
  ///
  /// A `.npy` has the axes `[echo, channel, kz, ky, kx]` (images `z, y, x`), with slices before them where there are several;
  /// a `.cfl` BART's dimensions: read 0, phase 1 and 2, channel 3, echo 5, slice 13.
  ///
  /// - Throws: ``FileError`` if a file cannot be written.
  public func write(to path: String) throws {
    let shape = elements.shape
    let base = URL(filePath: path).deletingPathExtension().relativePath
    switch ScanArrayFormat(ofFile: path) {
    case .bart:
      // [slice 13, 12 ... 6, echo 5, map 4, channel 3, z, y, x], slowest first.
      let full =
        [1, 1, shape[0]] + Array(repeating: 1, count: 7) + [shape[1], 1] + Array(shape[2...])
      try CFLFile.write(elements.reshaped(to: full), to: base)
    default:
      try NumPyArray.write(
        shape[0] == 1 ? elements.reshaped(to: Array(shape[1...])) : elements, to: path)
    }
    var axes = Self.axes(of: content)
    if shape[0] == 1 { axes.removeFirst() }
    try JSONFile.write(
      ScanArraySidecar(
        generatedBy: "kspace \(ToolkitVersion.text)", content: content, axes: axes,
        bartDimensions: Self.bartDimensions(of: content), scan: facts),
      to: "\(base).json")
  }

  /// Reads an array, and its sidecar if there is one.
  ///
  /// A `.npy` may have the axes `[slice, echo, channel, z, y, x]` or their last two to five; `[channel, y, x]` if three.
  ///
  /// - Parameters:
  ///   - path: The array.
  ///   - content: What it holds where no sidecar says so.
  /// - Throws: ``FileError`` if it cannot be read or has other axes.
  public init(readingFile path: String, otherwise content: Content = .kSpace) throws(FileError) {
    let base = URL(filePath: path).deletingPathExtension().relativePath
    let sidecar = try Self.sidecar("\(base).json")
    let elements =
      ScanArrayFormat(ofFile: path) == .bart ? try Self.bart(base) : try Self.numPy(path)
    guard elements.count > 0 else { throw .malformed(path: path, reason: "the array is empty") }
    let strange = elements.withUnsafeBufferPointer { $0.count { !$0.isFinite } }
    guard strange == 0 else {
      throw .malformed(path: path, reason: "\(strange) of \(elements.count) samples are no finite numbers")
    }
    if let prescribed = sidecar?.scan.prescribedMatrix {
      let extents = elements.shape.suffix(3).reversed()
      guard prescribed.count == 3, zip(prescribed, extents).allSatisfy({ $0 >= 1 && $0 <= $1 }) else {
        throw .malformed(
          path: "\(base).json",
          reason:
            "the prescribed matrix \(prescribed) does not lie within that of the array, \(Array(extents))")
      }
    }
    if let name = sidecar?.scan.impossible {
      throw .malformed(path: "\(base).json", reason: "its \(name) is none of a scan")
    }
    self.init(elements, content: sidecar?.content ?? content, facts: sidecar?.scan ?? ScanFacts())
    guard readoutRanges != nil else {
      throw .malformed(
        path: "\(base).json",
        reason:
          "the readout ranges \(facts.readoutRanges ?? []) are not one for each echo around the centre of kx")
    }
  }

  /// What the sidecar of an array says that it holds; `nil` if there is none.
  ///
  /// - Throws: ``FileError`` if the sidecar is broken.
  public static func statedContent(ofFile path: String) throws(FileError) -> Content? {
    try sidecar("\(URL(filePath: path).deletingPathExtension().relativePath).json")?.content
  }

  /// The sidecar of an array; `nil` if there is none.
  private static func sidecar(_ path: String) throws(FileError) -> ScanArraySidecar? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    // Other programs' sidecars say nothing of an array's axes.
    guard let object = JSONFile.object(from: data) as? [String: Any] else {
      throw .malformed(path: path, reason: "the sidecar is no JSON")
    }
    guard object["axes"] != nil || object["scan"] != nil else { return nil }
    guard let sidecar = try? JSONFile.decode(ScanArraySidecar.self, from: data) else {
      throw .malformed(path: path, reason: "the sidecar's values are of other kinds than this toolkit writes")
    }
    let known = axes(of: sidecar.content)
    guard sidecar.axes == known || sidecar.axes == Array(known.dropFirst()) else {
      throw .malformed(
        path: path,
        reason:
          "the sidecar's axes are \(sidecar.axes.joined(separator: ", ")), and not \(known.joined(separator: ", "))"
      )
    }
    return sidecar
  }

  private static func bart(_ base: String) throws(FileError) -> NDArray<Complex<Float>> {
    let array = try CFLFile.read(base)
    let dimensions = Array(array.shape.reversed())
    for (dimension, extent) in dimensions.enumerated()
    where extent > 1 && ![0, 1, 2, 3, 5, 13].contains(dimension) {
      throw .unsupported(
        path: base + ".cfl", feature: "\(extent) elements along BART's dimension \(dimension)",
        advice: "Take one of them with `bart slice \(dimension) 0`.")
    }
    return array.reshaped(to: [13, 5, 3, 2, 1, 0].map { dimensions[$0] })
  }

  private static func numPy(_ path: String) throws(FileError) -> NDArray<Complex<Float>> {
    let array = try NumPyArray.read(path), shape = array.shape
    switch shape.count {
    case 3: return array.reshaped(to: [1, 1, shape[0], 1, shape[1], shape[2]])
    case 2, 4, 5, 6: return array.reshaped(to: Array(repeating: 1, count: 6 - shape.count) + shape)
    default:
      throw .unsupported(
        path: path, feature: "an array of \(shape.count) axes",
        advice:
          "Give it the axes [echo, channel, kz, ky, kx], the last 2 to 5 of them, or slices before them.")
    }
  }
}
