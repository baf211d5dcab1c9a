import Testing

@testable import RawData

@Suite struct GradientDescriptionTests {
  /// What is made of the trapezoid of a real scan once some of its numbers are changed; `nil` leaves a number out.
  private static func judged(
    _ changes: [String: Double?], sampleTime: Float = 3.1
  ) -> GradientDescription {
    var parameters = ReadoutTrapezoidTests.siemens.parameters
    parameters["echoSpacing"] = 560
    for (name, value) in changes { parameters[name] = value }
    var readout = AcquisitionHeader()
    readout.sampleCount = 160
    readout.sampleTime = sampleTime
    return GradientDescription(
      MRDHeader.TrajectoryDescription(identifier: "ConventionalEPI", parameters: parameters),
      of: [readout], isMixed: true)
  }

  @Test(
    "What the header states of a gradient twice and alike is believed without doubt",
    arguments: [
      [:], ["echoSpacing": nil], ["echoSpacing": 570], ["acqDelayTime": 37], ["acqDelayTime": nil],
      // Two gradients of other scans.
      [
        "rampUpTime": 130, "flatTopTime": 450, "rampDownTime": 130, "acqDelayTime": 107, "echoSpacing": 710,
      ], ["rampUpTime": 0, "flatTopTime": 496, "rampDownTime": 0, "acqDelayTime": 0, "echoSpacing": 500],
    ] as [[String: Double?]])
  func sound(changes: [String: Double?]) throws {
    let description = Self.judged(changes)
    #expect(description.findings.map(\.severity) == [.note], "\(description.findings)")
    #expect(description.trapezoid != nil)
  }

  @Test(
    "Gradients that end too early for their samples and for the next one are refused",
    arguments: [
      ["flatTopTime": 216], ["flatTopTime": 264, "echoSpacing": 620], ["rampUpTime": 120],
      ["rampDownTime": 120], ["dwellTime": 2.79], ["dwellTime": 2.976], ["dwellTime": 0.0031],
    ] as [[String: Double?]])
  func refused(changes: [String: Double?]) {
    let description = Self.judged(changes)
    #expect(description.trapezoid == nil)
    #expect(description.findings.map(\.severity) == [.error], "\(description.findings)")
  }

  @Test("A delay that alone puts samples beside the gradient's middle is replaced", arguments: [0.0, 16, 60])
  func delay(time: Double) throws {
    let description = Self.judged(["acqDelayTime": time])
    #expect(description.findings.map(\.severity) == [.warning, .note])
    #expect(abs(try #require(description.trapezoid).delay - 32e-6) < 1e-12)
  }

  @Test("A pause between gradients is a doubt, and so are two sample times")
  func doubts() throws {
    let pause = Self.judged(["echoSpacing": 620])
    #expect(pause.findings.map(\.severity) == [.warning, .note])
    #expect(pause.findings[0].problem.contains("560 us, and follow one another every 620 us"))
    let times = Self.judged([:], sampleTime: 6.2)
    #expect(times.findings.map(\.severity) == [.warning, .note])
    #expect(times.trapezoid?.dwellTime == 3.1e-6)
    // Unknown sample times say nothing.
    #expect(Self.judged([:], sampleTime: 0).findings.count == 1)
  }
}
