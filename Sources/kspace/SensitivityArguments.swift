import ArgumentParser
import KSpaceToolkit

/// The ways to estimate sensitivities that the command offers.
enum SensitivityMethod: String, ExpressibleByArgument, CaseIterable {
  /// Eigenvectors of what neighbouring samples have in common.
  case espirit
  /// Eigenvectors of the local covariance of images of low resolution.
  case walsh
  /// Images of low resolution over their root sum of squares.
  case direct
}

/// Options of reconstructions that use sensitivities.
struct SensitivityArguments: ParsableArguments {
  @Option(help: "How sensitivities are estimated from the calibration data.")
  var sensitivities: SensitivityMethod = .espirit

  @Option(
    help: ArgumentHelp(
      "How many sets of sensitivities espirit estimates: 2 where tissue folds within the field of view.",
      valueName: "1|2"))
  var mapSets = 1

  func validate() throws {
    if mapSets != 1 && mapSets != 2 {
      throw ValidationError("--map-sets \(mapSets): one or two sets are possible.")
    }
    if mapSets == 2, sensitivities != .espirit {
      throw ValidationError("--map-sets 2: only --sensitivities espirit tells two sets apart.")
    }
  }

  /// Where sensitivities come from.
  var source: SensitivitySource {
    switch sensitivities {
    case .espirit: .estimated(ESPIRiT(sets: mapSets))
    case .walsh: .estimated(WalshMaps())
    case .direct: .estimated(DirectMaps())
    }
  }
}
