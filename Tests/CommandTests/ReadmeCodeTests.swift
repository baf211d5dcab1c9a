import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// The README's Swift, compiled and run: its statements stand in this test as they stand there.
struct ReadmeCodeTests {
  @Test("The README's code compiles, maps the field of a scan and inverts an operator")
  func code() throws {
    let file = try SmallScan()
    let path = file.folder.path("head.h5")

    let scan = try KSpace(MRDFile(at: path))
    let fieldMapping = Pipeline(ZeroFilled(), then: MDI())
    let maps = try fieldMapping(scan)
    #expect(maps.field.geometry.matrix == scan.geometry.matrix && maps.fieldNoise != nil)
    #expect(maps.r2Star.count == 1 && maps.echoes.count == scan.echoes)

    let mask = try PoissonDisk(acceleration: 4, calibrationExtent: 8)
      .mask(lines: scan.lines, partitions: scan.partitions, seed: 7)
    let accelerated = try scan.undersampled(by: mask)
    #expect(accelerated.masks.allSatisfy { $0 == mask })

    let matrix = scan.geometry.matrix
    let sensitivities = CoilSensitivities(
      NDArray(repeating: Complex(0.5, 0), shape: [scan.channels] + matrix.shape), geometry: scan.geometry)
    let samples = accelerated.samples.part(at: 0)
    let model = SamplingOperator(mask) * FourierOperator(matrix) * SensitivityOperator(sensitivities)
    let solution = conjugateGradients(model, samples, damping: 0.01)
    #expect(solution.iterations > 0 && solution.residuals.last ?? 1 < 1e-3)

    let readme = try String(
      contentsOf: SharedData.packageRoot.appending(path: "README.md"), encoding: .utf8)
    for statement in [
      "let fieldMapping = Pipeline(ZeroFilled(), then: MDI())", "let maps = try fieldMapping(scan)",
      "let mask = try PoissonDisk(acceleration: 4, calibrationExtent: 8)",
      ".mask(lines: scan.lines, partitions: scan.partitions, seed: 7)",
      "let accelerated = try scan.undersampled(by: mask)",
      "let model = SamplingOperator(mask) * FourierOperator(matrix) * SensitivityOperator(sensitivities)",
      "let solution = conjugateGradients(model, samples, damping: 0.01)",
    ] { #expect(readme.contains(statement), "\(statement)") }
  }
}
