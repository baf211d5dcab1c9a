import MRIData

extension NoiseMaps {
  /// The noise that a reconstruction leaves in the images of all slices, cropped to the prescribed field of view.
  ///
  /// - Parameters:
  ///   - method: The reconstruction; where its weights tell the noise, they are asked.
  ///   - stack: The scan.
  ///   - replicas: How noise is found else.
  ///   - progress: Called with the fraction that is done; what it throws ends the work.
  /// - Throws: What the reconstruction throws.
  public init(
    of method: any Reconstruction, _ stack: SliceStack, replicas: PseudoReplicas = .init(),
    progress: (Double) throws -> Void = { _ in }
  ) throws {
    var matrix = stack.slices[0].prescribedMatrix
    if stack.slices.count > 1 { matrix.z = stack.slices.count }
    let slices = try stack.slices.enumerated().map { index, compact in
      let slice = KSpace(compact)
      let maps =
        try (method as? any NoiseAnalysis)?.noiseMaps(for: slice)
        ?? replicas(method, slice) { fraction in
          try progress((Double(index) + fraction) / Double(stack.slices.count))
        }
      return maps.cropped(to: slice.prescribedMatrix)
    }
    self.init(stacking: slices, geometry: stack.geometry.cropped(to: matrix))
  }

  /// What was computed, in a sentence.
  public var account: String {
    let source =
      switch source {
      case .weights: "from the weights of the reconstruction"
      case .replicas(let count): "from \(count) replicas with added noise"
      }
    return "The g factor and the noise are \(source), for the best combination of channels; "
      + "g is the noise over that of the fully sampled scan and the root of the acceleration."
  }
}
