import Foundation

/// What can be wrong with an image file or with the place where it should go.
public enum FileError: Error, Equatable, CustomStringConvertible {
  /// There is no such file.
  case missing(path: String)
  /// The file is there but cannot be read or unpacked.
  case unreadable(path: String, reason: String)
  /// The file ends before its data do.
  case truncated(path: String, expectedBytes: Int, foundBytes: Int)
  /// The file is not NIfTI-1.
  case notNIfTI(path: String, reason: String)
  /// A header or a sidecar that cannot be understood.
  case malformed(path: String, reason: String)
  /// The file is valid, but this toolkit cannot use what it holds.
  case unsupported(path: String, feature: String, advice: String)
  /// A `.cfl` file whose length disagrees with the dimensions in its `.hdr` file.
  case sizeMismatch(path: String, dimensions: [Int], expectedBytes: Int, foundBytes: Int)
  /// The file holds more than the memory can.
  case tooLarge(path: String, neededBytes: Int, availableBytes: Int)
  /// A part of a BIDS name that BIDS does not allow.
  case invalidLabel(entity: String, label: String)
  /// The file cannot be written.
  case cannotWrite(path: String, reason: String)

  /// What is wrong, where, and what to do.
  public var description: String {
    switch self {
    case .missing(let path):
      "\(path): no such file. Check the path."
    case .unreadable(let path, let reason):
      "\(path): cannot be read (\(reason)). Check its permissions, or copy it again from its source."
    case .truncated(let path, let expected, let found):
      "\(path): ends after \(found) of \(expected) bytes. The copy is incomplete; copy it again from its source."
    case .notNIfTI(let path, let reason):
      "\(path): not a NIfTI-1 file (\(reason)). Convert it to .nii or .nii.gz first."
    case .malformed(let path, let reason):
      "\(path): \(reason). Write it again with the tool that made it."
    case .unsupported(let path, let feature, let advice):
      "\(path): holds \(feature), which cannot be used here. \(advice)"
    case .sizeMismatch(let path, let dimensions, let expected, let found):
      "\(path): has \(found) bytes, but the dimensions \(dimensions) of its .hdr file need \(expected). "
        + "One of the two files is incomplete or belongs to another array."
    case .tooLarge(let path, let needed, let available):
      path
        + String(
          format: ": needs %.1f GB of memory, and there are %.1f GB. ", Double(needed) / 1e9,
          Double(available) / 1e9)
        + "The file may be damaged; if it is not, take a part of it or a larger machine."
    case .invalidLabel(let entity, let label):
      "\"\(label)\" is no \(entity) of a BIDS name. Use letters and digits only, and count from 1."
    case .cannotWrite(let path, let reason):
      "\(path): cannot be written (\(reason)). Check the folder, its permissions and the free space."
    }
  }
}
