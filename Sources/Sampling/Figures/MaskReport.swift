import Foundation
import MRIData

/// What is said of one mask.
public struct MaskReport: Sendable, Encodable, CustomStringConvertible {
  /// How good it is, in numbers.
  public let figures: SamplingFigures
  /// The radius at the centre that a Poisson-disk mask keeps [steps of its metric].
  public let radius: Double?
  /// Whether all samples keep it; `nil` for other masks.
  public let keepsRadius: Bool?
  /// Samples times repetition time [s].
  public let duration: Double?

  /// Measures a mask.
  ///
  /// - Parameters:
  ///   - mask: The mask.
  ///   - sample: What a Poisson-disk pattern made it from.
  ///   - recipe: How it was made; `nil` for masks from elsewhere.
  ///   - repetitionTime: The time of a sample [s]; `nil` where nobody asks for the time.
  /// - Throws: ``SamplingError`` if the mask is empty or the recipe does not fit it.
  public init(
    _ mask: SamplingMask, sample: DiskSample? = nil, recipe: MaskRecipe? = nil, repetitionTime: Double? = nil
  ) throws(SamplingError) {
    let figures = try SamplingFigures(mask, region: recipe?.region)
    self.figures = figures
    radius = sample?.scale
    if let sample, case .poissonDisk(let pattern) = recipe?.pattern {
      keepsRadius = try pattern.keepsDistance(sample)
    } else {
      keepsRadius = nil
    }
    duration = repetitionTime.map { $0 * Double(figures.acquiredCount) }
  }

  /// The figures, a line each.
  public var description: String {
    func number(_ value: Double?, _ digits: Int = 3) -> String {
      value.map { String(format: "%.\(digits)f", $0) } ?? "none"
    }
    var lines = [
      "grid           \(figures.extent) (ky x kz), \(figures.acquiredCount) positions acquired",
      "acceleration   \(number(figures.gridAcceleration)) of the grid, "
        + "\(number(figures.shutterAcceleration)) of the shutter (\(figures.shutter)), "
        + "\(number(figures.outerAcceleration)) outside the calibration box",
      "calibration    \(figures.calibration)",
      "min distance   \(number(figures.minimumDistance, 2)) steps of the grid, outside the calibration box"
        + (radius.map {
          String(format: "; radius %.2f at the centre ", $0) + (keepsRadius == true ? "kept" : "NOT kept")
        } ?? ""),
      "largest hole   \(number(figures.largestHole, 2)) steps in radius",
      "point spread   peak sidelobe \(number(figures.peakSidelobe, 4)), "
        + "transform incoherence \(number(figures.transformIncoherence, 4)) (Haar, 3 levels)",
      "checksum       \(figures.checksum)",
    ]
    if let duration {
      lines.append(
        "time           \(AcquisitionTime.text(duration)) for the samples alone"
      )
    }
    return lines.joined(separator: "\n")
  }
}
