import ImageFiles
import MRIData
import NDArrays

/// The images of every cell and their errors, all on one scale.
struct CellPictures {
  private let results: StudyResults
  private let mask: NDArray<Bool>
  private let images: (CellRecord) throws -> CellImages

  init(_ results: StudyResults, mask: NDArray<Bool>, images: @escaping (CellRecord) throws -> CellImages) {
    self.results = results
    self.mask = mask
    self.images = images
  }

  func write(to page: inout HTMLPage) throws {
    let reference = try images(results.reference.record)
    let echo = reference.magnitude.count / 2
    let peak = reference.magnitude[echo].elements(within: mask).max() ?? 1
    for row in results.rows {
      let cell = try images(row.record)
      page.subheading(row.cell.title)
      var pictures: [(name: String, pixels: NDArray<UInt8>)] = []
      func show(
        _ name: String, _ volume: ImageVolumes<Float>, _ range: ClosedRange<Float>,
        _ colors: ColorMap = .grey,
        masked: Bool = true
      ) {
        let montage = Montage(
          slices: 2, across: axis(of: volume.geometry), window: .range(range), colors: colors)
        pictures.append((name, montage.picture(of: volume, within: masked ? mask : nil)))
      }
      let magnitude = ImageVolumes(cell.magnitude[echo], geometry: cell.magnitude.geometry)
      show("magnitude, echo \(echo + 1)", magnitude, 0...peak, masked: false)
      if row != results.reference {
        show(
          "its error, \(Int(errorGain)) x", magnitude.minus(reference.magnitude[echo]),
          -peak / errorGain...peak / errorGain,
          .diverging)
      }
      if let field = cell.field, let truth = reference.field, let period = reference.fieldPeriod {
        show(
          "field, +-\((period / 2).shortest(1)) Hz", field, Float(-period / 2)...Float(period / 2), .cyclic)
        if row != results.reference {
          let error = field.minus(truth[0]).map { $0.remainder(dividingBy: Float(period)) }
          show("its error, +-5 Hz", error, -5...5, .diverging)
        }
      }
      if let map = cell.susceptibility, let truth = reference.susceptibility {
        show("susceptibility, +-0.15 ppm", map, -0.15...0.15)
        if row != results.reference {
          show("its error, +-0.05 ppm", map.minus(truth[0]), -0.05...0.05, .diverging)
        }
      }
      try page.pictures(pictures)
    }
  }

  /// Errors of magnitude are shown brighter by this factor.
  private var errorGain: Float { 5 }

  /// Across which axis slices are shown: a plane without extent along the readout is seen from there.
  private func axis(of geometry: Geometry) -> Int {
    geometry.matrix.x == 1 ? 0 : geometry.matrix.y == 1 ? 1 : 2
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

extension Double {
  fileprivate func shortest(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}
