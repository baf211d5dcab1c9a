import MRIData

extension Diagnostic {
  /// What a complete scan has to say of its gaps.
  static let noLineMissing = Diagnostic("missing lines", "No line was missing.", values: [0])
}

extension FillingPlan {
  /// What the user should know of how gaps were filled.
  var diagnostics: [Diagnostic] {
    let filled = supports.values.reduce(0, +)
    guard filled + unsupported > 0 else { return [.noLineMissing] }
    var list = [
      Diagnostic(
        "missing lines", "Lines that were predicted from acquired ones, all echoes.", values: [Double(filled)]
      )
    ]
    for (neighbours, count) in supports.sorted(by: { $0.key < $1.key }) {
      list.append(
        Diagnostic(
          "lines predicted from \(neighbours)",
          "Lines that were predicted from so many acquired ones, all echoes.",
          values: [Double(count)]))
    }
    list.append(
      Diagnostic(
        "lines without support",
        "Lines with no acquired line in reach, all echoes: they stay zero, and images alias or blur.",
        values: [Double(unsupported)], isWarning: unsupported > 0))
    return list
  }
}
