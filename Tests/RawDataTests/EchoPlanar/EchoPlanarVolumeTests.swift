import FourierTransforms
import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

@testable import RawData

/// Echo-planar scans of several slices and of a slab, put together from those of one plane.
@Suite struct EchoPlanarVolumeTests {
  @Test("Slices that differ in their phases, measured in turns, show no ghosts", arguments: [3, 0])
  func slices(navigators: Int) throws {
    let scenes = (0..<4).map { slice in
      var scene = EchoPlanarScene()
      scene.navigators = navigators
      scene.phases = [OddEvenPhase(constant: 0.9 - 0.5 * Double(slice), slope: 0.02 * Double(slice))]
      return scene
    }
    var source = MemorySource(header: scenes[0].source().header)
    for slice in [0, 2, 1, 3] {
      source.append(from: scenes[slice].source(), scaledBy: Complex(Float(slice + 1))) {
        $0.counters.slice = UInt16(slice)
        $0.position = [0, 0, 2 * Float(slice)]
      }
    }
    let findings = try ScanLayout(of: source).findings
    #expect(findings.contains { $0.severity != .note } == (navigators == 0), "\(findings)")
    for (slice, scene) in scenes.enumerated() {
      let images = try scene.images(source, options: ReadingOptions(slice: slice))
      #expect(
        relativeError(images, scene.object.map { Complex(Float(slice + 1)) * $0 }) < 0.01, "slice \(slice)")
      #expect(scene.ghostLevel(images) < 0.005, "slice \(slice)")
    }
  }

  @Test(
    "A slab whose trains jump between partitions (CAIPI) is read like its lines without ramps and ghosts",
    arguments: [(2, 2, true), (1, 3, true), (2, 2, false)])
  func slab(lineStep: Int, partitionStep: Int, hasNavigators: Bool) throws {
    var scene = EchoPlanarScene()
    scene.navigators = hasNavigators ? 3 : 0
    let matrix = Extents(x: scene.matrix.x, y: scene.matrix.y, z: 12)
    // What partitions of an object, the same along z but for its brightness, differ in.
    let profile = (0..<matrix.z).map { partition -> Complex<Float> in
      let distance = Float(partition - matrix.z / 2)
      return Complex(length: 1 / (1 + distance * distance), phase: 0.7 * distance)
    }
    let planes = [false, true].map { isReversed in
      scene.isReversed = { _ in isReversed }
      return scene.source()
    }
    var source = MemorySource(
      header: .of(Extents(x: scene.extent, y: matrix.y, z: matrix.z), prescribed: matrix))
    source.header.encodings[0].trajectoryDescription =
      planes[0].header.encodings[0].trajectoryDescription
    func append(
      _ position: Int, line: Int, partition: Int, flags: AcquisitionFlags = []
    ) {
      source.append(
        from: planes[position % 2], scaledBy: profile[partition],
        where: { $0.flaggedUse.isImage && $0.counters.line == line }
      ) {
        $0.counters.partition = UInt16(partition)
        $0.flags.formUnion(flags)
      }
    }
    var expected = NDArray<Complex<Float>>(
      repeating: .zero, shape: [1, scene.channels, matrix.z, matrix.y, matrix.x])
    var plane = scene.object
    FourierTransform(shape: plane.shape, axes: [1, 2]).forward(&plane)
    for first in stride(from: 0, to: matrix.z, by: partitionStep) {
      source.append(
        from: planes[0], scaledBy: profile[matrix.z / 2], where: { $0.flags.contains(.isPhaseCorrection) }
      ) { $0.counters.partition = UInt16(first) }
      for (position, line) in stride(from: 0, to: matrix.y, by: lineStep).enumerated() {
        let partition = first + position % partitionStep
        append(position, line: line, partition: partition)
        for channel in 0..<scene.channels {
          for x in 0..<matrix.x {
            expected[0, channel, partition, line, x] = profile[partition] * plane[channel, line, x]
          }
        }
      }
    }
    if !hasNavigators {
      for partition in 4..<8 {
        for line in 12..<36 { append(line, line: line, partition: partition, flags: .isCalibration) }
      }
    }
    let findings = try ScanLayout(of: source).findings
    #expect(findings.contains { $0.severity != .note } == !hasNavigators, "\(findings)")
    #expect(relativeError(try KSpace(source).samples, expected) < 0.01)
  }
}

extension MemorySource {
  /// Adds readouts of another source behind those that are there.
  fileprivate mutating func append(
    from source: MemorySource, scaledBy scale: Complex<Float>,
    where isChosen: (AcquisitionHeader) -> Bool = { _ in true },
    _ change: (inout AcquisitionHeader) -> Void
  ) {
    for (var readout, values) in zip(source.acquisitions, source.samples) where isChosen(readout) {
      change(&readout)
      readout.scanCounter = UInt32(acquisitions.count)
      acquisitions.append(readout)
      samples.append(values.map { scale * $0 })
    }
  }
}
