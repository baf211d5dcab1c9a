/// How p-values are raised where many hypotheses are tested at once.
///
/// ```
/// bonferroni          m p                                      any false finding at all
/// holm                max over q <= p of (m - rank(q) + 1) q   the same, never less powerful
/// benjaminiHochberg   min over q >= p of m q / rank(q)         the share of false findings among findings
/// ```
///
/// `m` is the number of hypotheses, ranks count from the smallest p. None exceeds 1.
///
/// - SeeAlso: S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6(2):65-70, 1979;
///   Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", J. R. Stat. Soc. B 57(1):289-300, 1995,
///   doi:10.1111/j.2517-6161.1995.tb02031.x.
public enum MultipleComparisons: String, Sendable, CaseIterable, Codable {
  /// Each p-value times the number of hypotheses.
  case bonferroni
  /// Bonferroni's correction step by step.
  case holm
  /// The false discovery rate, for independent or positively dependent tests.
  case benjaminiHochberg

  /// The corrected p-values, in the order given.
  ///
  /// - Precondition: All lie between 0 and 1.
  public func corrected(_ probabilities: [Double]) -> [Double] {
    precondition(probabilities.allSatisfy { (0...1).contains($0) }, "p-values \(probabilities)")
    let count = Double(probabilities.count)
    let order = probabilities.indices.sorted { probabilities[$0] < probabilities[$1] }
    var result = probabilities
    switch self {
    case .bonferroni:
      return probabilities.map { min(1, count * $0) }
    case .holm:
      var largest = 0.0
      for (rank, index) in order.enumerated() {
        largest = max(largest, (count - Double(rank)) * probabilities[index])
        result[index] = min(1, largest)
      }
    case .benjaminiHochberg:
      var smallest = 1.0
      for (rank, index) in order.enumerated().reversed() {
        smallest = min(smallest, count / Double(rank + 1) * probabilities[index])
        result[index] = smallest
      }
    }
    return result
  }
}
