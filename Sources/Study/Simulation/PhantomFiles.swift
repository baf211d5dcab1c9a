import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import Numerics
import Phantoms
import RawData

/// The files that a simulated scan goes to: `head.h5` and, beside it, `head_truth/`.
public struct PhantomFiles {
  /// The raw file.
  public let scan: String
  /// The folder of truth maps.
  public let truth: String

  /// Names the files.
  public init(_ path: String) {
    scan = path
    truth = URL(filePath: path).deletingPathExtension().relativePath + "_truth"
  }

  /// The true susceptibility [ppm]; `nil` unless the folder of truth maps lies beside the scan.
  public var trueSusceptibility: String? {
    let files = ["\(truth)/chi.nii.gz", "\(truth)/phantom.json"]
    return files.allSatisfy(FileManager.default.fileExists(atPath:)) ? files[0] : nil
  }

  /// What will be written for a scan, and what it needs, for the user.
  public func plan(_ geometry: Geometry, channels: Int, echoes: Int, needs: MethodNeeds) -> String {
    func megabytes(_ bytes: Double) -> String { "\(max(1, Int(bytes / 1e6))) MB" }
    let size = geometry.voxelSize * 1000, matrix = geometry.matrix
    let scan = ScanSize(matrix: matrix, channels: channels, echoes: echoes)
    let maps = scan.channelBytes / Double(echoes) * Double(channels + 2)
    return """
      numerical head, \(matrix) voxels of \(String(format: "%gx%gx%g mm", size.x, size.y, size.z)), \(channels) channels, \
      \(echoes) echoes
      would write \(self.scan) (\(megabytes(scan.kSpaceBytes))) and the maps in \(truth) (up to \(megabytes(maps)))
      needs about \(megabytes(needs.memory)) of memory
      """
  }

  /// Refuses outputs that exist, unless they may be replaced, and a folder that cannot take them.
  ///
  /// - Throws: ``InputError``.
  public func check(replacing: Bool) throws(InputError) {
    try OutputPath.check(scan, replacing: replacing)
    try AtomicFolder.check(truth, kind: .truthMaps, replacing: replacing)
  }

  /// Writes the truth maps; their folder gets its name when it is committed.
  ///
  /// - Throws: ``FileError``, ``InputError``.
  public func writeTruth(of phantom: HeadPhantom, replacing: Bool) throws -> AtomicFolder {
    let folder = try AtomicFolder(truth, kind: .truthMaps, replacing: replacing)
    func path(_ name: String) -> String { "\(folder.temporaryPath)/\(name)" }
    try NIfTIFile.write(phantom.susceptibility, to: path("chi.nii.gz"), displayRange: -0.1...0.2)
    try NIfTIFile.write(
      phantom.paramagneticSusceptibility, to: path("chi-para.nii.gz"), displayRange: 0...0.2)
    try NIfTIFile.write(
      phantom.diamagneticSusceptibility, to: path("chi-dia.nii.gz"), displayRange: -0.1...0)
    try NIfTIFile.write(phantom.irreversibleRate, to: path("r2.nii.gz"), displayRange: 0...60)
    try NIfTIFile.write(phantom.field, to: path("field.nii.gz"), displayRange: -100...100)
    try NIfTIFile.write(phantom.transverseRelaxationRate, to: path("r2star.nii.gz"), displayRange: 0...60)
    try NIfTIFile.write(phantom.labels, to: path("labels.nii.gz"))
    let names = Tissue.allCases.map { "\($0.rawValue)\t\($0)\n" }.joined()
    try AtomicFile.write("index\tname\n" + names, to: path("labels.tsv"))
    try NIfTIFile.write(phantom.brainMask, to: path("mask.nii.gz"))
    try NIfTIFile.write(
      ImageVolumes(phantom.sensitivities.maps, geometry: phantom.geometry), to: path("sensitivities.nii.gz"))
    try JSONFile.write(PhantomDescription(phantom), to: path("phantom.json"))
    return folder
  }

  /// Writes the noise scan and then the echoes, one after the other, as they are simulated.
  ///
  /// Counters and times say in which order a scanner would have measured: all echoes of one excitation together.
  ///
  /// - Parameters:
  ///   - phantom: The head in the scanner.
  ///   - signalToNoise: What the header says of the noise.
  ///   - progress: Is told which part of the echoes is done; what it throws ends the work.
  /// - Throws: ``RawDataError`` if the file cannot be written.
  public func writeScan(
    of phantom: HeadPhantom, signalToNoise: Double, progress: (Double) throws -> Void = { _ in }
  ) throws {
    let matrix = phantom.geometry.matrix
    let writer = try MRDWriter(creating: scan, header: header(of: phantom, signalToNoise: signalToNoise))
    let noiseLines = try writeNoise(of: phantom, to: writer)
    var row = NDArray<Complex<Float>>(repeating: .zero, shape: [phantom.channels, matrix.x])
    for echo in 0..<phantom.echoes {
      try progress(Double(echo) / Double(phantom.echoes))
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
    try progress(1)
  }

  /// Writes the noise scan.
  ///
  /// - Returns: The number of its readouts.
  func writeNoise(of phantom: HeadPhantom, to writer: MRDWriter) throws -> Int {
    let count = 256
    let noise = phantom.noiseScan(lines: count, samplesPerLine: phantom.geometry.matrix.x)
    for line in 0..<count {
      var header = readout(of: phantom, excitation: line)
      header.flags = .isNoise
      header.scanCounter = UInt32(line)
      try noise.part(at: line).withUnsafeBufferPointer { try writer.append(header, samples: $0) }
    }
    return count
  }

  /// The header of a scan, plain or echo-planar.
  func header(
    of phantom: HeadPhantom, signalToNoise: Double, train: EchoPlanarTrain? = nil
  ) -> MRDHeader {
    let matrix = phantom.geometry.matrix
    var geometry = phantom.geometry
    if let train { geometry.matrix.x = train.extent(of: matrix) }
    func limit(_ extent: Int, center: Int) -> MRDHeader.Limit {
      MRDHeader.Limit(minimum: 0, maximum: extent - 1, center: center)
    }
    return MRDHeader(
      describing: phantom.parameters, geometry: geometry, prescribedMatrix: matrix,
      limits: [
        "kspace_encoding_step_1": limit(matrix.y, center: matrix.y / 2),
        "kspace_encoding_step_2": limit(matrix.z, center: matrix.z / 2),
        "contrast": limit(phantom.echoes, center: 0),
      ],
      receiverChannels: phantom.channels, readoutGradient: train?.gradient,
      userParameters: [
        "phantom": "numerical head of kspace \(ToolkitVersion.text)",
        "phantom_seed": "\(phantom.anatomy.seed)",
        "phantom_noise_seed": "\(phantom.seed)",
        "phantom_age_years": "\(phantom.anatomy.age)",
        "phantom_snr": "\(signalToNoise)",
      ])
  }

  /// A readout without counters, at the time of an excitation.
  func readout(of phantom: HeadPhantom, excitation: Int) -> AcquisitionHeader {
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

extension AtomicFolder.Kind {
  /// The truth maps of a phantom.
  fileprivate static let truthMaps = AtomicFolder.Kind(
    marker: "phantom.json", holds: { ["phantom.json", "labels.tsv"].contains($0) || $0.hasSuffix(".nii.gz") })
}

extension NDArray {
  /// Copies one readout of all channels from `[channel, kz, ky, kx]` to `[channel, kx]`.
  func copyRow(_ partition: Int, _ line: Int, to row: inout NDArray) {
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
    let diamagneticPPM: Double
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
    generatedBy = "kspace \(ToolkitVersion.text)"
    seed = phantom.anatomy.seed
    noiseSeed = phantom.seed
    ageYears = phantom.anatomy.age
    units = [
      "chi": "ppm relative to water, mean over voxels",
      "chi-para": "ppm, the paramagnetic part of chi", "chi-dia": "ppm, the diamagnetic part of chi",
      "r2": "1/s, R2* without 137 /s for each ppm of both parts at 3 T",
      "field": "Hz after a second-order shim, positive where the phase grows, mean over voxels",
      "r2star": "1/s, mean over voxels", "labels": "tissue at the centre of voxels",
      "mask": "1 inside the surface of the brain",
      "sensitivities": "relative; root sum of squares about 1 in the middle of the head",
    ]
    tissues = Tissue.allCases.map { tissue in
      let properties = phantom.anatomy.properties(of: tissue)
      return TissueDescription(
        label: tissue.rawValue, name: "\(tissue)", susceptibilityPPM: properties.susceptibility,
        diamagneticPPM: properties.diamagneticSusceptibility,
        r2starPerSecond: properties.transverseRelaxationRate,
        t1Seconds: properties.longitudinalRelaxationTime, protonDensity: properties.protonDensity)
    }
  }
}
