import MRIData
import NDArrays
import Testing

struct SamplingMaskTests {
  @Test("A full mask has acceleration 1 by all three conventions, or nothing outside its calibration region")
  func fullMask() {
    let mask = SamplingMask(lines: 7, partitions: 5)
    #expect(mask.acceleration(basis: .grid) == 1)
    #expect(mask.acceleration(basis: .shutter) == 1)
    #expect(mask.calibrationRegion == CalibrationRegion(lines: 0..<7, partitions: 0..<5))
    #expect(mask.acceleration(basis: .outer) == nil)
  }

  @Test("Every second line with a calibration block")
  func regularWithCalibration() {
    var mask = SamplingMask(lines: 16, partitions: 1, isAcquired: false)
    for line in stride(from: 0, to: 16, by: 2) { mask[line: line, partition: 0] = true }
    mask[line: 7, partition: 0] = true
    mask[line: 9, partition: 0] = true
    // Acquired: 8 even lines, 7 and 9; the block is 6...10.
    #expect(mask.acquiredCount == 10)
    #expect(mask.calibrationRegion == CalibrationRegion(lines: 6..<11, partitions: 0..<1))
    #expect(mask.acceleration(basis: .grid) == 16.0 / 10)
    #expect(mask.acceleration(basis: .outer) == 11.0 / 5)
  }

  @Test("An elliptical shutter is told from a rectangular one", arguments: [(8, 8), (9, 7), (30, 12)])
  func ellipse(lines: Int, partitions: Int) {
    var mask = SamplingMask(lines: lines, partitions: partitions, isAcquired: false)
    var inside = 0
    for partition in 0..<partitions {
      for line in 0..<lines {
        let y = Double(line - lines / 2) / (Double(lines) / 2)
        let z = Double(partition - partitions / 2) / (Double(partitions) / 2)
        guard y * y + z * z <= 1 else { continue }
        mask[line: line, partition: partition] = true
        inside += 1
      }
    }
    #expect(mask.isElliptical)
    #expect(mask.acceleration(basis: .shutter) == 1)
    #expect(mask.acceleration(basis: .grid) == Double(lines * partitions) / Double(inside))
    mask[line: 0, partition: 0] = true
    #expect(!mask.isElliptical)
  }

  @Test("A calibration box that reaches beyond an ellipse leaves it one, and alone tells none")
  func boxBeyondEllipse() {
    var mask = SamplingMask(lines: 30, partitions: 12, isAcquired: false)
    for partition in 0..<12 { for line in 12..<18 { mask[line: line, partition: partition] = true } }
    #expect(!mask.isElliptical)
    // Every other position around the box, of which nothing more is then complete.
    var inside = 0, outer = 0, sampled = 0
    for partition in 0..<12 {
      for line in 0..<30
      where SamplingShutter.ellipse.contains(line: line, partition: partition, lines: 30, partitions: 12) {
        inside += 1
        guard !(12..<18).contains(line) else { continue }
        outer += 1
        guard (line + partition) % 2 == 0 else { continue }
        sampled += 1
        mask[line: line, partition: partition] = true
      }
    }
    #expect(mask.isElliptical)
    #expect(mask.acceleration(basis: .shutter) == Double(inside) / Double(72 + sampled))
    #expect(mask.acceleration(basis: .outer) == Double(outer) / Double(sampled))
  }

  @Test("What partial Fourier leaves out is no acceleration of the shutter", arguments: [0..<28, 12..<40])
  func partialFourier(lines: Range<Int>) {
    var mask = SamplingMask(lines: 40, partitions: 3, isAcquired: false)
    for partition in 0..<3 { for line in lines { mask[line: line, partition: partition] = true } }
    #expect(mask.acceleration(basis: .shutter) == 1)
    #expect(mask.acceleration(basis: .outer) == 1)
    #expect(mask.acceleration(basis: .grid) == 40.0 / 28)
  }

  @Test("An empty mask has no acceleration and no calibration region")
  func empty() {
    let mask = SamplingMask(lines: 4, partitions: 4, isAcquired: false)
    #expect(mask.acceleration() == nil)
    #expect(mask.calibrationRegion == nil)
  }

  @Test("A missing centre leaves no calibration region")
  func missingCentre() {
    var mask = SamplingMask(lines: 4, partitions: 4)
    mask[line: 2, partition: 2] = false
    #expect(mask.calibrationRegion == nil)
  }
}
