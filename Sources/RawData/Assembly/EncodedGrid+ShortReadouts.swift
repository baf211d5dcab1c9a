import MRIData

extension EncodedGrid {
  /// Tells what readouts are that do not reach to either end of the header's matrix: without the oversampling that the
  /// header states, or with less resolution than it states.
  ///
  /// No scanner oversamples and then leaves out so much that as many samples remain as the prescribed field of view takes
  /// of the matrix: that is what is left once oversampling was removed.
  ///
  /// - Parameter sampled: The grid that the readouts take.
  /// - Returns: Whether they are without the oversampling.
  mutating func settleShortReadout(
    _ encoding: MRDHeader.Encoding?, _ header: Extents, _ options: ReadingOptions, sampled: Int,
    _ findings: inout [Finding]
  ) -> Bool {
    let rest = "x\(matrix.y)x\(matrix.z)`"
    if options.fieldOfView == nil, let encoding, let view = fieldOfView[0] {
      let prescribed = encoding.reconSpace.fieldOfView.x, left = Double(header.x) * prescribed / view
      if (0.2...0.8).contains(prescribed / view), abs(Double(sampled) - left) <= max(1, 0.02 * left) {
        matrix.x = sampled
        fieldOfView[0] = prescribed
        findings.append(
          .warning(
            "readouts have \(sampled) samples, but the header encodes \(header.x) points along the readout over "
              + "\(Self.millimetres(view)), of which images show \(Self.millimetres(prescribed))",
            assuming:
              "readout oversampling was removed before; the samples lie over \(Self.millimetres(prescribed))",
            remedy: "`matrix: \(header.x)\(rest) says that the header's points were not all sampled"))
        return true
      }
    }
    if statesReadoutCenter, Double(sampled) <= 0.9 * Double(matrix.x) {
      findings.append(
        .warning(
          "readouts take \(sampled) of the \(matrix.x) points along the readout that the header encodes, on both sides "
            + "of the centre",
          assuming: "the others were not sampled; images are smoother than their voxels are small",
          remedy: "`matrix: \(sampled)\(rest) makes voxels as large as what was sampled"))
    }
    return false
  }
}
