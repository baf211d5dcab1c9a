import Evaluation
import Testing

/// Statistics equal SciPy, and hold what their definitions promise.
@Suite struct StatisticsTests {
  struct Golden: Decodable {
    struct Record: Decodable {
      let x, y: [Double]
      let r, p, t, pairedP, slope, intercept, slopeP, slopeError, interceptError, bias, biasError: Double
      let limitError: Double
      let interval, pairedInterval99, limits: [Double]
    }
    let samples: [Record]
    let p, benjaminiHochberg, holm: [Double]
  }

  static let golden = try? EvaluationTests.Golden.read("statistics.json", as: Golden.self)

  /// Sums of some tens of terms, and distribution functions good to some tens of units in the last place.
  private func equals(_ value: Double, _ expected: Double, scale: Double = 0) -> Bool {
    abs(value - expected) <= 1e-11 * max(abs(expected), scale)
  }

  @Test(arguments: 0..<4) func statisticsEqual(_ index: Int) throws {
    let record = try #require(Self.golden).samples[index]
    let correlation = try PearsonCorrelation(record.x, record.y)
    #expect(equals(correlation.r, record.r))
    // Of a correlation near 1, p follows from 1 - r, which keeps fewer digits.
    #expect(abs(correlation.p - record.p) <= max(1e-9 * record.p, 1e-60))
    #expect(equals(correlation.interval.lower, record.interval[0]))
    #expect(equals(correlation.interval.upper, record.interval[1]))

    let test = try PairedTTest(record.x, record.y, level: 0.99)
    #expect(equals(test.t, record.t, scale: 1) && equals(test.p, record.pairedP, scale: 0.1))
    #expect(equals(test.interval.lower, record.pairedInterval99[0], scale: 1))
    #expect(equals(test.interval.upper, record.pairedInterval99[1], scale: 1))
    #expect(test.degreesOfFreedom == record.x.count - 1 && equals(test.difference, record.bias, scale: 1))

    let line = try LinearRegression(record.x, record.y)
    #expect(equals(line.slope, record.slope) && equals(line.intercept, record.intercept, scale: 100))
    #expect(line.r == correlation.r && line.p == correlation.p)
    let slopeError = (line.slopeInterval.upper - line.slopeInterval.lower) / 2
    let interceptError = (line.interceptInterval.upper - line.interceptInterval.lower) / 2
    // SciPy takes residuals from 1 - r^2.
    #expect(abs(slopeError / record.slopeError - 1) < 1e-7)
    #expect(abs(interceptError / record.interceptError - 1) < 1e-7)

    let agreement = try BlandAltman(record.x, record.y)
    #expect(equals(agreement.bias, record.bias, scale: 1))
    #expect(equals(agreement.lowerLimit, record.limits[0], scale: 1))
    #expect(equals(agreement.upperLimit, record.limits[1], scale: 1))
    #expect(equals(agreement.biasInterval.upper - agreement.bias, record.biasError, scale: 1))
    #expect(equals(agreement.lowerLimitInterval.upper - agreement.lowerLimit, record.limitError, scale: 1))
    #expect(equals(agreement.upperLimit - agreement.upperLimitInterval.lower, record.limitError, scale: 1))
  }

  @Test func correctionsEqual() throws {
    let golden = try #require(Self.golden)
    for (method, expected) in [
      (MultipleComparisons.benjaminiHochberg, golden.benjaminiHochberg), (.holm, golden.holm),
      (.bonferroni, golden.p.map { min(1, 9 * $0) }),
    ] {
      let corrected = method.corrected(golden.p)
      #expect(zip(corrected, expected).allSatisfy { equals($0, $1) })
    }
  }

  @Test func correctionsOrderThemselves() {
    let p = [0.2, 0.001, 0.03, 0.9, 0.03, 1, 0]
    let bonferroni = MultipleComparisons.bonferroni.corrected(p)
    let holm = MultipleComparisons.holm.corrected(p),
      rate = MultipleComparisons.benjaminiHochberg.corrected(p)
    for index in p.indices {
      #expect(p[index] <= rate[index] && rate[index] <= holm[index] && holm[index] <= bonferroni[index])
      #expect(bonferroni[index] <= 1)
    }
    for method in MultipleComparisons.allCases {
      #expect(method.corrected([]) == [] && method.corrected([0.3]) == [0.3])
    }
  }

  /// Roots of sums of squares leave a unit or two in the last place.
  @Test func pointsOnALine() throws {
    let x = [1.0, 2, 3, 4, 5]
    let rising = try PearsonCorrelation(x, x.map { 2 * $0 - 1 })
    #expect(abs(rising.r - 1) < 1e-15 && rising.r <= 1 && rising.p < 1e-20)
    #expect(rising.interval.lower > 1 - 1e-12 && rising.interval.upper <= 1)
    let line = try LinearRegression(x, x.map { 7 - 0.5 * $0 })
    #expect(line.slope == -0.5 && line.intercept == 7 && abs(line.r + 1) < 1e-15)
    #expect(line.slopeInterval.contains(-0.5))
  }

  @Test func exchangingTheMethodsTurnsSigns() throws {
    let a = [1.0, 4, 2, 8, 5], b = [1.5, 3, 2.5, 9, 4]
    let one = try BlandAltman(a, b), other = try BlandAltman(b, a)
    #expect(one.bias == -other.bias && one.lowerLimit == -other.upperLimit)
    #expect(try PairedTTest(a, b).t == -PairedTTest(b, a).t)
    #expect(try PairedTTest(a, b).p == PairedTTest(b, a).p)
    #expect(try PearsonCorrelation(a, b).r == PearsonCorrelation(b, a).r)
  }

  @Test func threePairsTellNothingOfTheInterval() throws {
    let correlation = try PearsonCorrelation([1, 2, 4], [2, 1, 3])
    #expect(correlation.interval.lower == -1 && correlation.interval.upper == 1)
  }

  @Test func groupsDifferInPercent() throws {
    #expect(try percentDifference(of: [11, 13], from: [10, 10]) == 20)
    #expect(try percentDifference(of: [-11], from: [-10]) == -10)
    #expect(throws: EvaluationError.referenceWithoutContrast) {
      try percentDifference(of: [1], from: [1, -1])
    }
  }

  @Test func whatHasNoAnswerIsRefused() {
    let x = [1.0, 2, 3]
    #expect(throws: EvaluationError.self) { try PearsonCorrelation([1, 2], [1, 3]) }
    #expect(throws: EvaluationError.self) { try PearsonCorrelation(x, [0.1, 0.1, 0.1]) }
    #expect(throws: EvaluationError.self) { try LinearRegression([0.1, 0.1, 0.1], x) }
    #expect(throws: EvaluationError.self) { try PairedTTest(x, x) }
    #expect(throws: EvaluationError.self) { try BlandAltman([1], [2]) }
    #expect(throws: EvaluationError.valuesNotFinite(statistic: "A paired t-test")) {
      try PairedTTest(x, [1, .nan, 2])
    }
  }
}
