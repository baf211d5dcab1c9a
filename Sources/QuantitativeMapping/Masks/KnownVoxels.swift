import MRIData
import NDArrays
import QSM

/// The voxels of a mask whose field is known, and what was said of the others.
///
/// ```
/// known:  f finite (and not 0 for want of a field, where it was unwrapped before),  signal,
///         0 < sigma_f < period / 6,  and <= 5 medians of the mask, or <= 0.02 ppm where those enclose it
/// ```
///
/// Beside air, dephasing leaves no signal and no phase. The removal of the background would spread what is there instead
/// over its spheres, a centimetre into the brain. Nuclei full of iron have little signal at late echoes, too, but a field
/// that is known to a fifth of what they make is worth having, however well others are known: each voxel that is missing
/// within them costs all around it, where no sphere fits any more. And with noise of a sixth of the period, one
/// neighbour in twenty would be on a wrong turn by noise alone.
///
/// This is the one rule for all ways to a susceptibility.
public struct KnownVoxels: Sendable {
  /// The known part of the mask.
  public let mask: BrainMask
  /// The noise of the field that voxels are weighted by; `nil` where it is not known, or zero everywhere.
  public let noise: ImageVolumes<Float>?
  /// The number of voxels that were left out.
  public let omitted: Int
  /// What the user must know, one sentence each.
  public let remarks: [String]

  /// The largest noise of a field that maps are made of, in medians over the mask.
  public static let largestNoise: Float = 5
  /// The noise up to which a field is known among known voxels, whatever the median is [ppm].
  public static let smallNoise = 0.02

  /// Finds the known voxels of a mask.
  ///
  /// - Throws: ``MappingError/noField(reason:)`` if there is no field, ``MappingError/nothingKnown(voxels:)``.
  public init(of mask: BrainMask, in maps: EchoMaps) throws(MappingError) {
    guard let field = maps.field else { throw .noField(reason: "the echoes tell none") }
    let values = field.values.voxels.elements, signal = maps.combinedMagnitude?.voxels.elements
    let deviations = field.noise?.voxels.elements
    let flags = mask.isInside.elements, inside = flags.indices.filter { flags[$0] }
    let sorted = deviations.map { all in inside.map { all[$0] }.filter { $0 > 0 && $0.isFinite }.sorted() }
    // Fields without wraps are zero where nobody knew them.
    let measured = field.period == nil ? field.values[0].measuredZeros(within: mask.isInside).elements : nil
    let tells = inside.map { index in
      values[index].isFinite && (signal?[index] ?? 1) > 0 && (values[index] != 0 || measured?[index] ?? true)
    }
    /// The voxels whose noise is at most a limit.
    func known(upTo limit: Float?) -> NDArray<Bool> {
      var result = mask.isInside
      result.withUnsafeMutableBufferPointer { flags in
        for (index, tells) in zip(inside, tells) {
          let deviation = limit == nil ? nil : deviations?[index]
          flags[index] = tells && deviation.map { $0 > 0 && $0 <= limit ?? 0 } ?? true
        }
      }
      return result
    }
    let isInside: NDArray<Bool>
    if let sorted, !sorted.isEmpty {
      let largest = Float(field.period.map { $0 / 6 } ?? .infinity), median = sorted[sorted.count / 2]
      let small =
        Self.smallNoise * 1e-6 * maps.parameters.fieldStrength * ScanParameters.protonGyromagneticRatio
      noise = field.noise
      let sure = known(upTo: min(Self.largestNoise * median, largest))
      let enclosed = Morphology(voxelSize: mask.geometry.voxelSize).withHolesFilled(sure)
      let fair = known(upTo: min(max(Self.largestNoise * median, Float(small)), largest))
      isInside = enclosed.combined(with: fair) { $0 && $1 }
    } else {
      noise = nil
      isInside = known(upTo: nil)
    }
    self.mask = BrainMask(isInside, geometry: mask.geometry, origin: mask.origin)
    omitted = inside.count - self.mask.count
    guard omitted < inside.count else { throw .nothingKnown(voxels: inside.count) }
    var remarks: [String] = []
    if omitted > 0 {
      remarks.append(
        "\(omitted) of \(inside.count) voxels of the mask were left out: without signal or field, or of noise beyond five "
          + "times the median or a sixth of the period.")
    }
    if let sorted, !sorted.isEmpty, sorted.count < inside.count, field.noise != nil {
      let unknown = inside.count - sorted.count
      remarks.append(
        "The noise map has no positive value in \(unknown) of the mask's voxels, whose field counts as unknown."
      )
    }
    let parts = self.mask.parts
    if parts > 1 {
      remarks.append(
        "The mask has \(parts) parts that do not touch"
          + (field.period.map { ": the field between them is known up to multiples of \($0.rounded(1)) Hz." }
            ?? "."))
    }
    self.remarks = remarks
  }
}

extension Double {
  /// The number with so many decimals at most, as people write it.
  func rounded(_ decimals: Int) -> String {
    let scale = (0..<decimals).reduce(1.0) { scale, _ in 10 * scale }
    let value = (self * scale).rounded() / scale
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }
}
