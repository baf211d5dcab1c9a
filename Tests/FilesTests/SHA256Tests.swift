import Files
import Testing

struct SHA256Tests {
  @Test func `Digests are those of the standard's examples`() {
    #expect(SHA256.digest(of: []) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      SHA256.digest(of: "abc".utf8) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256.digest(of: [UInt8](repeating: 97, count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test(arguments: [55, 56, 63, 64, 65, 119, 200])
  func `Bytes taken in piece by piece give the digest of the whole`(length: Int) {
    let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
    var hash = SHA256()
    for byte in bytes { withUnsafeBytes(of: byte) { hash.append($0) } }
    #expect(hash.finish() == SHA256.digest(of: bytes))
  }
}
