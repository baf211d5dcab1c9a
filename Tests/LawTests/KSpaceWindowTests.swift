import Foundation
import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators
import TestSupport
import Testing

@Suite("Windows of k-space")
struct KSpaceWindowTests {
  private func images(_ voxels: NDArray<Complex<Float>>, _ matrix: Extents) -> ChannelImages {
    ChannelImages(
      voxels, parameters: ScanParameters(echoTimes: [0.004], fieldStrength: 3),
      geometry: Geometry(matrix: matrix, voxelSize: .one), noise: .whitened(standardDeviation: 2))
  }

  @Test(
    "voxel-mean turns a wave into its means over the voxels",
    arguments: [Extents(x: 16, y: 12, z: 9), Extents(x: 7, y: 1, z: 2)])
  func voxelMeans(matrix: Extents) throws {
    // The mean of exp(2 pi i k r / n) over [r - 1/2, r + 1/2], along each axis: by Simpson's rule, not by the formula.
    func mean(_ k: Double, _ extent: Int, at position: Int) -> Complex<Double> {
      let steps = 64
      return (0...steps).reduce(Complex.zero) { sum, step in
        let r = Double(position - extent / 2) - 0.5 + Double(step) / Double(steps)
        let weight = step == 0 || step == steps ? 1.0 : step % 2 == 1 ? 4 : 2
        return sum + Complex(length: weight / Double(3 * steps), phase: 2 * .pi * k * r / Double(extent))
      }
    }
    let k = (x: Double(matrix.x / 3), y: -Double(matrix.y / 4), z: Double(matrix.z / 3))
    var wave = NDArray<Complex<Float>>(repeating: .zero, shape: [1, 1] + matrix.shape)
    var expected: [Complex<Double>] = []
    for z in 0..<matrix.z {
      for y in 0..<matrix.y {
        for x in 0..<matrix.x {
          let phase =
            2 * Double.pi
            * (k.x * Double(x - matrix.x / 2) / Double(matrix.x) + k.y * Double(y - matrix.y / 2)
              / Double(matrix.y)
              + k.z * Double(z - matrix.z / 2) / Double(matrix.z))
          wave[0, 0, z, y, x] = Complex(length: 1, phase: Float(phase))
          expected.append(
            mean(k.x, matrix.x, at: x) * mean(k.y, matrix.y, at: y) * mean(k.z, matrix.z, at: z))
        }
      }
    }
    let found = try images(wave, matrix).weighted(by: .voxelMean).channel(0)
    for (value, mean) in zip(found.elements, expected) {
      let difference = Complex<Double>(Double(value.real), Double(value.imaginary)) - mean
      #expect(difference.length < 1e-5, "\(value) instead of \(mean)")
    }
  }

  @Test(
    "weigh k-space that images come from as they weigh the k-space of images",
    arguments: KSpaceWindow.allCases)
  func kSpaceOfImages(window: KSpaceWindow) throws {
    let matrix = Extents(x: 10, y: 9, z: 4)
    let scan = KSpace(
      samples: testPattern([1, 2] + matrix.shape),
      masks: [SamplingMask(lines: matrix.y, partitions: matrix.z)],
      parameters: ScanParameters(echoTimes: [0.004], fieldStrength: 3),
      geometry: Geometry(matrix: matrix, voxelSize: .one))
    for images in [ZeroFilled()(scan), ZeroFilled()(CompactKSpace(scan))] {
      #expect(images.kSpace != nil)
      for channel in 0..<2 {
        let image = try images.channel(channel)
        let alone = self.images(image.reshaped(to: [1, 1] + matrix.shape), matrix)
        let expected = try alone.weighted(by: window).channel(0)
        #expect(relativeError(try images.weighted(by: window).channel(channel), expected) < 1e-6)
        #expect(relativeError(image, expected) > 0.01, "the window did something")
      }
    }
  }

  @Test(
    "change no constant, and are symmetric and not negative", arguments: KSpaceWindow.allCases, [1, 2, 9, 16])
  func constants(window: KSpaceWindow, extent: Int) {
    let weights = window.weights(extent: extent), centre = extent / 2
    #expect(weights[centre] == 1 && weights.allSatisfy { (0...1).contains($0) })
    for distance in 0..<(extent - centre) {
      #expect(weights[centre - distance] == weights[centre + distance])
    }
  }

  @Test("the noise that is stated is the noise that is left", arguments: KSpaceWindow.allCases)
  func noise(window: KSpaceWindow) throws {
    let matrix = Extents(x: 32, y: 31, z: 16)
    var generator = SeededGenerator(seed: 4)
    let noise = NDArray<Complex<Float>>(uninitializedShape: [1, 1] + matrix.shape) { target in
      for index in target.indices {
        target[index] = Complex(2 * Float(generator.normal()), 2 * Float(generator.normal()))
      }
    }
    let weighted = images(noise, matrix).weighted(by: window)
    let squares = try weighted.channel(0).elements.reduce(0.0) { $0 + Double($1.lengthSquared) }
    let found = (squares / Double(2 * matrix.count)).squareRoot()
    let stated = Double(try #require(weighted.noise.standardDeviation))
    // The variance of 2 N numbers has the relative deviation sqrt(2 / 2 N), here 0.8 %, a little more where they are fewer.
    #expect(abs(found / stated - 1) < 0.02 && stated < 2)
    #expect(weighted.assumptions.contains { $0.contains(window.rawValue) })
  }
}
