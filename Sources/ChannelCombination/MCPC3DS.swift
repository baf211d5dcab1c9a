import MRIData
import NDArrays
import Numerics
import PhaseUnwrapping

/// The channels of several echoes, each freed from its phase at `TE = 0` and then added (MCPC-3D-S).
///
/// ```
/// phi   = TE_1 / (TE_2 - TE_1) unwrap arg sum_c S_2c conj S_1c
/// po_c  = arg (S_1c exp(-i phi)),   smoothed as a phasor by a Gaussian
/// I_e   = sum_c |S_ec| S_ec exp(-i po_c) / sqrt of its length
/// ```
///
/// Here for comparison with ``MDI``, and because its echoes keep a phase that other tools can unwrap. With
/// readouts of alternating direction, what is left of that is taken out of the combined echoes as ``PhaseOffset`` does.
///
/// The echoes have axes `[echo, z, y, x]`. Channels pass by twice, a few at a time, so that memory does not grow with
/// their number; a reconstruction is therefore run twice. Voxels that are not finite become zero.
///
///     let echoes = try MCPC3DS()(images)
///
/// - SeeAlso: K. Eckstein et al., "Computationally efficient combination of multi-channel phase data from multi-echo
///   acquisitions (ASPIRE)", Magn. Reson. Med. 79(6):2996-3006, 2018, doi:10.1002/mrm.26963.
public struct MCPC3DS: CoilCombination {
  /// How offsets are unwrapped and smoothed.
  public var offset: PhaseOffset

  /// Creates the combination.
  public init(offset: PhaseOffset = PhaseOffset()) { self.offset = offset }

  /// Refuses a scan whose echoes do not allow the method.
  ///
  /// - Throws: ``PhaseUnwrappingError/echoTimes(_:needed:)``, ``PhaseUnwrappingError/notAlternating(echoes:)``.
  public static func check(_ parameters: ScanParameters) throws(PhaseUnwrappingError) {
    let polarities = parameters.polarities, alternates = Set(polarities).count > 1
    let isStrict = zip(polarities, polarities.dropFirst()).allSatisfy { $0 != $1 }
    if alternates, polarities.count < 3 || !isStrict { throw .notAlternating(echoes: polarities.count) }
    try PhaseOffset.check(parameters.echoTimes, echoes: polarities.count, alternates: alternates)
  }

  /// The combined complex echoes.
  ///
  /// - Throws: As ``check(_:)``, ``PhaseUnwrappingError/nothingToUnwrap`` without
  ///   signal, and what computing a channel throws.
  public func callAsFunction(_ images: ChannelImages) throws -> ImageVolumes<Complex<Float>> {
    let times = images.parameters.echoTimes, alternates = Set(images.parameters.polarities).count > 1
    try Self.check(images.parameters)
    let volume = images.geometry.matrix.count, shape = images.geometry.matrix.shape
    var products = NDArray<Complex<Float>>(repeating: .zero, shape: shape)
    try images.forEachBatch { channels in
      for channel in channels {
        let pair = PhaseOffset.product(channel.part(at: 1), channel.part(at: 0))
        products.add(pair.map { $0.isFinite ? $0 : .zero })
      }
    }
    let ratio = Float(times[0] / (times[1] - times[0]))
    let evolution = try offset.unwrappedPhase(of: products, nil).map { $0 * ratio }
    var sum = NDArray<Complex<Float>>(repeating: .zero, shape: images.shape)
    try images.forEachBatch { channels in
      for channel in channels {
        let own = offset.smoothed(channel.part(at: 0), minus: evolution, nil)
        sum.add(channel, volume: volume, turnedBackBy: own)
      }
    }
    sum = sum.map { value in
      let length = value.length
      return length > 0 && length.isFinite ? value.divided(by: length.squareRoot()) : .zero
    }
    if alternates { try offset.removeAlternation(&sum, times, nil) }
    return ImageVolumes(sum, geometry: images.geometry)
  }

  /// The sum of the channels beside those in work, and a few volumes of one echo.
  public func needs(for size: ScanSize) -> MethodNeeds {
    MethodNeeds(memory: size.channelBytes * (1 + 6 / Double(size.echoes)))
  }
}

extension NDArray<Complex<Float>> {
  /// Adds another array of the same shape.
  fileprivate mutating func add(_ other: NDArray<Complex<Float>>) {
    withUnsafeMutableBufferPointer { sum in
      other.withUnsafeBufferPointer { other in
        let (sum, other) = (SharedBuffer(sum), SharedConstants(other))
        Parallelism.forEachBlock(of: sum.elements.count, length: 1 << 15) { block in
          for index in block { sum[index] += other[index] }
        }
      }
    }
  }

  /// Adds the echoes of a channel, each voxel times its own length and turned back by a phasor that all echoes share.
  fileprivate mutating func add(
    _ channel: NDArray<Complex<Float>>, volume: Int, turnedBackBy phasors: NDArray<Complex<Float>>
  ) {
    withUnsafeMutableBufferPointer { sum in
      channel.withUnsafeBufferPointer { channel in
        phasors.withUnsafeBufferPointer { phasors in
          let (sum, channel) = (SharedBuffer(sum), SharedConstants(channel))
          let phasors = SharedConstants(phasors)
          Parallelism.forEachBlock(of: sum.elements.count, length: 1 << 15) { block in
            for index in block where channel[index].isFinite {
              let value = channel[index]
              sum[index] += (value * phasors[index % volume].conjugate).multiplied(by: value.length)
            }
          }
        }
      }
    }
  }
}
