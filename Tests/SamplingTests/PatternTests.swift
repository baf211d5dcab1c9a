import MRIData
import NDArrays
import Sampling
import Testing

@Suite struct PatternTests {
  @Test("a fraction of an axis is as many lines as its decimals say", arguments: [(0.55, 55), (0.575, 58)])
  func encodedFraction(fraction: Double, lines: Int) throws {
    let region = SamplingRegion(partialFourier: .init(lines: fraction))
    let mask = try Lattice(lineStep: 1, region: region).mask(lines: 100, partitions: 1)
    #expect(mask.acquiredCount == lines)
  }

  @Test("the study's parallel-imaging scan has 13,440 repetitions")
  func parallelImaging() throws {
    let region = SamplingRegion(calibration: GridExtent(lines: 36, partitions: 80))
    let mask = try Lattice(lineStep: 2, region: region).mask(lines: 300, partitions: 80)
    // 150 even lines and the 18 odd ones of the box.
    #expect(mask.acquiredCount == (150 + 18) * 80)
    // Line 168 is even and joins the box of 132..<168.
    #expect(mask.calibrationRegion?.lines == 132..<169)
  }

  @Test("a lattice holds the centre and repeats with its steps", arguments: [(64, 48), (31, 17), (300, 1)])
  func lattice(lines: Int, partitions: Int) throws {
    for (lineStep, partitionStep, shift) in [
      (1, 1, 0), (2, 1, 0), (1, 3, 0), (2, 2, 1), (3, 2, 1), (2, 4, 3),
    ]
    where partitionStep <= partitions {
      let mask = try Lattice(lineStep: lineStep, partitionStep: partitionStep, shift: shift)
        .mask(lines: lines, partitions: partitions)
      try mask.validate()
      for partition in 0..<partitions {
        for line in 0..<lines - lineStep {
          let next = partition + shift
          guard next < partitions else { continue }
          #expect(
            mask[line: line, partition: partition] == mask[line: line + lineStep, partition: next]
              || next >= partitions)
        }
      }
      let count = mask.acquiredCount * lineStep * partitionStep
      #expect(abs(count - lines * partitions) <= lineStep * partitionStep * (lines + partitions))
    }
  }

  @Test("random positions: exact count, denser in the middle if Gaussian")
  func random() throws {
    let region = SamplingRegion(shutter: .ellipse, calibration: GridExtent(lines: 10, partitions: 10))
    for width in [nil, 0.3] {
      let pattern = RandomPositions(acceleration: 5, region: region, width: width)
      let mask = try pattern.mask(lines: 100, partitions: 80, seed: 4)
      #expect(mask.acquiredCount == 1600)
      #expect(mask == (try pattern.mask(lines: 100, partitions: 80, seed: 4)))
      var inner = 0
      for partition in 20..<60 {
        for line in 25..<75 where mask[line: line, partition: partition] { inner += 1 }
      }
      // A quarter of the grid is 0.32 of the ellipse; rho < 0.5 holds 0.75 of a Gaussian of width 0.3.
      if width == nil { #expect(inner < 640) } else { #expect(inner > 1050) }
    }
  }

  @Test("random positions can fill the whole region")
  func complete() throws {
    let mask = try RandomPositions(acceleration: 1, width: 0.1).mask(lines: 13, partitions: 11, seed: 1)
    #expect(mask.acquiredCount == 143)
  }

  @Test("equal seeds give equal bits for ever")
  func committedBits() throws {
    let pattern = RandomPositions(acceleration: 4, width: 0.4)
    #expect(try pattern.mask(lines: 61, partitions: 48, seed: 9).checksum == "ca1900d82638c2f8")
  }
}
