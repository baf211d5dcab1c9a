/// What a file is, judged by its first bytes.
enum FileKind: Equatable {
  /// An HDF5 file.
  case hdf5
  /// A stream of framed MRD messages.
  case stream
  /// Something else, with the words for it and what to do.
  case other(String, remedy: String)

  /// Judges a file.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable`.
  init(of file: InputFile) throws(RawDataError) {
    let start = try file.bytes(at: 0, upTo: 1024)
    self = try Self.hdf5Start(in: file) == nil ? Self.named(start) : .hdf5
  }

  /// Where an HDF5 file begins behind its user block, at 0, 512, 1024, 2048, ...; `nil` if it is none.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable`.
  static func hdf5Start(in file: InputFile) throws(RawDataError) -> Int? {
    var offset = 0
    while offset < file.size {
      if try file.bytes(at: offset, upTo: 8) == hdf5Signature { return offset }
      offset = max(512, 2 * offset)
    }
    return nil
  }

  /// The bytes that suffice to judge what comes through a pipe.
  static let prefixSize = 4096

  /// Judges a file by its beginning alone.
  init(prefix: [UInt8]) {
    var offset = 0
    while offset + 8 <= prefix.count {
      if Array(prefix[offset..<offset + 8]) == Self.hdf5Signature {
        self = .hdf5
        return
      }
      offset = max(512, 2 * offset)
    }
    self = Self.named(Array(prefix.prefix(1024)))
  }

  private static let hdf5Signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  private static func named(_ start: [UInt8]) -> FileKind {
    func begins(_ bytes: [UInt8], at offset: Int = 0) -> Bool { start.dropFirst(offset).starts(with: bytes) }
    let convert = "Convert the scan to MRD first"
    if start.isEmpty {
      return .other("the file is empty", remedy: "Copy or convert the scan again")
    }
    if begins([0x1F, 0x8B]) {
      return .other("the file is compressed by gzip", remedy: "Unpack it with gunzip and name the result")
    }
    if begins(Array("PK\u{3}\u{4}".utf8)) {
      return .other("this is a ZIP archive", remedy: "Unpack it with unzip and name a file of it")
    }
    if begins([0x89, 0x50, 0x4E, 0x47]) {
      return .other("this is a PNG image, not raw k-space", remedy: "Name the raw-data file")
    }
    if begins(Array("DICM".utf8), at: 128) {
      return .other("this is a DICOM image, not raw k-space", remedy: "Export raw data from the scanner")
    }
    if begins([0x93] + Array("NUMPY".utf8)) {
      return .other("this is a NumPy array", remedy: "Make a raw file of it with kspace convert")
    }
    if begins(Array("yardl".utf8)) {
      return .other(
        "this is an MRD version 2 stream (yardl), another format than the MRD (ISMRMRD) that is read here",
        remedy: "Convert it with mrd_to_ismrmrd of the package mrd (conda, channel ismrmrd)")
    }
    if begins(Array("n+1".utf8), at: 344) || begins([0x5C, 0x01, 0, 0]) {
      return .other("this is a NIfTI image, not raw k-space", remedy: "Name the raw-data file")
    }
    if isTwix(start) {
      return .other("this looks like Siemens raw data (twix)", remedy: "\(convert) with siemens_to_ismrmrd")
    }
    if start.count >= 2, StreamMessage(rawValue: UInt16(start[0]) | UInt16(start[1]) << 8) != nil {
      return .stream
    }
    if start.allSatisfy({ $0 >= 0x20 || (0x09...0x0D).contains($0) }) {
      return .other(
        "this is a text file, neither HDF5 nor an MRD stream", remedy: "Name the raw-data file; \(convert)")
    }
    return .other(
      "this is neither an HDF5 file nor an MRD stream",
      remedy: "\(convert), for instance with siemens_to_ismrmrd, ge_to_ismrmrd or philips_to_ismrmrd")
  }

  /// Whether a file begins like the table of measurements of Siemens VD software and later.
  private static func isTwix(_ start: [UInt8]) -> Bool {
    guard start.count >= 8 else { return false }
    let words: (UInt32, UInt32) = start.withUnsafeBytes { ($0.little(at: 0), $0.little(at: 4)) }
    return words.0 < 10_000 && (1...64).contains(words.1)
  }
}
