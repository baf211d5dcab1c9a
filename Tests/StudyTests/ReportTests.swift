import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import TestSupport
import Testing

@testable import Study

@Suite struct ReportTests {
  /// A name that would run, were it taken for markup.
  private static let hostile = "<img src=x onerror=alert(1)> \"'&"

  /// The report of a small study with regions, and its results as they are written.
  private static let made: (page: String, results: Data) = {
    do {
      let folder = try TemporaryDirectory()
      let shape = ScanStudyTests.scan.geometry.matrix.shape
      var study = ScanStudyTests.study(in: folder.url.path)
      study.mapping = .init()
      let labels = NDArray(
        (0..<shape.reduce(1, *)).map { Int32($0 / shape[2] % shape[1] / 6) }, shape: shape)
      var named = ScanStudy(
        of: StudyScan(ScanStudyTests.scan, input: StudyInput(name: hostile, bytes: 1, checksum: "0")),
        methods: study.methods, folder: folder.url.path)
      named.mapping = .init()
      named.masks = study.masks
      let outcome = try named.run(
        ScanStudyTests.cells, reference: ScanStudyTests.complete,
        labels: LabelVolume(labels, names: [1: hostile]))
      try outcome.results.write(to: folder.url.path)
      return (
        try StudyReport(outcome, images: named.images).html(),
        try Data(contentsOf: URL(filePath: folder.path("results.json")))
      )
    } catch { return ("\(error)", Data()) }
  }()

  @Test func `The page holds all that the study found`() {
    for text in [
      ">Quality and minutes</h2>", ">Scores</h2>", ">Regions</h2>", "Bland-Altman: AF 2",
      "limits of agreement",
      "difference from the reference", "Magnitude, echo 2", "Phase, echo 2", "Susceptibility",
      "scan time [min]",
      "SHA-256", "Methods and their parameters", "<dt>Channels</dt><dd>4</dd>",
      "<dt>TR</dt><dd>30.2 ms</dd>", "<dt>Voxels</dt><dd>8 x 8 x 9 mm</dd>", "one subject, scanned once",
    ] { #expect(Self.made.page.contains(text), "\(text)") }
  }

  @Test func `What the first screen says follows from results.json`() throws {
    let json = try #require(
      JSONSerialization.jsonObject(with: Self.made.results) as? [String: Any])
    let rows = try #require(json["rows"] as? [[String: Any]])
    func record(_ row: [String: Any]) throws -> [String: Any] {
      try #require(row["record"] as? [String: Any])
    }
    func means(_ row: [String: Any]) throws -> [Double] {
      try #require(row["regions"] as? [[String: Any]]).map { try #require($0["mean"] as? Double) }
    }
    func time(_ row: [String: Any]) throws -> Double { try #require(record(row)["scanTime"] as? Double) }
    func text(_ seconds: Double) -> String {
      let whole = Int(seconds.rounded())
      return "\(whole / 60):" + String(format: "%02d", whole % 60)
    }
    let header = try #require(Self.made.page.components(separatedBy: "</header>").first)
    let truth = try means(rows[0]), whole = try time(rows[0])
    #expect(rows.count == 4)
    let kept = try rows.map { row in
      zip(try means(row), truth).count { abs($0 - $1) <= 0.05 * abs($1) }
    }
    // Two methods at AF 2, one at AF 3.
    let saved = try rows.map { "saves \(text(whole - (try time($0)))) of \(text(whole))" }
    #expect(header.contains("<li>AF 2 \(saved[1]): "))
    #expect(
      header.contains(
        "<li>AF 3 \(saved[3]): zero-filled keeps \(kept[3]) of \(truth.count) regions within 5 % (median difference "
      ))
    for (row, name) in [(1, "zero-filled"), (2, "GRAPPA")] {
      #expect(
        header.contains("\(name) keeps \(kept[row]) of \(truth.count)")
          || header.contains("\(name) \(kept[row]) of \(truth.count)"), "\(name): \(kept)")
    }
    // None keeps all; the nearest is that of the smallest median.
    #expect(kept.dropFirst().allSatisfy { $0 < truth.count }, "\(kept)")
    let median = try rows.map { row in
      zip(try means(row), truth).map { abs($0 - $1) / abs($1) }.sorted()[truth.count / 2]
    }
    let nearest = (1..<4).min { median[$0] < median[$1] } ?? 1
    let names = ["", "zero-filled at AF 2", "GRAPPA at AF 2", "zero-filled at AF 3"]
    #expect(
      header.contains(
        "Nearest is \(names[nearest]), which \(saved[nearest]): it keeps \(kept[nearest]).</p>"), "\(median)")
    #expect(header.contains("<dd>\(try #require(json["begun"] as? String))</dd>"))
  }

  @Test func `The page needs nothing from elsewhere, has no script, and takes no name for markup`() throws {
    let page = Self.made.page
    for forbidden in ["<script", "<link", "<iframe", "@import", "url(", "javascript:", "<img src=x"] {
      #expect(!page.contains(forbidden), "\(forbidden)")
    }
    #expect(page.contains("&lt;img src=x onerror=alert(1)&gt; &quot;'&amp;"))
    #expect(try page.matches(of: Regex("<[^>]* on[a-z]+=")).isEmpty)
    for source in page.matches(of: try Regex("(src|href)=\"([^\"]{0,30})")) {
      let target = source[2].substring ?? ""
      #expect(target.hasPrefix("data:image/png;base64,") || target.hasPrefix("#"))
    }
    // The name of SVG's vocabulary is no address that is fetched.
    let addresses = page.replacing("xmlns=\"http://www.w3.org/2000/svg\"", with: "")
    #expect(!addresses.contains("http://") && !addresses.contains("https://"))
    #expect(page.contains("default-src 'none'; img-src data:; style-src 'unsafe-inline'"))
  }

  @Test(.enabled(if: Chromium.path != nil, "chromium is not installed"), arguments: [1280, 390])
  func `A browser shows the page without a complaint, and nothing is wider than the screen`(width: Int) throws
  {
    let shown = try Chromium.show(Self.made.page, width: width)
    #expect(shown.complaints == [], "\(shown.complaints)")
    #expect(shown.scrollWidth <= width, "\(shown.scrollWidth) pixels")
  }

  @Test(.enabled(if: Chromium.path != nil, "chromium is not installed"))
  func `The browser tests see a page that breaks the rules`() throws {
    let body = "<p style=\"width: 2000px\">wide</p><script>fail()</script></body>"
    let broken = try Chromium.show(Self.made.page.replacing("</body>", with: body), width: 390)
    #expect(!broken.complaints.isEmpty && broken.scrollWidth >= 2000)
  }

  @Test func `Slices go through the regions, or through the middle of the object`() {
    let geometry = Geometry(matrix: Extents(x: 40, y: 50, z: 30), voxelSize: [2e-3, 2e-3, 2e-3])
    var mask = NDArray(repeating: false, shape: geometry.matrix.shape)
    var labels = NDArray<Int32>(repeating: 0, shape: geometry.matrix.shape)
    for z in 4..<26 { for y in 5..<45 { for x in 5..<35 { mask[z, y, x] = true } } }
    // The putamina, a red nucleus below them, and an outline that is no nucleus.
    for z in 16...18 { for y in 20..<25 { for x in [10, 11, 28, 29] { labels[z, y, x] = 1 } } }
    for y in 22..<25 { for x in 18..<21 { labels[9, y, x] = 2 } }
    for y in 5..<45 { labels[25, y, 6] = 3 }
    let names: [Int32: String] = [1: "Putamen", 2: "RN", 3: "skull"]
    let shown = ShownSlices(geometry, mask: mask, labels: LabelVolume(labels, names: names))
    #expect(shown.views.map(\.plane) == ["axial", "axial", "coronal", "sagittal"])
    let axial = shown.views[..<2].map(\.index).sorted()
    #expect(axial[0] == 9 && (16...18).contains(axial[1]))
    #expect((22..<25).contains(shown.views[2].index))
    #expect(shown.focus == [5..<35, 15..<30, 4..<24])
    let plain = ShownSlices(geometry, mask: mask, labels: nil)
    #expect(plain.views.map(\.index) == [14, 24, 19] && plain.focus == nil)
    #expect(plain.views.map(\.leftMark) == ["R", "R", "A"])
  }
}
