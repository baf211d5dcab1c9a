import Numerics

/// Where the samples of readouts lie along `kx`, where it is not at an even pace.
struct SamplePositions: Sendable {
  /// What says where.
  enum Source: Sendable, Equatable {
    /// The header's description of the gradient.
    case trapezoid(ReadoutTrapezoid)
    /// The trajectory of readouts.
    case trajectory
  }

  let source: Source
  /// The positions of all samples of a forward line in the order of time, in steps of the grid from its centre.
  let forward: [Double]
  /// Those of a reversed line in the order of time.
  let reversed: [Double]

  /// By the gradient that a header describes.
  init(_ trapezoid: ReadoutTrapezoid, extent: Int) {
    source = .trapezoid(trapezoid)
    forward = trapezoid.positions(onGridOf: extent)
    reversed = forward.map(-)
  }

  /// By trajectories, in steps of the grid.
  init(trajectory forward: [Double], reversed: [Double]) {
    source = .trajectory
    self.forward = forward
    self.reversed = reversed
  }

  /// Whether all positions are numbers whose phases on a grid can be told.
  var arePossible: Bool { (forward + reversed).allSatisfy { abs($0) <= 1e6 } }

  /// The positions of the kept samples of a readout; `nil` if it is none of those that they are known for.
  func kept(of readout: AcquisitionHeader) -> [Double]? {
    let all = readout.flags.contains(.isReverse) ? reversed : forward
    guard Int(readout.sampleCount) == all.count, readout.keptCount > 1 else { return nil }
    return Array(all[Int(readout.discardPre)..<Int(readout.discardPre) + readout.keptCount])
  }

  /// What samples are multiplied by because Siemens' receivers demodulate at one frequency, that of the flat top, where
  /// a slice lies beside the centre of the magnet along the readout.
  ///
  /// ```
  /// exp(-+ 2 pi i x0 / FOV (k[n] - (n - n0) dk))        dk the largest step; - for forward, + for reversed lines
  /// ```
  ///
  /// - Parameters:
  ///   - readout: The header that says where the slice lies.
  ///   - fieldOfView: The encoded field of view along the readout [m].
  /// - Returns: `nil` where there is nothing to do.
  func demodulation(of readout: AcquisitionHeader, fieldOfView: Double, maker: String?) -> [Complex<Float>]? {
    guard case .trapezoid = source, maker?.uppercased().contains("SIEMENS") == true, fieldOfView > 0 else {
      return nil
    }
    let product = readout.position * readout.readDirection
    let offset = Double(product.x + product.y + product.z) * 1e-3
    guard abs(offset) > 1e-6 else { return nil }
    let step = zip(forward.dropFirst(), forward).map { $0 - $1 }.max() ?? 0
    let middle = Double(forward.count - 1) / 2
    let sign = readout.flags.contains(.isReverse) ? 1.0 : -1.0
    let kept = Int(readout.discardPre)..<Int(readout.discardPre) + readout.keptCount
    // Lines of another length are not those of the description.
    guard kept.upperBound <= forward.count else { return nil }
    return kept.map { sample in
      let excess = forward[sample] - (Double(sample) - middle) * step
      return Complex(length: 1, phase: Float(sign * 2 * .pi * offset / fieldOfView * excess))
    }
  }
}
