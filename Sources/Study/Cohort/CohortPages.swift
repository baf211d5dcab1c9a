import Evaluation

/// The tables of the regions' agreement with the reference.
struct RegionPages {
  private let statistics: CohortStatistics
  private var cells: [StudyCell] { statistics.cells.dropFirst().map(\.cell) }

  init(_ statistics: CohortStatistics) { self.statistics = statistics }

  func write(to page: inout HTMLPage) {
    let differences = cells.map { cell in
      DotPlot.Series(
        name: cell.title, color: 0,
        changes: statistics.regions.map { statistics.change(of: $0, in: cell) })
    }
    let scale = DotPlot.scale(differences, band: statistics.aims.percentDifference)
    page.plots(
      differences.map { series in
        DotPlot(
          title: series.name, axis: "difference of the group's mean [%]",
          regions: statistics.regions.map(DeepNucleus.title), series: [series],
          band: statistics.aims.percentDifference, scale: scale
        ).svg
      })
    page.note(
      """
      Dots: how far the group's mean is from that of \(statistics.reference.title), in percent of it. Bars: its 95 % interval \
      over subjects (paired). The band holds \(statistics.aims.percentDifference.shortest) % to both sides.
      """)
    page.subheading("Correlation with the reference")
    page.table(
      ["region"] + cells.map(\.title), rows { CohortFormat.correlation($0.correlation) },
      caption: "Pearson's r over subjects, with its 95 % confidence interval (Fisher).")
    page.subheading("Group differences")
    page.table(
      ["region", "\(statistics.reference.title) [ppb]"] + cells.map(\.title),
      statistics.regions.map { region in
        let aging = statistics.aging(of: region, in: statistics.reference)
        let mean =
          "\(CohortFormat.ppb(aging?.mean)) ± \(aging?.deviation.map { CohortFormat.ppb($0) } ?? "-")"
        return [DeepNucleus.title(of: region), mean]
          + cells.map { cell in
            let agreement = statistics.agreement(of: region, in: cell)
            let p = CohortFormat.probability(agreement?.correctedP)
            let change = statistics.change(of: region, in: cell)
            return "\(CohortFormat.percent(change)) (p \(p))"
          }
      },
      caption: """
        The reference's mean and standard deviation over subjects, and how far each cell's mean is from it, in percent of it, with its \
        95 % interval. p by the \
        paired t-test, corrected by Holm's method for all \(statistics.agreements.count) regions and cells.
        """)
    page.subheading("Agreement in single subjects")
    page.table(
      ["region"] + cells.map(\.title),
      rows { CohortFormat.limits($0.agreement) }
        + [["all"] + statistics.pooled.map { CohortFormat.limits($0.agreement) }],
      caption: "Bland-Altman: mean difference and the limits that hold 95 % of the differences [ppb], "
        + "cell minus reference.")
  }

  private func rows(_ text: (RegionAgreement) -> String) -> [[String]] {
    statistics.regions.map { region in
      [DeepNucleus.title(of: region)]
        + cells.map { cell in statistics.agreement(of: region, in: cell).map(text) ?? "-" }
    }
  }
}

/// The table of the regions' correlation with age.
struct AgingPage {
  private let statistics: CohortStatistics

  init(_ statistics: CohortStatistics) { self.statistics = statistics }

  func write(to page: inout HTMLPage) {
    page.table(
      ["region"] + statistics.cells.map(\.cell.title),
      statistics.regions.map { region in
        [DeepNucleus.title(of: region)]
          + statistics.cells.map { cell in
            guard let aging = statistics.aging(of: region, in: cell.cell), let line = aging.regression else {
              return "-"
            }
            return
              "r \(CohortFormat.number(line.r, 3)), p \(CohortFormat.probability(line.p)) (\(CohortFormat.probability(aging.correctedP))), \(CohortFormat.signed(1000 * line.slope, 2)) ppb/y"
          }
      },
      caption: """
        Pearson's r with age, its p (in brackets: corrected by Holm's method for the \(statistics.regions.count) regions of the \
        cell), and the slope. An acceleration that changes nothing leaves what is found of age as it is.
        """)
  }
}

/// The table of the regions' distance from the truth, where it is known.
struct TruthPage {
  private let statistics: CohortStatistics

  init(_ statistics: CohortStatistics) { self.statistics = statistics }

  func write(to page: inout HTMLPage) {
    page.heading("Truth")
    page.subheading("Which is nearer to the truth?")
    page.table(
      ["region", "truth [ppb]"] + statistics.cells.map(\.cell.title),
      statistics.regions.map { region in
        let truth = statistics.cells.map { statistics.truth(of: region, in: $0.cell) }
        return [DeepNucleus.title(of: region), CohortFormat.ppb(truth.first??.mean)]
          + truth.map { truth in
            let bias = CohortFormat.signed(truth.map { 1000 * $0.bias }, 1)
            return
              "\(bias), rms \(CohortFormat.ppb(truth?.rootMeanSquare)), r \(CohortFormat.number(truth?.r, 3))"
          }
      },
      caption: """
        Mean error against the true susceptibility of the region's voxels [ppb], root of the mean squared error over subjects, and \
        correlation with the truth. The reference's own errors, those of field and inversion included, are in its column.
        """)
    page.paragraph(
      "Mean over regions of the root-mean-square error: "
        + statistics.cells.map { cell in
          let errors = statistics.regions.compactMap {
            statistics.truth(of: $0, in: cell.cell)?.rootMeanSquare
          }
          return
            "\(cell.cell.title) \(CohortFormat.ppb(errors.reduce(0, +) / Double(max(1, errors.count)))) ppb"
        }.joined(separator: "; ") + ".")
  }
}

extension CohortFormat {
  /// A susceptibility in ppm, printed in ppb.
  static func ppb(_ value: Double?) -> String { number(value.map { 1000 * $0 }, 1) }

  static func correlation(_ value: PearsonCorrelation?) -> String {
    guard let value else { return "-" }
    return
      "\(number(value.r, 3)) [\(number(value.interval.lower, 3)), \(number(value.interval.upper, 3))]"
  }

  /// A difference with its interval.
  static func percent(_ change: RegionChange?) -> String {
    guard let change else { return "-" }
    guard let half = change.halfWidth else { return "\(signed(change.percent, 1)) %" }
    return
      "\(signed(change.percent, 1)) % [\(signed(change.percent - half, 1)), \(signed(change.percent + half, 1))]"
  }

  static func limits(_ value: AgreementLimits?) -> String {
    guard let value else { return "-" }
    return
      "\(signed(1000 * value.bias, 1)) (\(signed(1000 * value.lowerLimit, 1)) to \(signed(1000 * value.upperLimit, 1)))"
  }
}
