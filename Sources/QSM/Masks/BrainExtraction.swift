import MRIData
import NDArrays

/// A mask of the brain: what is tissue, has a phase, and hangs together within a surface that grows to the brain's edge.
///
/// ```
/// f / level                          even brightness: the level of the head, a Gaussian of 20 mm
/// surface                            grows in it, see BrainSurface
/// tissue   first echo > t level       within 4 mm of the surface; the level that of the brain, a Gaussian of 15 mm
///          t = (1 + q) / 2            q the darkest fiftieth deep in the brain, its fluid; 0.75 where q > 0.7: bright fluid
///          and phase quality > 0.4
/// brain    what 5 mm of erosion leaves connected, and tissue within 7 mm of that; sulci closed, holes filled
/// ```
///
/// Fluid, dark bone and eyes beside the brain hang on it by thin bridges or are darker than tissue, and phase that nothing
/// tells is kept out, as the consensus on susceptibility mapping asks for. Holes inside that are larger than a bridge and
/// have no phase stay holes. Lengths are those of a human head, and as many times smaller as a head is. Objects that fill the
/// volume, and slices, have no surface to be found: there, all is taken that has signal and phase.
///
/// - SeeAlso: QSM Consensus Organization Committee, "Recommended implementation of quantitative susceptibility mapping for
///   clinical research in the brain", Magn Reson Med 91:1834, 2024, doi:10.1002/mrm.30006.
public struct BrainExtraction: Sendable, Equatable {
  /// The surface that the brain is looked for in.
  public var surface: BrainSurface
  /// The brightness of the first echo above which a voxel is tissue rather than fluid or bone, as a share of the brain's;
  /// it follows from the image where absent.
  public var brightness: Double?
  /// The quality of the phase, 0 to 1, below which it is taken for noise.
  ///
  /// Air reaches 0.3 in one voxel of a hundred; of tissue less than one in a thousand is below 0.4.
  public var quality = 0.4
  /// By how much the mask is eroded in the end [m].
  public var erosion: Double

  /// Creates the method.
  ///
  /// - Parameters:
  ///   - fraction: See ``BrainSurface/fraction``.
  ///   - erosion: By how much the mask is eroded in the end [m].
  public init(fraction: Double = 0.5, erosion: Double = 0) {
    surface = BrainSurface(fraction: fraction)
    self.erosion = erosion
  }

  /// The mask of a scan: 1 inside, 0 outside.
  ///
  /// - Parameters:
  ///   - magnitude: One volume of high contrast to air, such as the root of the summed squares of all echoes.
  ///   - first: The first echo, whose fluid is dark.
  ///   - quality: How well the phase of a voxel goes with its neighbours', 0 to 1, axes `[z, y, x]`; `nil` if not known.
  /// - Throws: ``QSMError/noObject(_:)`` if nothing is found.
  public func callAsFunction(
    _ magnitude: ImageVolumes<Float>, first: ImageVolumes<Float>, quality: NDArray<Float>? = nil
  ) throws(QSMError) -> ImageVolumes<UInt8> {
    let size = magnitude.geometry.voxelSize, morphology = Morphology(voxelSize: size)
    let object = VisibleObject(magnitude)
    let isTrusted = (quality ?? object.isBright.map { _ in 1 }).map { [limit = Float(self.quality)] in
      $0 > limit
    }
    var mask: NDArray<Bool>
    if object.fillsVolume || object.isThin {
      mask = morphology.withHolesFilled(morphology.largestPart(of: object.isBright && isTrusted))
    } else {
      let unit = object.unit
      func even(_ image: NDArray<Float>) -> NDArray<Float> {
        Shading(
          of: image, where: object.isBright, voxelSize: size, deviation: 20e-3 * unit, share: 0.8
        ).flattened(image)
      }
      let inside = try surface(ImageVolumes(even(magnitude[0]), geometry: magnitude.geometry))[0]
        .map { $0 != 0 }
      let tissue =
        morphology.dilated(inside, by: 4e-3 * unit) && isTrusted
        && isTissue(even(first[0]), within: inside, voxelSize: size, unit: unit)
      mask = connected(tissue, morphology, unit: unit)
    }
    // Where the phase is lost, and not just in one voxel, the mask has a hole.
    mask = mask && !morphology.opened(mask && !isTrusted, by: 1.01 * size.min())
    mask = morphology.eroded(mask, by: erosion)
    guard mask.withUnsafeBufferPointer({ $0.contains(true) }) else { throw .noObject("brain extraction") }
    return ImageVolumes(mask.map { $0 ? 1 : 0 }, geometry: magnitude.geometry)
  }

  /// Whether voxels are as bright as the brain around them.
  private func isTissue(
    _ first: NDArray<Float>, within surface: NDArray<Bool>, voxelSize: SIMD3<Double>, unit: Double
  ) -> NDArray<Bool> {
    let core = Morphology(voxelSize: voxelSize).eroded(surface, by: 6e-3 * unit)
    let isThick = core.withUnsafeBufferPointer { $0.contains(true) }
    let sample = isThick ? core : surface
    let even = Shading(
      of: first, where: sample, voxelSize: voxelSize, deviation: 15e-3 * unit, share: 0.7
    ).flattened(first)
    let fluid = even.percentile(0.02, within: sample)
    let limit = brightness.map(Float.init) ?? (fluid < 0.7 ? (1 + fluid) / 2 : 0.75)
    return even.map { $0 > limit }
  }

  /// The largest part of the tissue without what thin bridges connect to it, sulci included.
  private func connected(_ tissue: NDArray<Bool>, _ morphology: Morphology, unit: Double) -> NDArray<Bool> {
    let sealed = morphology.withHolesFilled(morphology.closed(tissue, by: 2e-3 * unit))
    let seed = morphology.largestPart(of: morphology.eroded(sealed, by: 5e-3 * unit))
    let opened = sealed && morphology.dilated(seed, by: 5e-3 * unit)
    let kept = tissue && morphology.dilated(seed, by: 7e-3 * unit)
    let brain = morphology.largestPart(of: kept || morphology.eroded(opened, by: 2e-3 * unit))
    return morphology.withHolesFilled(morphology.closed(brain, by: 3e-3 * unit))
  }
}
