import FourierTransforms
import MRIData
import NDArrays
import Numerics
import RawData
import TestSupport
import Testing

/// What samples deny of the headers is told or refused.
struct SampleEvidenceTests {
  /// K-space `[echo, channel, 1, y, x]` of a disk without symmetry, seen by two channels from opposite sides.
  private func object(
    _ echoes: Int = 1, x: Int = 32, y: Int = 24, part: Double = 1, height: Double = 1
  ) -> NDArray<Complex<Float>> {
    var images = NDArray<Complex<Float>>(repeating: .zero, shape: [echoes, 2, 1, y, x])
    for echo in 0..<echoes {
      for channel in 0..<2 {
        for line in 0..<y {
          for column in 0..<x {
            let u = Double(column - x / 2) / Double(x) / part, v = Double(line - y / 2) / Double(y) / height
            guard u * u / 0.16 + v * v / 0.13 < 1 else { continue }
            let bump = (u - 0.2) * (u - 0.2) + (v - 0.1) * (v - 0.1) < 0.01 ? 1.8 : 1
            let side = channel == 0 ? 1 + 1.5 * u : 1 - 1.2 * v
            let decay = 1 / Double(echo + 1).squareRoot()
            images[echo, channel, 0, line, column] = Complex(
              length: Float(bump * side * decay), phase: Float(0.3 * Double(echo) * (1 + u)))
          }
        }
      }
    }
    FourierTransform(shape: images.shape, axes: [3, 4]).forward(&images)
    return images
  }

  private func findings(_ source: MemorySource, _ options: ReadingOptions = .init()) throws -> [Finding] {
    try ScanLayout(of: source, options: options).findings
  }

  private func error(_ source: MemorySource, _ options: ReadingOptions = .init()) throws -> Finding? {
    try findings(source, options).first { $0.severity == .error }
  }

  @Test("What agrees with its header is not doubted")
  func control() throws {
    #expect(try findings(readouts(of: object(3))).allSatisfy { $0.severity == .note })
  }

  @Test("Noise, for which nothing stands out, is not doubted either")
  func noise() throws {
    #expect(try findings(readouts(of: testPattern([3, 2, 1, 24, 32]))).allSatisfy { $0.severity == .note })
  }

  @Test("Mirrored echoes are refused by their numbers, marked or not", arguments: [32, 33], [1, 2])
  func mirrored(length: Int, echo: Int) throws {
    var samples = object(3, x: length)
    for channel in 0..<2 {
      for line in 0..<24 {
        let row = samples.part(at: echo, channel, 0, line).elements
        for x in 0..<length { samples[echo, channel, 0, line, x] = row[length - 1 - x] }
      }
    }
    var source = readouts(of: samples)
    #expect(
      try error(source)?.problem.contains("echo \(echo + 1) (counted from 1) is the mirror image") == true)
    for index in source.acquisitions.indices where Int(source.acquisitions[index].counters.contrast) == echo {
      source.acquisitions[index].flags.insert(.isReverse)
      source.acquisitions[index].centerSample = UInt16(length - 1 - length / 2)
    }
    #expect(try error(source) == nil)
    // The mark itself may be wrong.
    var marked = readouts(of: object(3, x: length))
    for index in marked.acquisitions.indices where Int(marked.acquisitions[index].counters.contrast) == echo {
      marked.acquisitions[index].flags.insert(.isReverse)
    }
    #expect(try error(marked)?.problem.contains("marked as reversed") == true)
  }

  @Test("Echoes whose lines or partitions count the other way are refused", arguments: [1, 2])
  func mirroredAcross(axis: Int) throws {
    var samples = object(3, x: 32, y: 24)
    if axis == 2 {
      // Lines become partitions of a scan with eight alike lines around the centre.
      let plane = samples
      samples = NDArray(repeating: .zero, shape: [3, 2, 24, 9, 32])
      for echo in 0..<3 {
        for channel in 0..<2 {
          for z in 0..<24 {
            for y in 0..<9 {
              for x in 0..<32 {
                let fall = Float(1 / (1 + 40 * Double((y - 4) * (y - 4))))
                samples[echo, channel, z, y, x] = plane[echo, channel, 0, z, x].multiplied(by: fall)
              }
            }
          }
        }
      }
    }
    #expect(try error(readouts(of: samples)) == nil)
    var source = readouts(of: samples)
    for index in source.acquisitions.indices where source.acquisitions[index].counters.contrast == 1 {
      let path = axis == 1 ? \EncodingCounters.line : \EncodingCounters.partition
      let place = source.acquisitions[index].counters[keyPath: path]
      source.acquisitions[index].counters[keyPath: path] = place == 0 ? 0 : 24 - place
    }
    let found = try #require(try error(source))
    #expect(
      found.problem.contains(
        "echo 2 (counted from 1) is the mirror image of echo 1 along \(["x", "y", "z"][axis])"
      ))
  }

  @Test("Lines of alternating polarity that nobody marked are refused")
  func alternating() throws {
    var source = readouts(of: object())
    for index in source.acquisitions.indices where source.acquisitions[index].counters.line % 2 == 1 {
      let row = source.samples[index]
      for channel in 0..<2 {
        for x in 0..<32 {
          let mirrored = x == 0 ? 0 : 32 - x
          source.samples[index][32 * channel + x] = row[32 * channel + mirrored]
        }
      }
    }
    #expect(try error(source)?.problem.contains("odd lines are the mirror image") == true)
  }

  @Test("Spokes through the centre that are called lines are refused")
  func spokes() throws {
    var images = object(y: 32)
    FourierTransform(shape: images.shape, axes: [3, 4]).inverse(&images)
    var source = readouts(of: testPattern([1, 2, 1, 32, 32]))
    for (spoke, index) in source.acquisitions.indices.enumerated() {
      let angle = .pi * Float(spoke) / 32
      for channel in 0..<2 {
        for sample in 0..<32 {
          var sum = Complex<Float>.zero
          let u = Float(sample - 16) * .cos(angle), v = Float(sample - 16) * .sin(angle)
          for y in 0..<32 {
            for x in 0..<32 {
              let turn = -2 * .pi * (u * Float(x - 16) + v * Float(y - 16)) / 32
              sum += images[0, channel, 0, y, x] * Complex(length: 1, phase: turn)
            }
          }
          source.samples[index][32 * channel + sample] = sum
        }
      }
    }
    #expect(try error(source)?.problem.contains("spokes") == true)
  }

  @Test("A peak of the signal away from the header's centre is named", arguments: [32, 40])
  func centre(lines: Int) throws {
    var source = readouts(of: object())
    source.header.encodings[0].encodedSpace.matrix.y = Double(lines)
    source.header.encodings[0].reconSpace.matrix.y = Double(lines)
    source.header.encodings[0].limits["kspace_encoding_step_1"] = .init(
      minimum: 0, maximum: lines - 1, center: lines / 2)
    let found = try findings(source)
    #expect(
      found.contains {
        $0.problem.contains("line counter 12, \(lines / 2 - 12) lines from the centre")
          && $0.problem.contains("put at \(lines / 2)")
      })
    var late = readouts(of: object())
    for index in late.acquisitions.indices { late.acquisitions[index].centerSample = 8 }
    #expect(try findings(late).contains { $0.problem.contains("8 samples after the centre of the echo") })
  }

  @Test(
    "Calibration lines that are unlike image lines were measured apart, whatever the header says",
    arguments: [1, 0.3, -1] as [Float])
  func separateCalibration(factor: Float) throws {
    let truth = object(3)
    var source = readouts(of: truth)
    source.header.encodings[0].calibrationMode = "embedded"
    // Every other image line; twelve lines of the first echo for calibration, six of which are image lines, too.
    for index in source.acquisitions.indices.reversed() {
      var samples = source.samples[index]
      let counters = source.acquisitions[index].counters
      if counters.contrast == 0, (6..<18).contains(counters.line) {
        for sample in samples.indices { samples[sample] = samples[sample].multiplied(by: factor) }
        source.append(samples, channels: 2, flags: .isCalibration) { $0.counters = counters }
      }
      guard counters.line % 2 == 1 else { continue }
      source.acquisitions[index].flags = .isDummyScan
    }
    let layout = try ScanLayout(of: source)
    let warnings = layout.findings.filter { $0.severity != .note }.map(\.problem)
    #expect(layout.hasSeparateCalibration == (factor != 1), "\(warnings)")
    #expect(warnings.contains { $0.contains("not like the image line") } == (factor != 1), "\(warnings)")
    #expect(try KSpace(source).calibration?.isEmbedded == (factor == 1))
    // Noise agrees with nothing, and says nothing.
    var noise = source
    for index in noise.samples.indices {
      noise.samples[index] = testPattern([2, 32], seed: UInt64(index + 1)).elements
    }
    #expect(try !ScanLayout(of: noise).hasSeparateCalibration)
  }

  @Test("Oversampling that the header hides is assumed if the samples agree", arguments: [1.5, 2, 4])
  func oversampling(ratio: Double) throws {
    let points = Int(32 * ratio)
    // The object takes the middle of the field of view that is `ratio` times larger.
    var source = readouts(of: object(x: points, part: 1 / ratio))
    source.header.encodings[0].encodedSpace.matrix.x = 32
    source.header.encodings[0].encodedSpace.fieldOfView.x = 0.032
    source.header.encodings[0].reconSpace = source.header.encodings[0].encodedSpace
    let layout = try ScanLayout(of: source)
    #expect(
      layout.findings.contains { $0.severity == .warning && $0.assumption?.contains("oversampling") == true })
    #expect(layout.grid.prescribed.x == 32 && abs(layout.sliceGeometries[0].voxelSize.x - 1e-3) < 1e-9)
    #expect(try error(source) == nil)
    // An object that fills the whole field of view says otherwise.
    var fine = source
    fine.samples = readouts(of: object(x: points)).samples
    #expect(try error(fine)?.remedy?.contains("`fieldOfView") == true)
    let told = ReadingOptions(fieldOfView: [0.032, 0.024, 1e-3])
    #expect(try error(fine, told) == nil)
  }

  @Test(
    "A field of view that would cut the object off is refused if the header contradicts it",
    arguments: [0, 1])
  func cropping(axis: Int) throws {
    var source = readouts(of: object())
    source.header.encodings[0].encodedSpace.fieldOfView[axis] *= 2
    let found = try #require(try error(source))
    #expect(found.problem.contains("cropped") && found.problem.contains("along \(axis == 0 ? "x" : "y")"))
    var told = SIMD3(0.032, 0.024, 0.001)
    #expect(try error(source, ReadingOptions(fieldOfView: told)) == nil)
    told[axis] *= 2
    #expect(try error(source, ReadingOptions(fieldOfView: told)) == nil)
    // A scanner that interpolates an object which lies within what is kept is right.
    if axis == 0 {
      var small = readouts(of: object(part: 0.5))
      small.header.encodings[0].encodedSpace.fieldOfView.x *= 2
      #expect(try error(small) == nil)
    }
    source.header.encodings[0].encodedSpace.fieldOfView[axis] *= 5
    #expect(try error(source)?.problem.contains("voxels along") == true)
  }

  @Test("Calibration lines alone tell that images would be cut off", arguments: [1, 0.6])
  func croppingWithGaps(height: Double) throws {
    let whole = object(y: 64, height: height)
    var source = MemorySource(header: readouts(of: whole).header)
    for line in 0..<64 {
      let isImage = line % 2 == 0, isCalibration = (24...40).contains(line)
      guard isImage || isCalibration else { continue }
      source.append((0..<2).flatMap { whole.part(at: 0, $0, 0, line).elements }, channels: 2) {
        $0.counters.line = UInt16(line)
        if isCalibration {
          $0.flags.insert(isImage ? .isCalibrationAndImaging : .isCalibration)
        }
      }
    }
    source.header.encodings[0].encodedSpace.fieldOfView.y *= 2
    #expect((try error(source)?.problem.contains("cropped") == true) == (height == 1))
  }

  @Test("All slices are asked whether images would be cut off", arguments: [1, 0.6])
  func croppingOfSlices(height: Double) throws {
    let large = object(y: 64, height: height), small = object(y: 64, height: 0.6)
    var source = MemorySource(header: readouts(of: large).header)
    for (slice, image) in [large, small, small].enumerated() {
      for line in 0..<64 {
        source.append((0..<2).flatMap { image.part(at: 0, $0, 0, line).elements }, channels: 2) {
          $0.counters.line = UInt16(line)
          $0.counters.slice = UInt16(slice)
          $0.position.z = 5 * Float(slice)
        }
      }
    }
    source.header.encodings[0].encodedSpace.fieldOfView.y *= 2
    #expect((try error(source)?.problem.contains("cropped") == true) == (height == 1))
  }

  @Test("Contrasts that are counted as averages or segments are refused, true averages are not")
  func repeats() throws {
    let truth = object()
    for weights in [[1, 0.4], [-1, -0.3, 0.4, 0.8]] as [[Float]] {
      for isSegment in [false, true] {
        var source = MemorySource(header: readouts(of: truth).header)
        for (index, weight) in weights.enumerated() {
          for line in 0..<24 {
            let samples = (0..<2).flatMap { truth.part(at: 0, $0, 0, line).elements }
            source.append(samples.map { $0.multiplied(by: weight) }, channels: 2) {
              $0.counters.line = UInt16(line)
              if isSegment {
                $0.counters.segment = UInt16(index)
              } else {
                $0.counters.average = UInt16(index)
              }
            }
          }
        }
        let name = isSegment ? "segment" : "average"
        let found = try #require(try error(source))
        #expect(found.problem.contains("\(name) counter") && found.remedy?.contains("`\(name): 0") == true)
        #expect(try KSpace(source, options: isSegment ? .init(segment: 0) : .init(average: 0)).isFullySampled)
      }
    }
    var averages = readouts(of: truth)
    for index in 0..<24 {
      let noisy = zip(averages.samples[index], testPattern([2, 32], seed: UInt64(index)).elements).map {
        $0 + $1.multiplied(by: 0.05)
      }
      averages.append(noisy, channels: 2) {
        $0.counters.line = UInt16(index)
        $0.counters.average = 1
      }
    }
    #expect(try error(averages) == nil)
  }

  @Test("A silent or copied channel of the noise scan is named", arguments: [0, 1e-9] as [Float])
  func silentChannel(scale: Float) throws {
    var source = readouts(of: object())
    var noise = testPattern([2, 400]).elements
    for index in 400..<800 { noise[index] = noise[index].multiplied(by: scale) }
    source.append(noise, channels: 2, flags: .isNoise)
    #expect(
      try findings(source).contains {
        $0.severity == .warning && $0.problem.contains("noise scan") && $0.problem.contains("channel 2")
      })
    #expect(try KSpace(source).noise.standardDeviation == nil)
    source.samples[24] = Array(noise[..<400] + noise[..<400])
    #expect(try findings(source).contains { $0.problem.contains("copies of each other") })
  }

  @Test("The one channel of the noise scan that is too loud is named, not all others")
  func loudChannel() throws {
    var source = readouts(of: testPattern([1, 4, 1, 24, 32]))
    var noise = testPattern([4, 400]).elements
    for index in 1200..<1600 { noise[index] = noise[index].multiplied(by: 1e6) }
    source.append(noise, channels: 4, flags: .isNoise)
    let found = try findings(source).filter { $0.problem.contains("noise scan") }
    #expect(
      found.contains { $0.problem.contains("channel 4 (counted from 1)") && $0.problem.contains("louder") },
      "\(found)")
  }

  @Test("Samples beyond what single precision can square are refused")
  func hugeSamples() throws {
    var source = readouts(of: object())
    source.samples[5][7] = Complex(-3e38, 0)
    let error = try #require(throws: RawDataError.self) { try KSpace(source) }
    #expect(error.problem.contains("acquisition 5 "))
  }

  @Test("Samples that are all zero are named")
  func zeros() throws {
    let source = readouts(of: NDArray(repeating: .zero, shape: [1, 2, 1, 24, 32]))
    #expect(try findings(source).contains { $0.problem.contains("zero") })
  }
}

/// Trajectories are compared with what they are taken for.
struct TrajectoryEvidenceTests {
  /// Readouts in memory with a trajectory of two dimensions.
  private struct Traced: ReadoutSource {
    var source: MemorySource
    var trajectories: [[Float]]
    var path: String { source.path }
    var header: MRDHeader { source.header }
    var acquisitions: [AcquisitionHeader] { source.acquisitions }

    /// - Parameter place: Where a sample of a line lies; the sample from -0.5 to 0.5, the line from 0.
    init(_ place: (_ sample: Float, _ line: Int) -> (Float, Float)) {
      source = readouts(of: testPattern([1, 2, 1, 24, 32]))
      trajectories = (0..<24).map { line in
        (0..<32).flatMap { sample in
          let point = place(Float(sample - 16) / 32, line)
          return [point.0, point.1]
        }
      }
      for index in source.acquisitions.indices { source.acquisitions[index].trajectoryDimensions = 2 }
    }

    func trajectory(ofReadout index: Int) -> [Float] { trajectories[index] }

    func forEachReadout(
      _ indices: [Int],
      _ body: @Sendable (Int, UnsafeBufferPointer<Complex<Float>>) throws(RawDataError) -> Void
    ) throws(RawDataError) { try source.forEachReadout(indices, body) }

    var error: String? {
      get throws { try ScanLayout(of: self).findings.first { $0.severity == .error }?.problem }
    }
  }

  @Test("Lines of a grid are believed, whatever the unit")
  func cartesian() throws {
    #expect(try Traced { ($0, Float($1 - 12) / 24) }.error == nil)
    #expect(try Traced { (500 * $0, 20 * Float($1 - 12)) }.error == nil)
    #expect(try Traced { _, _ in (0, 0) }.error == nil)
  }

  @Test(
    "Radial and spiral readouts and lines of other counters are refused, ramps if they are not to be resampled"
  )
  func others() throws {
    let radial = Traced { ($0 * .cos(.pi * Float($1) / 24), $0 * .sin(.pi * Float($1) / 24)) }
    #expect(try radial.error?.contains("different directions") == true)
    let spiral = Traced { ((($0 + 0.5) * .cos(6 * $0 + Float($1))), ($0 + 0.5) * .sin(6 * $0 + Float($1))) }
    #expect(try spiral.error?.contains("no straight line") == true)
    let ramps = Traced { (0.5 * .sin(.pi * $0), Float($1 - 12) / 24) }
    #expect(try ramps.error == nil)
    let told = try ScanLayout(of: ramps, options: ReadingOptions(correctsEchoPlanar: false))
    #expect(told.findings.contains { $0.severity == .error && $0.problem.contains("even pace") })
    let backwards = Traced { (-$0, Float($1 - 12) / 24) }
    #expect(
      try backwards.error?.contains("runs backwards along kx, although the readout is not marked") == true)
    let strangers = Traced { ($0, Float(($1 * 7) % 24 - 12) / 24) }
    #expect(try strangers.error?.contains("elsewhere than its counter") == true)
  }

  @Test("Lines that run against their counters, or lie off the centre, are named with their axis")
  func places() throws {
    func findings(_ traced: Traced) throws -> [Finding] { try ScanLayout(of: traced).findings }
    let against = Traced { ($0, Float(12 - $1) / 24) }
    #expect(try against.error?.contains("backwards along ky, against the line counter") == true)
    let good = try findings(Traced { ($0, Float($1 - 12) / 24) })
    #expect(good.contains { $0.assumption == "the counters, which agree with them" })
    for odd in [Traced { ($0, Float($1 - 4) / 24) }, Traced { (0.5 * $0, Float($1 - 12) / 24) }] {
      let found = try findings(odd).filter { $0.problem.contains("trajectories") }
      #expect(found.contains { $0.severity == .warning && $0.problem.contains("ky") }, "\(found)")
      #expect(!found.contains { $0.assumption?.contains("agree") == true })
    }
    // Conjugation mirrors the grid, not the trajectories.
    let options = ReadingOptions(phaseSign: .negative)
    let conjugated = try ScanLayout(of: Traced { ($0, Float($1 - 12) / 24) }, options: options)
    #expect(conjugated.findings.contains { $0.assumption == "the counters, which agree with them" })
    // Nothing was compared along axes that trajectories leave out.
    let silent = try findings(Traced { sample, _ in (sample, 0) })
    #expect(silent.contains { $0.assumption?.contains("say nothing along ky") == true })
  }
}
