import NDArrays
import Numerics

/// The complex images of every receive channel, handed out one channel at a time.
///
/// A reconstruction that treats channels independently computes each one when it is asked for, so that a
/// combination of 32 channels never holds more than the few that are in work. A reconstruction that needs all
/// channels at once simply wraps its result. Either way the user of the images cannot tell the difference.
///
/// Images have axes `[echo, z, y, x]`.
public struct ChannelImages: Sendable {
  /// The number of receive channels.
  public let channels: Int
  /// Echo times, field strength and the rest of what the scanner was told.
  public let parameters: ScanParameters
  /// Where the images lie in the patient.
  public let geometry: Geometry
  /// What is known of the images' noise.
  public let noise: NoiseLevel
  /// What was assumed on the way here, one sentence each.
  public let assumptions: [String]
  /// What the reconstruction measured of itself.
  public let diagnostics: [Diagnostic]

  /// Computes the k-space of one channel, axes `[echo, kz, ky, kx]`, where the images are nothing but its transform.
  ///
  /// Who wants to change k-space need not transform images back first.
  public let kSpace: (@Sendable (Int) throws -> NDArray<Complex<Float>>)?

  private let image: @Sendable (Int) throws -> NDArray<Complex<Float>>
  private let preparation: (@Sendable (Range<Int>) throws -> Void)?

  /// The shape of one channel's images: `[echo, z, y, x]`.
  public var shape: [Int] { [parameters.echoTimes.count] + geometry.matrix.shape }

  /// Creates images that are computed channel by channel.
  ///
  /// - Parameters:
  ///   - channels: The number of receive channels.
  ///   - parameters: Echo times, field strength and the rest of what the scanner was told.
  ///   - geometry: Where the images lie in the patient.
  ///   - noise: What is known of the images' noise.
  ///   - assumptions: What was assumed on the way here.
  ///   - diagnostics: What the reconstruction measured of itself.
  ///   - preparation: Computes, on all threads, what the images of some channels have in common.
  ///   - kSpace: Computes the k-space of one channel, where the images are nothing but its transform.
  ///   - image: Computes the images of one channel, axes `[echo, z, y, x]`; it may be called from several
  ///     threads at once.
  public init(
    channels: Int, parameters: ScanParameters, geometry: Geometry, noise: NoiseLevel = .unknown,
    assumptions: [String] = [], diagnostics: [Diagnostic] = [],
    preparing preparation: (@Sendable (Range<Int>) throws -> Void)? = nil,
    kSpace: (@Sendable (Int) throws -> NDArray<Complex<Float>>)? = nil,
    image: @escaping @Sendable (Int) throws -> NDArray<Complex<Float>>
  ) {
    self.preparation = preparation
    self.channels = channels
    self.parameters = parameters
    self.geometry = geometry
    self.noise = noise
    self.assumptions = assumptions
    self.diagnostics = diagnostics
    self.kSpace = kSpace
    self.image = image
  }

  /// Wraps images of all channels, axes `[echo, channel, z, y, x]`.
  public init(
    _ images: NDArray<Complex<Float>>, parameters: ScanParameters, geometry: Geometry,
    noise: NoiseLevel = .unknown, assumptions: [String] = []
  ) {
    precondition(
      images.shape.count == 5 && images.shape[0] == parameters.echoTimes.count
        && Array(images.shape[2...]) == geometry.matrix.shape,
      "images of shape \(images.shape) are not [\(parameters.echoTimes.count), channel] x \(geometry.matrix)")
    self.init(
      channels: images.shape[1], parameters: parameters, geometry: geometry, noise: noise,
      assumptions: assumptions
    ) { images.part(at: $0, ofAxis: 1) }
  }

  /// Computes, on all threads, what the images of some channels have in common.
  ///
  /// Who is about to ask for these channels from several threads calls this first, from one; the images are the same
  /// without, but a reconstruction that fills many channels at once would be waited for by all threads but one.
  ///
  /// - Throws: What the reconstruction throws.
  public func prepare(_ channels: Range<Int>) throws { try preparation?(channels) }

  /// The images of one channel, axes `[echo, z, y, x]`.
  ///
  /// - Throws: What the reconstruction throws.
  public func channel(_ channel: Int) throws -> NDArray<Complex<Float>> {
    precondition((0..<channels).contains(channel), "channel \(channel) of \(channels)")
    let result = try image(channel)
    precondition(result.shape == shape, "channel \(channel) has shape \(result.shape) instead of \(shape)")
    return result
  }
}

extension ChannelImages {
  /// The same images with what more was measured.
  public func reporting(_ more: [Diagnostic]) -> ChannelImages {
    ChannelImages(
      channels: channels, parameters: parameters, geometry: geometry, noise: noise, assumptions: assumptions,
      diagnostics: diagnostics + more, preparing: preparation, kSpace: kSpace, image: image)
  }

  /// The same images; a closure sees each channel when it is computed.
  ///
  /// The way to write per-channel files while the channels stream into a combination.
  public func observed(
    by observer: @escaping @Sendable (_ channel: Int, _ images: NDArray<Complex<Float>>) throws -> Void
  ) -> ChannelImages {
    ChannelImages(
      channels: channels, parameters: parameters, geometry: geometry, noise: noise, assumptions: assumptions,
      diagnostics: diagnostics, preparing: preparation
    ) { channel in
      let images = try image(channel)
      try observer(channel, images)
      return images
    }
  }

  /// The central part of the images, as for a field of view that was encoded larger than prescribed.
  ///
  /// Voxel `n / 2` stays voxel `n / 2`.
  public func cropped(to matrix: Extents) -> ChannelImages {
    guard matrix != geometry.matrix else { return self }
    let full = geometry.matrix
    let start = Extents(
      x: full.x / 2 - matrix.x / 2, y: full.y / 2 - matrix.y / 2, z: full.z / 2 - matrix.z / 2)
    return ChannelImages(
      channels: channels, parameters: parameters, geometry: geometry.cropped(to: matrix), noise: noise,
      assumptions: assumptions, diagnostics: diagnostics, preparing: preparation
    ) { channel in
      let source = try image(channel)
      let echoes = source.shape[0]
      return NDArray(uninitializedShape: [echoes] + matrix.shape) { target in
        source.withUnsafeBufferPointer { source in
          var row = 0
          for echo in 0..<echoes {
            for z in 0..<matrix.z {
              for y in 0..<matrix.y {
                let first = ((echo * full.z + z + start.z) * full.y + y + start.y) * full.x + start.x
                _ = UnsafeMutableBufferPointer(rebasing: target[row..<row + matrix.x])
                  .initialize(fromContentsOf: UnsafeBufferPointer(rebasing: source[first..<first + matrix.x]))
                row += matrix.x
              }
            }
          }
        }
      }
    }
  }

  /// Slices that were acquired one by one, stacked along `z` in the order given.
  ///
  /// - Parameters:
  ///   - slices: Images with equal channels, echoes and in-plane extents, lowest slice first.
  ///   - geometry: The geometry of the stack.
  /// - Precondition: The slices have equal shapes, and the geometry has their extents and number.
  public init(stacking slices: [ChannelImages], geometry: Geometry) {
    guard let first = slices.first else { preconditionFailure("nothing to stack") }
    precondition(
      slices.allSatisfy { $0.shape == first.shape && $0.channels == first.channels },
      "slices differ in shape or number of channels")
    guard slices.count > 1 || geometry != first.geometry else {
      self = first
      return
    }
    let depth = slices.count * first.geometry.matrix.z
    precondition(
      geometry.matrix == Extents(x: first.geometry.matrix.x, y: first.geometry.matrix.y, z: depth),
      "\(slices.count) slices of \(first.geometry.matrix) do not fill \(geometry.matrix)")
    self.init(
      channels: first.channels, parameters: first.parameters, geometry: geometry,
      // Slices of unequal averaging have no noise level in common.
      noise: NoiseLevel(ofAll: slices.map(\.noise)),
      assumptions: slices.flatMap(\.assumptions).reduce(into: []) { if !$0.contains($1) { $0.append($1) } },
      diagnostics: slices.enumerated().flatMap { index, slice in
        slices.count > 1 ? slice.diagnostics.map { $0.of(slice: index + 1) } : slice.diagnostics
      },
      preparing: { channels in for slice in slices { try slice.prepare(channels) } }
    ) { channel in
      var stack = NDArray<Complex<Float>>(
        repeating: .zero, shape: [first.shape[0], slices.count] + first.geometry.matrix.shape)
      for (index, slice) in slices.enumerated() {
        let images = try slice.channel(channel)
        for echo in 0..<first.shape[0] { stack.setPart(at: echo, index, to: images.part(at: echo)) }
      }
      return stack.reshaped(to: [first.shape[0]] + geometry.matrix.shape)
    }
  }
}
