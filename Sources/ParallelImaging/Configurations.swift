import MRIData
import NDArrays
import Operators

// What each method is, in values. A revision grows whenever equal parameters give other images.

extension GRAPPA {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("GRAPPA", revision: 2)
      .with("kernel", kernel.map(\.configuration)).with("source channels", sources.account)
  }
}

extension GRAPPA.Kernel {
  /// The neighbourhood with its extents.
  fileprivate var configuration: MethodConfiguration {
    MethodConfiguration("neighbourhood", revision: 1).with("radius", radius, "lines")
      .with("readout width", readoutWidth, "samples").with("lines", lines).with("fewest lines", fewestLines)
  }
}

extension SENSE {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    var weight: Double?
    if case .tikhonov(let given) = regularization { weight = Double(given) }
    return MethodConfiguration("SENSE", revision: 2)
      .with("sensitivities", calibration.configuration).with("channels", channels.account)
      .with("Tikhonov weight", weight).with(
        "solver", solver == .automatic ? "automatic" : "conjugate gradients"
      )
      .with("iterations", iterations).with("tolerance", tolerance)
  }
}

extension L1WaveletSENSE {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("L1-wavelet SENSE", revision: 3)
      .with("sensitivities", calibration.configuration).with("channels", channels.account)
      .with("weight", Double(weight)).with("iterations", iterations).with("seed", "\(seed)")
  }
}

extension SPIRiT {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("SPIRiT", revision: 2)
      .with("kernel width", kernelWidth, "samples").with("damping", Double(damping))
      .with("channels", channels.account).with("iterations", iterations).with("tolerance", tolerance)
  }
}

extension L1WaveletSPIRiT {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("L1-wavelet SPIRiT", revision: 2)
      .with("kernel width", kernelWidth, "samples").with("damping", Double(damping))
      .with("channels", channels.account).with("weight", Double(weight)).with("iterations", iterations)
      .with("seed", "\(seed)")
  }
}

extension CompressedReconstruction {
  /// The method that sees virtual channels, and how these are made.
  public var configuration: MethodConfiguration {
    base.configuration.with("virtual channels", Optional(compression.extent).account)
      .with("compression", compression.kind == .uniform ? "uniform" : "geometric")
  }
}

extension SensitivitySource {
  /// Where sensitivities come from.
  package var configuration: MethodConfiguration {
    switch self {
    case .estimated(let method): method.configuration
    case .measured(let scan, let method):
      method.configuration.with("from another scan of energy", scan.samples.squaredNorm)
    case .given(let maps): MethodConfiguration("given", revision: 1).with("energy", maps.maps.squaredNorm)
    case .sets(let sets):
      MethodConfiguration("given", revision: 1).with("energies", sets.map { $0.maps.squaredNorm })
    }
  }
}

extension ESPIRiT {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("ESPIRiT", revision: 2)
      .with("kernel width", kernelWidth.map(Double.init), "samples")
      .with("threshold", threshold.map(Double.init)).with("crop", crop.map(Double.init)).with("sets", sets)
  }
}

extension DirectMaps {
  /// The method; it has no parameters.
  public var configuration: MethodConfiguration { MethodConfiguration("direct maps", revision: 2) }
}

extension WalshMaps {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("Walsh's maps", revision: 2).with("width", width, "voxels")
  }
}

extension CoilCompression.Extent? {
  /// How many channels are kept, in words.
  package var account: String {
    switch self {
    case nil: "automatic"
    case .channels(let count): "\(count)"
    case .energy(let share, let most):
      "those of \(share) of the energy" + (most == .max ? "" : ", at most \(most)")
    }
  }
}
