import ArgumentParser
import KSpaceToolkit

/// Options of maps of noise.
struct NoiseMapArguments: ParsableArguments {
  @Flag(help: "Also write the g factor and the noise of every echo.")
  var noiseMap = false

  @Option(
    help:
      "How many times noise is added and the scan reconstructed, where the noise does not follow from weights."
  )
  var replicas = 32

  @Option(help: "The seed of the noise of the replicas.")
  var noiseSeed: UInt64 = 1

  func validate() throws {
    if replicas < 2 { throw ValidationError("--replicas \(replicas): at least two are needed.") }
  }

  /// The noise that a method leaves in the images of all slices, cropped to the prescribed field of view.
  func maps(_ stack: SliceStack, _ method: any Reconstruction, _ progress: Progress) throws -> NoiseMaps {
    var matrix = stack.slices[0].prescribedMatrix
    if stack.slices.count > 1 { matrix.z = stack.slices.count }
    let slices = try stack.slices.enumerated().map { index, compact in
      let slice = KSpace(compact)
      let maps =
        try (method as? any NoiseAnalysis)?.noiseMaps(for: slice)
        ?? PseudoReplicas(count: replicas, seed: noiseSeed)(method, slice) { fraction in
          try Interruption.check()
          progress.report("noise", (Double(index) + fraction) / Double(stack.slices.count))
        }
      return maps.cropped(to: slice.prescribedMatrix)
    }
    return NoiseMaps(stacking: slices, geometry: stack.geometry.cropped(to: matrix))
  }
}

extension NoiseMaps {
  /// What was computed, in a sentence.
  var account: String {
    let source =
      switch source {
      case .weights: "from the weights of the reconstruction"
      case .replicas(let count): "from \(count) replicas with added noise"
      }
    return "The g factor and the noise are \(source), for the best combination of channels; "
      + "g is the noise over that of the fully sampled scan and the root of the acceleration."
  }
}
