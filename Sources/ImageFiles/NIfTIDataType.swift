import NDArrays
import Numerics

/// The element types of NIfTI-1 that are read; the raw values are the format's codes.
public enum NIfTIDataType: Int16, Sendable, CaseIterable {
  /// Unsigned bytes.
  case uint8 = 2
  /// Signed 16-bit integers.
  case int16 = 4
  /// Signed 32-bit integers.
  case int32 = 8
  /// Single-precision numbers.
  case float32 = 16
  /// Pairs of single-precision numbers.
  case complex64 = 32
  /// Double-precision numbers.
  case float64 = 64
  /// Signed bytes.
  case int8 = 256
  /// Unsigned 16-bit integers.
  case uint16 = 512
  /// Unsigned 32-bit integers.
  case uint32 = 768
  /// Signed 64-bit integers.
  case int64 = 1024
  /// Unsigned 64-bit integers.
  case uint64 = 1280
  /// Pairs of double-precision numbers.
  case complex128 = 1792

  /// The number of bytes that change places together when the byte order does.
  var scalarBytes: Int {
    switch self {
    case .uint8, .int8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32, .complex64: 4
    case .float64, .int64, .uint64, .complex128: 8
    }
  }

  /// The number of bytes of one voxel.
  public var bytes: Int { isComplex ? 2 * scalarBytes : scalarBytes }

  /// Whether voxels are complex numbers.
  public var isComplex: Bool { self == .complex64 || self == .complex128 }
}

/// A type of voxels that can be written as NIfTI.
public protocol NIfTIElement: ArrayElement {
  /// The format's name for the type.
  static var dataType: NIfTIDataType { get }
}

extension Float: NIfTIElement {
  /// The format's name for the type.
  public static var dataType: NIfTIDataType { .float32 }
}
extension Int16: NIfTIElement {
  /// The format's name for the type.
  public static var dataType: NIfTIDataType { .int16 }
}
extension Int32: NIfTIElement {
  /// The format's name for the type.
  public static var dataType: NIfTIDataType { .int32 }
}
extension UInt8: NIfTIElement {
  /// The format's name for the type.
  public static var dataType: NIfTIDataType { .uint8 }
}
// `Bool` occupies one byte that is 0 or 1, which is how masks are stored.
extension Bool: NIfTIElement {
  /// The format's name for the type.
  public static var dataType: NIfTIDataType { .uint8 }
}
extension Complex: NIfTIElement where RealType == Float {
  /// The format's name for the type.
  public static var dataType: NIfTIDataType { .complex64 }
}
