import Evaluation

/// When an acceleration is said to have cost a region nothing that matters.
public struct CohortAims: Sendable, Equatable, Codable {
  /// The smallest correlation with the reference.
  public var correlation = 0.95
  /// The largest difference of the group's mean from the reference's, in percent of the latter.
  public var percentDifference = 5.0

  /// The usual aims.
  public init() {}
}

/// What a group of subjects tells of each way of measuring, the reference included.
///
/// All values of a region are its mean susceptibility [ppm] in one subject, relative to the mean over all voxels of the map.
public struct CohortStatistics: Sendable, Equatable, Codable {
  /// The number of subjects.
  public let subjects: Int
  /// The smallest and the largest age [years].
  public let ages: Spread
  /// When an acceleration is said to have cost nothing.
  public let aims: CohortAims
  /// The ways of measuring, the reference first.
  public let cells: [CellSummary]
  /// The regions, in the order of their labels.
  public let regions: [String]
  /// Every region in every cell but the reference.
  public let agreements: [RegionAgreement]
  /// All regions of a cell together.
  public let pooled: [PooledAgreement]
  /// Every region in every cell, against age.
  public let aging: [RegionAging]
  /// Every region in every cell, against the truth; empty where it is unknown.
  public let truth: [RegionTruth]

  /// The cell that the others are compared with.
  public var reference: StudyCell { cells[0].cell }

  /// Makes the statistics.
  ///
  /// - Precondition: There are three subjects or more, all with the same cells and regions.
  init(of records: [SubjectRecord], aims: CohortAims) {
    precondition(records.count >= 3, "statistics of \(records.count) subjects")
    let values = RegionSamples(records)
    let own = values.cells.dropFirst()
    subjects = records.count
    ages = Spread(records.map(\.age))
    self.aims = aims
    cells = values.cells.indices.map { CellSummary(records, cell: $0) }
    regions = values.regions
    let agreements = values.regions.indices.flatMap { region in
      own.indices.map { cell in
        RegionAgreement(
          region: values.regions[region], cell: values.cells[cell], values: values[region, cell],
          reference: values[region, 0])
      }
    }
    // One family: whether any region in any cell differs.
    self.agreements = agreements.corrected(by: \.test?.p) { $0.correctedP = $1 }
    pooled = own.indices.map { cell in
      PooledAgreement(
        cell: values.cells[cell], values: values.regions.indices.flatMap { values[$0, cell] },
        reference: values.regions.indices.flatMap { values[$0, 0] })
    }
    // One family for each cell: what a study with that protocol would find of age.
    let byCell = values.cells.indices.map { cell in
      values.regions.indices.map { region in
        RegionAging(
          region: values.regions[region], cell: values.cells[cell], values: values[region, cell],
          ages: records.map(\.age))
      }.corrected(by: \.regression?.p) { $0.correctedP = $1 }
    }
    aging = values.regions.indices.flatMap { region in byCell.map { $0[region] } }
    truth = values.regions.indices.flatMap { region in
      values.truth(of: region).map { truth in
        values.cells.indices.map { cell in
          RegionTruth(
            region: values.regions[region], cell: values.cells[cell], values: values[region, cell],
            truth: truth)
        }
      } ?? []
    }
  }

  /// How a region agrees with the reference in a cell.
  public func agreement(of region: String, in cell: StudyCell) -> RegionAgreement? {
    agreements.first { $0.region == region && $0.cell == cell }
  }

  /// How a region follows age in a cell.
  public func aging(of region: String, in cell: StudyCell) -> RegionAging? {
    aging.first { $0.region == region && $0.cell == cell }
  }

  /// How far a region is from the truth in a cell.
  public func truth(of region: String, in cell: StudyCell) -> RegionTruth? {
    truth.first { $0.region == region && $0.cell == cell }
  }

  /// The regions and cells that miss the aims.
  public var misses: [RegionAgreement] { agreements.filter { !$0.meets(aims) } }
}

/// The values of all subjects, by region and cell.
private struct RegionSamples {
  let records: [SubjectRecord]
  let cells: [StudyCell]
  let regions: [String]

  init(_ records: [SubjectRecord]) {
    self.records = records
    cells = records[0].rows.map(\.cell)
    regions = records[0].rows[0].regions.map(\.name)
    for record in records {
      precondition(
        record.rows.allSatisfy { $0.regions.map(\.name) == regions } && record.rows.map(\.cell) == cells,
        "\(record.name) has other cells or regions than the first subject")
    }
  }

  subscript(region: Int, cell: Int) -> [Double] { records.map { $0.rows[cell].regions[region].mean } }

  func truth(of region: Int) -> [Double]? {
    let values = records.compactMap { $0.truth?[region].mean }
    return values.count == records.count ? values : nil
  }
}

extension Array {
  /// Corrects the p-values of one family by Holm's method; elements without one stay as they are.
  fileprivate func corrected(
    by probability: (Element) -> Double?, assign: (inout Element, Double) -> Void
  ) -> [Element] {
    let known = indices.filter { probability(self[$0]) != nil }
    let corrected = MultipleComparisons.holm.corrected(known.compactMap { probability(self[$0]) })
    var result = self
    for (index, value) in zip(known, corrected) { assign(&result[index], value) }
    return result
  }
}
