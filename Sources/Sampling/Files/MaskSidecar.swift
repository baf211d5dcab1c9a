import Files
import Foundation
import ImageFiles
import MRIData

/// What a mask file's `.json` companion says: where the masks came from, and how to tell that they are unharmed.
public struct MaskSidecar: Sendable, Codable, Equatable {
  /// How the masks were made; `nil` for masks that came from elsewhere.
  public var recipe: MaskRecipe?
  /// Where masks without a recipe came from.
  public var source: String?
  /// The extents of the grid.
  public var grid: GridExtent
  /// The order of a `.npy` array's axes, slowest first; older sidecars do not say it.
  public var axes: String?
  /// One entry per mask of the file.
  public var masks: [Entry]

  /// The facts of one mask.
  public struct Entry: Sendable, Codable, Equatable {
    /// The number of acquired positions.
    public var acquiredCount: Int
    /// Positions of the grid over acquired ones.
    public var gridAcceleration: Double
    /// Positions inside the shutter over acquired ones.
    public var shutterAcceleration: Double
    /// Positions over acquired ones outside the calibration box.
    public var outerAcceleration: Double?
    /// The fingerprint, see ``MRIData/SamplingMask/checksum``.
    public var checksum: String
  }

  /// Describes masks.
  ///
  /// - Throws: ``SamplingError`` if a mask is empty or does not fit the recipe's region.
  public init(
    masks: [SamplingMask], recipe: MaskRecipe? = nil, source: String? = nil
  ) throws(SamplingError) {
    guard let first = masks.first else { throw .empty(grid: GridExtent(lines: 0, partitions: 0)) }
    self.recipe = recipe
    self.source = source
    grid = first.extent
    axes = (masks.count > 1 ? "echo," : "") + MaskAxes.partitionsFirst.rawValue
    self.masks = []
    for mask in masks {
      let accelerations = try Accelerations(mask, region: recipe?.region)
      self.masks.append(
        Entry(
          acquiredCount: mask.acquiredCount, gridAcceleration: accelerations.grid,
          shutterAcceleration: accelerations.shutter, outerAcceleration: accelerations.outer,
          checksum: mask.checksum))
    }
  }

  /// Makes the masks anew from the recipe and compares them with the facts that the sidecar states.
  ///
  /// - Returns: The masks, or `nil` if there is no recipe.
  /// - Throws: ``SamplingError/notReproduced(stated:made:)`` if a fingerprint differs.
  public func rederivedMasks() throws(SamplingError) -> [SamplingMask]? {
    guard let made = try recipe?.masks() else { return nil }
    let stated = masks.map(\.checksum), checksums = made.map(\.checksum)
    guard stated == checksums else {
      throw .notReproduced(
        stated: stated.joined(separator: " "), made: checksums.joined(separator: " "))
    }
    return made
  }

  /// Reads the sidecar of a mask file.
  ///
  /// - Throws: ``SamplingError/file(path:problem:remedy:)`` if it is absent or cannot be understood.
  public init(ofMaskAt path: String) throws(SamplingError) {
    let path = Self.path(ofMaskAt: path)
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .file(
        path: path, problem: "no such sidecar",
        remedy: "Masks from elsewhere need none; make masks with kspace mask to have one")
    }
    do throws(JSONFile.Fault) {
      self = try JSONFile.decode(from: data)
    } catch {
      throw .file(
        path: path, problem: "not a sidecar of a mask (\(error.reason))", remedy: "Make the mask again")
    }
  }

  /// What the sidecar of a file says of the masks that were read from it; `nil` if there is none, or it is that of others: a
  /// file that was written anew by other tools keeps the sidecar of the masks that were there.
  public init?(of masks: [SamplingMask], readFrom path: String) {
    guard let sidecar = try? MaskSidecar(ofMaskAt: path),
      sidecar.masks.map(\.checksum) == masks.map(\.checksum)
    else { return nil }
    self = sidecar
  }

  /// The sidecar as text.
  public func json() throws -> Data {
    Data((try JSONFile.text(of: self) + "\n").utf8)
  }

  /// The sidecar's name: the mask's with `.json` in place of its extension.
  public static func path(ofMaskAt path: String) -> String {
    URL(filePath: path).deletingPathExtension().relativePath + ".json"
  }
}

extension MaskSidecar {
  /// What the header of an undersampled copy says of how it was made, by the names of its user parameters.
  ///
  /// - Parameters:
  ///   - file: The raw file that it was made from.
  ///   - warnings: What that file shows of having been processed.
  /// - Throws: `EncodingError`.
  public func headerParameters(ofCopyOf file: String, warnings: [String]) throws -> [String: String] {
    [
      "undersampling": "retrospective",
      "undersampling_software": "KSpaceToolkit \(ToolkitVersion.text)",
      "undersampling_source": URL(filePath: file).lastPathComponent,
      "undersampling_mask": try JSONFile.line(of: self),
      "undersampling_warnings": warnings.isEmpty ? "none" : warnings.joined(separator: "; "),
    ]
  }
}
