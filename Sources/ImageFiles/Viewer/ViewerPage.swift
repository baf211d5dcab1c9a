import CZlib
import Files
import Foundation
import MRIData
import NDArrays

/// A page that shows volumes in three planes, linked by where they lie in the patient, and that needs nothing but a browser.
///
/// A click or the mouse's wheel moves a crosshair through all volumes; two of them are compared by a curtain or by their
/// difference. Values are those of the files to within a 65,534th of the volume's range.
///
///     var page = ViewerPage(title: "head")
///     try page.add(NIfTIFile(at: "chi.nii.gz"), named: "susceptibility")
///     try page.write(to: "view.html")
public struct ViewerPage {
  /// What the page may hold, in voxels of all volumes.
  public static let mostVoxels = 150_000_000

  /// The voxels of all volumes so far.
  public private(set) var voxels = 0
  private let title: String
  private var volumes: [Description] = []
  private var data: [String] = []

  /// What the script must know of a volume.
  private struct Description: Codable {
    let name: String
    let unit: String
    let matrix: [Int]
    /// From voxel indices to millimetres: x to the patient's right, y to the front, z to the head.
    let affine: [[Double]]
    /// What the codes 1 and 65535 stand for; code 0 is no number.
    let range: [Double]
    let window: [Double]
    let isSigned: Bool
  }

  /// Starts a page.
  public init(title: String) { self.title = title }

  /// Whether the page has no volume.
  public var isEmpty: Bool { volumes.isEmpty }

  /// Adds the volumes of a file; of complex ones their magnitude.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - name: What the reader sees; volumes of one file are numbered.
  /// - Throws: ``FileError`` if the file cannot be read.
  public mutating func add(_ file: NIfTIFile, named name: String) throws {
    let isComplex = file.dataType == .complex64 || file.dataType == .complex128
    let images =
      isComplex
      ? try file.complexVolumes(scaling: .applied).map { $0.length } : try file.volumes(scaling: .applied)
    let unit = (try? Sidecar(at: Self.sidecar(of: file.path)))?.units
    for index in 0..<images.count {
      let part = images.count > 1 ? "\(name), volume \(index + 1)" : name
      add(images[index], file.geometry, part, unit: unit, display: isComplex ? nil : file.displayRange)
    }
  }

  /// Adds an image, or all images of a folder.
  ///
  /// - Parameters:
  ///   - path: The file or folder.
  ///   - namingFolder: Whether names begin with that of the folder, which tells the images of several apart.
  /// - Throws: ``InputError`` if there is none, or more than browsers show; ``FileError``.
  public mutating func add(imagesAt path: String, namingFolder: Bool = false) throws {
    let files = try Self.images(at: path)
    guard !files.isEmpty else {
      throw InputError(
        path, "no image lies in this folder (.nii or .nii.gz)", remedy: "Name a folder of results")
    }
    for file in files {
      let image = try NIfTIFile(at: file)
      guard voxels + image.volumeCount * image.geometry.matrix.count <= Self.mostVoxels else {
        throw InputError(
          file,
          "with it the page would have more than \(Self.mostVoxels / 1_000_000) million voxels, too many for browsers",
          remedy: "Name fewer images")
      }
      let name = files == [path] ? file : String(file.dropFirst(path.count + 1))
      let folder = namingFolder && files != [path] ? URL(filePath: path).lastPathComponent + "/" : ""
      try add(image, named: folder + name)
    }
  }

  private mutating func add(
    _ volume: NDArray<Float>, _ geometry: Geometry, _ name: String, unit: ImageUnits?,
    display: ClosedRange<Double>?
  ) {
    let finite = volume.elements.filter(\.isFinite)
    let low = finite.min() ?? 0, high = max(finite.max() ?? 0, low.nextUp)
    let scale = 65534 / (high - low)
    var codes = [UInt16](repeating: 0, count: volume.count)
    volume.withUnsafeBufferPointer { values in
      for index in codes.indices where values[index].isFinite {
        codes[index] = 1 + UInt16(min(65534, ((values[index] - low) * scale).rounded()))
      }
    }
    let window = display.map { [$0.lowerBound, $0.upperBound] } ?? Self.window(of: finite)
    volumes.append(
      Description(
        name: name, unit: unit.map { $0 == .arbitrary ? "" : $0.rawValue } ?? "",
        matrix: (0..<3).map { geometry.matrix[$0] },
        affine: geometry.affineRAS.rows,
        range: [Double(low), Double(high)], window: window, isSigned: window[0] < 0))
    data.append(codes.withUnsafeBytes { Self.packed($0).base64EncodedString() })
    voxels += volume.count
  }

  /// Most of the values that are not zero: maps are zero outside of their mask.
  private static func window(of values: [Float]) -> [Double] {
    let sorted = values.filter { $0 != 0 }.sorted()
    guard let last = sorted.last, let first = sorted.first else { return [0, 1] }
    let low = sorted[sorted.count / 100], high = sorted[min(sorted.count - 1, sorted.count * 199 / 200)]
    guard first < 0 else { return [0, Double(high > 0 ? high : last)] }
    return [Double(low), Double(high > low ? high : low.nextUp)]
  }

  private static func sidecar(of path: String) -> String {
    let stem = path.hasSuffix(".nii.gz") ? path.dropLast(7) : path.dropLast(4)
    return stem + ".json"
  }

  private static func packed(_ bytes: UnsafeRawBufferPointer) -> Data {
    var length = compressBound(UInt(bytes.count))
    var result = Data(count: Int(length))
    let status = result.withUnsafeMutableBytes { target in
      compress2(
        target.bindMemory(to: UInt8.self).baseAddress, &length, bytes.bindMemory(to: UInt8.self).baseAddress,
        UInt(bytes.count), 6)
    }
    precondition(status == Z_OK, "zlib cannot pack: \(status)")
    return result.prefix(Int(length))
  }

  /// The page.
  public var html: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      // Nothing in a name can end the element that holds it.
      let descriptions = String(decoding: try encoder.encode(volumes), as: UTF8.self)
        .replacingOccurrences(of: "<", with: "\\u003c")
      let stores = data.enumerated().map {
        "<script type=\"application/octet-stream\" id=\"data-\($0)\">\($1)</script>\n"
      }
      let name = title.escapedForMarkup
      let script = ViewerScript.text, fingerprint = Self.fingerprint(of: script)
      return """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-\(fingerprint)'">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(name)</title>
        <style>
        \(ViewerScript.style)</style>
        </head>
        <body>
        <h1>\(name)</h1>
        \(ViewerScript.markup)<script type="application/json" id="volumes">\(descriptions)</script>
        \(stores.joined())<script>\(script)</script>
        </body>
        </html>

        """
    }
  }

  /// The script's SHA-256, as a content policy names it.
  private static func fingerprint(of text: String) -> String {
    let digits = Array(SHA256.digest(of: text.utf8))
    let bytes = stride(from: 0, to: digits.count, by: 2).map {
      UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0
    }
    return Data(bytes).base64EncodedString()
  }

  /// Writes the page.
  ///
  /// - Throws: ``FileError`` if it cannot be written.
  public func write(to path: String) throws {
    try AtomicFile.write(try html, to: path)
  }
}

extension ViewerPage {
  /// The images in a folder and in those below it, sorted by path; a file stands for itself.
  ///
  /// - Throws: ``FileError`` if there is nothing at a path.
  public static func images(at path: String) throws -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError.missing(path: path)
    }
    guard isFolder.boolValue else { return [path] }
    let found = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    return found.filter { name in
      (name.hasSuffix(".nii") || name.hasSuffix(".nii.gz"))
        && !name.split(separator: "/").contains { $0.hasPrefix(".") }
    }.sorted().map { "\(path)/\($0)" }
  }
}
