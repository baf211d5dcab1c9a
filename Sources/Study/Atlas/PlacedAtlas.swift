import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays

/// An atlas's regions as they lie on a scan.
public struct PlacedAtlas: Sendable {
  /// The regions on the scan's grid, with what the atlas looks like there.
  public let labels: LabelVolume
  /// How well they lie.
  public let fit: AtlasFit
  /// How they came here, one sentence each.
  public let remarks: [String]
  /// What to doubt, one sentence each.
  public let warnings: [String]

  /// The susceptibility of every region [ppm] where there is a map, in the order of their numbers.
  ///
  /// - Throws: ``StudyError/gridsDiffer(volume:shape:images:)`` for a map on another grid.
  public func values(of susceptibility: ImageVolumes<Float>) throws -> [RegionValue] {
    try labels.values(of: susceptibility[0], within: susceptibility[0])
  }

  /// A picture of the regions on an image, for a look at how they lie.
  public func picture(on image: ImageVolumes<Float>, within brain: NDArray<Bool>) -> NDArray<UInt8> {
    var montage = Montage(slices: 12, window: .percentiles(0, 99.5))
    montage.isMarked = true
    return montage.picture(of: image, within: brain, labels: labels.labels)
  }
}

extension LabelVolume {
  /// The table of the regions that have voxels: the columns index and name, as BIDS has them.
  public var table: String {
    let found = Set(labels.elements).subtracting([0]).sorted()
    return "index\tname\n" + found.map { "\($0)\t\(names[$0] ?? "\($0)")\n" }.joined()
  }
}

extension [RegionValue] {
  /// The columns region, mean [ppm], standard deviation [ppm] and voxels, parted by tabs.
  public var table: String {
    "region\tmean_ppm\tsd_ppm\tvoxels\n"
      + map { "\($0.name)\t\($0.mean)\t\($0.standardDeviation)\t\($0.voxels)\n" }.joined()
  }

  /// The values for people, in columns [ppb].
  public var text: String {
    TextTable.text(
      [["region", "mean [ppb]", "sd [ppb]", "voxels"]]
        + map {
          [
            $0.name, String(format: "%.1f", 1000 * $0.mean),
            String(format: "%.1f", 1000 * $0.standardDeviation), "\($0.voxels)",
          ]
        })
  }
}
