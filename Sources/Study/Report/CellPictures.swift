import Foundation
import ImageFiles
import MRIData
import NDArrays

/// The images of every cell and their errors, all on one scale.
struct CellPictures {
  private let results: StudyResults
  private let mask: NDArray<Bool>
  private let anatomy: ImageVolumes<Float>?
  private let images: (CellRecord) throws -> CellImages

  init(
    _ results: StudyResults, mask: NDArray<Bool>, anatomy: ImageVolumes<Float>? = nil,
    images: @escaping (CellRecord) throws -> CellImages
  ) {
    self.results = results
    self.mask = mask
    self.anatomy = anatomy
    self.images = images
  }

  func write(to page: inout HTMLPage) throws {
    let reference = try images(results.reference.record)
    let echo = reference.magnitude.count / 2
    let peak = reference.magnitude[echo].elements(within: mask).max() ?? 1
    page.paragraph(
      "All cells are shown on one scale, which stands below the pictures, black or blue its lower end; magnitudes end at the "
        + "largest of the reference. Errors are cell less reference.")
    if let anatomy {
      let picture = Montage(slices: 2, across: axis(of: anatomy.geometry)).picture(of: anatomy)
      try page.pictures([("the image that regions were drawn on, moved onto the reference", picture)])
    }
    for row in results.rows {
      let cell = try images(row.record)
      let isReference = row == results.reference
      page.subheading(row.cell.title)
      var panels = Panels(mask: mask, axis: axis(of: cell.magnitude.geometry))
      let magnitude = ImageVolumes(cell.magnitude[echo], geometry: cell.magnitude.geometry)
      panels.show("magnitude, echo \(echo + 1)", magnitude, 0...peak, masked: false)
      if !isReference {
        let bound = peak / errorGain
        panels.show(
          "its error, +-\(Int(100 / errorGain)) % of that", magnitude.minus(reference.magnitude[echo]),
          -bound...bound,
          .diverging)
      }
      if let phase = cell.phase, let truth = reference.phase {
        let own = ImageVolumes(phase[echo], geometry: phase.geometry)
        panels.show("phase, echo \(echo + 1), +-pi", own, -Float.pi...Float.pi, .cyclic)
        if !isReference {
          let error = own.minus(truth[echo]).map { $0.remainder(dividingBy: 2 * .pi) }
          panels.show("its error, +-0.5 rad", error, -0.5...0.5, .diverging)
        }
      }
      if let field = cell.field, let truth = reference.field, let period = reference.fieldPeriod {
        let half = Float(period / 2)
        panels.show("field, +-\((period / 2).rounded(1)) Hz", field, -half...half, .cyclic)
        if !isReference {
          let error = field.minus(truth[0]).map { $0.remainder(dividingBy: Float(period)) }
          panels.show("its error, +-5 Hz", error, -5...5, .diverging)
        }
      }
      if let map = cell.susceptibility, let truth = reference.susceptibility {
        panels.show("susceptibility, +-0.15 ppm", map, -0.15...0.15)
        if !isReference {
          panels.show("its error, +-0.05 ppm", map.minus(truth[0]), -0.05...0.05, .diverging)
        }
      }
      try page.pictures(panels.pictures)
    }
  }

  /// Errors of magnitude are shown brighter by this factor.
  private var errorGain: Float { 5 }

  /// Across which axis slices are shown: a plane without extent along the readout is seen from there.
  private func axis(of geometry: Geometry) -> Int {
    geometry.matrix.x == 1 ? 0 : geometry.matrix.y == 1 ? 1 : 2
  }
}

/// The pictures of one cell.
private struct Panels {
  let mask: NDArray<Bool>
  let axis: Int
  var pictures: [(name: String, pixels: NDArray<UInt8>)] = []

  mutating func show(
    _ name: String, _ volume: ImageVolumes<Float>, _ range: ClosedRange<Float>, _ colors: ColorMap = .grey,
    masked: Bool = true
  ) {
    let montage = Montage(slices: 2, across: axis, window: .range(range), colors: colors)
    pictures.append((name, montage.picture(of: volume, within: masked ? mask : nil)))
  }
}

extension ImageVolumes<Float> {
  /// The difference of the first volume from another.
  fileprivate func minus(_ other: NDArray<Float>) -> ImageVolumes<Float> {
    let own = self[0]
    precondition(own.shape == other.shape, "volumes of shape \(own.shape) and \(other.shape)")
    let difference = NDArray<Float>(uninitializedShape: own.shape) { target in
      own.withUnsafeBufferPointer { own in
        other.withUnsafeBufferPointer { other in
          for index in own.indices { target.initializeElement(at: index, to: own[index] - other[index]) }
        }
      }
    }
    return ImageVolumes(difference, geometry: geometry)
  }
}
