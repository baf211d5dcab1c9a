import MRIData

extension SENSESolution {
  /// What the user should know of how the images were found.
  func diagnostics(noise: NoiseLevel) -> [Diagnostic] {
    var list = sensitivities.assumptions.map { Diagnostic("sensitivities", $0, isWarning: true) }
    if isUnfolded.allSatisfy({ $0 }) {
      list.append(
        Diagnostic(
          "unfolding", "The mask is regular: every set of aliases was solved exactly, without iterations."))
    } else if histories.contains(where: { !$0.isEmpty }) {
      list.append(
        Diagnostic(
          "iterations", "Iterations of the slowest plane, for each echo.", values: iterations.map(Double.init)
        ))
      for (echo, history) in histories.enumerated() where !history.isEmpty {
        list.append(
          Diagnostic(
            "residual of echo \(echo + 1)",
            "The largest relative residual of a plane, before each iteration and after the last.",
            values: history))
      }
    }
    if unsupported > 0 {
      list.append(
        Diagnostic(
          "positions out of reach",
          "Missing positions without an acquired one within two steps, over all echoes: sensitivities tell little of them, "
            + "and images lack their details or alias.", values: [Double(unsupported)], isWarning: true))
    }
    if let deviation = noise.standardDeviation, deviation > 0 {
      let expected = Double(deviation) * 2.0.squareRoot()
      list.append(
        Diagnostic(
          "data misfit over noise",
          "What images leave unexplained of the samples, for each echo: about 1 or less is noise, much more says that "
            + "sensitivities or samples are wrong, or that the noise scan is of another scale.",
          values: misfits.map { $0 / expected }, isWarning: misfits.contains { $0 > 50 * expected }))
    } else {
      list.append(
        Diagnostic(
          "data misfit", "Root mean square of what images leave unexplained of the samples, for each echo.",
          values: misfits))
    }
    return list
  }
}
