import MRIData
import NDArrays
import Numerics

extension MDI {
  /// Combined echoes and maps on the grid of the channels' images.
  public struct Output: Sendable {
    /// The combined complex echoes, axes `[echo, z, y, x]`.
    ///
    /// Their magnitude is that of the root sum of squares without its noise floor (where the noise level is
    /// known). A voxel's phase at `TE = 0` is lost with the phases of the channels: it is set to zero, so
    /// that echo `k` has the phase `2 pi f TE_k` of its off-resonance `f` plus the noise of that echo. Where `f`
    /// is known only up to multiples of ``fieldPeriod``, all echoes of a voxel share a step of
    /// `2 pi TE_1 / dTE` across a wrap of ``field``, which is a whole turn only if `TE_1` is a multiple of
    /// the echo spacing `dTE`.
    public var echoes: ImageVolumes<Complex<Float>>

    /// The off-resonance in `(-fieldPeriod / 2, fieldPeriod / 2]` [Hz]; paramagnetic is positive.
    public var field: ImageVolumes<Float>

    /// The standard deviation of ``field`` due to noise [Hz].
    ///
    /// At most that of a uniform distribution over the period. `nil` if the noise level is neither known nor to
    /// be had from the data: of two echoes of a single channel the scatter of the field tells it, if enough of them
    /// are bright.
    public var fieldNoise: ImageVolumes<Float>?

    /// The effective transverse relaxation rate R2* [1/s]; noise may make it negative.
    public var r2Star: ImageVolumes<Float>

    /// The interval at which the field repeats, one over the shortest time between two echoes [Hz].
    public var fieldPeriod: Double

    /// The noise that ``fieldNoise`` is based on: what the images state, or an estimate from the misfit.
    public var noise: NoiseLevel

    /// The phase that was taken out of reversed echoes, for scans with alternating readouts.
    public var oddEvenPhase: OddEvenPhase?

    /// What the scanner was told.
    public var parameters: ScanParameters

    /// What was assumed from the raw data to here, one sentence each.
    public var assumptions: [String]

    /// The magnitude of every echo, axes `[echo, z, y, x]`.
    public var magnitude: ImageVolumes<Float> {
      // The length is scaled where its square would leave single precision; that of NaN is infinite.
      echoes.map { $0.isFinite ? $0.length : $0.lengthSquared.squareRoot() }
    }
  }
}
