import ArgumentParser
import Foundation
import KSpaceToolkit

/// `kspace phantom`: a scan of a numerical head.
struct Phantom: LongCommand {
  static let configuration = CommandConfiguration(
    abstract: "Simulates a multi-channel multi-echo 3D gradient-echo scan of a numerical head.",
    discussion: """
      Writes a fully sampled MRD file with a noise scan, and beside it the truth as NIfTI in NAME_truth/: \
      susceptibility and its para- and diamagnetic parts [ppm], field [Hz], R2* and R2 [1/s], tissue labels, brain mask, sensitivities, labels.tsv with \
      the names of the labels, and phantom.json, which says what their tissues are made of. The head has a folded cortex, the \
      deep-brain nuclei with the iron of their age, sinuses and veins; it is simulated at half the voxel size \
      and cropped in k-space. Equal seeds give equal bits. For example:

        kspace phantom --matrix 96x116x36 --voxel-size 2x2x4mm -o head.h5
        kspace phantom --cohort 59 --matrix 88x112x32 --voxel-size 1.75x1.75x2.5mm -o cohort
      """)

  @Option(name: .shortAndLong, help: "The raw file to write: HDF5, or a stream if its name ends in .mrd.")
  var output: String

  @Option(help: "The number of voxels, readout first.")
  var matrix = HeadPhantom.defaultGeometry.matrix

  @Option(help: "The size of voxels (default: 1.2x1.2x3mm).")
  var voxelSize: Lengths?

  @Option(help: "The number of receive channels.")
  var channels = 8

  @Option(
    help: """
      What is simulated: gre, or epi, an echo-planar scan with ghosts, navigators and samples on gradient ramps, but without \
      the distortion and blurring of long trains.
      """)
  var sequence: PhantomSequence = .gre

  @Option(help: "For epi, the number of lines after an excitation (default: 16).")
  var trainLength: Int?

  @Option(help: "For epi, the number of navigators before them (default: 3).")
  var navigators: Int?

  @Option(
    help: "The number of echoes, at 3.3 ms, 6.4 ms, 9.5 ms, ... (default: 8; for epi 3, as early as can be).")
  var echoes: Int?

  @Option(help: "The echo times, such as 4ms,9ms,14ms, instead of --echoes.")
  var echoTimes: EchoTimes?

  @Option(
    help: """
      The signal-to-noise ratio: root sum of squares of white matter at the first echo over the standard \
      deviation of the noise's real part; inf for none.
      """)
  var snr = 60.0

  @Option(help: "The subject's age in years, with which iron grows (default: 44).")
  var age: Double?

  @Option(help: "What the subject's folds, sizes and iron follow from.")
  var seed: UInt64 = 1

  @Option(help: "What the noise and the receivers' phases follow from (default: the seed).")
  var noiseSeed: UInt64?

  @Option(
    parsing: .unconditional,
    help: "The angle by which the slab is tilted about the left-right axis, front up, such as 20deg.")
  var tilt = Angle(degrees: 0)

  @Option(
    help: """
      Instead of one scan: the number of subjects of a cohort, each with its own seed. --output is then a folder with \
      participants.tsv; the scans are simulated when kspace study --cohort asks for them.
      """)
  var cohort: Int?

  @Option(help: "The ages of a cohort in years, spread evenly.")
  var ages = AgeRange(18, 75)

  @OptionGroup var running: RunArguments

  func validate() throws {
    if !(1...1024).contains(channels) {
      throw ValidationError("--channels \(channels): 1 to 1024 channels are possible.")
    }
    if let echoes, !(1...256).contains(echoes) {
      throw ValidationError("--echoes \(echoes): 1 to 256 echoes are possible.")
    }
    if echoes != nil, echoTimes != nil {
      throw ValidationError("--echoes and --echo-times: give one or the other.")
    }
    if sequence != .epi, trainLength != nil || navigators != nil {
      throw ValidationError("--train-length and --navigators: say --sequence epi, or leave them away.")
    }
    if let trainLength, !(1...4096).contains(trainLength) {
      throw ValidationError("--train-length \(trainLength): 1 to 4096 lines are possible.")
    }
    if let navigators, !(0...64).contains(navigators) {
      throw ValidationError("--navigators \(navigators): 0 to 64 are possible.")
    }
    if sequence == .epi, cohort != nil {
      throw ValidationError("--cohort: its scans are gradient-echo scans; leave --sequence away.")
    }
    if sequence == .epi, 2 * matrix.x > Int(UInt16.max) {
      throw ValidationError("--matrix \(matrix): a readout has at most 65535 samples.")
    }
    try voxelSize?.checkVoxels()
    try echoTimes?.check()
    if !(snr > 0) { throw ValidationError("--snr \(snr): a positive number is needed, or inf.") }
    if let cohort, !(1...9999).contains(cohort) {
      throw ValidationError("--cohort \(cohort): 1 to 9999 subjects are possible.")
    }
    if cohort != nil, tilt.degrees != 0 || noiseSeed != nil {
      throw ValidationError("--cohort: its slabs are axial, and noise follows from each subject's seed.")
    }
    if let age, !(0...120).contains(age) {
      throw ValidationError("--age \(age): 0 to 120 years are possible.")
    }
    if cohort != nil, age != nil { throw ValidationError("--age: the subjects of a --cohort have --ages.") }
    if output == "-" {
      throw ValidationError("--output -: the truth maps need a place beside a named file.")
    }
  }

  func run() throws {
    if let cohort { return try writeCohort(of: cohort) }
    let progress = running.begin()
    let files = PhantomFiles(output)
    try files.check(replacing: running.force)
    let anatomy = HeadAnatomy(seed: seed, age: age ?? 44)
    let echoes = parameters.echoTimes.count
    let needs = HeadPhantom.needs(
      of: anatomy, geometry: geometry, channels: channels * (train.map { 2 * $0.oversampling } ?? 1),
      echoes: echoes)
    try MachineMemory.check(
      needs.memory, for: "the simulation", at: "\(matrix) voxels with \(channels) channels",
      remedy: "Choose a smaller --matrix, a larger --voxel-size or fewer --channels")
    if running.dryRun {
      return print(files.plan(geometry, channels: channels, echoes: echoes, needs: needs))
    }
    let phantom = HeadPhantom(
      anatomy, geometry: geometry, parameters: parameters, channels: channels, signalToNoise: snr,
      seed: noiseSeed, progress: progress.report)
    Interruption.postpone()
    let truth = try files.writeTruth(of: phantom, replacing: running.force)
    func report(_ fraction: Double) throws {
      try Interruption.check()
      progress.report("simulating echoes", fraction)
    }
    if let train {
      try files.writeScan(of: phantom, train: train, signalToNoise: snr, progress: report)
    } else {
      try files.writeScan(of: phantom, signalToNoise: snr, progress: report)
    }
    try truth.commit()
    print("\(files.scan) and \(files.truth)")
  }

  private var train: EchoPlanarTrain? {
    guard sequence == .epi else { return nil }
    return EchoPlanarTrain(lines: trainLength ?? 16, navigators: navigators ?? 3, matrix: matrix)
  }

  var parameters: ScanParameters {
    if let train { return train.parameters(echoes: echoes ?? 3, echoTimes: echoTimes?.seconds) }
    return echoTimes.map { .spoiledGradientEcho(echoTimes: $0.seconds) }
      ?? .spoiledGradientEcho(echoes: echoes ?? 8)
  }

  private var geometry: Geometry {
    HeadPhantom.geometry(matrix: matrix, voxelSize: voxelSize?.metres, tilt: tilt.radians)
  }
}

/// The sequences that are simulated.
enum PhantomSequence: String, ExpressibleByArgument, CaseIterable {
  /// One line after an excitation and echo.
  case gre
  /// Several lines in alternating directions.
  case epi
}
