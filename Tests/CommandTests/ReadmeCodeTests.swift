import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// The README's Swift, compiled and run: its statements stand in this test as they stand there.
struct ReadmeCodeTests {
  /// The README and the page on the library.
  private static var pages: String {
    get throws {
      try ["README.md", "Sources/KSpaceToolkit/KSpaceToolkit.docc/Library.md"].map {
        try String(contentsOf: SharedData.packageRoot.appending(path: $0), encoding: .utf8)
      }.joined()
    }
  }

  @Test("The README's programs are those of the package that is built and run")
  func programs() throws {
    let root = SharedData.packageRoot, readme = try Self.pages
    for name in ["MapSusceptibility", "Evaluate"] {
      let file = root.appending(path: "Tests/LibraryPackage/Sources/\(name)/main.swift")
      let program = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .newlines)
      #expect(readme.contains("```swift\n\(program)\n```"), "\(name)")
    }
  }

  @Test("The tutorial's method is that of the package that is built and run")
  func tutorial() throws {
    let root = SharedData.packageRoot
    let page = try String(
      contentsOf: root.appending(path: "Sources/KSpaceToolkit/KSpaceToolkit.docc/TutorialMethod.md"),
      encoding: .utf8)
    let file = root.appending(path: "Tests/LibraryPackage/Sources/OwnMethod/main.swift")
    let program = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .newlines)
    #expect(page.contains("```swift\n\(program)\n```"))
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
    let readme = try Self.pages
    for statement in [
      "let model = SamplingOperator(mask) * FourierOperator(matrix) * SensitivityOperator(sensitivities)",
      "let solution = conjugateGradients(model, samples, damping: 0.01)",
    ] { #expect(readme.contains(statement), "\(statement)") }
  }
}
