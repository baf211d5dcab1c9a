import Foundation
import ImageFiles
import MRIData
import NDArrays
import Numerics
import QuantitativeMapping
import RawData

/// Turns series into the images that a scanner takes: one for each slice, with all that its image chain asks for.
struct SeriesImages {
  private let slices: [Geometry]
  private let references: [AcquisitionHeader]
  private let maps: EchoMaps
  private let values: ScanRecipe.Values
  private let method: String

  /// Prepares images of a scan.
  ///
  /// - Parameters:
  ///   - layout: What the scan holds.
  ///   - acquisitions: Its readouts.
  ///   - maps: What its echoes yielded.
  ///   - values: The form of the voxels.
  ///   - method: The name of the reconstruction.
  init(
    _ layout: ScanLayout, _ acquisitions: [AcquisitionHeader], _ maps: EchoMaps, values: ScanRecipe.Values,
    method: String
  ) {
    self.maps = maps
    self.values = values
    self.method = method
    let stack = maps.geometry, isSlab = layout.sliceGeometries.count == 1
    let middle: SIMD3<Double> = [Double(stack.matrix.x / 2), Double(stack.matrix.y / 2), 0]
    slices = (0..<stack.matrix.z).map { index in
      var slice = stack
      slice.matrix.z = 1
      // Slices of their own lie where their readouts say, partitions where the slab's centre puts them.
      slice.center =
        isSlab
        ? stack.position(ofVoxel: middle + [0, 0, Double(index)]) : layout.sliceGeometries[index].center
      return slice
    }
    // The first readout of each slice, whatever the order of the file.
    var first: [Int: AcquisitionHeader] = [:]
    for (use, header) in zip(layout.uses, acquisitions) where use.isImage {
      let known = first[Int(header.counters.slice)]
      if known.map({ header.scanCounter < $0.scanCounter }) ?? true {
        first[Int(header.counters.slice)] = header
      }
    }
    let counters = layout.sliceCounters
    references = slices.indices.map { first[counters[isSlab ? 0 : $0]] ?? AcquisitionHeader() }
  }

  /// Sends all images of a series, and returns how many values the codes could not hold.
  func send(_ series: ResultSeries, number: Int, to deliver: (MRDImage) throws -> Void) throws -> Int {
    let coding = series.coding(for: .scanner), window = series.window(for: coding)
    let isComplex = values == .complex && series.kind == .magnitude && maps.phase != nil
    let sliceSize = series.volumes.geometry.matrix.x * series.volumes.geometry.matrix.y
    var index = 0
    for volume in 0..<series.volumes.count {
      let all = series.volumes[volume].elements, phase = isComplex ? maps.phase?[volume].elements : nil
      for (slice, geometry) in slices.enumerated() {
        let range = slice * sliceSize..<(slice + 1) * sliceSize
        let voxels: MRDImage.Voxels
        if let phase {
          voxels = .complex(range.map { Complex(length: abs(all[$0]), phase: phase[$0]) })
        } else if values == .real {
          voxels = .real(Array(all[range]))
        } else {
          voxels = .codes(all[range].map(coding.code))
        }
        index += 1
        var image = MRDImage(
          voxels, isComplex ? .complex : series.kind.imageKind, geometry: geometry,
          reference: references[slice])
        image.slice = slice
        image.echo = series.echoes.indices.contains(volume) ? series.echoes[volume] : 0
        // The header has 16 bits for it.
        image.index = (index - 1) % Int(UInt16.max) + 1
        image.series = number
        image.attributes =
          attributes(of: series, isComplex: isComplex, volume, slice, geometry)
          + (values == .real || isComplex ? [] : scale(of: series, coding, window))
        try deliver(image)
      }
    }
    return values == .real || isComplex ? 0 : series.clippedCount(by: coding)
  }

  /// What the image is.
  ///
  /// Nothing is taken over from the scanner's own headers, whose orientation is another's.
  private func attributes(
    of series: ResultSeries, isComplex: Bool, _ volume: Int, _ slice: Int, _ geometry: Geometry
  ) -> [(name: String, values: [String])] {
    func direction(_ vector: SIMD3<Double>) -> [String] {
      (0..<3).map { String(format: "%.18f", vector[$0]) }
    }
    let title = isComplex ? "complex" : series.title
    var result: [(name: String, values: [String])] = [
      ("DataRole", series.isQuantitative && !isComplex ? ["Image", "Quantitative"] : ["Image"]),
      ("ImageProcessingHistory", ["KSpaceToolkit", method.uppercased()]),
      ("SeriesDescription", [title.replacing(" ", with: "_")]),
      ("ImageComment", ["KSpaceToolkit \(title)"]),
      ("ImageType", [series.kind.imageTypeValue]),
      ("ImageTypeValue4", [series.kind.imageTypeValue]),
      ("Keep_image_geometry", ["1"]),
      ("ImageRowDir", direction(geometry.readDirection)),
      ("ImageColumnDir", direction(geometry.phaseDirection)),
      ("ImageSliceNormDir", direction(geometry.sliceDirection)),
      ("SlicePosLightMarker", direction(geometry.center * 1000)),
      ("NumberOfSlices", ["\(slices.count)"]), ("SliceNo", ["\(slice)"]),
    ]
    if series.echoTimes.indices.contains(volume), series.echoTimes[volume].isFinite {
      result.append(("EchoTime", [String(format: "%g", series.echoTimes[volume] * 1000)]))
    }
    return result
  }

  /// How codes are to be read and shown; a scanner cuts fractions of windows off.
  private func scale(
    of series: ResultSeries, _ coding: PixelCoding, _ window: (center: Double, width: Double)
  ) -> [(name: String, values: [String])] {
    var result: [(name: String, values: [String])] = [
      ("RescaleSlope", [String(format: "%.10g", coding.slope)]),
      ("RescaleIntercept", [String(format: "%.10g", coding.intercept)]),
      ("RescaleType", ["US"]), ("Unit", [series.storedUnit(for: coding)]),
      ("WindowCenter", [String(Int(exactly: window.center.rounded()) ?? 0)]),
      ("WindowWidth", [String(max(1, Int(exactly: window.width.rounded()) ?? 1))]),
      ("PixelPaddingValue", ["0"]),
    ]
    if !series.isQuantitative { result.append(("StoredPerUnit", [String(format: "%.9g", coding.factor)])) }
    return result
  }
}

extension ResultSeries.Kind {
  /// MRD's kind of image.
  fileprivate var imageKind: MRDImage.Kind {
    switch self {
    case .magnitude, .weighted: .magnitude
    case .phase: .phase
    case .field, .r2Star, .susceptibility: .real
    }
  }

  /// The word of the image type, of 16 characters at most.
  fileprivate var imageTypeValue: String {
    switch self {
    case .magnitude: "M"
    case .phase: "P"
    case .field: "FIELD_MAP"
    case .r2Star: "R2_STAR_MAP"
    case .susceptibility: "QSM"
    case .weighted: "SWI"
    }
  }
}
