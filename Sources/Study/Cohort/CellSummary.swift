/// What a group tells of one way of measuring: its scan time and scores.
public struct CellSummary: Sendable, Equatable, Codable {
  /// One score over all subjects that have it.
  public struct Score: Sendable, Equatable, Codable {
    /// What is scored, with its unit.
    public let name: String
    /// The scores; without those of cells that equal the reference, whose ratio is infinite.
    public let spread: Spread
  }

  /// The way of measuring.
  public let cell: StudyCell
  /// Full grid over acquired positions, mean over subjects.
  public let gridAcceleration: Double
  /// The scan time [s], mean over subjects; `nil` where that of a subject is unknown.
  public let scanTime: Double?
  /// The scores against the reference.
  public let scores: [Score]

  private static var scores: [(String, (CellScores) -> Double?)] {
    [
      ("chi SSIM", { $0.susceptibilitySSIM }), ("chi PSNR [dB]", { $0.susceptibilityPSNR }),
      ("chi XSIM", { $0.susceptibilityXSIM }), ("chi NRMSE", { $0.susceptibilityNRMSE }),
      ("SSIM", { $0.magnitudeSSIM }), ("PSNR [dB]", { $0.magnitudePSNR }),
      ("NRMSE", { $0.magnitudeNRMSE }), ("field error [Hz]", { $0.fieldErrorMedian }),
    ]
  }

  init(_ records: [SubjectRecord], cell: Int) {
    let rows = records.map { $0.rows[cell] }
    self.cell = rows[0].cell
    gridAcceleration = Spread(rows.map(\.record.gridAcceleration)).mean
    let times = rows.compactMap(\.record.scanTime)
    scanTime = times.count == rows.count ? Spread(times).mean : nil
    scores = Self.scores.compactMap { name, score in
      let values = rows.compactMap { score($0.scores) }
      return values.isEmpty ? nil : Score(name: name, spread: Spread(values))
    }
  }

  /// A score by its name.
  public func score(_ name: String) -> Spread? { scores.first { $0.name == name }?.spread }
}
