import MRIData
import Numerics
import RawData
import TestSupport
import Testing

@Suite struct RampTrajectoryTests {
  /// A scan whose trajectories say what its header does not.
  private struct Source: ReadoutSource {
    var readouts: MemorySource
    var positions: [Double]
    /// What a step of the grid is in the trajectories' unit.
    var unit: Double
    /// A readout whose samples lie half a step beside those of the others.
    var stray: Int?
    var path: String { readouts.path }
    var header: MRDHeader { readouts.header }
    var acquisitions: [AcquisitionHeader] { readouts.acquisitions }

    init(_ scene: EchoPlanarScene, unit: Double) {
      readouts = scene.source()
      readouts.header.encodings[0].trajectoryDescription = nil
      for index in readouts.acquisitions.indices { readouts.acquisitions[index].trajectoryDimensions = 2 }
      positions = scene.trapezoid.positions(onGridOf: scene.extent)
      self.unit = unit
    }

    func trajectory(ofReadout index: Int) throws(RawDataError) -> [Float] {
      let header = acquisitions[index]
      let sign = header.flags.contains(.isReverse) ? -1.0 : 1.0
      return positions.flatMap {
        [
          Float((sign * $0 + (index == stray ? 0.5 : 0)) * unit),
          Float((Double(header.counters.line) - 24) * unit),
        ]
      }
    }

    func forEachReadout(
      _ indices: [Int],
      _ body: @Sendable (Int, UnsafeBufferPointer<Complex<Float>>) throws(RawDataError) -> Void
    ) throws(RawDataError) { try readouts.forEachReadout(indices, body) }
  }

  @Test(
    "Trajectories stand for a description of the gradient, in any usual unit",
    // Grid steps, parts of the matrix, 1/m over 80 mm, rad/m.
    arguments: [1.0, 0.0125, 12.5, 78.539816])
  func units(unit: Double) throws {
    let scene = EchoPlanarScene()
    let described = try KSpace(scene.source()).samples
    let scan = try KSpace(Source(scene, unit: unit))
    #expect(relativeError(scan.samples, described) < 1e-3)
  }

  @Test("Trajectories of no known unit, and those that differ between lines, are refused")
  func refusals() throws {
    let unknown = try #require(throws: RawDataError.self) { try KSpace(Source(EchoPlanarScene(), unit: 3)) }
    #expect(unknown.problem.contains("no known unit"))
    var source = Source(EchoPlanarScene(), unit: 1)
    source.stray = 20
    let unlike = try #require(throws: RawDataError.self) { try KSpace(source) }
    #expect(unlike.problem.contains("elsewhere along the readout"))
    #expect(throws: RawDataError.self) {
      try KSpace(Source(EchoPlanarScene(), unit: 1), options: ReadingOptions(correctsEchoPlanar: false))
    }
  }
}
