import Files
import LinearAlgebra
import MRIData
import NDArrays
import Numerics

/// How the noise of the receive channels is correlated, from a scan without signal.
///
/// ```
/// C[i, j] = E(n[i] conj(n[j]))     of a sample of the image lines
/// C / 2 = L L^H,  W = L^(-1)       W n: uncorrelated, real and imaginary parts of standard deviation 1
/// ```
///
/// The mean is not removed: thermal noise has none, and an offset of the receivers is noise to the image as well.
/// Noise power is proportional to the bandwidth, so that samples of dwell time `t'` instead of `t` have the
/// covariance `C t / t'`; the receivers' filter, which passes only a part `b` of the nominal bandwidth of the
/// noise scan, adds a factor `1 / b`.
///
/// - SeeAlso: P. Kellman, E. McVeigh, "Image reconstruction in SNR units", MRM 54:1439, 2005,
///   doi:10.1002/mrm.20713.
public struct NoiseCovariance: Sendable {
  /// The covariance of one complex sample of the image lines, axes `[channel, channel]`.
  public let matrix: NDArray<Complex<Double>>
  /// The number of noise samples per channel.
  public let sampleCount: Int

  /// The channels, counted from 0, in which there is no noise beside that of the others.
  public var silentChannels: [Int] {
    let channels = matrix.shape[0]
    let powers = (0..<channels).map { matrix[$0, $0].real }
    let largest = powers.max() ?? 0
    return powers.indices.filter { powers[$0] <= Self.silence * largest }
  }

  /// The channel, counted from 0, beside which all others seem silent although there is noise in them; `nil` if there is
  /// none.
  private var loudChannel: Int? {
    let channels = matrix.shape[0]
    let powers = (0..<channels).map { matrix[$0, $0].real }.enumerated().sorted { $0.element > $1.element }
    guard powers.count > 2, powers[1].element <= Self.silence * powers[0].element,
      powers[powers.count - 1].element > Self.silence * powers[1].element
    else { return nil }
    return powers[0].offset
  }

  /// The power over that of the loudest channel up to which a channel is silent: no receiver has a hundred-thousandth of
  /// another one's gain.
  private static let silence = 1e-10

  /// The matrix that whitens, or a finding that says why there is none.
  func whitening(_ findings: inout [Finding]) -> NDArray<Complex<Float>>? {
    let silent = silentChannels
    var reason: String?
    if let loud = loudChannel {
      reason =
        "channel \(loud + 1) (counted from 1) is a hundred thousand times louder in it than all others, or more"
    } else if !silent.isEmpty {
      reason =
        "\(silent.count == 1 ? "channel" : "channels") \(listed(silent.map { $0 + 1 })) (counted from 1) without noise in it"
    } else {
      do {
        let whitening = try whitening()
        let isFinite = whitening.elements.allSatisfy { $0.isFinite }
        if isFinite { return whitening }
        reason = "its channels are copies of each other"
      } catch {
        reason = "its channels are copies of each other (\(error))"
      }
    }
    findings.append(
      .warning(
        "the noise scan does not whiten: \(reason ?? "")",
        assuming: "nothing about the noise; channels are not whitened"))
    return nil
  }

  /// The matrix `W` that whitens, axes `[channel, channel]`, lower triangular.
  ///
  /// - Throws: ``LinearAlgebraError`` if a channel is silent or a copy of others.
  public func whitening() throws(LinearAlgebraError) -> NDArray<Complex<Float>> {
    let half = matrix.map { Complex($0.real / 2, $0.imaginary / 2) }
    return try inverseOfLowerTriangle(choleskyFactor(of: half)).map {
      Complex(Float($0.real), Float($0.imaginary))
    }
  }
}

extension NoiseCovariance {
  /// More readouts than these (65,000 samples or so) would not change the estimate noticeably.
  private static let largestNumberOfReadouts = 256

  /// Estimates the covariance from the noise readouts of a layout; `nil` if it uses none, or if nobody knows their
  /// bandwidth: a level of noise that is wrong by orders of magnitude makes images of noise, one that is estimated does not.
  ///
  /// - Throws: ``RawDataError`` if samples are missing or not finite.
  init?(_ source: some ReadoutSource, layout: ScanLayout) throws(RawDataError) {
    let acquisitions = source.acquisitions, channels = layout.channels
    let isKnown = layout.noise.allSatisfy {
      Plausible.dwellTime.contains(Double(acquisitions[$0].sampleTime) * 1e-6)
    }
    guard !layout.noise.isEmpty, isKnown, layout.parameters.dwellTime != nil else { return nil }
    // Readouts are summed in the order of time, so that the order of the file does not show in the last bit.
    let chosen = layout.noise.sorted { acquisitions[$0].scanCounter < acquisitions[$1].scanCounter }
      .prefix(Self.largestNumberOfReadouts)
    let slots = Dictionary(uniqueKeysWithValues: zip(chosen, 0...))
    var parts = NDArray<Complex<Double>>(repeating: .zero, shape: [chosen.count, channels, channels])
    try parts.withUnsafeMutableBufferPointer { (buffer) throws(RawDataError) in
      let parts = SharedBuffer(buffer)
      try source.forEachReadout(chosen.sorted()) { (index, samples) throws(RawDataError) in
        guard samples.areFinite else { throw .notFinite(acquisition: index, in: source.path) }
        guard let slot = slots[index] else { return }
        accumulate(
          samples, channels: channels,
          into: parts[slot * channels * channels..<(slot + 1) * channels * channels])
      }
    }
    let imageDwell = layout.parameters.dwellTime
    let bandwidth = Self.bandwidth(source.header)
    let total = chosen.reduce(0) { $0 + Int(acquisitions[$1].sampleCount) }
    var sum = NDArray<Complex<Double>>(repeating: .zero, shape: [channels, channels])
    sum.withUnsafeMutableBufferPointer { sum in
      for (slot, index) in chosen.enumerated() {
        let dwell = Double(acquisitions[index].sampleTime) * 1e-6
        let ratio = imageDwell.map { Plausible.dwellTime.contains(dwell) ? dwell / $0 : 1 } ?? 1
        let scale = ratio / bandwidth / Double(total)
        for (element, product) in parts.part(at: slot).elements.enumerated() {
          sum[element] += Complex(product.real * scale, product.imaginary * scale)
        }
      }
    }
    matrix = sum
    sampleCount = total
  }
}

extension NoiseCovariance {
  /// The noise bandwidth over the sampling rate, if the header states one that can be.
  private static func bandwidth(_ header: MRDHeader) -> Double {
    header.relativeNoiseBandwidth.flatMap { Plausible.noiseBandwidth.contains($0) ? $0 : nil } ?? 1
  }

  /// Names what headers leave open of the scale of noise.
  static func check(
    _ scans: [AcquisitionHeader], _ header: MRDHeader, _ imageDwell: Double?, _ findings: inout [Finding]
  ) {
    let times = Set(scans.map(\.sampleTime))
    let odd = times.first { !Plausible.dwellTime.contains(Double($0) * 1e-6) }
    if odd != nil || imageDwell == nil {
      findings.append(
        .warning(
          odd.map { String(format: "the noise scan states a sample time of %g us, which cannot be", $0) }
            ?? "the image lines state no sample time beside that of the noise scan",
          assuming: "nothing about the level of noise; channels are not whitened"))
    }
    if let stated = header.relativeNoiseBandwidth, !Plausible.noiseBandwidth.contains(stated) {
      findings.append(
        .warning(
          String(
            format: "the header states a relative receiver noise bandwidth of %g, which cannot be", stated),
          assuming: "1"))
    }
  }
}

/// Adds up `n[i] conj(n[j])` over the samples of one readout, axes `[channel, sample]`.
private func accumulate(
  _ samples: UnsafeBufferPointer<Complex<Float>>, channels: Int,
  into matrix: UnsafeMutableBufferPointer<Complex<Double>>
) {
  let count = samples.count / channels
  for row in 0..<channels {
    for column in 0...row {
      var real = 0.0, imaginary = 0.0
      for sample in 0..<count {
        let a = samples[row * count + sample], b = samples[column * count + sample]
        let (ar, ai, br, bi) = (Double(a.real), Double(a.imaginary), Double(b.real), Double(b.imaginary))
        real += ar * br + ai * bi
        imaginary += ai * br - ar * bi
      }
      matrix[row * channels + column] = Complex(real, imaginary)
      matrix[column * channels + row] = Complex(real, -imaginary)
    }
  }
}

extension UnsafeBufferPointer<Complex<Float>> {
  /// Whether squares of samples, and sums of millions of them, are numbers that `Float` holds.
  var haveFiniteSquares: Bool {
    withMemoryRebound(to: Float.self) { numbers in
      var largest = SIMD8<Float>.zero
      var tail: Float = 0
      let whole = numbers.count / 8 * 8
      for start in stride(from: 0, to: whole, by: 8) {
        let values = UnsafeRawPointer(numbers.baseAddress.unsafelyUnwrapped + start)
          .loadUnaligned(as: SIMD8<Float>.self)
        largest = pointwiseMax(largest, values.replacing(with: -values, where: values .< 0))
      }
      for index in whole..<numbers.count { tail = Swift.max(tail, abs(numbers[index])) }
      return Swift.max(largest.max(), tail) < 1e15
    }
  }
}

extension RawDataError {
  /// The error for samples that are no numbers.
  static func notFinite(acquisition: Int, in path: String) -> RawDataError {
    RawDataError(
      .malformed, in: path,
      "the samples of acquisition \(acquisition) are not all finite (NaN or infinity), or beyond any receiver's values",
      remedy: "Export the scan again; a converter or a disk has damaged it")
  }
}
