import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// The README's Swift, compiled and run: its statements stand in this test as they stand there.
struct ReadmeCodeTests {
  @Test("The README's programs are those of the package that is built and run")
  func programs() throws {
    let root = SharedData.packageRoot
    let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
    for name in ["MapSusceptibility", "Evaluate"] {
      let file = root.appending(path: "Tests/LibraryPackage/Sources/\(name)/main.swift")
      let program = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .newlines)
      #expect(readme.contains("```swift\n\(program)\n```"), "\(name)")
    }
  }

  @Test("The README's operators compile and are inverted")
  func operators() throws {
    let matrix = Extents(x: 8, y: 9, z: 6), channels = 3
    let mask = try PoissonDisk(acceleration: 2, calibrationExtent: 4).mask(lines: 9, partitions: 6, seed: 7)
    let sensitivities = CoilSensitivities(
      NDArray(repeating: Complex(0.5, 0), shape: [channels] + matrix.shape),
      geometry: Geometry(matrix: matrix, voxelSize: [1e-3, 1e-3, 1e-3]))
    let model = SamplingOperator(mask) * FourierOperator(matrix) * SensitivityOperator(sensitivities)
    let samples = model(testPattern(matrix.shape))
    let solution = conjugateGradients(model, samples, damping: 0.01)
    #expect(solution.iterations > 0 && solution.residuals.last ?? 1 < 1e-3)
    let readme = try String(
      contentsOf: SharedData.packageRoot.appending(path: "README.md"), encoding: .utf8)
    for statement in [
      "let model = SamplingOperator(mask) * FourierOperator(matrix) * SensitivityOperator(sensitivities)",
      "let solution = conjugateGradients(model, samples, damping: 0.01)",
    ] { #expect(readme.contains(statement), "\(statement)") }
  }
}
