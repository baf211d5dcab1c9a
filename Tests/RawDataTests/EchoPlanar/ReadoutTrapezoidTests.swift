import Numerics
import TestSupport
import Testing

@testable import RawData

@Suite struct ReadoutTrapezoidTests {
  static let siemens = ReadoutTrapezoid(
    rampUp: 160e-6, flatTop: 240e-6, rampDown: 160e-6, delay: 32e-6, dwellTime: 3.1e-6, samples: 160)

  @Test("Positions are the integral of the gradient; what it does while sampling spans the grid")
  func positions() throws {
    var trapezoid = Self.siemens
    trapezoid.rampDown = 120e-6
    trapezoid.delay = 20e-6
    func gradient(_ time: Double) -> Double {
      min(1, max(0, time / trapezoid.rampUp), max(0, (trapezoid.duration - time) / trapezoid.rampDown))
    }
    // The midpoint rule, in steps of a nanosecond.
    let step = 1e-9
    var areas = [0.0]
    for index in 0..<Int((trapezoid.duration / step).rounded()) {
      areas.append(areas[index] + step * gradient((Double(index) + 0.5) * step))
    }
    func area(_ time: Double) -> Double { areas[Int((time / step).rounded())] }
    let end = trapezoid.delay + trapezoid.dwellTime * 160
    let scale = 160 / (area(end) - area(trapezoid.delay)), middle = areas[areas.count - 1] / 2
    for (sample, position) in trapezoid.positions(onGridOf: 160).enumerated() {
      let expected = scale * (area(trapezoid.delay + (Double(sample) + 0.5) * trapezoid.dwellTime) - middle)
      #expect(abs(position - expected) < 1e-3)
    }
    let centre = try #require(areas.firstIndex { $0 >= middle })
    #expect(abs(trapezoid.lateness - ((trapezoid.delay + end) / 2 - Double(centre) * step)) < 2 * step)
  }

  @Test("Without ramps the pace is even, and symmetric about the centre")
  func flat() {
    let flat = ReadoutTrapezoid(
      rampUp: 0, flatTop: 80e-6, rampDown: 0, delay: 0, dwellTime: 10e-6, samples: 8)
    for (sample, position) in flat.positions(onGridOf: 8).enumerated() {
      #expect(abs(position - (Double(sample) - 3.5)) < 1e-9)
    }
  }

  @Test("What Siemens' converter writes is read, and written alike")
  func description() throws {
    let description = MRDHeader.TrajectoryDescription(
      identifier: "ConventionalEPI", parameters: Self.siemens.parameters)
    let trapezoid = try #require(ReadoutTrapezoid(description))
    for (a, b) in zip(
      trapezoid.positions(onGridOf: 160), Self.siemens.positions(onGridOf: 160))
    { #expect(abs(a - b) < 1e-9) }
    #expect(trapezoid.isPlausible)
    #expect(
      ReadoutTrapezoid(MRDHeader.TrajectoryDescription(identifier: "spiral", parameters: [:])) == nil)
  }

  @Test("Samples after the gradient's end are refused, an absent delay is the symmetric one")
  func plausibility() throws {
    var late = Self.siemens
    late.delay = 80e-6
    #expect(!late.isPlausible)
    var crowded = Self.siemens
    crowded.echoSpacing = crowded.duration
    #expect(crowded.isPlausible)
    crowded.rampUp *= 2
    #expect(!crowded.isPlausible)
    var parameters = Self.siemens.parameters
    parameters["acqDelayTime"] = nil
    let trapezoid = try #require(
      ReadoutTrapezoid(MRDHeader.TrajectoryDescription(identifier: "", parameters: parameters)))
    #expect(abs(trapezoid.delay - 32e-6) < 1e-12)
    // Milliseconds where microseconds are meant say nothing.
    for (spacing, read) in [(560.0, 560e-6), (0.56, nil), (0, nil)] {
      parameters["echoSpacing"] = spacing
      let description = MRDHeader.TrajectoryDescription(identifier: "", parameters: parameters)
      #expect(try #require(ReadoutTrapezoid(description)).echoSpacing == read)
    }
  }
}
