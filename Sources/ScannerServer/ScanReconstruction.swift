import MRIData
import NDArrays
import Numerics
import QuantitativeMapping
import RawData

/// Makes images of a scan that has come, and hands them out series by series as soon as they are there.
struct ScanReconstruction {
  let recipe: ScanRecipe
  /// Takes lines for the log.
  let report: (LogLevel, String) throws -> Void
  /// Gives way to the end of the server.
  let check: @Sendable () throws -> Void
  /// Takes images of one series, in their order.
  let deliver: (MRDImage) throws -> Void

  /// Reconstructs the scan by the same steps as from a file.
  ///
  /// - Throws: What reading, reconstructing and sending throw.
  func callAsFunction(_ file: MRDFile) throws {
    let layout = try ScanLayout(of: file, options: recipe.reading)
    for finding in layout.findings where finding.severity == .warning { try report(.warning, "\(finding)") }
    try layout.check(path: file.path)
    let choice = try recipe.reconstruction(layout)
    let plan = choice.plan.isEmpty ? [] : [choice.plan]
    for line in choice.account + plan + choice.warnings.map({ "warning: \($0)" }) {
      try report(.information, line)
    }
    let name = choice.pipeline.combination.rawValue
    try report(.information, "reconstructing by \(choice.name), then \(name)")
    let stack = try SliceStack(file, options: recipe.reading)
    let check = check
    let maps = try choice.pipeline(stack) { images in
      for diagnostic in images.diagnostics where diagnostic.isWarning {
        try report(.warning, "\(diagnostic)")
      }
      return images.observed { _, _ in try check() }
    }
    let builder = SeriesImages(layout, file.acquisitions, maps, values: recipe.values, method: choice.name)
    var number = 0
    func send(_ series: ResultSeries) throws {
      guard recipe.series.contains(series.kind) else { return }
      number += 1
      let clipped = try builder.send(series, number: number, to: deliver)
      // Half a turn is one code beyond the last, and the last for all that anybody sees.
      if clipped > 0, series.kind != .phase {
        // Noise beside the head has any decay.
        try report(
          series.kind == .r2Star ? .information : .warning,
          "\(series.title): \(clipped) values lie beyond the range of the codes and became its ends"
        )
      }
    }
    for series in ResultSeries.all(of: maps) {
      if series.kind == .phase, recipe.values == .complex, recipe.series.contains(.magnitude) { continue }
      try send(series)
    }
    if recipe.series.contains(.weighted) {
      // As from files, the weighting takes its phase from the field: both ways give one image.
      var unphased = maps
      unphased.phase = nil
      if let series = ResultSeries(weighted: unphased) { try send(series) }
    }
    if recipe.series.contains(.susceptibility) { try sendSusceptibility(of: maps, send) }
    if number == 0 { try report(.warning, "the scan yields none of the series that were asked for") }
  }

  private func sendSusceptibility(of maps: EchoMaps, _ send: (ResultSeries) throws -> Void) throws {
    guard maps.field != nil else {
      return try report(
        .warning,
        "there is no susceptibility map: it takes two echoes of known times, combined by a method that yields a field"
      )
    }
    let result: SusceptibilityMaps
    do {
      result = try recipe.mapping(maps)(maps) { _ in try check() }
    } catch let stop as DescriptorStream.Stopped {
      throw stop
    } catch {
      return try report(.warning, "there is no susceptibility map: \(error)")
    }
    for assumption in result.assumptions { try report(.information, assumption) }
    for warning in result.warnings { try report(.warning, warning) }
    try send(ResultSeries(susceptibility: result.susceptibility))
  }
}
