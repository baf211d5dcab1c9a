import Foundation
import NDArrays
import Numerics

/// Arrays in NumPy's `.npy` format: little-endian, C order.
public enum NumPyFile {
  /// Element types that a `.npy` file of the tests may hold.
  public protocol Element: ArrayElement {
    /// NumPy's name of the type.
    static var descriptor: String { get }
  }

  /// Reads an array.
  public static func read<Scalar: Element>(_ path: String, as type: Scalar.Type = Scalar.self) throws
    -> NDArray<Scalar>
  {
    let data = try Data(contentsOf: URL(filePath: path))
    let headerLength = Int(data[8]) | Int(data[9]) << 8
    let header = String(decoding: data[10..<10 + headerLength], as: UTF8.self)
    precondition(header.contains("'\(Scalar.descriptor)'"), "\(path) holds other elements: \(header)")
    precondition(header.contains("'fortran_order': False"), "\(path) is not in C order")
    let list = header.drop { $0 != "(" }.dropFirst().prefix { $0 != ")" }
    let shape = list.split(separator: ",").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
    return NDArray(uninitializedShape: shape) { target in
      _ = data[(10 + headerLength)...].copyBytes(to: UnsafeMutableRawBufferPointer(target))
    }
  }

  /// Writes an array.
  public static func write<Scalar: Element>(_ array: NDArray<Scalar>, to path: String) throws {
    let shape = array.shape.map { "\($0), " }.joined()
    var header = "{'descr': '\(Scalar.descriptor)', 'fortran_order': False, 'shape': (\(shape)), }"
    header += String(repeating: " ", count: 63 - (header.utf8.count + 10) % 64) + "\n"
    var data = Data([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0])
    data.append(contentsOf: [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)])
    data.append(contentsOf: header.utf8)
    array.withUnsafeBufferPointer { data.append(Data(buffer: $0)) }
    try data.write(to: URL(filePath: path))
  }
}

extension Float: NumPyFile.Element {
  /// NumPy\'s name of the type.
  public static var descriptor: String { "<f4" }
}
extension Double: NumPyFile.Element {
  /// NumPy\'s name of the type.
  public static var descriptor: String { "<f8" }
}
extension Bool: NumPyFile.Element {
  /// NumPy\'s name of the type.
  public static var descriptor: String { "|b1" }
}
extension Int32: NumPyFile.Element {
  /// NumPy\'s name of the type.
  public static var descriptor: String { "<i4" }
}
extension Complex: NumPyFile.Element where RealType: NumPyFile.Element {
  /// NumPy's name of the type.
  public static var descriptor: String { RealType.self == Float.self ? "<c8" : "<c16" }
}
