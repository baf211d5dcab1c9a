import KSpaceToolkit

/// Images of few bright voxels that agree with what was measured, one channel at a time.
struct SparseImages: Reconstruction {
  var iterations = 20
  /// What a voxel must exceed to stay, in the first iteration, as a part of the brightest; it falls to zero.
  var threshold: Float = 0.05

  var configuration: MethodConfiguration {
    MethodConfiguration("sparse images", revision: 1)
      .with("iterations", iterations).with("threshold", Double(threshold))
  }

  func callAsFunction(_ scan: KSpace) -> ChannelImages {
    let transform = FourierTransform(shape: scan.geometry.matrix.shape)
    return ChannelImages(of: CompactKSpace(scan)) { channel in
      // Axes [echo, kz, ky, kx].
      let measured = scan.samples.part(at: channel, ofAxis: 1)
      var samples = measured
      for iteration in 0..<iterations {
        transform.inverse(&samples)
        let brightest = samples.elements.reduce(0) { max($0, $1.length) }
        let least = threshold * brightest * (1 - Float(iteration) / Float(iterations))
        samples = samples.map { $0.length > least ? $0 * Complex(1 - least / $0.length, 0) : .zero }
        transform.forward(&samples)
        restore(measured, in: &samples, where: scan.masks)
      }
      return samples
    }
  }

  /// Puts measured samples back where there are any.
  private func restore(
    _ measured: NDArray<Complex<Float>>, in samples: inout NDArray<Complex<Float>>,
    where masks: [SamplingMask]
  ) {
    for (echo, mask) in masks.enumerated() {
      for partition in 0..<mask.partitions {
        for line in 0..<mask.lines where mask[line: line, partition: partition] {
          for index in 0..<measured.shape[3] {
            samples[echo, partition, line, index] = measured[echo, partition, line, index]
          }
        }
      }
    }
  }
}

let file = "head.h5"
var study = ScanStudy(
  of: StudyScan(try SliceStack(MRDFile(at: file)), input: try StudyInput(at: file)),
  methods: ["zero-filled": ZeroFilled(), "grappa": GRAPPA(), "sparse": SparseImages()], folder: "own")
study.masks = MaskChoice(calibration: GridExtent(lines: 12, partitions: 8), seed: 1)
let cells = ["zero-filled", "grappa", "sparse"].map { StudyCell(method: $0, acceleration: 3) }
let outcome = try study.run(cells, reference: StudyCell(method: "zero-filled"))
print(outcome.results.text)
try AtomicFile.write(StudyReport(outcome, images: study.images).html(), to: "own/report.html")
