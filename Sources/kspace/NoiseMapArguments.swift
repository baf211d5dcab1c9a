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
    if !noiseMap, replicas != 32 || noiseSeed != 1 {
      throw ValidationError("--replicas and --noise-seed belong to --noise-map.")
    }
    if replicas < 2 { throw ValidationError("--replicas \(replicas): at least two are needed.") }
  }

  /// How noise is found where it does not follow from weights.
  var method: PseudoReplicas { PseudoReplicas(count: replicas, seed: noiseSeed) }
}
