import Files
import Foundation
import NDArrays
import Numerics

/// Arrays of complex numbers in NumPy's `.npy` files; the axes are as NumPy shows them, slowest first.
public enum NumPyArray {
  /// Reads an array of complex or real floating-point numbers, of single or double precision.
  ///
  /// - Throws: ``FileError`` if the file is missing, is no such array, ends too early, or is larger than the memory.
  public static func read(_ path: String) throws(FileError) -> NDArray<Complex<Float>> {
    LastWord.note(.reading, path)
    // What is mapped counts where the address space is limited.
    try MachineMemory.check(RegularFile.length(path), toRead: path)
    guard let data = try? Data(contentsOf: URL(filePath: path), options: .mappedIfSafe) else {
      throw .unreadable(path: path, reason: "no permission")
    }
    let header: NumPyHeader
    do throws(NumPyHeader.Fault) { header = try NumPyHeader(data) } catch {
      throw .malformed(path: path, reason: error.problem)
    }
    let parts = header.type == "c" ? 2 : 1, width = header.elementBytes / parts
    guard "cf".contains(header.type), width == 4 || width == 8 else {
      throw .unsupported(
        path: path, feature: "elements of \(header.elementBytes) bytes of kind \(header.type)",
        advice: "Save it as complex64: numpy.save(path, array.astype('complex64')).")
    }
    guard let needed = byteCount(of: header.shape, elementBytes: header.elementBytes),
      data.count - header.dataStart == needed
    else {
      throw .truncated(
        path: path,
        expectedBytes: byteCount(of: header.shape, elementBytes: header.elementBytes) ?? .max,
        foundBytes: data.count - header.dataStart)
    }
    // The axes of Fortran's order are reversed into another array.
    let elementBytes = MemoryLayout<Complex<Float>>.stride * (header.isFortran ? 2 : 1)
    try MachineMemory.check(byteCount(of: header.shape, elementBytes: elementBytes), toRead: path)
    func array(_ shape: [Int]) -> NDArray<Complex<Float>> {
      NDArray(uninitializedShape: shape) { target in
        data.withUnsafeBytes { bytes in
          func number(_ index: Int) -> Float {
            let place = header.dataStart + index * width
            if width == 4 {
              let bits = bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
              return Float(bitPattern: header.isBigEndian ? UInt32(bigEndian: bits) : bits)
            }
            let bits = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            return Float(Double(bitPattern: header.isBigEndian ? UInt64(bigEndian: bits) : bits))
          }
          for index in target.indices {
            let value =
              parts == 2
              ? Complex(number(2 * index), number(2 * index + 1)) : Complex(number(index), 0)
            target.initializeElement(at: index, to: value)
          }
        }
      }
    }
    return header.isFortran
      ? array(header.shape.reversed()).withAxesReversed : array(header.shape)
  }

  /// Writes an array as `complex64`.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``; then nothing is left behind.
  public static func write(_ array: NDArray<Complex<Float>>, to path: String) throws(FileError) {
    let file = try AtomicFile(path)
    try file.append(NumPyHeader.bytes(descriptor: "<c8", shape: array.shape))
    try array.withUnsafeBufferPointer { (values) throws(FileError) in
      try file.append(UnsafeRawBufferPointer(values))
    }
    try file.commit()
  }
}

extension NDArray {
  /// The array with its axes in reverse order.
  fileprivate var withAxesReversed: NDArray {
    let extents = Array(shape.reversed())
    return NDArray(uninitializedShape: extents) { target in
      withUnsafeBufferPointer { source in
        var index = Array(repeating: 0, count: extents.count)
        for place in target.indices {
          // The strides of the source run the other way.
          var offset = 0
          for axis in extents.indices.reversed() { offset = offset * extents[axis] + index[axis] }
          target.initializeElement(at: place, to: source[offset])
          for axis in extents.indices.reversed() {
            index[axis] += 1
            if index[axis] < extents[axis] { break }
            index[axis] = 0
          }
        }
      }
    }
  }
}
