import Evaluation
import Files
import Foundation
import MRIData
import NDArrays

/// How far the susceptibility of a study's reference is from the true one, which simulated heads have.
///
/// A reference that is no nearer to the truth than a blank map cannot rank others: who is nearer to it is not nearer to
/// the truth.
public struct TruthScores: Sendable, Equatable, Codable {
  /// The root-mean-square error over the truth's deviation, means taken out; a blank map has 1.
  public var nrmse: Double
  /// The correlation over the voxels of the map.
  public var correlation: Double
  /// The slope of the deep nuclei's means over the true ones; `nil` for fewer than three nuclei among the regions.
  public var nucleiSlope: Double?

  /// What the names of deep nuclei that differ in iron have in them.
  private static let nuclei = ["caudate", "putamen", "pallid", "nigra", "rednucleus"]

  /// Compares a map with the truth where there is a map.
  ///
  /// - Throws: ``EvaluationError`` for maps without values; ``StudyError`` if regions lie on another grid.
  init(of map: NDArray<Float>, against truth: NDArray<Float>, regions: LabelVolume?) throws {
    let isKnown = map.map { $0 != 0 }
    try Self.check(truth, within: isKnown)
    nrmse = try NRMSE(.demeaned).value(of: map, against: truth, within: isKnown)
    correlation =
      try PearsonCorrelation(
        map.elements(within: isKnown).map(Double.init), truth.elements(within: isKnown).map(Double.init)
      ).r
    guard let regions else { return }
    let found = try regions.values(of: map, within: map).filter { region in
      let name = region.name.lowercased().filter(\.isLetter)
      return Self.nuclei.contains { name.contains($0) }
    }
    guard found.count > 2 else { return }
    let expected = try regions.values(of: truth, within: map)
    let pairs = found.compactMap { region in
      expected.first { $0.name == region.name }.map { (truth: $0.mean, map: region.mean) }
    }
    nucleiSlope = try LinearRegression(pairs.map(\.truth), pairs.map(\.map)).slope
  }

  /// Refuses a truth that is no susceptibility in ppm.
  ///
  /// - Throws: ``InputError``.
  private static func check(_ truth: NDArray<Float>, within isKnown: NDArray<Bool>) throws(InputError) {
    let sizes = truth.elements(within: isKnown).filter { $0.isFinite && $0 != 0 }.map(abs).sorted()
    guard let typical = sizes.ranked(0.99) else {
      throw InputError(
        "true susceptibility", "it is zero or not finite wherever the scan has a map",
        remedy: "Check that it belongs to the scan (`truth`)")
    }
    guard !(1e-4...5).contains(typical) else { return }
    throw InputError(
      "true susceptibility",
      "99 % of its values are below \(typical) where the scan has a map, which no tissue has in ppm"
        + (typical > 5 ? "; they look like ppb" : "; they look like a fraction"),
      remedy: "Give it in ppm (`truth`)")
  }

  /// Whether others may be ranked by how near they are to the reference.
  public var ranks: Bool { nrmse < 1 }

  /// What readers must know, in a sentence.
  var remark: String {
    let slope = nucleiSlope.map { String(format: ", slope of the nuclei %.2f", $0) } ?? ""
    let scores = String(format: "NRMSE %.2f (a blank map has 1), r %.2f", nrmse, correlation) + slope
    return ranks
      ? "The reference's susceptibility against the true one: \(scores)."
      : "The reference's susceptibility is no nearer to the true one than a blank map: \(scores). Susceptibilities are not "
        + "scored, as who is nearer to such a reference is not nearer to the truth."
  }
}
