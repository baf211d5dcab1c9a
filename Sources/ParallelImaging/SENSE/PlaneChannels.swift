import MRIData
import NDArrays
import Numerics

/// The channels in which planes are solved: those of the receiver, or fewer, virtual ones that hold nearly all it sees.
///
/// A plane lies at one position of the readout, so each has a mix of its own; its rows are orthonormal, and the noise of
/// whitened channels stays white. Images are seen by all receive channels in the end, as the mix touches samples and
/// sensitivities alike.
struct PlaneChannels: Sendable {
  /// The mix, if there is one.
  let mix: ChannelMix?
  private let sensitivities: [CoilSensitivities]
  /// The mixed sensitivities of each plane, axes `[set, virtual channel, z, y]`.
  private let mixed: [NDArray<Complex<Float>>]

  /// The number of channels.
  var count: Int { mix?.virtualChannels ?? sensitivities[0].maps.shape[0] }

  /// Finds the mix, from calibration data.
  ///
  /// - Parameter extent: How many channels are kept; all where it is `nil`, or where nothing calibrates the mix.
  init(
    _ scan: CompactKSpace, _ sensitivities: [CoilSensitivities], keeping extent: CoilCompression.Extent?
  ) {
    self.sensitivities = sensitivities
    let found = extent.flatMap { extent in
      try? CoilCompression(.geometric, keeping: extent).mix(
        of: CalibrationBlock(scan), noiseVariance: scan.noiseVariance)
    }
    let mix = found.flatMap { $0.virtualChannels < scan.channels ? $0 : nil }
    self.mix = mix
    guard let mix else {
      mixed = []
      return
    }
    let planes = OrderedResults<NDArray<Complex<Float>>, Never>(scan.geometry.matrix.x)
    planes.forEach { x in
      let maps = sensitivities.plane(x), shape = maps.shape
      var result = NDArray<Complex<Float>>(
        repeating: .zero, shape: [shape[0], mix.virtualChannels] + shape[2...])
      for set in 0..<shape[0] { result.setPart(at: set, to: mix(maps.part(at: set), atReadoutPosition: x)) }
      return result
    }
    mixed = planes.get()
  }

  /// The sensitivities of a plane, axes `[set, channel, z, y]`.
  func maps(_ x: Int) -> NDArray<Complex<Float>> { mix == nil ? sensitivities.plane(x) : mixed[x] }

  /// The samples of an echo in these channels.
  func samples(_ echo: HybridSamples) -> HybridSamples { mix.map { echo.mixed(by: $0) } ?? echo }
}
