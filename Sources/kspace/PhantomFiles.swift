import Foundation
import KSpaceToolkit
import Numerics

/// The files that a simulated scan goes to: `head.h5` and, beside it, `head_truth/`.
struct PhantomFiles {
  /// The raw file.
  let scan: String
  /// The folder of truth maps.
  let truth: String

  init(_ path: String) {
    scan = path
    truth = URL(filePath: path).deletingPathExtension().relativePath + "_truth"
  }

  /// Refuses outputs that exist, unless they may be replaced, and a folder that cannot take them.
  func check(replacing: Bool) throws(CommandError) {
    try OutputPath.check(scan, replacing: replacing)
    try OutputFolder.check(truth, kind: .truthMaps, replacing: replacing)
  }

  /// Writes the truth maps; their folder gets its name when it is committed.
  func writeTruth(of phantom: HeadPhantom, replacing: Bool) throws -> OutputFolder {
    let folder = try OutputFolder(truth, kind: .truthMaps, replacing: replacing)
    func path(_ name: String) -> String { "\(folder.temporaryPath)/\(name)" }
    try NIfTIFile.write(phantom.susceptibility, to: path("chi.nii.gz"), displayRange: -0.1...0.2)
    try NIfTIFile.write(phantom.field, to: path("field.nii.gz"), displayRange: -100...100)
    try NIfTIFile.write(phantom.transverseRelaxationRate, to: path("r2star.nii.gz"), displayRange: 0...60)
    try NIfTIFile.write(phantom.labels, to: path("labels.nii.gz"))
    let names = Tissue.allCases.map { "\($0.rawValue)\t\($0)\n" }.joined()
    try Data(("index\tname\n" + names).utf8).write(to: URL(filePath: path("labels.tsv")))
    try NIfTIFile.write(phantom.brainMask, to: path("mask.nii.gz"))
    try NIfTIFile.write(
      ImageVolumes(phantom.sensitivities.maps, geometry: phantom.geometry), to: path("sensitivities.nii.gz"))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(PhantomDescription(phantom)).write(to: URL(filePath: path("phantom.json")))
    return folder
  }

  /// Writes the noise scan and then the echoes, one after the other, as they are simulated.
  ///
  /// Counters and times say in which order a scanner would have measured: all echoes of one excitation together.
  func writeScan(of phantom: HeadPhantom, signalToNoise: Double, progress: Progress) throws {
    let matrix = phantom.geometry.matrix
    let writer = try MRDWriter(creating: scan, header: header(of: phantom, signalToNoise: signalToNoise))
    let noiseLines = 256
    let noise = phantom.noiseScan(lines: noiseLines, samplesPerLine: matrix.x)
    for line in 0..<noiseLines {
      var header = readout(of: phantom, excitation: line)
      header.flags = .isNoise
      header.scanCounter = UInt32(line)
      try noise.part(at: line).withUnsafeBufferPointer { try writer.append(header, samples: $0) }
    }
    var row = NDArray<Complex<Float>>(repeating: .zero, shape: [phantom.channels, matrix.x])
    for echo in 0..<phantom.echoes {
      try Interruption.check()
      progress.report("simulating echoes", Double(echo) / Double(phantom.echoes))
      let samples = phantom.samples(echo: echo)
      for partition in 0..<matrix.z {
        for line in 0..<matrix.y {
          let excitation = partition * matrix.y + line
          var header = readout(of: phantom, excitation: noiseLines + excitation)
          header.scanCounter = UInt32(noiseLines + excitation * phantom.echoes + echo)
          header.counters.line = UInt16(line)
          header.counters.partition = UInt16(partition)
          header.counters.contrast = UInt16(echo)
          let isLast = excitation == matrix.y * matrix.z - 1 && echo == phantom.echoes - 1
          if isLast { header.flags.insert(.lastInMeasurement) }
          samples.copyRow(partition, line, to: &row)
          try row.withUnsafeBufferPointer { try writer.append(header, samples: $0) }
        }
      }
    }
    try writer.close()
    progress.report("simulating echoes", 1)
  }

  private func header(of phantom: HeadPhantom, signalToNoise: Double) -> MRDHeader {
    let matrix = phantom.geometry.matrix
    func limit(_ extent: Int, center: Int) -> MRDHeader.Limit {
      MRDHeader.Limit(minimum: 0, maximum: extent - 1, center: center)
    }
    return MRDHeader(
      describing: phantom.parameters, geometry: phantom.geometry,
      limits: [
        "kspace_encoding_step_1": limit(matrix.y, center: matrix.y / 2),
        "kspace_encoding_step_2": limit(matrix.z, center: matrix.z / 2),
        "contrast": limit(phantom.echoes, center: 0),
      ],
      receiverChannels: phantom.channels,
      userParameters: [
        "phantom": "numerical head of kspace \(KSpaceVersion.text)",
        "phantom_seed": "\(phantom.anatomy.seed)",
        "phantom_noise_seed": "\(phantom.seed)",
        "phantom_age_years": "\(phantom.anatomy.age)",
        "phantom_snr": "\(signalToNoise)",
      ])
  }

  /// A readout without counters, at the time of an excitation.
  private func readout(of phantom: HeadPhantom, excitation: Int) -> AcquisitionHeader {
    let geometry = phantom.geometry
    var header = AcquisitionHeader()
    header.sampleCount = UInt16(geometry.matrix.x)
    header.availableChannels = UInt16(phantom.channels)
    header.activeChannels = UInt16(phantom.channels)
    for channel in 0..<min(phantom.channels, 1024) {
      header.channelMask[channel / 64] |= 1 << UInt64(channel % 64)
    }
    header.centerSample = UInt16(geometry.matrix.x / 2)
    header.sampleTime = Float((phantom.parameters.dwellTime ?? 0) * 1e6)
    header.position = SIMD3<Float>(geometry.center * 1000)
    header.readDirection = SIMD3<Float>(geometry.readDirection)
    header.phaseDirection = SIMD3<Float>(geometry.phaseDirection)
    header.sliceDirection = SIMD3<Float>(geometry.sliceDirection)
    // Vendors count in ticks of 2.5 ms.
    let time = Double(excitation) * (phantom.parameters.repetitionTime ?? 0)
    header.timeStamp = UInt32(time / 2.5e-3)
    return header
  }
}

extension OutputFolder.Kind {
  /// The truth maps of a phantom.
  fileprivate static let truthMaps = OutputFolder.Kind(
    marker: "phantom.json", holds: { ["phantom.json", "labels.tsv"].contains($0) || $0.hasSuffix(".nii.gz") })
}

extension NDArray {
  /// Copies one readout of all channels from `[channel, kz, ky, kx]` to `[channel, kx]`.
  fileprivate func copyRow(_ partition: Int, _ line: Int, to row: inout NDArray) {
    let length = shape[3]
    withUnsafeBufferPointer { samples in
      row.withUnsafeMutableBufferPointer { row in
        for channel in 0..<shape[0] {
          let start = ((channel * shape[1] + partition) * shape[2] + line) * length
          for sample in 0..<length { row[channel * length + sample] = samples[start + sample] }
        }
      }
    }
  }
}

/// What the truth maps hold, for people and programs.
private struct PhantomDescription: Encodable {
  struct TissueDescription: Encodable {
    let label: UInt8
    let name: String
    let susceptibilityPPM: Double
    let r2starPerSecond: Double
    let t1Seconds: Double
    let protonDensity: Double
  }

  let generatedBy: String
  let seed: UInt64
  let noiseSeed: UInt64
  let ageYears: Double
  let units: [String: String]
  let tissues: [TissueDescription]

  init(_ phantom: HeadPhantom) {
    generatedBy = "kspace \(KSpaceVersion.text)"
    seed = phantom.anatomy.seed
    noiseSeed = phantom.seed
    ageYears = phantom.anatomy.age
    units = [
      "chi": "ppm relative to water, mean over voxels",
      "field": "Hz after a second-order shim, positive where the phase grows, mean over voxels",
      "r2star": "1/s, mean over voxels", "labels": "tissue at the centre of voxels",
      "mask": "1 inside the surface of the brain",
      "sensitivities": "relative; root sum of squares about 1 in the middle of the head",
    ]
    tissues = Tissue.allCases.map { tissue in
      let properties = phantom.anatomy.properties(of: tissue)
      return TissueDescription(
        label: tissue.rawValue, name: "\(tissue)", susceptibilityPPM: properties.susceptibility,
        r2starPerSecond: properties.transverseRelaxationRate,
        t1Seconds: properties.longitudinalRelaxationTime, protonDensity: properties.protonDensity)
    }
  }
}

/// What a simulation will write and need.
struct PhantomNeeds: CustomStringConvertible {
  let geometry: Geometry
  let channels: Int
  let echoes: Int
  let files: PhantomFiles
  /// The memory at the peak [bytes].
  let memory: Int

  /// Refuses a simulation that the machine's memory cannot hold.
  func check() throws(CommandError) {
    let available = ProcessInfo.processInfo.physicalMemory
    guard memory > available else { return }
    throw CommandError(
      "\(geometry.matrix) voxels with \(channels) channels",
      "the simulation needs about \(megabytes(memory)) of memory, and there are \(megabytes(Int(available)))",
      remedy: "Choose a smaller --matrix, a larger --voxel-size or fewer --channels")
  }

  var description: String {
    let size = geometry.voxelSize * 1000
    let volume = geometry.matrix.count * MemoryLayout<Complex<Float>>.size
    let voxels = String(format: "%gx%gx%g mm", size.x, size.y, size.z)
    return """
      numerical head, \(geometry.matrix) voxels of \(voxels), \(channels) channels, \(echoes) echoes
      would write \(files.scan) (\(megabytes(volume * channels * echoes))) and the maps in \(files.truth) (up to \(megabytes(volume * (channels + 2))))
      needs about \(megabytes(memory)) of memory
      """
  }

  private func megabytes(_ bytes: Int) -> String { "\(max(1, bytes / 1_000_000)) MB" }
}
