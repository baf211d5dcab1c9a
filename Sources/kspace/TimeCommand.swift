import ArgumentParser
import Foundation
import KSpaceToolkit

/// `kspace time`: how long protocols take.
struct Time: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell how long a protocol takes, from the samples that are counted.",
    discussion: """
      Several protocols are compared with the first, for example parallel imaging with deep learning:

        kspace time Protocols/study_parallel_imaging_af2.json Protocols/study_deep_learning_af*.json --chart times.svg

      Without a protocol, --mask and --tr suffice.
      """)

  @Argument(help: "Protocols, such as Protocols/study_parallel_imaging_af2.json.")
  var protocols: [String] = []

  @Option(help: "Count the samples of this mask (.npy, .cfl or .csv) instead of the protocol's own.")
  var mask: String?

  @Option(help: "Make the protocol's mask a Poisson-disk one of this acceleration, against the full grid.")
  var acceleration: Double?

  @Option(name: .customLong("tr"), help: "The repetition time, such as 30.2ms, instead of the protocol's.")
  var repetitionTime: TimeSpan?

  @Option(help: "Repetitions without readout before the first sample, instead of the protocol's.")
  var dummies: Int?

  @Option(help: "How often each sample is acquired, instead of the protocol's.")
  var averages: Int?

  @Option(help: "Write a bar chart to this .svg file.")
  var chart: String?

  @Flag(help: "Replace outputs that exist.")
  var force = false

  @Flag(help: "Print JSON; times are in seconds.")
  var json = false

  func validate() throws {
    if protocols.isEmpty, mask == nil || repetitionTime == nil {
      throw ValidationError("Give a protocol, or --mask with --tr.")
    }
    if mask != nil, acceleration != nil {
      throw ValidationError("--mask and --acceleration exclude each other.")
    }
    try repetitionTime?.checkRepetition()
    let most = ScanProtocol.mostRepetitions
    if let dummies, !(0...most).contains(dummies) {
      throw ValidationError("--dummies \(dummies): 0 to \(most) are possible.")
    }
    if let averages, !(1...most).contains(averages) {
      throw ValidationError("--averages \(averages): 1 to \(most) are possible.")
    }
    if let chart, !chart.lowercased().hasSuffix(".svg") {
      throw ValidationError("--chart \(chart): charts are written as .svg.")
    }
  }

  func run() throws {
    if let chart { try OutputPath.check(chart, replacing: force) }
    let rows = try protocols.isEmpty ? [maskRow()] : protocols.map(row)
    let comparison = TimeComparison(rows)
    if let chart {
      try AtomicFile.write(comparison.chart, to: chart)
    }
    try Terminal.deliver(json ? rows.json() : comparison.table)
  }

  private func row(_ path: String) throws -> TimeComparison.Row {
    let file = try ProtocolFile(at: path)
    var scan = overridden(file.scan)
    if let acceleration { scan.name += String(format: ", with --acceleration %g", acceleration) }
    if let mask { scan.name += ", with --mask \(mask)" }
    let masks: [SamplingMask]
    if let mask {
      let grid = file.recipe.grid
      masks = try MaskFile.read(
        mask, matrix: grid, axes: grid.lines == grid.partitions ? axes(of: mask) : nil)
    } else if let acceleration {
      masks = [try file.poissonDisk(acceleration: acceleration)]
    } else {
      masks = try file.recipe.masks()
    }
    let isPublished =
      mask == nil && acceleration == nil && repetitionTime == nil && dummies == nil && averages == nil
    return try TimeComparison.Row(scan, masks: masks, published: isPublished ? file.published : nil)
  }

  /// The order of an array's axes, where others say theirs: the number of positions is the same whichever axis is ky.
  private func axes(of mask: String) -> MaskAxes? {
    URL(filePath: mask).pathExtension.lowercased() == "npy" ? .partitionsFirst : nil
  }

  private func maskRow() throws -> TimeComparison.Row {
    guard let mask, let repetitionTime else { preconditionFailure("validated above") }
    let masks = try MaskFile.read(mask, axes: axes(of: mask))
    let matrix = Extents(x: 1, y: masks[0].lines, z: masks[0].partitions)
    let scan = ScanProtocol(
      name: mask, fieldStrength: .nan, repetitionTime: repetitionTime.seconds, echoTimes: [],
      matrix: matrix, voxelSize: SIMD3(repeating: .nan))
    return try TimeComparison.Row(overridden(scan), masks: masks)
  }

  private func overridden(_ scan: ScanProtocol) -> ScanProtocol {
    var scan = scan
    if let repetitionTime { scan.repetitionTime = repetitionTime.seconds }
    if let dummies { scan.dummyRepetitions = dummies }
    if let averages { scan.averages = averages }
    return scan
  }
}

extension Time: ReadingCommand {
  var inputs: [String] { protocols + [mask].compactMap(\.self) }
}
