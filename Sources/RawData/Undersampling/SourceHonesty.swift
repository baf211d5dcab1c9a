import Foundation
import MRIData
import NDArrays
import Numerics

/// Signs that a scan is not what a retrospective study takes it for: complete, as measured.
///
/// Undersampling data that were zero-filled, interpolated, filtered or completed by symmetry gives results that no
/// real scan would: what the mask leaves out was never independent of what it keeps.
///
/// Looks at the first echo: the energy of every line over all channels, and the samples of the first channel.
///
/// - SeeAlso: E. Shimron et al., "Implicit data crimes: Machine learning bias arising from misuse of public data",
///   PNAS 119(13):e2117203119, 2022, doi:10.1073/pnas.2117203119.
public struct SourceHonesty: Sendable {
  /// What was found, one sentence each; empty for an honest source.
  public let warnings: [String]

  /// Looks at a scan.
  ///
  /// - Throws: ``RawDataError`` if the file is damaged.
  public init(_ source: some ReadoutSource, layout: ScanLayout) throws(RawDataError) {
    var warnings: [String] = []
    let slice = layout.sliceCounters[0]
    let mask = layout.masks(slice: slice)[0]
    let positions = mask.lines * mask.partitions, acquired = mask.acquiredCount
    if acquired < positions {
      warnings.append(
        "the source is not complete: \(acquired) of \(positions) positions were acquired, so it is accelerated, "
          + "elliptical or partial Fourier already")
    }
    if layout.channels == 1 {
      warnings.append("the source has one channel; if channels were combined, k-space is not as measured")
    }
    let places = layout.image.filter { $0.slice == slice && $0.echo == 0 }.sorted {
      $0.acquisition < $1.acquisition
    }
    var samples = NDArray<Complex<Float>>(
      repeating: .zero, shape: [mask.partitions, mask.lines, layout.grid.matrix.x])
    var energies = [Double](repeating: 0, count: positions)
    try Self.read(source, places, layout.grid, &samples, &energies)
    Self.checkEnergies(energies, mask, &warnings)
    Self.checkSymmetry(samples, mask, &warnings)
    self.warnings = warnings
  }

  private static func read(
    _ source: some ReadoutSource, _ places: [PlacedReadout], _ grid: EncodedGrid,
    _ samples: inout NDArray<Complex<Float>>, _ energies: inout [Double]
  ) throws(RawDataError) {
    var placeOf: [Int: PlacedReadout] = [:]
    for place in places { placeOf[place.acquisition] = place }
    let lookup = placeOf
    let headers = source.acquisitions
    let lines = grid.matrix.y, length = grid.matrix.x
    try samples.withUnsafeMutableBufferPointer { (samples) throws(RawDataError) in
      try energies.withUnsafeMutableBufferPointer { (energies) throws(RawDataError) in
        // Averages share a position; the last one written serves as well as any.
        let volume = SharedBuffer(samples), sums = SharedBuffer(energies)
        try source.forEachReadout(places.map(\.acquisition)) { index, values in
          guard let place = lookup[index] else { return }
          let header = headers[index]
          let position = place.partition * lines + place.line
          var energy = 0.0
          for value in values { energy += Double(value.lengthSquared) }
          sums[position] = energy
          let start = grid.readoutStart(of: header)
          for kept in 0..<header.keptCount where (0..<length).contains(start + kept) {
            let stored =
              header.flags.contains(.isReverse) ? header.keptCount - 1 - kept : kept
            volume[position * length + start + kept] = values[Int(header.discardPre) + stored]
          }
        }
      }
    }
  }

  /// Lines without energy were never measured; edges without noise were interpolated or filtered.
  private static func checkEnergies(_ energies: [Double], _ mask: SamplingMask, _ warnings: inout [String]) {
    let flags = mask.isAcquired.elements
    let acquired = energies.indices.filter { flags[$0] }.map { energies[$0] }
    let empty = acquired.count { $0 == 0 }
    if empty > 0 {
      warnings.append(
        "\(empty) of \(acquired.count) lines hold nothing but zeros: the source is zero-filled or undersampled"
      )
    }
    let filled = acquired.filter { $0 > 0 }.sorted()
    guard !filled.isEmpty else { return }
    let typical = filled[filled.count / 2]
    for (axis, extent, other) in [("ky", mask.lines, mask.partitions), ("kz", mask.partitions, mask.lines)]
    where extent >= 8 {
      for (name, edge) in [("first", 0), ("last", extent - 1)] {
        let edges = (0..<other).map { axis == "ky" ? $0 * mask.lines + edge : edge * mask.lines + $0 }
          .filter { flags[$0] && energies[$0] > 0 }.map { energies[$0] }.sorted()
        // Thermal noise is alike everywhere; apodisation and interpolation take it away at the edge.
        guard let middle = edges.dropFirst(edges.count / 2).first, middle < 1e-4 * typical else { continue }
        warnings.append(
          "the \(name) positions along \(axis) hold "
            + String(format: "%.0e", middle / typical)
            + " of a typical line's energy: the source was interpolated or filtered")
      }
    }
  }

  /// Samples that determine their mirror images come from a real-valued image or from conjugate filling.
  ///
  /// ```
  /// |sum S(k) S(-k)| / sum |S(k)|^2      1 if S(-k) = e^(i phi) conj(S(k)) everywhere
  /// ```
  private static func checkSymmetry(
    _ samples: NDArray<Complex<Float>>, _ mask: SamplingMask, _ warnings: inout [String]
  ) {
    let length = samples.shape[2]
    guard mask.acquiredCount * length > 1 else { return }
    var product = Complex<Double>.zero, energy = 0.0
    var pairs = 0
    samples.withUnsafeBufferPointer { values in
      for partition in 0..<mask.partitions {
        for line in 0..<mask.lines where mask[line: line, partition: partition] {
          let z = mirrored(partition, mask.partitions), y = mirrored(line, mask.lines)
          guard mask[line: y, partition: z] else { continue }
          let base = (partition * mask.lines + line) * length, other = (z * mask.lines + y) * length
          for kx in 0..<length {
            let value = values[base + kx], mirror = values[other + mirrored(kx, length)]
            product += Complex(
              Double(value.real * mirror.real - value.imaginary * mirror.imaginary),
              Double(value.real * mirror.imaginary + value.imaginary * mirror.real))
            energy += Double(value.lengthSquared)
            pairs += 1
          }
        }
      }
    }
    guard pairs > 1, energy > 0, product.length > (1 - 1e-5) * energy else { return }
    warnings.append(
      "the source is conjugate-symmetric: it was made from a real-valued image, or completed by symmetry")
  }
}
