import Foundation
import FourierTransforms
import NDArrays
import TestSupport
import Testing

@Suite("Measured plans")
struct WisdomTests {
  /// FFTW's wisdom belongs to the process; other tests that measure have other extents.
  @Test("compute the same transform and are remembered in the cache folder")
  func measuring() throws {
    let folder = try TemporaryDirectory()
    setenv("XDG_CACHE_HOME", folder.url.path, 1)
    defer { unsetenv("XDG_CACHE_HOME") }

    let input = testPattern([6, 10])
    var output = input
    FourierTransform(shape: [6, 10], planning: .measure).forward(&output)
    let example = TransformCase(shape: [6, 10])
    #expect(relativeError(output, explicitTransform(input, axes: [0, 1], sign: -1)) < example.tolerance)

    let wisdom = try String(contentsOfFile: folder.path("kspace/fftw-wisdom"), encoding: .utf8)
    #expect(wisdom.hasPrefix("(fftw-") && wisdom.contains("fftwf_wisdom"))
    let leftOvers = try FileManager.default.contentsOfDirectory(atPath: folder.path("kspace"))
    #expect(leftOvers == ["fftw-wisdom"])

    // A folder that cannot be written costs nothing but the memory of the plan.
    try FileManager.default.removeItem(at: folder.url)
    try Data().write(to: folder.url)
    var turned = input.reshaped(to: [10, 6])
    FourierTransform(shape: [10, 6], planning: .measure).forward(&turned)
    let expected = explicitTransform(input.reshaped(to: [10, 6]), axes: [0, 1], sign: -1)
    #expect(relativeError(turned, expected) < example.tolerance)
  }
}
