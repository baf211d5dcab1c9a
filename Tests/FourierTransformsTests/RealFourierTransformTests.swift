import FourierTransforms
import NDArrays
import Numerics
import TestSupport
import Testing

@Suite struct RealFourierTransformTests {
  static let shapes = [
    [4, 6, 8], [5, 7, 9], [1, 1, 1], [1, 12, 5], [7, 1, 6], [6, 5, 1], [13, 11, 17], [3, 40, 62],
    [20, 33, 31],
  ]

  /// The definition in double precision, for the half that is kept.
  private func explicit(_ volume: NDArray<Float>) -> NDArray<Complex<Float>> {
    let shape = volume.shape
    let (nz, ny, nx) = (shape[0], shape[1], shape[2])
    let whole = wholeSpectrum(volume)
    var half: [Complex<Float>] = []
    for z in 0..<nz {
      for y in 0..<ny {
        for x in 0...(nx / 2) { half.append(whole[(z * ny + y) * nx + x]) }
      }
    }
    return NDArray(half, shape: [nz, ny, nx / 2 + 1])
  }

  private func wholeSpectrum(_ volume: NDArray<Float>) -> [Complex<Float>] {
    var values = volume.elements.map { Complex(Double($0), 0) }
    for axis in 0..<3 {
      let extent = volume.shape[axis]
      let stride = volume.shape[(axis + 1)...].reduce(1, *)
      let phases = (0..<extent).map {
        Complex<Double>.exp(Complex(0, -2 * .pi * Double($0) / Double(extent)))
      }
      var result = values
      for start in values.indices where (start / stride) % extent == 0 {
        for k in 0..<extent {
          result[start + k * stride] = (0..<extent).reduce(.zero) {
            $0 + values[start + $1 * stride] * phases[k * $1 % extent]
          }
        }
      }
      values = result
    }
    return values.map { Complex(Float($0.real), Float($0.imaginary)) }
  }

  @Test(arguments: shapes) func equalsItsDefinition(_ shape: [Int]) {
    let volume = testPattern(shape).map(\.real)
    #expect(relativeError(RealFourierTransform(shape: shape).forward(volume), explicit(volume)) < 1e-6)
  }

  @Test(arguments: shapes) func inverseUndoesForward(_ shape: [Int]) {
    let volume = testPattern(shape).map(\.real)
    let transform = RealFourierTransform(shape: shape)
    #expect(relativeError(transform.inverse(transform.forward(volume)), volume) < 1e-6)
  }

  @Test(arguments: shapes) func filterIsForwardTimesKernelInverse(_ shape: [Int]) {
    let transform = RealFourierTransform(shape: shape)
    let volume = testPattern(shape).map(\.real)
    let other = testPattern(shape, seed: 2).map(\.real)
    // The spectrum of an even volume is real.
    let kernel = transform.forward(volume).map { $0.lengthSquared }
    func filtered(_ volume: NDArray<Float>) -> NDArray<Float> {
      let spectrum = transform.forward(volume).elements
      return transform.inverse(
        NDArray(zip(spectrum, kernel.elements).map { $0 * Complex($1) }, shape: kernel.shape))
    }
    var workspace = transform.makeWorkspace()
    var result = volume
    transform.filter(&result, workspace: &workspace, by: kernel)
    #expect(relativeError(result, filtered(volume)) < 1e-6)

    // Two volumes at once, one made and the other taken plane by plane.
    var workspaces = (workspace, workspace)
    transform.forwardPlanes(of: volume, into: &workspaces.0)
    let plane = shape[1] * shape[2]
    other.withUnsafeBufferPointer { other in
      let other = SharedConstants(other)
      transform.forwardPlanes(into: &workspaces.1, inRunsOf: 3) { run, memory, done in
        for z in run.reversed() {
          for index in 0..<plane { memory[index] = other[z * plane + index] }
          done(z)
        }
      }
    }
    kernel.withUnsafeBufferPointer { kernel in
      let kernel = SharedConstants(kernel)
      transform.filterColumns(of: &workspaces) { offset, count, first, second in
        for index in 0..<count {
          (first[index], second[index]) = (second[index] * Complex(kernel[offset + index]), first[index])
        }
      }
    }
    var pair = (volume, other)
    transform.inversePlanes(of: &workspaces.0, into: &pair.0)
    pair.1.withUnsafeMutableBufferPointer { second in
      let second = SharedBuffer(second)
      transform.inversePlanes(of: &workspaces.1) { z, taken in
        for index in 0..<plane { second[z * plane + index] = taken[index] }
      }
    }
    #expect(relativeError(pair.0, filtered(other)) < 1e-6)
    #expect(relativeError(pair.1, volume) < 1e-6)
  }
}
