import Foundation

/// The fingerprint of files and data that tells them apart, as `sha256sum` prints it.
///
/// - SeeAlso: NIST, "Secure Hash Standard", FIPS 180-4, 2015, doi:10.6028/NIST.FIPS.180-4.
public struct SHA256 {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  private var rest: [UInt8] = []
  private var length: UInt64 = 0

  /// Starts a fingerprint of nothing.
  public init() {}

  /// The fingerprint of bytes, 64 hexadecimal digits.
  public static func digest(of bytes: some Sequence<UInt8>) -> String {
    var hash = SHA256()
    hash.append(Array(bytes))
    return hash.finish()
  }

  /// The fingerprint of a file, 64 hexadecimal digits.
  ///
  /// - Throws: ``ImageFileError`` if the file is missing or cannot be read.
  public static func digest(ofFile path: String) throws(ImageFileError) -> String {
    guard let handle = FileHandle(forReadingAtPath: path) else { throw .missing(path: path) }
    var hash = SHA256()
    do {
      while let block = try handle.read(upToCount: 1 << 20), !block.isEmpty { hash.append(Array(block)) }
    } catch {
      throw .unreadable(path: path, reason: error.localizedDescription)
    }
    return hash.finish()
  }

  /// Takes in more bytes.
  public mutating func append(_ bytes: [UInt8]) {
    length += UInt64(bytes.count)
    let all = rest.isEmpty ? bytes : rest + bytes
    let whole = all.count / 64 * 64
    all.withUnsafeBufferPointer { all in
      for start in stride(from: 0, to: whole, by: 64) {
        mix(UnsafeBufferPointer(rebasing: all[start..<start + 64]))
      }
    }
    rest = Array(all[whole...])
  }

  /// The fingerprint of everything so far.
  public func finish() -> String {
    var last = self
    let bits = length * 8
    let padding = (119 - Int(length % 64)) % 64
    last.append([0x80] + [UInt8](repeating: 0, count: padding))
    last.append((0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * UInt64($0))) })
    return last.state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  private mutating func mix(_ block: UnsafeBufferPointer<UInt8>) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { words in
      for index in 0..<16 {
        words[index] = block[4 * index..<4 * index + 4].reduce(0) { $0 << 8 | UInt32($1) }
      }
      func turned(_ value: UInt32, _ count: UInt32) -> UInt32 { value >> count | value << (32 - count) }
      for index in 16..<64 {
        let a = words[index - 15], b = words[index - 2]
        let first = turned(a, 7) ^ turned(a, 18) ^ a >> 3
        let second = turned(b, 17) ^ turned(b, 19) ^ b >> 10
        words[index] = words[index - 16] &+ first &+ words[index - 7] &+ second
      }
      var (a, b, c, d) = (state[0], state[1], state[2], state[3])
      var (e, f, g, h) = (state[4], state[5], state[6], state[7])
      for index in 0..<64 {
        let choice = e & f ^ ~e & g, majority = a & b ^ a & c ^ b & c
        let first = h &+ (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) &+ choice
        let added = first &+ Self.constants[index] &+ words[index]
        let second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) &+ majority
        (h, g, f, e, d, c, b, a) = (g, f, e, d &+ added, c, b, a, added &+ second)
      }
      for (index, value) in [a, b, c, d, e, f, g, h].enumerated() { state[index] = state[index] &+ value }
    }
  }

  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = {
    let primes = (2...311).filter { number in !(2..<number).contains { number.isMultiple(of: $0) } }
    return primes.map { prime in
      // The largest whole number whose cube is at most prime 2^96, by bisection in 128 bits.
      var low: UInt64 = 0, high: UInt64 = 7 << 32
      while high - low > 1 {
        let middle = (low + high) / 2
        if UInt128(middle) * UInt128(middle) * UInt128(middle) <= UInt128(prime) << 96 {
          low = middle
        } else {
          high = middle
        }
      }
      return UInt32(truncatingIfNeeded: low)
    }
  }()
}
