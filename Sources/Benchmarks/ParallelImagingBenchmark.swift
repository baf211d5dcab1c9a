import Foundation
import KSpaceToolkit
import Numerics

/// One step of the comparison with peers, on the arrays that the peers get.
///
/// The scripts in `Peers/` conduct the comparison; every step is a process of its own, so that its CPU time and memory can
/// be measured like those of a peer. Each reads and writes BART's arrays and prints the cost of the algorithm
/// alone, without reading and writing, as JSON.
///
/// ```
/// export       raw=SCAN.h5 out=SCAN [whitened=no]              all samples and what was told of the scan
/// mask         matrix=YxZ acceleration=4 calibration=20 out=MASK   an exact Poisson-disk mask
/// maps         scan=SCAN mask=MASK out=MAPS                    sensitivities by ESPIRiT
/// reconstruct  scan=SCAN mask=MASK method=NAME out=IMAGES [maps=MAPS weight=W iterations=N]
/// combine      scan=SCAN images=IMAGES out=FIELD               the field by MDI
/// ```
struct ParallelImagingBenchmark {
  private let step: String
  private let options: [String: String]

  /// Reads the name of a step and its options.
  init(_ arguments: [String]) {
    step = arguments.first ?? ""
    let pairs = arguments.dropFirst().map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
    for pair in pairs where pair.count != 2 { fatalError("\(pair) is not KEY=VALUE") }
    options = Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], $0[1]) })
  }

  /// Takes the step.
  func callAsFunction() throws {
    switch step {
    case "export":
      let scan = try KSpace(
        MRDFile(at: option("raw")), options: ReadingOptions(prewhitens: options["whitened"] != "no"))
      try ComparisonScan.write(scan, to: option("out"))
    case "mask": try writeMask()
    case "maps":
      let scan = try ComparisonScan.read(option("scan"), mask: options["mask"])
      try CFLFile.write(ProcessCost.print { try ESPIRiT()(scan) }.maps, to: option("out"))
    case "reconstruct": try reconstruct()
    case "combine": try combine()
    default: fatalError("no step of the comparison is called \"\(step)\"")
    }
  }

  private func option(_ name: String) -> String {
    guard let value = options[name] else { fatalError("\(step) needs \(name)=") }
    return value
  }

  private func writeMask() throws {
    let extents = option("matrix").split(separator: "x").compactMap { Int($0) }
    guard let acceleration = Double(option("acceleration")), let extent = Int(option("calibration")),
      extents.count == 2
    else { fatalError("\(options)") }
    let pattern = PoissonDisk(acceleration: acceleration, calibrationExtent: extent)
    let mask = try pattern.mask(lines: extents[0], partitions: extents[1], seed: 7)
    let flags = mask.isAcquired.map { Complex<Float>($0 ? 1 : 0) }
    try CFLFile.writeScan(flags.reshaped(to: [1, 1] + flags.shape + [1]), to: option("out"))
    print("{\"positions\": \(flags.count), \"acquired\": \(mask.acquiredCount)}")
  }

  private func reconstruct() throws {
    let scan = try ComparisonScan.read(option("scan"), mask: options["mask"])
    let maps = try options["maps"].map {
      CoilSensitivities(try CFLFile.readScan($0).part(at: 0), geometry: scan.geometry)
    }
    let method = method(maps)
    let images = try ProcessCost.print {
      let images = try method(scan)
      return try (0..<images.channels).map { try images.channel($0) }
    }
    var sorted = NDArray<Complex<Float>>(repeating: .zero, shape: scan.samples.shape)
    for (channel, volumes) in images.enumerated() {
      for echo in 0..<scan.echoes { sorted.setPart(at: echo, channel, to: volumes.part(at: echo)) }
    }
    try CFLFile.writeScan(sorted, to: option("out"))
  }

  /// The method of a name, as the command has it unless a weight is given.
  private func method(_ maps: CoilSensitivities?) -> any Reconstruction {
    let source = maps.map { SensitivitySource.given($0) } ?? .estimated(ESPIRiT())
    let weight = options["weight"].flatMap { Float($0) }
    let iterations = options["iterations"].flatMap { Int($0) }
    switch option("method") {
    case "zero-filled": return ZeroFilled()
    case "grappa": return GRAPPA()
    case "spirit": return SPIRiT()
    case "l1-spirit": return L1WaveletSPIRiT()
    case "sense":
      // A weight comes with an exact number of iterations: that is how peers are compared.
      return weight.map {
        SENSE(
          calibration: source, regularization: .tikhonov($0), iterations: iterations ?? 30, tolerance: 0)
      } ?? SENSE(calibration: source, iterations: iterations ?? 30)
    case "l1-sense":
      return L1WaveletSENSE(calibration: source, weight: weight ?? 0.3, iterations: iterations ?? 60)
    default: fatalError("no method is called \"\(option("method"))\"")
    }
  }

  private func combine() throws {
    let scan = try ComparisonScan.description(option("scan"))
    let images = try CFLFile.readScan(option("images"))
    let shape = images.shape
    let output = try MDI()(
      ChannelImages(
        images, parameters: scan.parameters,
        geometry: scan.geometry(Extents(x: shape[4], y: shape[3], z: shape[2])), noise: scan.noise))
    try CFLFile.write(output.field[0].map { Complex($0) }, to: option("out"))
    print("{\"period\": \(output.fieldPeriod)}")
  }
}
