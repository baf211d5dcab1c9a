import MRIData

// What each method is, in values. A revision grows whenever equal parameters give other maps.

extension BrainSurface: ConfiguredMethod {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("brain surface", revision: 2).with("fraction", fraction)
      .with("erosion", erosion.millimetres, "mm").with("steps", steps)
  }
}

extension BrainExtraction: ConfiguredMethod {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("brain extraction", revision: 2).with("surface", surface.configuration)
      .with("brightness", brightness).with("quality", quality).with("erosion", erosion.millimetres, "mm")
  }
}

extension MagnitudeMask: ConfiguredMethod {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("magnitude threshold", revision: 3).with("factor", factor)
      .with("opening radius", openingRadius.millimetres, "mm")
      .with("closing radius", closingRadius.millimetres, "mm").with("erosion", erosion.millimetres, "mm")
  }
}

extension AutomaticBackground {
  /// The rule with the methods that it chooses among.
  public var configuration: MethodConfiguration {
    MethodConfiguration("automatic background", revision: 3).with("least length", leastLength, "voxels")
      .with("long", TFI().configuration).with("short", PDF().configuration)
  }
}

extension VSHARP {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("V-SHARP", revision: 2).with("radii", radii.map { $0.map(\.millimetres) }, "mm")
      .with("largest radius", largestRadius?.millimetres, "mm").with("threshold", threshold)
  }
}

extension SHARP {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("SHARP", revision: 2).with("radius", radius?.millimetres, "mm")
      .with("threshold", threshold)
  }
}

extension RESHARP {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("RESHARP", revision: 2).with("radius", radius?.millimetres, "mm")
      .with("regularization", regularization).with("tolerance", tolerance)
      .with("most iterations", maximumIterations)
  }
}

extension PDF {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("PDF", revision: 2).with("margin", margin?.millimetres, "mm")
      .with("tolerance", tolerance).with("most iterations", maximumIterations)
  }
}

extension LBV {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("LBV", revision: 1).with("tolerance", tolerance)
      .with("most iterations", maximumIterations)
  }
}

extension TFI {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("TFI", revision: 3).with("tolerance", tolerance)
      .with("most iterations", maximumIterations).with(
        "sources inside", Double(Self.inner), "deviations of the field"
      )
      .with("sources outside", Double(Self.outer), "deviations of the field")
  }
}

extension ISMV {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("iSMV", revision: 2).with("radius", radius?.millimetres, "mm")
      .with("tolerance", tolerance).with("most iterations", maximumIterations)
  }
}

extension TotalVariation {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("total variation", revision: 4).with("regularization", regularization, "ppm mm")
      .with("noise factor", noiseFactor).with("refinements", refinements).with("texture", addsTexture)
      .with("linear blend", blendsLinear).with("outside weight", outsideWeight)
      .with("expected deviation", expectedDeviation.map { "\($0) ppm" } ?? "none")
      .with("edges", edges.map(\.configuration))
      .with("data weights", weighsData).with("fidelity", fidelity.configuration)
      .with("reweightings", reweightings).with("penalty", penalty, "mm^2").with("tolerance", tolerance)
      .with("most iterations", maximumIterations).with("region", region.account)
  }
}

extension TKD {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("TKD", revision: 1).with("threshold", threshold).with("region", region.account)
  }
}

extension RTS {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("RTS", revision: 1).with("threshold", threshold)
      .with("fidelity", fidelity, "1/(ppm mm)").with("penalty", penalty).with("tolerance", tolerance)
      .with("most iterations", maximumIterations).with("region", region.account)
  }
}

extension QuadraticInversion {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("L2", revision: 1).with("regularization", regularization)
      .with("penalty", penalty == .identity ? "susceptibility" : "gradient").with("region", region.account)
  }
}

extension SourceSeparation: ConfiguredMethod {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("source separation", revision: 2).with("relaxivity at 3 T", relaxivity, "1/(s ppm)")
      .with("deviation of the susceptibility", susceptibilityDeviation, "ppm")
      .with("deviation of the rate", rateDeviation, "1/s").with("smoothing", smoothing)
      .with("edges", edges.configuration).with("coupling across edges", edgeCoupling)
      .with("trust at edges", edgeTrust).with("iterations", iterations)
      .with("zero", referenceSusceptibility, "ppm")
  }
}

extension EdgeWeights {
  fileprivate var configuration: MethodConfiguration {
    MethodConfiguration("of the magnitude", revision: 1).with("share", fraction)
  }
}

extension DataFidelity {
  fileprivate var configuration: MethodConfiguration {
    switch self {
    case .quadratic: MethodConfiguration("quadratic", revision: 1)
    case .phase(let time):
      MethodConfiguration("of the phase", revision: 1).with("echo time", (time * 1e9).rounded() / 1e6, "ms")
    }
  }
}

extension WorkingRegion {
  fileprivate var account: String {
    switch self {
    case .wholeGrid: "whole grid"
    case .mask(let margin): "box of the mask, \(margin.millimetres) mm to its copies"
    case .object(let margin): "box of the mask, \(margin) of its longest side to its copies"
    }
  }
}

extension Double {
  /// A length [m] in millimetres, to a nanometre.
  fileprivate var millimetres: Double { (self * 1e9).rounded() / 1e6 }
}
