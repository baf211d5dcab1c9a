import MRIData
import Numerics

extension ScanParameters {
  /// A multi-echo spoiled gradient-echo scan at 3 T: TR 30.2 ms, flip angle 15 degrees, echoes of one polarity
  /// from 3.3 ms on in steps of 3.1 ms.
  public static func spoiledGradientEcho(echoes: Int = 8) -> ScanParameters {
    spoiledGradientEcho(echoTimes: (0..<echoes).map { 3.3e-3 + 3.1e-3 * Double($0) })
  }

  /// A spoiled gradient-echo scan at 3 T with given echo times [s]: TR 30.2 ms, flip angle 15 degrees.
  public static func spoiledGradientEcho(echoTimes: [Double]) -> ScanParameters {
    ScanParameters(
      echoTimes: echoTimes, fieldStrength: 3, repetitionTime: 30.2e-3, flipAngle: 15 * .pi / 180,
      dwellTime: 8e-6, protocolName: "numerical head, 3D multi-echo GRE", manufacturer: "KSpaceToolkit",
      model: "kspace phantom", patientPosition: "HFS")
  }
}

/// The steady state of a spoiled gradient-echo sequence with a slab-selective pulse.
///
/// ```
/// S(TE) = PD sin(a) (1 - E1) / (1 - E1 cos(a)) exp(-TE R2*) exp(i 2 pi f TE) exp(i phi0)     E1 = exp(-TR / T1)
/// ```
struct SpoiledGradientEcho {
  let repetitionTime: Double
  let flipAngle: Double
  /// The thickness of the slab, the field of view along the second phase encoding [m].
  let slab: Double

  init(_ parameters: ScanParameters, geometry: Geometry) {
    repetitionTime = parameters.repetitionTime ?? 30.2e-3
    flipAngle = parameters.flipAngle ?? 15 * .pi / 180
    slab = geometry.fieldOfView.z
  }

  /// The magnitude at TE = 0 at a distance from the middle of the slab [m].
  ///
  /// The flip angle falls off at both ends, to one half 4 % of the slab inside its edges.
  func magnitude(_ tissue: TissueProperties, atSlabPosition position: Double) -> Double {
    let profile = 1 / (1 + Double.exp((abs(position) / slab - 0.46) / 0.01))
    let angle = flipAngle * profile
    let recovery = Double.exp(-repetitionTime / tissue.longitudinalRelaxationTime)
    return tissue.protonDensity * Double.sin(angle) * (1 - recovery) / (1 - recovery * Double.cos(angle))
  }

  /// The phase at TE = 0 that all channels share [rad]: that of the transmit field, up to about `pi` at the
  /// surface of the head.
  ///
  /// - Parameter position: The position in the patient [m], LPS.
  static func initialPhase(at position: SIMD3<Double>) -> Double {
    let p = position / 0.09
    return 0.4 + 1.6 * (p * p).sum() + 0.5 * p.x * p.y + 0.4 * p.x - 0.5 * p.y + 0.3 * p.z
  }
}
