import MRIData
import NDArrays

/// ROMEO: phase unwrapped along the most reliable edges between voxels first.
///
/// ```
/// cost(i, j) = round(255 (1 - prod_k (0.1 + 0.9 q_k)))       q_k in 0...1, how well the two voxels go together
/// phi_j     <- phi_j - 2 pi round((phi_j - phi_i) / 2 pi)     along the spanning tree that grows by the smallest cost
/// ```
///
/// Of several echoes one, the template, is unwrapped in space, and the others follow it in time:
/// `phi_e` goes next to `phi_(e-1) TE_e / TE_(e-1)`. Every voxel changes by a multiple of `2 pi` and nothing else.
/// Voxels that no edge reaches, such as NaN or voxels outside of the mask, keep their value; the others are not
/// disturbed by them.
///
///     let unwrapped = try ROMEO()(phase, echoTimes: [0.004, 0.008, 0.012], magnitude: magnitude)
///
/// Costs, their order and ties are those of the authors' implementation, so that results agree wrap by wrap. As there,
/// an edge belongs to the mask if its first voxel does, and beyond the end of a row lies the next one where the
/// linearity of three voxels is judged.
///
/// With several ``seeds`` this is also the closest documented equivalent of unwrapping by region growing from
/// prioritised, screened seed points (SPUN), whose text is not public; no more is claimed.
///
/// - SeeAlso: B. Dymerska, K. Eckstein et al., "Phase unwrapping with a rapid opensource minimum spanning tree
///   algorithm (ROMEO)", Magn. Reson. Med. 85(4):2294-2308, 2021, doi:10.1002/mrm.28563.
public struct ROMEO: Sendable, Equatable {
  /// How neighbouring voxels are judged.
  public enum Weights: String, Sendable, CaseIterable {
    /// Coherence of the phase, of its change between echoes, and of the magnitude, and the phase's linearity; known
    /// as `romeo4` too.
    case romeo
    /// Coherence of the phase and of the magnitude.
    case romeo2
    /// Coherence of the phase, of its change between echoes, and of the magnitude.
    case romeo3
    /// All of ``romeo``, and the size of the magnitude: neither dark nor overly bright voxels are trusted.
    case romeo6
    /// The second differences of the phase, as in H. S. Abdul-Rahman et al., doi:10.1364/AO.46.006623.
    case bestpath
  }

  /// How neighbouring voxels are judged.
  public var weights: Weights
  /// The index of the echo that is unwrapped in space.
  public var template: Int
  /// Whether every echo is unwrapped in space, rather than following the template in time.
  public var isIndividual: Bool
  /// The largest number of regions that grow at the same time, each from the best voxel that is left; 1 to 255.
  ///
  /// A new region starts when only edges worse than halfway between its seed and the worst are left, or where nothing
  /// connects the rest.
  public var seeds: Int
  /// Whether neighbouring regions are put on the same turn afterwards, by the vote of the edges between them.
  public var mergesRegions: Bool
  /// Whether the median of every region (after merging) is brought to the turn nearest to zero.
  public var centersRegions: Bool
  /// Whether the median of the whole, in the mask or where there is signal, is brought to the turn nearest to zero, and with ``isIndividual`` that of later
  /// echoes to the one that the echo before predicts.
  public var correctsGlobalWraps: Bool
  /// Whether voxels that end more than a quarter turn from what the echo before predicts are unwrapped in space again.
  public var rechecksUncertainVoxels: Bool
  /// By how much neighbours may differ beyond half a turn where the phase has been rising like that before [rad],
  /// 0 to pi.
  public var slopeAllowance: Float

  /// Creates the method with the authors' defaults.
  public init(
    weights: Weights = .romeo, template: Int = 0, isIndividual: Bool = false, seeds: Int = 1,
    mergesRegions: Bool = false, centersRegions: Bool = false, correctsGlobalWraps: Bool = false,
    rechecksUncertainVoxels: Bool = false, slopeAllowance: Float = 0
  ) {
    self.weights = weights
    self.template = template
    self.isIndividual = isIndividual
    self.seeds = seeds
    self.mergesRegions = mergesRegions
    self.centersRegions = centersRegions
    self.correctsGlobalWraps = correctsGlobalWraps
    self.rechecksUncertainVoxels = rechecksUncertainVoxels
    self.slopeAllowance = slopeAllowance
  }

  /// Unwraps one volume `[z, y, x]`, or the echoes `[echo, z, y, x]` of a scan.
  ///
  /// - Parameters:
  ///   - phase: The phase [rad].
  ///   - echoTimes: The echo times [s]; of one volume they are not used.
  ///   - magnitude: The magnitude, of the phase's shape.
  ///   - mask: Where to unwrap, axes `[z, y, x]`.
  ///   - noise: The standard deviation of the template's phase [rad], axes `[z, y, x]`, which makes edges of noisy
  ///     voxels the last to be taken: a further factor `q = max(0, 1 - sqrt(s_i^2 + s_j^2) / pi)`.
  /// - Throws: ``PhaseUnwrappingError/nothingToUnwrap`` without a single usable edge, ``PhaseUnwrappingError/echoTimes(_:needed:)`` if they
  ///   do not fit the echoes.
  public func callAsFunction(
    _ phase: NDArray<Float>, echoTimes: [Double] = [], magnitude: NDArray<Float>? = nil,
    mask: NDArray<Bool>? = nil, noise: NDArray<Float>? = nil
  ) throws(PhaseUnwrappingError) -> NDArray<Float> {
    try UnwrappingJob(self, phase, echoTimes, magnitude: magnitude, mask: mask, noise: noise).result()
  }

  /// How well each voxel goes together with its neighbours, from 0 to 1: the mean of its edges' weights.
  ///
  /// Where a neighbour is not a number, the edge's weight is zero; at the end of the volume there are fewer edges, where the
  /// authors' method divides by six as elsewhere. ``Weights/bestpath`` judges voxels rather than edges, which has no such
  /// quality: it is that of ``Weights/romeo3``, for one volume that of ``Weights/romeo2``.
  ///
  /// - Parameters: As of ``callAsFunction(_:echoTimes:magnitude:mask:noise:)``; there is no mask.
  /// - Throws: ``PhaseUnwrappingError/echoTimes(_:needed:)`` if they do not fit the echoes.
  public func quality(
    _ phase: NDArray<Float>, echoTimes: [Double] = [], magnitude: NDArray<Float>? = nil
  ) throws(PhaseUnwrappingError) -> NDArray<Float> {
    try UnwrappingJob(self, phase, echoTimes, magnitude: magnitude, mask: nil, noise: nil).quality()
  }
}
