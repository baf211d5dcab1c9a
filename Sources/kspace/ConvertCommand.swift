import ArgumentParser
import Foundation
import KSpaceToolkit

/// `kspace convert`: scans to and from the arrays of NumPy and BART.
struct ConvertScan: LongCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Convert k-space or channel images between MRD, NumPy's .npy and BART's .cfl.",
    discussion: """
      The names say what is meant: .npy and .cfl are arrays, .h5 and .mrd raw files. A .npy has the axes \
      (echo, channel, kz, ky, kx), images (echo, channel, z, y, x), with slices before them where there are several; BART's \
      dimensions are read 0, phase 1 and 2, channel 3, echo 5, slice 13. k-space is centred at n / 2, and zero where nothing \
      was acquired. A sidecar .json beside an array holds its axes, voxels, directions, echo times, field, and which part of \
      the readout was sampled, which are read from there again; without one, an array holds k-space, or images with --images. \
      Calibration lines that were measured within the scan are part of its k-space, separate ones are left out. Masks are \
      converted by kspace mask convert.

      --voxel-size, --tr and --slices are for arrays, as are --echo-times and --field-strength; all other options under \
      "What the file leaves open" are for raw files.

        kspace convert head.h5 -o kspace.npy
        kspace convert bart.cfl -o scan.h5 --voxel-size 1x1x2mm --echo-times 4ms,9ms --field-strength 3T
      """)

  @Argument(help: "The raw file or array.")
  var input: String

  @Option(name: .shortAndLong, help: "The file to write: .npy, .cfl, .h5, or .mrd for a stream.")
  var output: String

  @Flag(
    help:
      "The array holds, or is to hold, images of every channel instead of k-space (by the inverse Fourier transform alone)."
  )
  var images = false

  @Flag(
    inversion: .prefixedNo,
    help: """
      Images along z are slices of a two-dimensional scan, not of a volume (default: what the sidecar says, or a volume).
      """)
  var slices: Bool?

  @Option(help: "The size of voxels, such as 1x1x2mm, x first, where no sidecar says it.")
  var voxelSize: Lengths?

  @Option(name: .customLong("tr"), help: "The repetition time, such as 30.2ms, where no sidecar says it.")
  var repetitionTime: TimeSpan?

  @OptionGroup(title: "What the file leaves open") var reading: ReadingArguments
  @OptionGroup(title: "How to run") var running: RunArguments

  func validate() throws {
    if ScanArrayFormat(ofFile: output) == nil, ScanArrayFormat(ofFile: input) == nil {
      throw ValidationError(
        "\(input) and \(output): one of the two must be an array, .npy or .cfl; kspace undersample copies raw files."
      )
    }
    if output == "-" {
      throw ValidationError("--output -: arrays need a name; a stream needs one that ends in .mrd.")
    }
    if ScanArrayFormat(ofFile: output) == nil, !["h5", "mrd"].contains(URL(filePath: output).pathExtension) {
      throw ValidationError("--output \(output): the name must end in .npy, .cfl, .h5 or .mrd.")
    }
    try refuseIdleOptions()
    guard ScanArrayFormat(ofFile: input) != nil else { return }
    try voxelSize?.checkVoxels(areSlices: true)
    try repetitionTime?.checkRepetition()
    try reading.echoTimes?.check()
    try reading.fieldStrength?.check()
  }

  /// Refuses options that would do nothing.
  private func refuseIdleOptions() throws {
    let isRaw = ScanArrayFormat(ofFile: input) == nil
    let ofArrays: [(name: String, isGiven: Bool)] = [
      ("--voxel-size", voxelSize != nil), ("--tr", repetitionTime != nil),
      (slices == false ? "--no-slices" : "--slices", slices != nil),
    ]
    let idle = isRaw ? ofArrays.filter(\.isGiven).map(\.name) : reading.ofRawFiles
    guard !idle.isEmpty else { return }
    let reason =
      isRaw ? "for arrays only, and \(input) is a raw file" : "for raw files only, and \(input) is an array"
    throw ValidationError("\(idle.joined(separator: ", ")): \(reason).")
  }

  func run() throws {
    let progress = running.begin()
    let isArray = ScanArrayFormat(ofFile: output) != nil
    // A sidecar that is not there is no input, and may be written.
    let inputs =
      ScanArrayFormat(ofFile: input) == nil
      ? [input]
      : ScanArray.files(of: input).filter { $0 == input || FileManager.default.fileExists(atPath: $0) }
    for file in isArray ? ScanArray.files(of: output) : [output] {
      guard file == output || ScanArray.isCompanion(file) else {
        throw InputError(
          file, "it exists, belongs to something else than an array, and would be replaced",
          remedy: "Choose another name for the array with --output, or move that file away")
      }
      try OutputPath.check(file, replacing: running.force, inputs: inputs)
    }
    progress.report("reading", 0)
    let array = try ScanArrayFormat(ofFile: input) == nil ? fromRaw() : fromArray()
    progress.report("reading", 1)
    let shape = array.elements.shape.map(String.init).joined(separator: " x ")
    let axes = ScanArray.axes(of: array.content).joined(separator: ", ")
    let account = "\(array.content.rawValue), \(shape) (\(axes))"
    if running.dryRun { return print("would write \(output): \(account)") }
    if isArray {
      try array.write(to: output)
    } else {
      try array.kSpace().writeMRD(to: output, from: input)
    }
    print("\(output): \(account)")
  }

  private func fromRaw() throws -> ScanArray {
    let file = try reading.open(input)
    let layout = try ScanLayout(of: file, options: reading.options)
    try layout.check(path: input)
    Terminal.report(layout.findings)
    if let words = ScanArray.calibrationLeftOut(of: layout) {
      Terminal.report("kspace: warning: \(input): \(words)")
    }
    return try ScanArray(images ? .images : .kSpace, of: file, layout: layout, options: reading.options)
  }

  private func fromArray() throws -> ScanArray {
    let stated = try ScanArray.statedContent(ofFile: input)
    var array = try ScanArray(readingFile: input, otherwise: images ? .images : .kSpace)
    if stated == nil {
      Terminal.report(
        "kspace: \(input): no sidecar says what it holds; taken for \(array.content.rawValue)")
    }
    if let slices {
      guard array.content == .images else {
        throw InputError(
          input, "it holds k-space, whose slices have an axis of their own", remedy: "Leave `slices` away")
      }
      array.facts.isTwoDimensional = slices
    }
    if let voxelSize { array.facts.voxelSizeMillimetres = (0..<3).map { voxelSize.metres[$0] * 1000 } }
    if let times = reading.echoTimes { array.facts.echoTimes = times.seconds }
    if let repetitionTime { array.facts.repetitionTime = repetitionTime.seconds }
    if let field = reading.fieldStrength {
      array.facts.fieldStrength = field.tesla
      array.facts.imagingFrequency = nil
    }
    if images, array.content == .kSpace {
      guard ScanArrayFormat(ofFile: output) != nil else {
        throw InputError(
          input, "its sidecar says that it holds k-space, and a raw file has no place for images",
          remedy: "Leave `images` away")
      }
      return array.images()
    }
    return array
  }
}

extension ConvertScan: ReadingCommand {
  var inputs: [String] { [input] }
}
