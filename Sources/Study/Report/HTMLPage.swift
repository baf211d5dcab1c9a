import Foundation
import ImageFiles
import NDArrays

/// A self-contained page: text, tables, pictures and plots, with nothing fetched from elsewhere.
struct HTMLPage {
  private let title: String
  private var body = ""

  /// Starts a page with its heading.
  init(title: String, introduction: String) {
    self.title = title
    body = "<h1>\(title.escapedForMarkup)</h1>\n<p>\(introduction.escapedForMarkup)</p>\n"
  }

  /// Starts a section.
  mutating func heading(_ text: String) { body += "<h2>\(text.escapedForMarkup)</h2>\n" }

  /// Starts a part of a section.
  mutating func subheading(_ text: String) { body += "<h3>\(text.escapedForMarkup)</h3>\n" }

  /// Adds a paragraph.
  mutating func paragraph(_ text: String) { body += "<p>\(text.escapedForMarkup)</p>\n" }

  /// Adds a list of remarks.
  mutating func list(_ items: [String]) {
    guard !items.isEmpty else { return }
    body += "<ul>\n" + items.map { "<li>\($0.escapedForMarkup)</li>\n" }.joined() + "</ul>\n"
  }

  /// Adds a table; the first column is text, the others are numbers.
  mutating func table(_ header: [String], _ rows: [[String]], caption: String? = nil) {
    body += "<div class=\"wide\"><table>\n"
    if let caption { body += "<caption>\(caption.escapedForMarkup)</caption>\n" }
    body +=
      "<thead><tr>" + header.map { "<th>\($0.escapedForMarkup)</th>" }.joined() + "</tr></thead>\n<tbody>\n"
    for row in rows {
      body += "<tr>" + row.map { "<td>\($0.escapedForMarkup)</td>" }.joined() + "</tr>\n"
    }
    body += "</tbody></table></div>\n"
  }

  /// Adds plots beside each other.
  mutating func plots(_ plots: [Plot]) {
    guard !plots.isEmpty else { return }
    body += "<div class=\"plots\">\n" + plots.map { "<figure>\($0.svg)</figure>\n" }.joined() + "</div>\n"
  }

  /// Adds pictures beside each other, each with its name underneath.
  mutating func pictures(_ pictures: [(name: String, pixels: NDArray<UInt8>)]) throws {
    body += "<div class=\"pictures\">\n"
    for (name, pixels) in pictures {
      let data = try PNGFile.data(pixels).base64EncodedString()
      body += """
        <figure><img alt="\(name.escapedForMarkup)" width="\(pixels.shape[1])" height="\(pixels.shape[0])" \
        src="data:image/png;base64,\(data)"><figcaption>\(name.escapedForMarkup)</figcaption></figure>

        """
    }
    body += "</div>\n"
  }

  /// Adds text as it is, in a fixed-width font.
  mutating func verbatim(_ text: String) { body += "<pre>\(text.escapedForMarkup)</pre>\n" }

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
    body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 1100px; margin: 2em auto; padding: 0 1em }
    h1 { font-size: 1.7em } h2 { margin-top: 2em; border-bottom: 1px solid #ccc } h3 { margin-bottom: 0.3em }
    table { border-collapse: collapse; margin: 0.7em 0; font-variant-numeric: tabular-nums; font-size: 0.93em }
    caption { text-align: left; color: #444; padding-bottom: 0.3em }
    th, td { padding: 0.2em 0.7em; text-align: right; border-bottom: 1px solid #e2e2e2 }
    td { white-space: nowrap } th { vertical-align: bottom }
    th:first-child, td:first-child { text-align: left }
    thead th { border-bottom: 2px solid #888 }
    .wide { overflow-x: auto }
    .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 1em }
    .pictures { display: flex; flex-wrap: wrap; gap: 0.8em; align-items: flex-end }
    figure { margin: 0 } figcaption { font-size: 0.85em; color: #333 }
    .pictures img { display: block; background: #000; max-width: 100%; height: auto; image-rendering: pixelated }
    pre { background: #f4f4f4; padding: 0.8em; overflow-x: auto; font-size: 0.85em; white-space: pre-wrap }
    @media print {
      body { max-width: none; margin: 0; font-size: 11px }
      h2, h3 { break-after: avoid } figure, table { break-inside: avoid }
      .plots { grid-template-columns: 1fr 1fr } .wide { overflow: visible }
      table { font-size: 8px } th, td { padding: 0.2em 0.4em } .pictures img { max-height: 150px; width: auto }
    }
    </style>
    </head>
    <body>
    \(body)</body>
    </html>

    """
  }
}
