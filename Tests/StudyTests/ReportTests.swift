import Foundation
import ImageFiles
import NDArrays
import TestSupport
import Testing

@testable import Study

@Suite struct ReportTests {
  /// The report of a small study with regions.
  private static let page: String = {
    do {
      let folder = try TemporaryDirectory()
      let shape = ScanStudyTests.scan.geometry.matrix.shape
      var study = ScanStudyTests.study(in: folder.url.path)
      study.mapping = .init()
      let labels = NDArray(
        (0..<shape.reduce(1, *)).map { Int32($0 / shape[2] % shape[1] / 6) }, shape: shape)
      let outcome = try study.run(
        ScanStudyTests.cells, reference: ScanStudyTests.complete,
        labels: LabelVolume(labels, names: [1: "a < b & \"c\""]))
      return try StudyReport(outcome, images: study.images).html()
    } catch { return "\(error)" }
  }()

  @Test func `The page holds all that the study found`() {
    for text in [
      "<h2>Scores</h2>", "<h2>Regions</h2>", "Bland-Altman: grappa-af2", "limits of agreement",
      "its error, +-20 %", "phase, echo", "field, +-", "susceptibility, +-0.15 ppm", "scan time [min]",
      "SHA-256",
      "Methods and their parameters", "a &lt; b &amp; &quot;c&quot;",
    ] { #expect(Self.page.contains(text), "\(text)") }
  }

  @Test func `The page needs nothing from elsewhere, and has no script`() throws {
    let page = Self.page
    for forbidden in ["<script", "<link", "<iframe", "@import", "url(", "javascript:"] {
      #expect(!page.contains(forbidden), "\(forbidden)")
    }
    #expect(try page.matches(of: Regex("<[^>]* on[a-z]+=")).isEmpty)
    for source in page.matches(of: try Regex("(src|href)=\"([^\"]{0,30})")) {
      #expect((source[2].substring ?? "").hasPrefix("data:image/png;base64,"))
    }
    // The name of SVG's vocabulary is no address that is fetched.
    let addresses = page.replacing("xmlns=\"http://www.w3.org/2000/svg\"", with: "")
    #expect(!addresses.contains("http://") && !addresses.contains("https://"))
    #expect(page.contains("default-src 'none'"))
  }

  @Test(.enabled(if: Chromium.path != nil, "chromium is not installed"))
  func `A browser shows the page without a complaint`() throws {
    let whole = try Chromium.show(Self.page)
    #expect(whole.status == 0 && whole.complaints == [], "\(whole.complaints)")
    #expect(whole.picture > 20_000)
    // The test would see a page that breaks the rules.
    let broken = try Chromium.show(Self.page.replacing("</body>", with: "<script>fail()</script></body>"))
    #expect(!broken.complaints.isEmpty)
  }
}

/// A browser without a window.
private enum Chromium {
  static let path = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
    .first(where: FileManager.default.isExecutableFile(atPath:))

  /// Renders a page: the exit status, what the console said, and the size of the picture [bytes].
  static func show(_ page: String) throws -> (status: Int32, complaints: [String], picture: Int) {
    let folder = try TemporaryDirectory(), picture = folder.path("page.png")
    try Data(page.utf8).write(to: URL(filePath: folder.path("page.html")))
    let result = try ExternalProcess.result(
      path ?? "",
      [
        "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(folder.path("profile"))",
        "--enable-logging=stderr", "--window-size=1200,6000", "--screenshot=\(picture)",
        "file://\(folder.path("page.html"))",
      ])
    let complaints = result.errors.split(separator: "\n").filter { $0.contains("CONSOLE") }.map(String.init)
    let size = (try? FileManager.default.attributesOfItem(atPath: picture))?[.size] as? Int
    return (result.status, complaints, size ?? 0)
  }
}
