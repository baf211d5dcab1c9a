import Evaluation
import MRIData
import NDArrays

/// How far the images of a cell are from those of the reference, within one mask.
public struct CellScores: Sendable, Equatable, Codable {
  /// Mean over echoes of the structural similarity of magnitudes, range as in ``ScoreConventions``.
  public var magnitudeSSIM: Double
  /// Mean over echoes of the magnitudes' peak signal-to-noise ratio [dB]; `nil` where nothing differs.
  public var magnitudePSNR: Double?
  /// Mean over echoes of the magnitudes' root-mean-square error over the reference's root mean square.
  public var magnitudeNRMSE: Double
  /// The median of the field's error, taken modulo its period [Hz].
  public var fieldErrorMedian: Double?
  /// The 95th percentile of the same [Hz].
  public var fieldError95: Double?
  /// The median of the error of R2* [1/s].
  public var r2StarErrorMedian: Double?
  /// The structural similarity of susceptibilities.
  public var susceptibilitySSIM: Double?
  /// Their peak signal-to-noise ratio [dB]; `nil` where nothing differs.
  public var susceptibilityPSNR: Double?
  /// XSIM, the similarity that is adapted to susceptibilities.
  public var susceptibilityXSIM: Double?
  /// Their root-mean-square error over the reference's, means taken out.
  public var susceptibilityNRMSE: Double?
}

extension CellScores {
  /// Compares a cell with the reference.
  ///
  /// - Throws: ``EvaluationError`` if images hold voxels in the mask that are not finite.
  /// - Precondition: Both have the same grid and number of echoes.
  public init(
    of images: CellImages, against reference: CellImages, within mask: NDArray<Bool>,
    conventions: ScoreConventions = .init()
  ) throws(EvaluationError) {
    let echoes = reference.magnitude.count
    precondition(
      images.magnitude.voxels.shape == reference.magnitude.voxels.shape,
      "images of shape \(images.magnitude.voxels.shape) against \(reference.magnitude.voxels.shape)")
    var similarity = 0.0, ratio = 0.0, error = 0.0
    for echo in 0..<echoes {
      let image = images.magnitude[echo], truth = reference.magnitude[echo]
      let peak = max(Double(truth.elements(within: mask).max() ?? 0), .leastNormalMagnitude)
      similarity += try SSIM.matlab(dataRange: peak, dimensions: .all).value(
        of: image, against: truth, within: mask)
      ratio += try PSNR(peak: peak).value(of: image, against: truth, within: mask)
      error += try NRMSE().value(of: image, against: truth, within: mask)
    }
    magnitudeSSIM = similarity / Double(echoes)
    magnitudePSNR = (ratio / Double(echoes)).finite
    magnitudeNRMSE = error / Double(echoes)
    if let field = images.field, let truth = reference.field {
      let errors = Self.errors(of: field[0], against: truth[0], within: mask, period: reference.fieldPeriod)
      fieldErrorMedian = errors.ranked(0.5, .toNearestOrAwayFromZero)
      fieldError95 = errors.ranked(0.95, .toNearestOrAwayFromZero)
    }
    if let rate = images.r2Star, let truth = reference.r2Star {
      r2StarErrorMedian = Self.errors(of: rate[0], against: truth[0], within: mask, period: nil)
        .ranked(0.5, .toNearestOrAwayFromZero)
    }
    if let map = images.susceptibility?[0], let truth = reference.susceptibility?[0] {
      // Removal of the background erodes the mask; what it leaves is zero.
      let mask = truth.map { $0 != 0 }
      susceptibilitySSIM = try SSIM.matlab(dataRange: conventions.susceptibilityRange)
        .value(of: map, against: truth, within: mask)
      susceptibilityPSNR = try PSNR(peak: conventions.susceptibilityPeak)
        .value(of: map, against: truth, within: mask).finite
      susceptibilityXSIM = try XSIM().value(of: map, against: truth, within: mask)
      susceptibilityNRMSE = try NRMSE(.demeaned).value(of: map, against: truth, within: mask)
    }
  }

  /// Leaves out what says how near susceptibilities are.
  mutating func removeSusceptibility() {
    susceptibilitySSIM = nil
    susceptibilityPSNR = nil
    susceptibilityXSIM = nil
    susceptibilityNRMSE = nil
  }

  /// The absolute errors in the mask, sorted; modulo a period where values repeat.
  private static func errors(
    of image: NDArray<Float>, against truth: NDArray<Float>, within mask: NDArray<Bool>, period: Double?
  ) -> [Double] {
    zip(image.elements(within: mask), truth.elements(within: mask)).map { value, truth in
      let error = Double(value) - Double(truth)
      return abs(period.map { error.remainder(dividingBy: $0) } ?? error)
    }.sorted()
  }
}

extension Double {
  /// The number, unless it is infinite or none; JSON knows neither.
  fileprivate var finite: Double? { isFinite ? self : nil }
}
