import Foundation
import ParallelImaging
import RawData

extension ScanLayout {
  /// What reconstructs the scan best by default, in all slices.
  public var suitableMethod: SuitableMethod {
    SuitableMethod(
      masks: sliceCounters.flatMap { masks(slice: $0) },
      calibration: sliceCounters.first.flatMap { calibrationMask(slice: $0) }, channels: channels)
  }

  /// What the user should know of the images that will be made, beyond the ``findings``.
  ///
  /// - Parameters:
  ///   - zeroFilling: Whether nothing fills what was not sampled.
  ///   - completingMagnitudes: Whether magnitudes of partial Fourier scans are completed.
  ///   - combination: How the channels become one.
  public func warnings(
    zeroFilling: Bool, completingMagnitudes: Bool = false, then combination: CombinationMethod
  ) -> [String] {
    var warnings: [String] = []
    let accelerations = sliceCounters.first.map { masks(slice: $0) }?.compactMap { $0.acceleration() } ?? []
    if zeroFilling, let acceleration = accelerations.max(), acceleration > 1 {
      warnings.append(
        suitableMethod.method == .zeroFilled
          ? "a part of k-space was not sampled (partial Fourier, a shutter or a matrix that is too large): "
            + (completingMagnitudes
              ? "magnitudes are completed, phases and what follows from them are smoother by that part."
              : "images are smoother by that part; `partialFourier: pocs` completes magnitudes, not phases.")
          : String(
            format:
              "the scan is undersampled (%.2f-fold, full grid over acquired): zero-filled images are aliased or blurred; `method: l1-sense` or grappa finds what is missing.",
            acceleration))
    }
    if Set(parameters.polarities).count > 1, !combination.removesReadoutPhase {
      warnings.append(
        "echoes were read out in both directions: the phase of reversed echoes differs by a plane that only mdi and mcpc3ds remove."
      )
    }
    return warnings
  }
}
