import CCrypto
import Foundation

/// The fingerprint of files and data that tells them apart, as `sha256sum` prints it.
///
/// - SeeAlso: NIST, "Secure Hash Standard", FIPS 180-4, 2015, doi:10.6028/NIST.FIPS.180-4.
public struct SHA256: ~Copyable {
  private let context: OpaquePointer

  /// Starts a fingerprint of nothing.
  public init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("libcrypto has no SHA-256")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Takes in more bytes.
  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  /// The fingerprint of everything that was taken in, 64 hexadecimal digits.
  public consuming func finish() -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    EVP_DigestFinal_ex(context, &digest, nil)
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

extension SHA256 {
  /// The fingerprint of bytes, 64 hexadecimal digits.
  public static func digest(of bytes: some Sequence<UInt8>) -> String {
    var hash = SHA256()
    Array(bytes).withUnsafeBytes { hash.append($0) }
    return hash.finish()
  }

  /// The fingerprint of a file, 64 hexadecimal digits.
  ///
  /// - Throws: ``FileError`` if the file is missing or cannot be read.
  public static func digest(ofFile path: String) throws(FileError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { throw .missing(path: path) }
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var hash = SHA256()
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { block.deallocate() }
    while true {
      let count = read(descriptor, block.baseAddress, block.count)
      if count == 0 { return hash.finish() }
      if count > 0 {
        hash.append(UnsafeRawBufferPointer(rebasing: block[..<count]))
      } else if errno != EINTR {
        throw .unreadable(path: path, reason: String(cString: strerror(errno)))
      }
    }
  }
}
