import ArgumentParser
import KSpaceToolkit

/// Options that settle what a raw file leaves open or states wrongly.
struct ReadingArguments: ParsableArguments {
  @Option(help: "The group of an HDF5 file that holds the scan; needed if several do.")
  var group: String?

  @Flag(help: "Read a stream that was cut up to its last whole readout.")
  var acceptTruncated = false

  @Option(help: "The encoded grid, 300x72 (ky x kz) or 512x300x72 (x first, oversampling included).")
  var matrix: EncodedMatrix?

  @Option(help: "The encoded field of view, such as 256x192x144mm (x first).")
  var fieldOfView: Lengths?

  @Option(help: "The echo times with their unit, such as 3.3ms,6.4ms; as many as there are echoes.")
  var echoTimes: EchoTimes?

  @Option(help: "The static field, such as 3T.")
  var fieldStrength: FieldStrength?

  @Option(help: "The sign of the phase in the file: positive, or negative to conjugate the images.")
  var phaseSign: PhaseSign = .positive

  @Option(help: "The encoding that holds the image lines.")
  var encodingSpace: Int?

  @Option(help: "The slice to read.")
  var slice: Int?

  @Option(help: "The repetition to read.")
  var repetition: Int?

  @Option(help: "The set to read.")
  var set: Int?

  @Option(help: "The cardiac phase to read.")
  var cardiacPhase: Int?

  @Option(help: "The average to read; all of them are averaged unless one is named.")
  var average: Int?

  @Option(help: "The segment to read; all of them belong to the images unless one is named.")
  var segment: Int?

  @Flag(inversion: .prefixedNo, help: "Decorrelate the channels by the noise scan.")
  var prewhitening = true

  @Flag(inversion: .prefixedNo, help: "Cut the readout to the prescribed field of view.")
  var oversamplingRemoval = true

  @Flag(
    inversion: .prefixedNo,
    help: "Bring samples on gradient ramps onto the grid, and take the ghosts of echo-planar scans away.")
  var echoPlanarCorrection = true

  func validate() throws { try echoTimes?.checkOrder() }

  /// Opens a raw file, or the standard input for `-`.
  ///
  /// - Throws: ``RawDataError`` if it cannot be read.
  func open(_ path: String) throws -> MRDFile {
    try MRDFile(at: path, group: group, acceptsTruncation: acceptTruncated)
  }

  /// Those of the options given that settle nothing but how a raw file is read.
  var ofRawFiles: [String] {
    let options: [(name: String, isGiven: Bool)] = [
      ("--group", group != nil), ("--accept-truncated", acceptTruncated), ("--matrix", matrix != nil),
      ("--field-of-view", fieldOfView != nil), ("--phase-sign", phaseSign != .positive),
      ("--encoding-space", encodingSpace != nil), ("--slice", slice != nil),
      ("--repetition", repetition != nil), ("--set", set != nil), ("--cardiac-phase", cardiacPhase != nil),
      ("--average", average != nil), ("--segment", segment != nil), ("--no-prewhitening", !prewhitening),
      ("--no-oversampling-removal", !oversamplingRemoval),
      ("--no-echo-planar-correction", !echoPlanarCorrection),
    ]
    return options.filter(\.isGiven).map(\.name)
  }

  /// The options as the library takes them.
  var options: ReadingOptions {
    ReadingOptions(
      matrix: matrix, fieldOfView: fieldOfView?.metres, echoTimes: echoTimes?.seconds,
      fieldStrength: fieldStrength?.tesla, phaseSign: phaseSign, encodingSpace: encodingSpace, slice: slice,
      repetition: repetition, set: set, cardiacPhase: cardiacPhase, average: average, segment: segment,
      prewhitens: prewhitening,
      removesOversampling: oversamplingRemoval, correctsEchoPlanar: echoPlanarCorrection)
  }
}

extension PhaseSign: ExpressibleByArgument {}
