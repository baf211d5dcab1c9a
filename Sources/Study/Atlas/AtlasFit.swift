import Evaluation
import Files
import Foundation
import MRIData
import NDArrays
import QSM
import QuantitativeMapping

/// How well an atlas lies on a scan, by measures that the registration did not make great.
public struct AtlasFit: Sendable, Equatable, Codable {
  /// Dice's overlap of the scan's brain and the atlas's, within the scan; `nil` where the atlas tells no brain.
  public var overlap: Double?
  /// The correlation of the scan's susceptibility with that of the atlas, or with what its nuclei are expected to have,
  /// within a centimetre of the regions; `nil` where one of them is not known.
  public var agreement: Double?
  /// The regions.
  public var regions: [Region]

  /// The volume of a region.
  public struct Region: Sendable, Equatable, Codable {
    /// Its name.
    public var name: String
    /// Its volume on the scan [ml].
    public var volume: Double
    /// Its volume in the atlas [ml].
    public var atlasVolume: Double
    /// The volume on the scan over that in the atlas, less what is common to all regions; 1 for equal proportions.
    public var proportion: Double
    /// The volume on the scan in voxels.
    public var voxels: Int
    /// How many voxels it would have on the scan with the atlas's proportions.
    public var expectedVoxels: Double
  }

  // On simulated heads the overlap is 0.92 and more; nuclei that overlap by 0.75 or more (Dice, mean) agree by 0.73 and
  // more, those that overlap by 0.4 to 0.5 by 0.43 to 0.47, and those of a mirrored head by 0.44.
  private static let leastOverlap = 0.8, doubtfulOverlap = 0.88
  private static let leastAgreement = 0.5, doubtfulAgreement = 0.62
  private static let surroundings = 0.01
  private static let doubtfulProportion = 2.0, largestScale = 3.0
  /// Regions of fewer voxels have no proportions worth speaking of.
  private static let fewVoxels = 8.0

  /// Refuses what is no fit.
  ///
  /// - Parameter name: The atlas.
  /// - Throws: ``InputError`` that says by which measure.
  func check(_ name: String) throws(InputError) {
    let remedy =
      "Look at the scan, its brain mask and where their headers say that they lie; leave out `atlas` to have the map alone"
    if let overlap, overlap < Self.leastOverlap {
      throw InputError(
        name,
        "the atlas does not fit the scan: the brains overlap by \(Self.text(overlap)) only (Dice; 1 is perfect)",
        remedy: remedy)
    }
    if let agreement, agreement < Self.leastAgreement {
      throw InputError(
        name,
        "the atlas does not fit the scan: susceptibility and nuclei agree by \(Self.text(agreement)) only (correlation; "
          + "0.7 is usual)", remedy: remedy)
    }
    if let scale = commonScale, !(1 / Self.largestScale...Self.largestScale).contains(scale) {
      throw InputError(
        name,
        "the atlas does not fit the scan: its regions came out \(Self.text(scale)) times as large as they are in the atlas",
        remedy: remedy)
    }
  }

  /// What to doubt, one sentence each.
  var warnings: [String] {
    var warnings: [String] = []
    if let overlap, overlap < Self.doubtfulOverlap {
      warnings.append(
        "The brains of scan and atlas overlap by \(Self.text(overlap)) only (Dice): look at how its labels lie."
      )
    }
    if let agreement, agreement < Self.doubtfulAgreement {
      warnings.append(
        "Susceptibility and the atlas's nuclei agree by \(Self.text(agreement)) only (correlation; 0.7 is usual): look at how "
          + "its labels lie.")
    }
    let odd = regions.filter {
      $0.expectedVoxels >= Self.fewVoxels
        && !(1 / Self.doubtfulProportion...Self.doubtfulProportion).contains($0.proportion)
    }
    if !odd.isEmpty {
      warnings.append(
        "Regions came out of other proportions than the atlas has them, or reach beyond the scan: "
          + odd.map { "\($0.name) (\(Self.text($0.proportion)) times)" }.joined(separator: ", ") + ".")
    }
    let small = regions.filter { $0.voxels < Int(Self.fewVoxels) }
    if !small.isEmpty {
      warnings.append(
        "Regions of fewer than \(Int(Self.fewVoxels)) voxels tell little: "
          + small.map { "\($0.name) (\($0.voxels))" }.joined(separator: ", ") + ".")
    }
    return warnings
  }

  /// The measures in a sentence.
  var account: String {
    [
      overlap.map { "the brains overlap by \(Self.text($0)) (Dice)" },
      agreement.map { "susceptibility and nuclei agree by \(Self.text($0)) (correlation)" },
      commonScale.map { "regions have \(Self.text($0)) times their volume in the atlas" },
    ].compactMap(\.self).joined(separator: ", ")
  }

  /// The middle of the regions' volumes over those in the atlas.
  private var commonScale: Double? {
    regions.filter { $0.expectedVoxels >= Self.fewVoxels }.map { $0.volume / $0.atlasVolume }.sorted().middle
  }

  private static func text(_ value: Double) -> String { String(format: "%.2f", value) }
}

extension AtlasFit {
  /// Measures a fit.
  ///
  /// - Parameters:
  ///   - atlas: The atlas.
  ///   - labels: Its regions on the scan.
  ///   - atlasBrain: Its brain there; `nil` where it tells none.
  ///   - expected: Its susceptibility there; `nil` where it is not known.
  ///   - susceptibility: That of the scan, zero where it is not known; `nil` without.
  ///   - brain: The scan's brain.
  init(
    of atlas: Atlas, labels: NDArray<Int32>, atlasBrain: NDArray<Bool>?, expected: NDArray<Float>?,
    on susceptibility: NDArray<Float>?, brain: BrainMask
  ) {
    let grid = brain.geometry
    overlap = atlasBrain.map { other in
      let both = brain.isInside.combined(with: other) { $0 && $1 }.elements.count { $0 }
      return 2 * Double(both) / Double(max(1, brain.count + other.elements.count { $0 }))
    }
    if let expected, let susceptibility {
      let around = Morphology(voxelSize: grid.voxelSize).dilated(
        labels.map { $0 != 0 }, by: Self.surroundings)
      let known = around.combined(with: susceptibility) { $0 && $1 != 0 && $1.isFinite }
      agreement =
        (try? PearsonCorrelation(
          susceptibility.elements(within: known).map(Double.init),
          expected.elements(within: known).map(Double.init)))?.r ?? 0
    }
    regions = Self.regions(of: atlas, labels, grid)
  }

  private static func regions(
    of atlas: Atlas, _ labels: NDArray<Int32>, _ geometry: Geometry
  ) -> [Region] {
    func size(_ grid: Geometry) -> Double { abs(grid.voxelSize.x * grid.voxelSize.y * grid.voxelSize.z) }
    func counts(_ labels: NDArray<Int32>) -> [Int32: Int] {
      labels.elements.reduce(into: [:]) { $0[$1, default: 0] += $1 == 0 ? 0 : 1 }
    }
    let voxel = size(geometry), atlasVoxel = size(atlas.grid), found = counts(labels)
    var regions = counts(atlas.labels.labels).filter { $0.key != 0 }.sorted { $0.key < $1.key }.map {
      label, count in
      let voxels = found[label] ?? 0
      return Region(
        name: atlas.labels.names[label] ?? "\(label)", volume: 1e6 * voxel * Double(voxels),
        atlasVolume: 1e6 * atlasVoxel * Double(count), proportion: 1, voxels: voxels,
        expectedVoxels: Double(count) * atlasVoxel / voxel)
    }
    let scale = regions.map { $0.volume / $0.atlasVolume }.sorted().middle.flatMap { $0 > 0 ? $0 : nil } ?? 1
    for index in regions.indices {
      regions[index].proportion = regions[index].volume / regions[index].atlasVolume / scale
      regions[index].expectedVoxels *= scale
    }
    return regions
  }
}
