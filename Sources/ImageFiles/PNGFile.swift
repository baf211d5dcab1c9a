import CPNG
import Files
import Foundation
import NDArrays

/// Pictures as PNG files, eight bits per colour.
public enum PNGFile {
  /// Writes a picture, axes `[row, column]` in grey or `[row, column, 3]` in red, green and blue.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``; then no file is left behind.
  /// - Precondition: The picture has such a shape and at least one pixel.
  public static func write(_ picture: NDArray<UInt8>, to path: String) throws(FileError) {
    let file = try AtomicFile(path)
    try file.append(data(picture, path: path))
    try file.commit()
  }

  /// The bytes of a PNG file, for embedding in a page; see ``write(_:to:)``.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)`` if the picture is too large for the format.
  public static func data(_ picture: NDArray<UInt8>) throws(FileError) -> Data {
    try data(picture, path: "PNG")
  }

  private static func data(_ picture: NDArray<UInt8>, path: String) throws(FileError) -> Data {
    let shape = picture.shape
    precondition(
      picture.count > 0 && (shape.count == 2 || (shape.count == 3 && shape[2] == 3)),
      "a picture needs [row, column] or [row, column, 3], not \(shape)")
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    image.width = UInt32(shape[1])
    image.height = UInt32(shape[0])
    image.format = shape.count == 2 ? UInt32(PNG_FORMAT_GRAY) : UInt32(PNG_FORMAT_RGB)
    // Room for pixels that do not compress: a filter byte per row, and zlib's and PNG's frames.
    var count = picture.count + shape[0] + picture.count / 1000 + 4096
    var bytes = Data(count: count)
    let isWritten = bytes.withUnsafeMutableBytes { bytes in
      picture.withUnsafeBufferPointer { pixels in
        png_image_write_to_memory(&image, bytes.baseAddress, &count, 0, pixels.baseAddress, 0, nil) != 0
      }
    }
    guard isWritten else {
      let reason = withUnsafeBytes(of: image.message) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      throw .cannotWrite(path: path, reason: reason)
    }
    return bytes.prefix(count)
  }
}
