import MRIData
import NDArrays
import Numerics
import ParallelImaging
import TestSupport
import Testing

@Suite("Diagnostics")
struct DiagnosticsTests {
  @Test("SENSE tells residuals of every iteration, and a misfit that is the noise's")
  func sense() throws {
    let matrix = Extents(x: 4, y: 24, z: 20)
    let simulation = Simulation(matrix, channels: 6, noise: 0.05)
    let scan = simulation.scan.undersampled(by: scatteredMask(matrix, calibration: 4))
    let method = SENSE(calibration: .given(simulation.sensitivities), iterations: 200)
    let solution = try method.solution(for: scan), diagnostics = try method(scan).diagnostics
    #expect(solution.histories[0].count == solution.iterations[0] + 1)
    #expect(solution.histories[0][0] == 1 && solution.residuals[0] <= 1e-3)
    let misfit = try #require(diagnostics.first { $0.name == "data misfit over noise" })
    #expect(misfit.values.count == 1 && misfit.values[0] > 0.7 && misfit.values[0] < 1.05)
    #expect(diagnostics.contains { $0.name == "residual of echo 1" && $0.values == solution.histories[0] })
    // Wrong sensitivities show.
    var wrong = simulation.sensitivities
    wrong.maps = testPattern(wrong.maps.shape, seed: 3)
    let other = try SENSE(calibration: .given(wrong))(scan).diagnostics
    #expect(try #require(other.first { $0.name == "data misfit over noise" }).values[0] > 2)
  }

  @Test("GRAPPA tells how many lines were predicted, and warns of those that were not")
  func grappa() throws {
    let scan = SmoothScan.scan(Extents(x: 16, y: 60, z: 1), channels: 4).undersampled()
    let filling = try GRAPPA().filled(scan)
    let diagnostics = try GRAPPA()(scan).diagnostics
    #expect(diagnostics[0].values == [Double(filling.supports.values.reduce(0, +))])
    #expect(diagnostics.last?.values == [0] && diagnostics.allSatisfy { !$0.isWarning })
    var sparse = scan
    var mask = SamplingMask(lines: 60, partitions: 1, isAcquired: false)
    for line in 20..<40 { mask[line: line, partition: 0] = true }
    sparse = sparse.undersampled(by: mask)
    #expect(try #require(try GRAPPA()(sparse).diagnostics.last).isWarning)
    #expect(try #require(try GRAPPA()(sparse).diagnostics.last).values == [24])
  }
}
