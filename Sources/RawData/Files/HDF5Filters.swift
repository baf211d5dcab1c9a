import CHDF5
import CZlib

/// How the chunks of a table are packed, by the filters that HDF5 itself brings for that: deflate, shuffling, a checksum.
///
/// - SeeAlso: HDF5 File Format Specification 3.0, section IV.A.2.l "The Data Storage - Filter Pipeline Message".
struct HDF5Filters {
  private enum Step {
    case deflate
    /// The first bytes of all elements, then the second ones: the size of an element [byte].
    case shuffle(Int)
    case checksum
  }

  private let steps: [Step]

  /// Whether chunks lie in the file as they are.
  var isEmpty: Bool { steps.isEmpty }

  /// Reads the filters of a table; `nil` if there are others.
  ///
  /// Used inside ``HDF5/exclusively(_:)``.
  init?(_ creation: HDF5Object) {
    var steps: [Step] = []
    for index in 0..<UInt32(max(0, H5Pget_nfilters(creation.id))) {
      var flags: UInt32 = 0, count = 1, value: UInt32 = 0, configuration: UInt32 = 0
      switch H5Pget_filter2(creation.id, index, &flags, &count, &value, 0, nil, &configuration) {
      case H5Z_FILTER_DEFLATE: steps.append(.deflate)
      case H5Z_FILTER_SHUFFLE where count > 0 && value > 0: steps.append(.shuffle(Int(value)))
      case H5Z_FILTER_FLETCHER32: steps.append(.checksum)
      default: return nil
      }
    }
    self.steps = steps
  }

  /// A chunk as it was before it was packed; `nil` unless it then takes the bytes that it should.
  ///
  /// - Parameters:
  ///   - bytes: The chunk as it lies in the file.
  ///   - skipped: A bit for each filter that was not applied to it.
  ///   - size: What it should take [byte].
  func unpacked(_ bytes: [UInt8], skipping skipped: UInt32, to size: Int) -> [UInt8]? {
    var bytes = bytes
    for (index, step) in steps.enumerated().reversed() where index > 31 || skipped & 1 << index == 0 {
      switch step {
      case .checksum:
        guard bytes.count >= 4 else { return nil }
        bytes.removeLast(4)
      case .deflate:
        // A checksum of a chunk may be packed with it.
        var length = uLong(size + 4 * steps.count)
        var result = [UInt8](repeating: 0, count: Int(length))
        guard uncompress(&result, &length, bytes, uLong(bytes.count)) == Z_OK else { return nil }
        bytes = Array(result.prefix(Int(length)))
      case .shuffle(let width):
        let count = bytes.count / width
        var result = bytes
        for element in 0..<count {
          for byte in 0..<width { result[element * width + byte] = bytes[byte * count + element] }
        }
        bytes = result
      }
    }
    return bytes.count == size ? bytes : nil
  }
}
