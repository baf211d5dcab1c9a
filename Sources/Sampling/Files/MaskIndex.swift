import Files
import Foundation
import ImageFiles
import MRIData

/// The list of a folder's masks, each made anew from its recipe and compared before it is listed.
public struct MaskIndex: Sendable, Codable, Equatable {
  /// The masks in the order of their names.
  public var entries: [Entry]

  /// One mask file.
  public struct Entry: Sendable, Codable, Equatable {
    /// The name of the file.
    public var file: String
    /// The generator's name.
    public var generator: String
    /// The extents of the grid.
    public var grid: GridExtent
    /// The seed.
    public var seed: UInt64
    /// The facts of each mask of the file.
    public var masks: [MaskSidecar.Entry]
  }

  /// Checks every `.npy` mask of a folder against its sidecar's recipe.
  ///
  /// - Throws: ``SamplingError`` if the folder cannot be read, a sidecar is absent or has no recipe, or a mask is not
  ///   the one that its recipe makes.
  public init(ofFolder folder: String) throws(SamplingError) {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw .file(path: folder, problem: "not a folder that can be read", remedy: "Check the path")
    }
    entries = []
    for name in names.sorted() where name.hasSuffix(".npy") {
      let path = URL(filePath: folder).appending(path: name).path
      let sidecar = try MaskSidecar(ofMaskAt: path)
      let rederived: [SamplingMask]?
      do throws(SamplingError) {
        rederived = try sidecar.rederivedMasks()
      } catch {
        throw .file(
          path: MaskSidecar.path(ofMaskAt: path),
          problem: "its recipe does not give its masks (\("\(error)".dropLast()))",
          remedy: "Make the mask anew")
      }
      guard let recipe = sidecar.recipe, let made = rederived else {
        throw .file(
          path: path, problem: "its sidecar has no recipe", remedy: "Make the mask with kspace mask")
      }
      let stored = try MaskFile.read(path, matrix: recipe.grid)
      guard stored == made else {
        throw .notReproduced(
          stated: stored.map(\.checksum).joined(separator: " "),
          made: made.map(\.checksum).joined(separator: " "))
      }
      entries.append(
        Entry(
          file: name, generator: recipe.pattern.generator, grid: recipe.grid, seed: recipe.seed,
          masks: sidecar.masks))
    }
  }

  /// Reads a folder's `index.json`.
  ///
  /// - Throws: ``SamplingError/file(path:problem:remedy:)`` if it is absent or cannot be understood.
  public init(readingFolder folder: String) throws(SamplingError) {
    let path = Self.path(folder)
    guard let data = FileManager.default.contents(atPath: path),
      let index = try? JSONFile.decode(MaskIndex.self, from: data)
    else {
      throw .file(path: path, problem: "no index of masks", remedy: "Make one with kspace mask check")
    }
    self = index
  }

  /// Writes `index.json`.
  ///
  /// - Throws: ``SamplingError/file(path:problem:remedy:)`` if it cannot be written.
  public func write(toFolder folder: String) throws(SamplingError) {
    let path = Self.path(folder)
    guard !FileManager.default.fileExists(atPath: path) || (try? MaskIndex(readingFolder: folder)) != nil
    else {
      throw .file(
        path: path, problem: "is there and lists no masks", remedy: "Move it away; it would be replaced")
    }
    do throws(FileError) {
      try JSONFile.write(self, to: path)
    } catch {
      throw .imageFile(error)
    }
  }

  private static func path(_ folder: String) -> String {
    URL(filePath: folder).appending(path: "index.json").path
  }
}
