import Foundation
import MRIData
import NDArrays
import Numerics

/// What a comparison found, as it is printed and written.
public struct ComparisonReport: Encodable, CustomStringConvertible {
  /// One number; `nil` where it is infinite or not defined, which the note says.
  struct Score: Encodable {
    let key: String
    let name: String
    let value: Double?
    var note: String?
  }

  /// What was found for one volume.
  struct Volume: Encodable {
    /// The data range of SSIM and the peak of PSNR.
    let dataRange: Double?
    /// The factor that the image was multiplied by: real part, and imaginary part of complex images.
    let scale: [Double]?
    let scores: [Score]
    let regions: [Region]?
    /// How the means of regions go together; absent for fewer than three regions, equal means, or phases.
    let regionCorrelation: PearsonCorrelation?
  }

  /// One region in both images.
  struct Region: Encodable {
    let name: String?
    let image: RegionStatistics
    let reference: RegionStatistics
    /// The difference of the means; of phases, the short way around the circle.
    let difference: Double
    /// The same in percent of the reference's mean; `nil` where that is zero, or a phase, whose zero means nothing.
    let percentDifference: Double?
  }

  let image: String
  let reference: String
  let mask: String?
  let labels: String?
  let voxels: Int
  let similarity: String
  let outsideMask: String
  let volumes: [Volume]

  /// How images are compared.
  public struct Settings: Sendable {
    /// The data range of SSIM and the peak of PSNR, in units of the images; that of the reference within the mask
    /// unless given.
    public var range: Double?
    /// Whose definition of SSIM.
    public var ssim = SimilarityConvention.matlab
    /// What windows see outside of the mask.
    public var outside = OutsideMask.seen
    /// Whether the image is first multiplied by the factor that brings it nearest to the reference.
    public var scales = false

    /// The usual settings.
    public init() {}
  }

  /// Compares two images.
  ///
  /// - Parameters:
  ///   - images: The images.
  ///   - names: The names of their regions.
  ///   - settings: How they are compared.
  /// - Throws: ``EvaluationError`` if voxels that count are not finite, or none counts.
  public init(_ images: ImagePair, names: RegionNames? = nil, settings: Settings = .init()) throws {
    image = images.image
    reference = images.reference
    mask = images.mask
    labels = images.labels
    similarity = settings.ssim.rawValue
    outsideMask = settings.outside == .seen ? "seen" : "zeroed"
    switch images.voxels {
    case .real(let image, let reference):
      voxels = images.counted?.elements.count(where: \.self) ?? reference.geometry.matrix.count
      volumes = try (0..<image.count).map {
        try Volume(image[$0], reference[$0], images, names, settings)
      }
    case .complex(let image, let reference):
      voxels = images.counted?.elements.count(where: \.self) ?? reference.geometry.matrix.count
      volumes = try (0..<image.count).map {
        try Volume(image[$0], reference[$0], images, names, settings)
      }
    }
  }
}

extension ComparisonReport.Score {
  /// Computes a metric; one that is not defined for the images is no failure.
  fileprivate init(
    _ metric: (key: String, name: String), _ compute: () throws(EvaluationError) -> Double
  ) throws(EvaluationError) {
    key = metric.key
    name = metric.name
    do {
      let result = try compute()
      value = result.isFinite ? result : nil
      note = result.isFinite ? nil : "infinite: the images are equal"
    } catch {
      switch error {
      case .referenceWithoutContrast, .imageWithoutContrast, .smallerThanWindow:
        value = nil
        note = error.description
      default: throw error
      }
    }
  }

  var text: String {
    value.map { String(format: "%.6g", $0) }
      ?? (note?.hasPrefix("infinite") == true ? "infinite" : "not defined")
  }
}

extension ComparisonReport.Volume {
  fileprivate init(
    _ original: NDArray<Float>, _ reference: NDArray<Float>, _ images: ImagePair, _ names: RegionNames?,
    _ settings: ComparisonReport.Settings
  ) throws {
    var image = original
    var factor: Double?
    if settings.scales {
      let scale = try optimalScale(of: original, to: reference, within: images.counted).real
      image = original.map { Float(Double($0) * scale) }
      factor = scale
    }
    scale = factor.map { [$0] }
    let mask = images.counted
    let metrics: [any ImageMetric]
    if images.isPhase {
      dataRange = nil
      metrics = [PhaseError(), PhaseError(removesOffset: true)]
    } else {
      let range = try settings.range ?? reference.range(within: mask)
      dataRange = range
      metrics =
        [
          settings.ssim.similarity(dataRange: range, outside: settings.outside),
          XSIM(outside: settings.outside), PSNR(peak: range),
        ] + NRMSE.Form.allCases.map { NRMSE($0) } + [HFEN(outside: settings.outside)]
    }
    scores = try metrics.map { metric in
      try ComparisonReport.Score((metric.key, metric.name)) { () throws(EvaluationError) in
        try metric.value(of: image, against: reference, within: mask)
      }
    }
    let regions = try images.regions.map {
      try ComparisonReport.Region.all(
        image, reference, labels: $0, mask: mask, names: names, isPhase: images.isPhase)
    }
    self.regions = regions
    regionCorrelation =
      images.isPhase
      ? nil : regions.flatMap { try? PearsonCorrelation($0.map(\.image.mean), $0.map(\.reference.mean)) }
  }

  fileprivate init(
    _ original: NDArray<Complex<Float>>, _ reference: NDArray<Complex<Float>>, _ images: ImagePair,
    _ names: RegionNames?, _ settings: ComparisonReport.Settings
  ) throws {
    var image = original
    var factor: Complex<Double>?
    let mask = images.counted
    if settings.scales {
      let scale = try optimalScale(of: original, to: reference, within: mask)
      image = original.map { Complex(Float(($0.sample * scale).real), Float(($0.sample * scale).imaginary)) }
      factor = scale
    }
    scale = factor.map { [$0.real, $0.imaginary] }
    let magnitude = image.map(\.length), target = reference.map(\.length)
    let range = try settings.range ?? target.range(within: mask)
    dataRange = range
    let ssim = settings.ssim.similarity(dataRange: range, outside: settings.outside)
    let psnr = PSNR(peak: range), hfen = HFEN(outside: settings.outside)
    var scores = [
      try ComparisonReport.Score((ssim.key, ssim.name + " of magnitudes")) { () throws(EvaluationError) in
        try ssim.value(of: magnitude, against: target, within: mask)
      },
      try ComparisonReport.Score((psnr.key, psnr.name)) { () throws(EvaluationError) in
        try psnr.value(of: image, against: reference, within: mask)
      },
    ]
    for form in NRMSE.Form.allCases {
      let metric = NRMSE(form)
      scores.append(
        try ComparisonReport.Score((metric.key, metric.name)) { () throws(EvaluationError) in
          try metric.value(of: image, against: reference, within: mask)
        })
    }
    scores.append(
      try ComparisonReport.Score((hfen.key, hfen.name)) { () throws(EvaluationError) in
        try hfen.value(of: image, against: reference, within: mask)
      })
    self.scores = scores
    regions = try images.regions.map {
      try ComparisonReport.Region.all(magnitude, target, labels: $0, mask: mask, names: names)
    }
    regionCorrelation = regions.flatMap {
      try? PearsonCorrelation($0.map(\.image.mean), $0.map(\.reference.mean))
    }
  }
}

extension ComparisonReport.Region {
  fileprivate static func all(
    _ image: NDArray<Float>, _ reference: NDArray<Float>, labels: NDArray<Int32>, mask: NDArray<Bool>?,
    names: RegionNames?, isPhase: Bool = false
  ) throws -> [ComparisonReport.Region] {
    let first = try RegionStatistics.all(in: image, labels: labels, within: mask, isPhase: isPhase)
    let second = try RegionStatistics.all(in: reference, labels: labels, within: mask, isPhase: isPhase)
    return zip(first, second).map { image, reference in
      let difference =
        isPhase
        ? wrappedDifference(of: image.mean, from: reference.mean) : image.mean - reference.mean
      return Self(
        name: names?[image.label], image: image, reference: reference, difference: difference,
        percentDifference: isPhase || reference.mean == 0 ? nil : 100 * difference / abs(reference.mean))
    }
  }
}

extension NDArray<Float> {
  /// The largest less the smallest value of the voxels that count.
  fileprivate func range(within mask: NDArray<Bool>?) throws(EvaluationError) -> Double {
    let flags = mask?.elements
    var lowest = Float.infinity, highest = -Float.infinity, bad = 0
    for (index, value) in elements.enumerated() where flags?[index] ?? true {
      if !value.isFinite { bad += 1 }
      lowest = Swift.min(lowest, value)
      highest = Swift.max(highest, value)
    }
    guard bad == 0 else { throw .notFinite(.reference, voxels: bad) }
    guard lowest <= highest else { throw .emptyMask }
    guard lowest < highest else { throw .referenceWithoutContrast }
    return Double(highest) - Double(lowest)
  }
}
