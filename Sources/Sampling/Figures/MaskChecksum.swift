import MRIData

extension SamplingMask {
  /// A fingerprint of the mask: sixteen hexadecimal digits.
  ///
  /// FNV-1a with 64 bits over the number of partitions and of lines (four bytes each, least significant first) and
  /// one byte, 0 or 1, per position in the order `[kz, ky]`. It guards against accidents, not against forgery.
  ///
  /// - SeeAlso: G. Fowler, L. C. Noll, K.-P. Vo, D. Eastlake, "The FNV Non-Cryptographic Hash Algorithm",
  ///   draft-eastlake-fnv.
  public var checksum: String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    for extent in [partitions, lines] {
      withUnsafeBytes(of: UInt32(extent).littleEndian) { $0.forEach(add) }
    }
    isAcquired.withUnsafeBufferPointer { flags in
      for flag in flags { add(flag ? 1 : 0) }
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
