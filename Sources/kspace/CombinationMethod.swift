import ArgumentParser
import KSpaceToolkit

/// The combinations of receive channels that the command offers.
enum CombinationMethod: String, ExpressibleByArgument, CaseIterable {
  /// Multi-Dimensional Integration by the eigenvector of the echo Gram matrix.
  case mdi
  /// Multi-Dimensional Integration as published, by the ratio of neighbouring echoes.
  case mdiEchoRatio = "mdi-echo-ratio"
  /// Channels freed from their phase at the excitation and added: MCPC-3D-S.
  case mcpc3ds
  /// Walsh's adaptive combination.
  case adaptive
  /// Root sum of squares: magnitudes only.
  case rss

  /// What suits a scan: a field map where its echoes allow one.
  init(suiting parameters: ScanParameters) {
    self = Self.obstacle(to: parameters) == nil ? .mdi : .adaptive
  }

  /// Refuses a scan whose echoes do not allow the method, before anything is computed.
  func check(_ parameters: ScanParameters) throws {
    if yieldsMaps || self == .mcpc3ds, let obstacle = Self.obstacle(to: parameters) { throw obstacle }
  }

  /// Why there can be no field map.
  private static func obstacle(to parameters: ScanParameters) -> CoilCombinationError? {
    let times = parameters.echoTimes
    if times.count < 2 { return .tooFewEchoes(times.count) }
    let isRising = zip(times, times.dropFirst()).allSatisfy { $0 < $1 }
    return isRising ? nil : .echoTimesNotIncreasing(times)
  }

  /// How often the images of all channels are computed.
  var passes: Int { self == .mcpc3ds ? 2 : 1 }

  /// Whether a phase that reversed readouts have is taken out.
  var removesReadoutPhase: Bool { yieldsMaps || self == .mcpc3ds }

  /// Whether a field map is among the results.
  var yieldsMaps: Bool { self == .mdi || self == .mdiEchoRatio }

  /// Combines channels into what is written.
  func combine(_ images: ChannelImages) throws -> CombinedImages {
    switch self {
    case .mdi: CombinedImages(try MDI()(images), method: "MDI (Gram eigenvector)")
    case .mdiEchoRatio: CombinedImages(try MDI(estimator: .echoRatio)(images), method: "MDI (echo ratio)")
    case .mcpc3ds: CombinedImages(method: "MCPC-3D-S", echoes: try MCPC3DS()(images))
    case .adaptive: CombinedImages(method: "adaptive (Walsh)", echoes: try AdaptiveCombination()(images))
    case .rss: CombinedImages(method: "root sum of squares", magnitude: try RootSumOfSquares()(images))
    }
  }
}

extension CombinedImages {
  fileprivate init(_ output: MDI.Output, method: String) {
    let half = Float(output.fieldPeriod / 2)
    var maps = [
      Map(
        suffix: "fieldmap", describing: "wrapped", units: .hertz, volume: output.field,
        preview: Montage(window: .range(-half...half), colors: .cyclic)),
      Map(
        suffix: "R2starmap", units: .perSecond, volume: output.r2Star,
        preview: Montage(window: .range(0...80))),
    ]
    if let noise = output.fieldNoise {
      maps.insert(
        Map(
          suffix: "fieldmap", describing: "noise", units: .hertz, volume: noise,
          preview: Montage(window: .percentiles(1, 95))), at: 1)
    }
    self.init(method: method, echoes: output.echoes, maps: maps)
    extra["FieldPeriod"] = .number(output.fieldPeriod)
    if let deviation = output.noise.standardDeviation {
      extra["NoiseStandardDeviation"] = .number(Double(deviation))
    }
    assumptions = output.assumptions
  }
}
