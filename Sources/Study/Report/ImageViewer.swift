import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import Sampling

/// The images of all cells side by side, for one slice, map and window that the reader chooses.
///
/// Everything is in the page; rules of its style sheet hide what is not chosen, so that there is no script.
struct ImageViewer {
  private let results: StudyResults
  private let mask: NDArray<Bool>
  private let labels: LabelVolume?
  private let images: (CellRecord) throws -> CellImages
  private let reference: CellImages
  private let maps: [ShownMap]
  private let slices: ShownSlices

  /// Prepares the images.
  ///
  /// - Throws: ``FileError`` if those of the reference are gone.
  init(
    _ results: StudyResults, mask: NDArray<Bool>, labels: LabelVolume? = nil,
    images: @escaping (CellRecord) throws -> CellImages
  ) throws {
    self.results = results
    self.mask = mask
    self.labels = labels
    self.images = images
    reference = try images(results.reference.record)
    maps = ShownMap.all(of: reference, within: mask)
    slices = ShownSlices(reference.magnitude.geometry, mask: mask, labels: labels)
  }

  /// The reference, a cell and its error in the slice to begin with, as markup.
  func glance(at row: StudyResults.Row) throws -> String {
    guard let map = maps.first, let view = slices.views.first, let truth = map.volume(reference) else {
      return ""
    }
    let cell = try images(row.record)
    guard let own = map.volume(cell) else { return "" }
    let known = map.id == "map-chi" ? nil : mask
    let figures = try [
      (
        "reference",
        view.picture(of: truth, range: map.range, within: known)
      ),
      (row.cell.title, view.picture(of: own, range: map.range, within: known)),
      (
        "their difference",
        view.picture(of: map.error(of: own, from: truth), range: map.errorRange, colors: .diverging)
      ),
    ].map { name, pixels in
      Self.figure(
        try HTMLPage.frame([(pixels, name, "", Self.shape(view))], overlay: Self.overlay(view)), caption: name
      )
    }
    return "<div><div class=\"three\">\n" + figures.joined() + "</div>\n"
      + HTMLPage.paragraph(
        "\(map.scaleText(narrowedBy: 1)). Difference: \(map.errorRange.lowerBound.shortText) (blue) to \(map.errorRange.upperBound.shortText) \(map.unit) (red). A \(view.plane) slice.",
        "note") + "</div>\n"
  }

  /// Writes all cells with what there is to choose.
  func write(to page: inout HTMLPage) throws {
    page.style(rules)
    page.markup("<div class=\"viewer\">\n<div class=\"choices\">\n\(choices)</div>\n")
    for map in maps {
      for factor in Self.windows {
        page.markup(
          "<p class=\"note \(map.id) show-image \(Self.window(factor))\">\(map.scaleText(narrowedBy: factor).escapedForMarkup)</p>\n"
        )
      }
      page.markup("<p class=\"note \(map.id) show-error\">\(map.errorText.escapedForMarkup)</p>\n")
    }
    page.markup("<div class=\"cells\">\n")
    if let anatomy = labels?.anatomy, anatomy.geometry.coincides(with: reference.magnitude.geometry) {
      let peak = anatomy[0].elements(within: mask).max() ?? 1
      let pictures = slices.views.indices.map { index in
        (
          slices.views[index].picture(of: anatomy[0], range: 0...max(peak, .leastNormalMagnitude)),
          "anatomy, \(name(of: slices.views[index]))", "slice-\(index)", style(of: slices.views[index])
        )
      }
      page.markup(
        Self.figure(
          try HTMLPage.frame(pictures, overlay: overlays), caption: "The image that regions were drawn on"))
    }
    for row in results.rows { page.markup(try figure(of: row)) }
    page.markup("</div>\n</div>\n")
  }

  /// A cell with all that may be seen of it.
  private func figure(of row: StudyResults.Row) throws -> String {
    let cell = row == results.reference ? reference : try images(row.record)
    var pictures: [(NDArray<UInt8>, String, String, String)] = []
    for map in maps {
      guard let own = map.volume(cell), let truth = map.volume(reference) else { continue }
      let error = row == results.reference ? nil : map.error(of: own, from: truth)
      // Signs and maps mean nothing outside the object; aliased magnitudes do.
      let inside = map.id == "map-magnitude" || map.id == "map-chi" ? nil : mask
      for (index, view) in slices.views.enumerated() {
        let windows = map.colors == .cyclic ? "" : map.range.lowerBound < 0 ? " signed" : " positive"
        let classes = "\(map.id) slice-\(index)", title = "\(row.cell.title): \(map.name), \(name(of: view))"
        pictures.append(
          (
            view.picture(of: own, range: map.range, colors: map.colors, within: inside), title,
            "\(classes) show-image\(windows)", style(of: view)
          ))
        // The reference has no error; its image stands where others show theirs.
        pictures.append(
          error.map {
            (
              view.picture(
                of: $0, range: map.errorRange, colors: .diverging, within: map.id == "map-chi" ? nil : mask),
              "error of \(title)", "\(classes) show-error", style(of: view)
            )
          }
            ?? (
              view.picture(of: own, range: map.range, colors: map.colors, within: inside), title,
              "\(classes) show-error", style(of: view)
            ))
      }
    }
    let time = row.record.scanTime.map { ", \(AcquisitionTime.text($0))" } ?? ""
    let caption = row.cell.title + time + (row == results.reference ? " (reference)" : "")
    return Self.figure(try HTMLPage.frame(pictures, overlay: overlays), caption: caption)
  }

  private static func figure(_ frame: String, caption: String) -> String {
    "<figure>\(frame)<figcaption>\(caption.escapedForMarkup)</figcaption></figure>\n"
  }

  // MARK: - Choices

  private static let windows: [Float] = [1, 2, 4]

  private static func window(_ factor: Float) -> String { "window-\(Int(factor))" }

  private var choices: String {
    var choices =
      HTMLPage.choice("map", "Map", maps.map { ($0.id, $0.name) })
      + HTMLPage.choice("slice", "Slice", slices.views.enumerated().map { ("slice-\($0)", name(of: $1)) })
      + HTMLPage.choice("show", "Show", [("show-image", "Images"), ("show-error", "Errors")])
      + HTMLPage.choice(
        "window", "Window", [("window-1", "Wide"), ("window-2", "Half"), ("window-4", "Quarter")])
    if slices.focus != nil {
      choices += HTMLPage.choice("zoom", "Zoom", [("zoom-whole", "Whole"), ("zoom-regions", "Regions")])
    }
    return choices
  }

  /// Hides whatever does not bear the class of what is chosen.
  private var rules: String {
    func hiding(_ groups: [(String, String)]) -> String {
      groups.map { id, family in
        ".viewer:has(#\(id):checked) [class*=\(family)]:not(.\(id)) { display: none }\n"
      }.joined()
    }
    return hiding(maps.map { ($0.id, "map-") })
      + hiding(slices.views.indices.map { ("slice-\($0)", "slice-") })
      + hiding([("show-image", "show-"), ("show-error", "show-")])
      + hiding(Self.windows.map { (Self.window($0), "window-") })
        + """
        .viewer:has(#window-2:checked) .signed { filter: contrast(2) }
        .viewer:has(#window-4:checked) .signed { filter: contrast(4) }
        .viewer:has(#window-2:checked) .positive { filter: brightness(2) }
        .viewer:has(#window-4:checked) .positive { filter: brightness(4) }
        .viewer:has(#zoom-regions:checked) img { transform-origin: 0 0; transform: scale(var(--s)) translate(var(--x), var(--y)) }
        .viewer:has(#zoom-regions:checked) .scale { display: none }

        """
  }

  // MARK: - Slices

  private func name(of view: SliceView) -> String {
    "\(view.plane) \(view.index + 1) of \(reference.magnitude.geometry.matrix[view.axis])"
  }

  private static func shape(_ view: SliceView) -> String {
    "aspect-ratio: \(String(format: "%.4f", view.aspectRatio))"
  }

  /// The picture's shape, and how it is moved and magnified to show the regions.
  private func style(of view: SliceView) -> String {
    guard let focus = slices.focus else { return Self.shape(view) }
    let (x, y) = view.place(of: focus)
    let width = max(x.upperBound - x.lowerBound, y.upperBound - y.lowerBound, 0.05)
    func offset(_ range: ClosedRange<Double>) -> Double {
      min(max(0, (range.lowerBound + range.upperBound - width) / 2), 1 - width)
    }
    return Self.shape(view)
      + String(format: "; --s: %.3f; --x: -%.2f%%; --y: -%.2f%%", 1 / width, 100 * offset(x), 100 * offset(y))
  }

  private var overlays: String {
    slices.views.enumerated().map { "<div class=\"slice-\($0)\">\(Self.overlay($1))</div>\n" }.joined()
  }

  /// The patient's sides and a scale.
  private static func overlay(_ view: SliceView) -> String {
    let bar = [0.1, 0.05, 0.02, 0.01].first { $0 < 0.45 * view.size.x } ?? 0.01
    return """
      <span class="mark left">\(view.leftMark)</span><span class="mark right">\(view.rightMark)</span>\
      <span class="scale" style="width: \(String(format: "%.1f", 100 * bar / view.size.x))%">\(Int(bar * 1000)) mm</span>
      """
  }
}

extension Float {
  fileprivate var shortText: String { Double(self).rounded(1) }
}
