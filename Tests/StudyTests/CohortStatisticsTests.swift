import Foundation
import MRIData
import Sampling
import Testing

@testable import Study

@Suite struct CohortStatisticsTests {
  /// What SciPy says of a hand-made table; see `Golden/PROVENANCE.md`.
  struct Golden: Decodable {
    struct Agreement: Decodable {
      let region: String, cell: String
      let percent: Double, r: Double, rLower: Double, rUpper: Double, t: Double, p: Double, pHolm: Double
      let bias: Double, lower: Double, upper: Double
    }
    struct Aging: Decodable {
      let region: String, cell: String
      let mean: Double, sd: Double, r: Double, p: Double, slope: Double, pHolm: Double
    }
    struct Truth: Decodable {
      let region: String, cell: String
      let bias: Double, rms: Double, r: Double
    }
    struct Pooled: Decodable {
      let cell: String
      let r: Double, bias: Double
    }
    let ages: [Double], cells: [String], regions: [String]
    let values: [String: [String: [Double]]]
    let truth: [String: [Double]]
    let agreements: [Agreement], aging: [Aging], truthErrors: [Truth], pooled: [Pooled]

    static func read() throws -> Golden {
      let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/cohort.json")
      return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
    }

    /// The table as records of subjects.
    var records: [SubjectRecord] {
      ages.indices.map { subject in
        func regions(_ values: [String: [Double]]) -> [RegionValue] {
          self.regions.map {
            RegionValue(name: $0, mean: values[$0]?[subject] ?? .nan, standardDeviation: 0.01, voxels: 9)
          }
        }
        return CohortStatisticsTests.record(
          "sub-\(subject)", age: ages[subject], cells: cells.map { ($0, regions(values[$0] ?? [:])) },
          truth: regions(truth))
      }
    }
  }

  static func record(
    _ name: String, age: Double, cells: [(String, [RegionValue])], truth: [RegionValue]? = nil
  ) -> SubjectRecord {
    let input = StudyInput(name: name, bytes: 1, checksum: "0")
    let rows = cells.map { cell, regions in
      StudyResults.Row(
        record: CellRecord(
          recipe: CellRecipe(
            cell: StudyCell(method: cell), input: input, mask: nil,
            method: MethodConfiguration(cell, revision: 1),
            combination: MethodConfiguration("MDI", revision: 1), mapping: [], software: ""),
          positions: 100, gridAcceleration: 2, maskChecksum: "", scanTime: 60, fieldPeriod: nil,
          assumptions: []),
        scores: CellScores(
          magnitudeSSIM: age / 100, magnitudePSNR: cell == "reference" ? nil : age, magnitudeNRMSE: 0.1),
        regions: regions)
    }
    return SubjectRecord(
      name: name, age: age,
      recipe: SubjectRecipe(
        input: input, cells: rows.map(\.cell), masks: MaskChoice(), conventions: ScoreConventions(),
        methods: [], mapping: [], software: ""), maskedVoxels: 1, rows: rows, truth: truth)
  }

  /// Far above rounding, far below the last digit that anybody prints.
  private func isClose(_ value: Double?, _ golden: Double) -> Bool {
    abs((value ?? .nan) - golden) <= 1e-9 * max(1, abs(golden))
  }

  @Test func `Agreement of every region equals SciPy's`() throws {
    let golden = try Golden.read()
    let statistics = CohortStatistics(of: golden.records, aims: CohortAims())
    #expect(statistics.agreements.count == golden.agreements.count)
    for expected in golden.agreements {
      let found = try #require(
        statistics.agreement(of: expected.region, in: StudyCell(method: expected.cell)))
      #expect(isClose(found.percentDifference, expected.percent))
      #expect(isClose(found.correlation?.r, expected.r))
      #expect(isClose(found.correlation?.interval.lower, expected.rLower))
      #expect(isClose(found.correlation?.interval.upper, expected.rUpper))
      #expect(isClose(found.test?.t, expected.t))
      #expect(isClose(found.test?.p, expected.p) && isClose(found.correctedP, expected.pHolm))
      #expect(isClose(found.agreement?.bias, expected.bias))
      #expect(isClose(found.agreement?.lowerLimit, expected.lower))
      #expect(isClose(found.agreement?.upperLimit, expected.upper))
    }
    for (found, expected) in zip(statistics.pooled, golden.pooled) {
      #expect(found.cell.method == expected.cell && isClose(found.r, expected.r))
      #expect(isClose(found.agreement?.bias, expected.bias))
    }
  }

  @Test func `Correlation with age and errors against the truth equal SciPy's`() throws {
    let golden = try Golden.read()
    let statistics = CohortStatistics(of: golden.records, aims: CohortAims())
    for expected in golden.aging {
      let found = try #require(statistics.aging(of: expected.region, in: StudyCell(method: expected.cell)))
      #expect(isClose(found.mean, expected.mean) && isClose(found.deviation, expected.sd))
      #expect(isClose(found.regression?.r, expected.r) && isClose(found.regression?.p, expected.p))
      #expect(isClose(found.regression?.slope, expected.slope) && isClose(found.correctedP, expected.pHolm))
    }
    for expected in golden.truthErrors {
      let found = try #require(statistics.truth(of: expected.region, in: StudyCell(method: expected.cell)))
      #expect(isClose(found.bias, expected.bias) && isClose(found.rootMeanSquare, expected.rms))
      #expect(isClose(found.r, expected.r))
    }
  }

  @Test func `Scores are summarised over the subjects that have them`() throws {
    let statistics = CohortStatistics(of: try Golden.read().records, aims: CohortAims())
    let ages = try Golden.read().ages
    let ratio = try #require(statistics.cells[1].score("PSNR [dB]"))
    #expect(isClose(ratio.mean, ages.reduce(0, +) / 7) && ratio.minimum == 18 && ratio.maximum == 75)
    // What equals the reference has an infinite ratio, which is none.
    #expect(statistics.cells[0].score("PSNR [dB]") == nil)
    #expect(statistics.cells[0].scanTime == 60 && statistics.ages.minimum == 18)
  }

  @Test func `What misses the aims is named, and no more`() throws {
    let statistics = CohortStatistics(of: try Golden.read().records, aims: CohortAims())
    #expect(statistics.misses.map { "\($0.region) \($0.cell.method)" } == ["Pu af5", "RN af5"])
    var generous = CohortAims()
    generous.correlation = 0.9
    generous.percentDifference = 20
    #expect(
      CohortStatistics(of: try Golden.read().records, aims: generous).misses.map(\.region) == ["Pu"])
  }

  @Test func `Values that do not differ between subjects have no correlation, and miss`() {
    let records = (0..<3).map { subject in
      Self.record(
        "sub-\(subject)", age: 40 + Double(subject),
        cells: ["reference", "af3"].map { cell in
          (cell, [RegionValue(name: "Ca", mean: 0.05, standardDeviation: 0, voxels: 1)])
        })
    }
    let statistics = CohortStatistics(of: records, aims: CohortAims())
    #expect(statistics.agreements[0].correlation == nil && statistics.agreements[0].test == nil)
    #expect(statistics.agreements[0].correctedP == nil && statistics.misses.count == 1)
    #expect(statistics.aging[0].regression == nil && statistics.truth.isEmpty)
  }
}
