extension Decodable where Self: CaseIterable & RawRepresentable, RawValue == String {
  /// The case that a file names.
  ///
  /// - Throws: `DecodingError` with the word, and all that are known.
  package static func named(by decoder: any Decoder) throws -> Self {
    let word = try decoder.singleValueContainer().decode(String.self)
    if let value = Self(rawValue: word) { return value }
    throw DecodingError.dataCorrupted(
      .init(
        codingPath: decoder.codingPath,
        debugDescription: "\"\(word)\" is none of \(allCases.map(\.rawValue).joined(separator: ", "))"))
  }
}
