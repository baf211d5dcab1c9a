import MRIData
import NDArrays
import Numerics

/// What makes ordinary Cartesian lines of the readouts of an echo-planar scan.
///
/// ```
/// samples -> kx of the grid -> image along x -> odd/even phase taken away -> kx
///           ReadoutResampling                   OddEvenPhase
/// ```
///
/// Lines lie where their counters say: shots, blips and partial Fourier need nothing else. All that follows sees a scan
/// like any other. What happens along `ky` while a train of lines is read out, distortion and blurring, stays as it is.
struct EchoPlanarCorrection: Sendable {
  /// The readouts that one map onto the grid serves.
  struct Kind: Hashable {
    let encodingSpace: UInt16
    let sampleCount: UInt16
    let discardPre: UInt16
    let discardPost: UInt16
    let isReversed: Bool
    /// Whether it belongs to separate calibration lines, which may have been read out otherwise.
    let isCalibration: Bool
    /// The slice counter, where the map depends on where the slice lies.
    let slice: UInt16?
  }

  /// The readouts that share an odd/even phase.
  struct Group: Hashable {
    let slice: UInt16
    let contrast: UInt16
    let isCalibration: Bool
  }

  /// The maps onto the grid; readouts without one are sampled at an even pace.
  let resamplings: [Kind: ReadoutResampling]
  /// Whether the maps depend on the slice.
  let isSliceSpecific: Bool
  /// The phases of each channel.
  private(set) var phases: [Group: [OddEvenPhase]] = [:]
  /// The factors for forward and reversed lines, axes `[channel, x]`.
  private var factors: [Group: [[Complex<Float>]]] = [:]

  init(resamplings: [Kind: ReadoutResampling], isSliceSpecific: Bool) {
    self.resamplings = resamplings
    self.isSliceSpecific = isSliceSpecific
  }

  /// Sets the phase of a group, for every channel.
  ///
  /// - Parameter extent: The number of points of the encoded grid along the readout.
  mutating func setPhases(_ phases: [OddEvenPhase], of group: Group, extent: Int) {
    self.phases[group] = phases
    factors[group] = [false, true].map { isReversed in
      phases.flatMap { $0.factors(isReversed: isReversed, extent: extent) }
    }
  }

  /// The map for a readout.
  func resampling(of readout: AcquisitionHeader) -> ReadoutResampling? {
    resamplings.isEmpty ? nil : resamplings[kind(of: readout)]
  }

  /// What a readout's image along `x` is multiplied by, axes `[channel, x]`; `nil` for nothing.
  func phaseFactors(of readout: AcquisitionHeader) -> [Complex<Float>]? {
    factors[readout.group]?[readout.flags.contains(.isReverse) ? 1 : 0]
  }

  /// The kind of a readout.
  func kind(of readout: AcquisitionHeader) -> Kind {
    Kind(
      encodingSpace: readout.encodingSpace, sampleCount: readout.sampleCount,
      discardPre: readout.discardPre, discardPost: readout.discardPost,
      isReversed: readout.flags.contains(.isReverse), isCalibration: readout.isSeparateCalibration,
      slice: isSliceSpecific ? readout.counters.slice : nil)
  }

  /// The largest noise in the images of a readout over that of its samples.
  func noiseGain(of readout: AcquisitionHeader) -> Double { resampling(of: readout)?.noiseGain ?? 1 }
}

extension AcquisitionHeader {
  /// The readouts that share its odd/even phase.
  var group: EchoPlanarCorrection.Group {
    EchoPlanarCorrection.Group(
      slice: counters.slice, contrast: counters.contrast, isCalibration: isSeparateCalibration)
  }

  /// Whether it is for calibration only, or a navigator of lines that are.
  var isSeparateCalibration: Bool {
    flags.contains(.isCalibration) && !flags.contains(.isCalibrationAndImaging)
  }
}
