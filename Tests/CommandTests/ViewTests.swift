import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// `kspace view`: one page with images, as a browser shows it.
struct ViewTests {
  private let folder: TemporaryDirectory
  /// Oblique, and mirrored along x.
  private let geometry = Geometry(
    matrix: Extents(x: 10, y: 12, z: 7), voxelSize: [1e-3, 1.5e-3, 2e-3], center: [4e-3, -3e-3, 0.02],
    readDirection: [-1, 0, 0], phaseDirection: [0, 0.8, 0.6], sliceDirection: [0, -0.6, 0.8])

  init() throws { folder = try TemporaryDirectory() }

  private func write(_ name: String, unit: ImageUnits? = nil, _ value: (Int) -> Float) throws {
    let values = NDArray((0..<geometry.matrix.count).map(value), shape: geometry.matrix.shape)
    try NIfTIFile.write(ImageVolumes(values, geometry: geometry), to: folder.path(name + ".nii.gz"))
    if let unit {
      var sidecar = Sidecar()
      sidecar.units = unit
      try sidecar.write(to: folder.path(name + ".json"))
    }
  }

  @Test(.enabled(if: Chromium.path != nil, "chromium is not installed"))
  func `A browser reads values and places of both images where the crosshair is`() throws {
    try FileManager.default.createDirectory(atPath: folder.path("maps"), withIntermediateDirectories: true)
    try write("maps/chi", unit: .partsPerMillion) { Float($0 % 97) / 100 - 0.3 }
    try write("maps/<b>&amp;", unit: .hertz) { Float($0 % 31) }
    let made = try Command.run(["view", "maps", "-o", "view.html"], in: folder)
    #expect(made.status == 0, "\(made.errors)")
    let page = try String(contentsOfFile: folder.path("view.html"), encoding: .utf8)
    let shown = try Chromium.run(page)
    #expect(shown.complaints == [])
    // The middle voxel, (5, 6, 3).
    let index = 5 + 10 * (6 + 12 * 3)
    let a = Float(index % 31), b = Float(index % 97) / 100 - 0.3
    let place = geometry.affineRAS.position(ofVoxel: [5, 6, 3])
    let values = try #require(shown.document.firstMatch(of: /<output id="values">([^<]*)</)).1
    #expect(values.contains("voxel 5, 6, 3; "))
    #expect(
      values.contains((0..<3).map { String(format: "%.1f", place[$0]) }.joined(separator: ", ") + " mm"))
    #expect(values.contains("A: \(Int(a)) Hz. B: "))
    let other = try #require(values.firstMatch(of: /B: (-?[0-9.]+) ppm/))
    #expect(abs((Float(other.1) ?? .nan) - b) < 1e-4, "\(values)")
    #expect(shown.document.contains("axial 4 of 7") || shown.document.contains("coronal 4 of 7"))
    #expect(!shown.document.contains("<b>"))
    let narrow = try Chromium.show(page, width: 390)
    #expect(narrow.complaints == [] && narrow.scrollWidth <= 390)
  }

  @Test func `Nothing is fetched, and only the page's own script may run`() throws {
    try write("one") { Float($0) }
    #expect(try Command.run(["view", "one.nii.gz", "-o", "v.html"], in: folder).status == 0)
    let page = try String(contentsOfFile: folder.path("v.html"), encoding: .utf8)
    #expect(page.contains("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-"))
    #expect(!page.contains("http://") && !page.contains("https://"))
  }

  @Test func `A page has the name of one`() throws {
    try write("one") { Float($0) }
    for name in ["notes.txt", "one.nii.gz", "page"] {
      #expect(try Command.run(["view", "one.nii.gz", "-o", name, "--force"], in: folder).status == 2)
    }
  }

  @Test func `What holds no image, and a page that is there, are refused`() throws {
    try write("one") { Float($0) }
    try FileManager.default.createDirectory(atPath: folder.path("empty"), withIntermediateDirectories: true)
    for (arguments, word) in [
      (["empty"], "no image lies in this folder"), (["gone.nii"], "no such file"), (["one.nii.gz"], "exists"),
    ] {
      try Data("page".utf8).write(to: folder.url.appending(path: "v.html"))
      let result = try Command.run(
        ["view"] + arguments + ["-o", "v.html"] + (word == "exists" ? [] : ["--force"]), in: folder)
      #expect(result.status == 3 && result.errors.contains(word), "\(result.errors)")
      #expect(try Data(contentsOf: folder.url.appending(path: "v.html")) == Data("page".utf8))
    }
  }
}
