import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

@testable import ParallelImaging

@Suite("The method that suits a scan")
struct SuitableMethodTests {
  private func mask(
    _ lines: Int, _ partitions: Int, box: (Int, Int) = (0, 0), _ isAcquired: (Int, Int) -> Bool
  ) -> SamplingMask {
    var mask = SamplingMask(lines: lines, partitions: partitions, isAcquired: false)
    for partition in 0..<partitions {
      for line in 0..<lines {
        let isBox =
          (lines / 2 - box.0 / 2..<lines / 2 - box.0 / 2 + box.0).contains(line)
          && (partitions / 2 - box.1 / 2..<partitions / 2 - box.1 / 2 + box.1).contains(partition)
        mask[line: line, partition: partition] =
          isBox || isAcquired(line - lines / 2, partition - partitions / 2)
      }
    }
    return mask
  }

  private func method(_ mask: SamplingMask, channels: Int = 8) -> SuitableMethod.Method? {
    SuitableMethod(masks: [mask], channels: channels).method
  }

  @Test("complete scans, partial Fourier, shutters and zero-filled matrices need no filling")
  func complete() {
    #expect(method(SamplingMask(lines: 24, partitions: 1)) == .zeroFilled)
    #expect(method(SamplingMask(lines: 24, partitions: 17)) == .zeroFilled)
    #expect(method(mask(24, 20) { y, _ in y > -5 }) == .zeroFilled)
    #expect(method(mask(40, 1) { y, _ in abs(y) < 12 }) == .zeroFilled)
    #expect(
      method(
        mask(40, 30) { y, z in
          SamplingShutter.ellipse.contains(line: y + 20, partition: z + 15, lines: 40, partitions: 30)
        }) == .zeroFilled)
  }

  @Test(
    "a lattice is told from positions by chance, and asks for wavelets as they do",
    arguments: [(2, 1, 0), (1, 2, 0), (3, 1, 0), (1, 3, 0), (2, 2, 0), (2, 2, 1), (2, 3, 1), (4, 1, 0)])
  func lattices(_ steps: (Int, Int, Int)) {
    let pattern = mask(60, 42, box: (16, 12)) { y, z in
      y.isMultiple(of: steps.0) && (z - steps.2 * (y / steps.0)).isMultiple(of: steps.1)
    }
    #expect(SamplingKind(pattern) == .regular(cell: steps.0 * steps.1))
    #expect(method(pattern) == .l1SENSE)
    let plane = mask(60, 1, box: (16, 1)) { y, _ in y.isMultiple(of: steps.0) }
    #expect(method(plane) == (steps.0 == 1 ? .zeroFilled : .l1SENSE))
  }

  @Test("a box beyond an ellipse makes up for no gaps of it")
  func boxBeyondEllipse() {
    // Two positions are missing, beside the box, and many of its corners are acquired.
    let gaps = mask(60, 42, box: (12, 42)) { y, z in
      SamplingShutter.ellipse.contains(line: y + 30, partition: z + 21, lines: 60, partitions: 42)
        && !(z == 0 && (y == 6 || y == -7))
    }
    #expect(gaps.isElliptical)
    #expect(method(gaps) == .l1SENSE)
  }

  @Test("a lattice within an ellipse is one")
  func elliptical() {
    let pattern = mask(60, 42, box: (12, 12)) { y, z in
      y.isMultiple(of: 2)
        && SamplingShutter.ellipse.contains(line: y + 30, partition: z + 21, lines: 60, partitions: 42)
    }
    #expect(SamplingKind(pattern) == .regular(cell: 2))
  }

  @Test("positions by chance ask for wavelets, also where whole lines are left out")
  func irregular() {
    var generator = SeededGenerator(seed: 4)
    let chance = (0..<60).map { _ in (0..<42).map { _ in generator.integer(below: 4) == 0 } }
    #expect(method(mask(60, 42, box: (12, 12)) { y, z in chance[y + 30][z + 21] }) == .l1SENSE)
    #expect(method(mask(60, 42, box: (12, 42)) { y, _ in chance[y + 30][0] }) == .l1SENSE)
    #expect(method(mask(60, 1, box: (12, 1)) { y, _ in chance[y + 30][0] }) == .l1SENSE)
  }

  @Test("without calibration, or with one channel and aliases, none does, and the reason says so")
  func none() {
    let alternate = mask(60, 42) { y, _ in y.isMultiple(of: 2) }
    let found = SuitableMethod(masks: [alternate], channels: 8)
    #expect(found.method == nil && found.reason.contains("no calibration"))
    #expect(found.reason.contains("2.0-fold"))
    #expect(
      found.hasRegularGaps
        && !SuitableMethod(masks: [SamplingMask(lines: 60, partitions: 42)], channels: 8).hasRegularGaps)
    let single = SuitableMethod(
      masks: [mask(60, 42, box: (12, 12)) { y, _ in y.isMultiple(of: 2) }], channels: 1)
    #expect(single.method == nil && single.reason.contains("single channel"))
    // Lines that are marked for calibration will do.
    let lines = mask(60, 42, box: (16, 16)) { _, _ in false }
    #expect(SuitableMethod(masks: [alternate], calibration: lines, channels: 8).method == .l1SENSE)
    // Of a block alone nobody knows what lies beyond.
    #expect(method(lines) == .zeroFilled)
  }

  @Test("echoes are judged together")
  func echoes() {
    let full = SamplingMask(lines: 60, partitions: 42)
    let half = mask(60, 42, box: (16, 12)) { y, _ in y.isMultiple(of: 2) }
    #expect(SuitableMethod(masks: [full, half], channels: 8).method == .l1SENSE)
  }
}

@Suite("Small calibration regions")
struct SmallCalibrationTests {
  /// A scan of one plane of phase encoding, undersampled as a checkerboard around a box.
  private func scan(_ box: Int, noise: Float = 0) -> (scan: KSpace, object: NDArray<Complex<Float>>) {
    let simulation = Simulation(Extents(x: 1, y: 48, z: 40), channels: 6, noise: noise)
    var mask = SamplingMask(lines: 48, partitions: 40)
    for z in 0..<40 {
      for y in 0..<48 where (y + z) % 2 == 1 {
        let isBox = abs(2 * (y - 24) + 1) <= box && abs(2 * (z - 20) + 1) <= box
        if !isBox { mask[line: y, partition: z] = false }
      }
    }
    return (simulation.scan.undersampled(by: mask), simulation.object)
  }

  private func holes(_ maps: NDArray<Complex<Float>>, _ object: NDArray<Complex<Float>>) -> Double {
    let voxels = object.count, channels = maps.count / voxels
    let inside = (0..<voxels).filter { object.elements[$0] != .zero }
    let empty = inside.count { voxel in
      (0..<channels).allSatisfy { maps.elements[$0 * voxels + voxel] == .zero }
    }
    return Double(empty) / Double(inside.count)
  }

  @Test("no method leaves more than a hundredth of the object empty", arguments: [6, 8, 10, 12, 16])
  func filled(box: Int) throws {
    let (scan, object) = scan(box, noise: 0.02)
    #expect(holes(try ESPIRiT()(scan).maps, object) <= 0.01)
    for method in [SENSE(), L1WaveletSENSE(), GRAPPA(), SPIRiT()] as [any Reconstruction] {
      let images = try method(scan)
      var maps: [Complex<Float>] = []
      for channel in 0..<images.channels { maps += try images.channel(channel).elements }
      #expect(holes(NDArray(maps, shape: [6] + object.shape), object) <= 0.01, "\(method)")
    }
  }

  @Test("a kernel of the caller's that leaves holes gives way to Walsh's maps, and the images say so")
  func fallback() throws {
    let (scan, object) = scan(8, noise: 0.02)
    // Nine patches of 36 positions: no eigenvalue comes near 1.
    let wide = ESPIRiT(kernelWidth: 6)
    let maps = try wide(scan)
    #expect(holes(maps.maps, object) <= 0.01)
    #expect(maps.assumptions.contains { $0.contains("Walsh") && $0.contains("8x8 calibration") })
    let images = try SENSE(calibration: .estimated(wide))(scan)
    #expect(images.assumptions.contains { $0.contains("Walsh") })
    #expect(images.diagnostics.contains { $0.isWarning && $0.name == "sensitivities" })
    #expect(try ESPIRiT()(scan).assumptions.isEmpty)
  }

  @Test("lines that are marked but lie elsewhere are told from none")
  func offCentre() throws {
    var (scan, _) = scan(0)
    var mask = SamplingMask(lines: 48, partitions: 40, isAcquired: false)
    for y in 0..<10 { for z in 0..<10 { mask[line: y, partition: z] = true } }
    let full = Simulation(Extents(x: 1, y: 48, z: 40), channels: 6).scan
    scan.masks[0][line: 24, partition: 20] = false
    scan.calibration = CalibrationLines(samples: full.samples.part(at: 0), mask: mask, isEmbedded: false)
    #expect(throws: ParallelImagingError.calibrationOffCentre(marked: 100)) { try ESPIRiT()(scan) }
    #expect(throws: ParallelImagingError.calibrationOffCentre(marked: 100)) {
      try GRAPPA()(scan).channel(0)
    }
  }
}
