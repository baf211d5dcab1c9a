import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators
import TestSupport
import Testing

@Suite struct PartialFourierTests {
  /// An object of smooth phase with sharp edges.
  private func object(_ matrix: Extents) -> NDArray<Complex<Float>> {
    var object = NDArray<Complex<Float>>(repeating: .zero, shape: [1, 2] + matrix.shape)
    for channel in 0..<2 {
      for z in 0..<matrix.z {
        for y in 0..<matrix.y {
          for x in 0..<matrix.x {
            let u = 2 * Double(x) / Double(matrix.x) - 1, v = 2 * Double(y) / Double(matrix.y) - 1
            guard u * u + v * v < 0.7 else { continue }
            let bright = (Int(8 * (u + 1)) + Int(9 * (v + 1))) % 3 == 0 ? 1.0 : 0.4
            object[0, channel, z, y, x] = Complex(
              length: Float(bright), phase: Float(0.7 * u - 0.9 * v + 0.4 * Double(channel) * u * v))
          }
        }
      }
    }
    return object
  }

  private func scan(_ object: NDArray<Complex<Float>>, _ mask: SamplingMask, readout: Range<Int>? = nil)
    -> KSpace
  {
    let shape = object.shape
    var samples = object
    FourierTransform(shape: Array(shape[2...])).forward(&samples)
    for channel in 0..<shape[1] {
      for z in 0..<shape[2] {
        for y in 0..<shape[3] {
          for x in 0..<shape[4]
          where !mask[line: y, partition: z] || readout?.contains(x) == false {
            samples[0, channel, z, y, x] = .zero
          }
        }
      }
    }
    return KSpace(
      samples: samples, masks: [mask],
      parameters: ScanParameters(echoTimes: [0.005], fieldStrength: 3),
      geometry: Geometry(
        matrix: Extents(x: shape[4], y: shape[3], z: shape[2]), voxelSize: SIMD3(repeating: 1e-3)),
      readoutRange: readout)
  }

  private func stack(_ images: ChannelImages) throws -> NDArray<Complex<Float>> {
    NDArray(
      try (0..<images.channels).flatMap { try images.channel($0).elements },
      shape: [1, images.channels] + images.shape[1...])
  }

  private func magnitudes(_ values: NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    values.map { Complex($0.length, 0) }
  }

  @Test(
    "POCS halves the error of magnitudes and leaves phases as they are, whichever side and axis is cut",
    arguments: [(0..<48, 14..<40), (0..<48, 0..<27), (14..<48, 0..<40)])
  func completion(readout: Range<Int>, lines: Range<Int>) throws {
    let matrix = Extents(x: 48, y: 40, z: 1), object = object(matrix)
    var mask = SamplingMask(lines: 40, partitions: 1, isAcquired: false)
    for line in lines { mask[line: line, partition: 0] = true }
    let scan = scan(object, mask, readout: readout.count < 48 ? readout : nil)
    let plain = try stack(ZeroFilled()(scan))
    let images = try PartialFourierMagnitude(ZeroFilled())(scan)
    let completed = try stack(images)
    let truth = magnitudes(object)
    #expect(
      relativeError(magnitudes(completed), truth) < 0.5 * relativeError(magnitudes(plain), truth))
    let turned = zip(completed.elements, plain.elements).count { a, b in
      b.length > 0.05 && a.length > 0.05 && abs((a * b.conjugate).phase) > 1e-3
    }
    #expect(turned == 0)
    #expect(images.assumptions.contains { $0.contains("phases are those of zero-filled images") })
    let compact = try stack(PartialFourierMagnitude(ZeroFilled())(CompactKSpace(scan)))
    #expect(relativeError(compact, completed) < 1e-5)
  }

  @Test("Scans that lack nothing, or are undersampled evenly, stay as they are")
  func untouched() throws {
    let object = object(Extents(x: 16, y: 20, z: 3))
    var mask = SamplingMask(lines: 20, partitions: 3)
    let complete = scan(object, mask)
    let images = try PartialFourierMagnitude(ZeroFilled())(complete)
    #expect(try stack(images) == stack(ZeroFilled()(complete)))
    #expect(images.diagnostics.contains { $0.meaning.contains("completes nothing") })
    for line in stride(from: 1, to: 20, by: 2) {
      for partition in 0..<3 { mask[line: line, partition: partition] = false }
    }
    let even = scan(object, mask)
    #expect(try stack(PartialFourierMagnitude(ZeroFilled())(even)) == stack(ZeroFilled()(even)))
  }
}
