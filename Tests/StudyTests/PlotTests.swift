import Foundation
import FoundationXML
import Testing

@testable import Study

@Suite struct PlotTests {
  @Test(arguments: [
    ([0.0, 1], 0.0, 1.0), ([0.113, 0.437], 0.1, 0.5), ([3, 3], 2.6, 3.4),
    ([-0.0012, 0.0049], -0.002, 0.006),
    ([1e6, 3.2e6], 1e6, 3.5e6), ([], 0, 1), ([0], -1, 1),
  ])
  func `An axis runs from a round number to a round number`(_ values: [Double], lower: Double, upper: Double)
  {
    let axis = AxisScale(values)
    #expect(
      abs(axis.lower - lower) < 1e-9 * max(1, abs(lower))
        && abs(axis.upper - upper) < 1e-9 * max(1, abs(upper)))
    #expect((2...11).contains(axis.ticks.count))
  }

  @Test func `Tick labels have the decimals of their steps`() {
    let axis = AxisScale([-0.1, 0.15])
    #expect(axis.ticks.map(axis.text) == ["-0.10", "-0.05", "0.00", "0.05", "0.10", "0.15"])
  }

  @Test func `A plot is well-formed whatever its texts hold, and skips points that are not finite`() throws {
    var plot = Plot(title: "a < b & \"c\"", x: "x", y: "y")
    plot.series = [
      .init(
        name: "<s>", points: [[1, 2], [.nan, 3], [2, .infinity], [3, 5]], isJoined: true, labels: ["&"])
    ]
    plot.guides = [.identity, .horizontal(2, label: "<"), .line(slope: 1, intercept: 0)]
    let parser = XMLParser(data: Data(plot.svg.utf8))
    #expect(parser.parse())
    #expect(plot.svg.components(separatedBy: "<circle").count - 1 == 2 + 1)
  }
}
