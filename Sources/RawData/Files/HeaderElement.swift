import Foundation
import FoundationXML

/// An element of an XML document, without regard to namespaces and attributes.
final class HeaderElement {
  /// The name without its namespace's prefix.
  let name: String
  /// The elements in it.
  private(set) var children: [HeaderElement] = []
  private var content = ""

  private init(name: String) { self.name = name }

  /// The text in it, without the white space around it.
  var text: String { content.trimmingCharacters(in: .whitespacesAndNewlines) }

  /// The first element of a name.
  subscript(name: String) -> HeaderElement? { children.first { $0.name == name } }

  /// All elements of a name.
  func all(_ name: String) -> [HeaderElement] { children.filter { $0.name == name } }

  /// The text of the first element of a name, unless it is empty.
  func string(_ name: String) -> String? {
    self[name].flatMap { $0.text.isEmpty ? nil : $0.text }
  }

  /// The finite number that the first element of a name holds.
  func number(_ name: String) -> Double? { self[name]?.number }

  /// The finite number that it holds.
  var number: Double? { Double(text).flatMap { $0.isFinite ? $0 : nil } }

  /// The integer that the first element of a name holds; converters write some as `36.0`.
  func integer(_ name: String) -> Int? { number(name).flatMap { Int(exactly: $0.rounded()) } }
}

extension HeaderElement {
  /// The outermost element of a document.
  ///
  /// - Throws: ``Failure`` with the line and the reason if the text is not XML.
  static func root(of xml: String) throws(Failure) -> HeaderElement {
    // Foundation's parser ends the process for much of what one may hold; a header of MRD has none.
    guard !xml.utf8.contains("<!DOCTYPE".utf8) else {
      throw Failure(line: 1, isEmpty: false, reason: "the XML header has a document type declaration")
    }
    guard !hasManyAttributes(Array(xml.utf8)) else {
      throw Failure(
        line: 1, isEmpty: false,
        reason: "the XML header has an element of more than \(mostAttributes) attributes")
    }
    let builder = Builder()
    let parser = XMLParser(data: Data(withBlanksInInstructions(Array(xml.utf8))))
    parser.shouldResolveExternalEntities = false
    parser.delegate = builder
    // The parser also reports success for documents that end too early or go on after their end.
    guard parser.parse(), parser.parserError == nil, builder.isWhole, let root = builder.root else {
      throw Failure(
        line: parser.lineNumber, isEmpty: builder.root == nil,
        reason: builder.isTooDeep
          ? "elements lie more than \(Builder.largestDepth) deep within each other" : nil)
    }
    return root
  }

  /// The most attributes of an element; a header of MRD has a few, and each is compared with all others.
  private static let mostAttributes = 1000

  /// Whether the tag of any element holds more attributes, by its equals signs outside of quotes.
  private static func hasManyAttributes(_ text: [UInt8]) -> Bool {
    // What looks like a tag in these is none.
    let others = [("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>")].map { (Array($0.utf8), Array($1.utf8)) }
    var place = 0
    while let tag = text[place...].firstIndex(of: UInt8(ascii: "<")) {
      place = tag + 1
      if let (opening, closing) = others.first(where: { text[place...].starts(with: $0.0) }) {
        place += opening.count
        while place < text.count, !text[place...].starts(with: closing) { place += 1 }
        continue
      }
      var attributes = 0, quote: UInt8?
      while place < text.count {
        let byte = text[place]
        place += 1
        if let open = quote {
          if byte == open { quote = nil }
        } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
          quote = byte
        } else if byte == UInt8(ascii: "=") {
          attributes += 1
          if attributes > mostAttributes { return true }
        } else if byte == UInt8(ascii: ">") {
          break
        }
      }
    }
    return false
  }

  /// The text with a blank in each processing instruction that has no content, `<?name?>`: Foundation's parser takes
  /// that of an absent one and ends the process.
  private static func withBlanksInInstructions(_ text: [UInt8]) -> [UInt8] {
    let (opening, mark, closing) = (UInt8(ascii: "<"), UInt8(ascii: "?"), UInt8(ascii: ">"))
    var result: [UInt8] = []
    // Whether what was read last begins an instruction and may be its name.
    var isName = false
    for (index, byte) in text.enumerated() {
      let next = index + 1 < text.count ? text[index + 1] : 0
      if byte == opening {
        isName = next == mark
      } else if isName, byte == mark, next == closing {
        result.append(UInt8(ascii: " "))
        isName = false
      } else if byte <= UInt8(ascii: " ") {
        isName = false
      }
      result.append(byte)
    }
    return result
  }

  /// Where a text ceases to be XML.
  struct Failure: Error {
    /// The line, counted from 1.
    let line: Int
    /// Whether not even one element was found.
    let isEmpty: Bool
    /// What is wrong with it although it may be XML.
    var reason: String?
  }

  private final class Builder: NSObject, XMLParserDelegate {
    var root: HeaderElement?
    private var open: [HeaderElement] = []
    private var isBroken = false
    /// Whether elements lie deeper within each other than in any header of MRD.
    private(set) var isTooDeep = false

    /// The most elements within each other: a header of MRD is 7 deep, and deep trees would be released by recursion.
    static let largestDepth = 64

    /// Whether every element was closed and nothing was amiss.
    var isWhole: Bool { open.isEmpty && !isBroken && !isTooDeep }

    func parser(_ parser: XMLParser, parseErrorOccurred error: any Error) { isBroken = true }

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) {
      guard !isTooDeep, open.count < Self.largestDepth else {
        if !isTooDeep { parser.abortParsing() }
        isTooDeep = true
        return
      }
      let element = HeaderElement(name: name.split(separator: ":").last.map(String.init) ?? name)
      open.last?.children.append(element)
      root = root ?? element
      open.append(element)
    }

    func parser(
      _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
    ) {
      if !isTooDeep { _ = open.popLast() }
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) { open.last?.content += text }

    func parser(_ parser: XMLParser, foundCDATA block: Data) {
      open.last?.content += String(decoding: block, as: UTF8.self)
    }
  }
}
