import MRIData

extension SPIRiTFilling {
  /// What the user should know of how gaps were filled.
  var diagnostics: [Diagnostic] {
    guard iterations.contains(where: { $0 > 0 }) else { return [.noLineMissing] }
    return [
      Diagnostic(
        "iterations", "Iterations of the slowest plane, for each echo.", values: iterations.map(Double.init)),
      Diagnostic(
        "residuals", "The largest last relative residual of a plane, for each echo.", values: residuals),
      Diagnostic(
        "positions out of reach",
        "Missing positions without an acquired one within the kernel, over all echoes: what they hold was not measured, "
          + "and images alias or blur.", values: [Double(unsupported)], isWarning: unsupported > 0),
    ]
  }
}
