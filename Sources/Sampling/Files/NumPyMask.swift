import Foundation
import ImageFiles
import MRIData
import NDArrays

/// Masks in NumPy's `.npy` format.
enum NumPyMask {
  /// Reads `[kz, ky]` or `[echo, kz, ky]` of any number type; non-zero is acquired.
  static func read(_ path: String) throws(SamplingError) -> [SamplingMask] {
    func fault(_ problem: String) -> SamplingError {
      .file(
        path: path, problem: problem, remedy: "Save it with numpy.save(path, mask), mask of axes [kz, ky]")
    }
    guard FileManager.default.fileExists(atPath: path) else {
      throw .file(path: path, problem: "no such file", remedy: "Check the path")
    }
    // The header first: the content may be none of a mask, and larger than any.
    guard let file = FileHandle(forReadingAtPath: path) else { throw fault("cannot be read") }
    let beginning = (try? file.read(upToCount: 1 << 17)) ?? Data()
    let header: NumPyHeader
    do throws(NumPyHeader.Fault) { header = try NumPyHeader(beginning) } catch { throw fault(error.problem) }
    let (type, size, shape, start) = (header.type, header.elementBytes, header.shape, header.dataStart)
    guard shape.count == 2 || shape.count == 3, shape.allSatisfy({ $0 > 0 }) else {
      throw fault("has shape \(shape) instead of [kz, ky] or [echo, kz, ky]")
    }
    let grid = GridExtent(lines: shape[shape.count - 1], partitions: shape[shape.count - 2])
    let masks = shape.count == 3 ? shape[0] : 1
    guard grid.isPlausible, max(grid.lines, grid.partitions) < 1 << 15, masks <= 1024,
      masks * grid.count <= 16 * GridExtent.mostPositions
    else {
      throw .file(
        path: path, problem: "has shape \(shape), too large for any scan",
        remedy: "Check that it is a mask, of axes [kz, ky] or [echo, kz, ky]")
    }
    let count = masks * grid.count
    guard let end = try? file.seekToEnd(), end == UInt64(start + count * size),
      let data = FileManager.default.contents(atPath: path), data.count == start + count * size
    else {
      let found = (try? file.seekToEnd()).map { Int($0) } ?? 0
      throw fault(
        "has \(found - start) bytes of data, but shape \(shape) of \(type)\(size) needs \(count * size)")
    }
    let bytes = [UInt8](data)
    // Negative zero is zero: the sign of a float is its highest bit.
    let isFloat = type == "f" || type == "c"
    let part = type == "c" ? size / 2 : size
    let exponents: [Int: UInt16] = [2: 0x7C00, 4: 0x7F80, 8: 0x7FF0]
    guard !isFloat || exponents[part] != nil else { throw fault("holds numbers of type \(type)\(size)") }
    if isFloat, let exponent = exponents[part] {
      for place in stride(from: start, to: bytes.count, by: part) {
        let top = header.isBigEndian ? (place, place + 1) : (place + part - 1, place + part - 2)
        let bits = UInt16(bytes[top.0]) << 8 | UInt16(bytes[top.1])
        guard bits & exponent != exponent else { throw fault("holds a value that is no finite number") }
      }
    }
    func isSet(_ element: Int) -> Bool {
      (0..<size).contains { offset in
        let isTop = offset % part == (header.isBigEndian ? 0 : part - 1)
        return bytes[start + element * size + offset] & (isFloat && isTop ? 0x7F : 0xFF) != 0
      }
    }
    let axes = shape.count == 2 ? [1] + shape : shape
    return (0..<axes[0]).map { echo in
      SamplingMask(
        isAcquired: NDArray(uninitializedShape: [axes[1], axes[2]]) { flags in
          for index in flags.indices {
            let (z, y) = index.quotientAndRemainder(dividingBy: axes[2])
            let element =
              header.isFortran ? (y * axes[1] + z) * axes[0] + echo : (echo * axes[1] + z) * axes[2] + y
            flags.initializeElement(at: index, to: isSet(element))
          }
        })
    }
  }

  /// The bytes of a file of booleans.
  static func data(_ masks: [SamplingMask]) -> Data {
    let shape = (masks.count > 1 ? [masks.count] : []) + masks[0].isAcquired.shape
    var data = Data(NumPyHeader.bytes(descriptor: "|b1", shape: shape))
    for mask in masks { data.append(contentsOf: mask.isAcquired.elements.lazy.map { $0 ? 1 : 0 }) }
    return data
  }
}
