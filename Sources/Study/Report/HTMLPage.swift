import Files
import Foundation
import ImageFiles
import NDArrays

/// A self-contained page: text, tables, pictures and plots, with nothing fetched from elsewhere and no script.
struct HTMLPage {
  private let title: String
  private let top: String
  private var body = ""
  private var sections: [(id: String, title: String)] = []
  private var rules = ""

  /// Starts a page.
  ///
  /// - Parameters:
  ///   - title: What the page is called.
  ///   - top: What stands above everything else, as markup.
  init(title: String, top: String) {
    self.title = title
    self.top = top
  }

  /// Starts a section, which the page's navigation leads to.
  mutating func heading(_ text: String) {
    let id = text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
    sections.append((String(id), text))
    body += "<h2 id=\"\(String(id))\">\(text.escapedForMarkup)</h2>\n"
  }

  /// Starts a part of a section.
  mutating func subheading(_ text: String) { body += "<h3>\(text.escapedForMarkup)</h3>\n" }

  /// Adds a paragraph.
  mutating func paragraph(_ text: String) { body += Self.paragraph(text) }

  /// Adds a remark in small print.
  mutating func note(_ text: String) { body += Self.paragraph(text, "note") }

  /// Adds a list of remarks.
  mutating func list(_ items: [String]) { body += Self.list(items) }

  /// Adds text that is markup already.
  mutating func markup(_ text: String) { body += text }

  /// Adds rules to the page's style.
  mutating func style(_ text: String) { rules += text }

  /// Adds what is folded away until somebody asks for it.
  mutating func details(_ title: String, _ write: (inout HTMLPage) throws -> Void) rethrows {
    body += "<details><summary>\(title.escapedForMarkup)</summary>\n"
    try write(&self)
    body += "</details>\n"
  }

  /// Adds a table; the first column is text, the others are numbers, or words.
  ///
  /// On a phone every row becomes a block whose lines bear the names of the columns.
  mutating func table(
    _ header: [String], _ rows: [[String]], caption: String? = nil, holdsWords: Bool = false
  ) {
    body += holdsWords ? "<table class=\"words\">\n" : "<table>\n"
    if let caption { body += "<caption>\(caption.escapedForMarkup)</caption>\n" }
    body += "<thead><tr>" + header.map { "<th scope=\"col\">\($0.escapedForMarkup)</th>" }.joined()
    body += "</tr></thead>\n<tbody>\n"
    for row in rows {
      let cells = zip(header, row).map {
        "<td data-label=\"\($0.escapedForMarkup)\"><span>\($1.escapedForMarkup)</span></td>"
      }
      body += "<tr>\(cells.joined())</tr>\n"
    }
    body += "</tbody></table>\n"
  }

  /// Adds plots beside each other.
  mutating func plots(_ plots: [String]) {
    guard !plots.isEmpty else { return }
    body += "<div class=\"plots\">\n" + plots.map { "<figure>\($0)</figure>\n" }.joined() + "</div>\n"
  }

  /// The whole page.
  var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(title.escapedForMarkup)</title>
    <style>
    \(ReportStyle.sheet)\(rules)</style>
    </head>
    <body>
    <header>
    <h1>\(title.escapedForMarkup)</h1>
    \(top)</header>
    <nav aria-label="Sections">\(sections.map { "<a href=\"#\($0.id)\">\($0.title.escapedForMarkup)</a>" }.joined(separator: " "))</nav>
    <main>
    \(body)</main>
    </body>
    </html>

    """
  }
}

extension HTMLPage {
  /// A paragraph as markup, of a class of the style sheet.
  static func paragraph(_ text: String, _ style: String? = nil) -> String {
    "<p\(style.map { " class=\"\($0)\"" } ?? "")>\(text.escapedForMarkup)</p>\n"
  }

  /// A list as markup.
  static func list(_ items: [String]) -> String {
    items.isEmpty
      ? "" : "<ul>\n" + items.map { "<li>\($0.escapedForMarkup)</li>\n" }.joined() + "</ul>\n"
  }

  /// Names with their values, side by side, as markup.
  static func facts(_ facts: [(name: String, value: String)]) -> String {
    "<dl class=\"protocol\">\n"
      + facts.map { "<div><dt>\($0.name.escapedForMarkup)</dt><dd>\($0.value.escapedForMarkup)</dd></div>\n" }
      .joined() + "</dl>\n"
  }

  /// A group of alternatives of which one is chosen, as markup; the first unless told.
  ///
  /// - Parameters:
  ///   - name: The group's name in the page.
  ///   - title: What is chosen.
  ///   - options: The alternatives: their identifiers, and their names.
  static func choice(
    _ name: String, _ title: String, _ options: [(id: String, name: String)]
  ) -> String {
    let inputs = options.enumerated().map { index, option in
      """
      <label><input type="radio" name="\(name)" id="\(option.id)"\(index == 0 ? " checked" : "")> \
      \(option.name.escapedForMarkup)</label>

      """
    }
    return "<fieldset><legend>\(title.escapedForMarkup)</legend>\n\(inputs.joined())</fieldset>\n"
  }

  /// A slice with its marks, as markup.
  ///
  /// - Parameters:
  ///   - pictures: What may be seen, one at a time: pixels, what it is, and the classes of the style sheet that choose it.
  ///   - overlay: Marks that lie over the pictures.
  static func frame(
    _ pictures: [(pixels: NDArray<UInt8>, name: String, classes: String, style: String)], overlay: String
  ) throws -> String {
    let images = try pictures.map { picture in
      let data = try PNGFile.data(picture.pixels).base64EncodedString()
      return """
        <img alt="\(picture.name.escapedForMarkup)" class="\(picture.classes)" style="\(picture.style)" \
        src="data:image/png;base64,\(data)">

        """
    }
    return "<div class=\"frame\">\n\(images.joined())\(overlay)</div>\n"
  }
}
