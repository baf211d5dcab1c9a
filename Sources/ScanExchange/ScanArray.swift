import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators

/// K-space or channel images of a scan as one array, as NumPy and BART users hold them.
public struct ScanArray: Sendable {
  /// What the elements are.
  public enum Content: String, Sendable, Codable {
    /// Samples on the encoded grid; zeros where nothing was acquired.
    case kSpace = "k-space"
    /// Complex images of every channel.
    case images
  }

  /// What the elements are.
  public var content: Content
  /// The elements, axes `[slice, echo, channel, z, y, x]`: `kz`, `ky` and `kx` of k-space.
  ///
  /// Slices are those of two-dimensional k-space; images are stacked along `z` and have one.
  public var elements: NDArray<Complex<Float>>
  /// What an array cannot say.
  public var facts: ScanFacts

  /// The axes of the elements as NumPy shows them, slowest first.
  public static func axes(of content: Content) -> [String] {
    ["slice", "echo", "channel"] + (content == .kSpace ? ["kz", "ky", "kx"] : ["z", "y", "x"])
  }

  /// Creates an array.
  ///
  /// - Precondition: The elements have six axes.
  public init(_ elements: NDArray<Complex<Float>>, content: Content, facts: ScanFacts) {
    precondition(elements.shape.count == 6, "a scan needs six axes, not \(elements.shape)")
    self.elements = elements
    self.content = content
    self.facts = facts
  }

  /// The k-space of a scan.
  public init(kSpaceOf stack: SliceStack) {
    let slices = stack.slices.map { KSpace($0).samples }
    self.init(
      NDArray(slices.flatMap { $0.elements }, shape: [slices.count] + slices[0].shape), content: .kSpace,
      facts: ScanFacts(stack, geometry: stack.geometry))
  }

  /// The images of every channel of a scan, by the inverse Fourier transform alone, cropped to the prescribed field of view.
  public init(imagesOf stack: SliceStack) throws {
    let images = try stack.images(by: ZeroFilled())
    let shape = images.shape
    var elements = NDArray<Complex<Float>>(
      repeating: .zero, shape: [1, shape[0], images.channels] + shape[1...])
    let volume = shape[1...].reduce(1, *)
    for channel in 0..<images.channels {
      let image = try images.channel(channel)
      elements.withUnsafeMutableBufferPointer { target in
        image.withUnsafeBufferPointer { source in
          for echo in 0..<shape[0] {
            let start = (echo * images.channels + channel) * volume
            for index in 0..<volume { target[start + index] = source[echo * volume + index] }
          }
        }
      }
    }
    self.init(elements, content: .images, facts: ScanFacts(stack, geometry: images.geometry))
  }

  /// The same scan as k-space: that of images is their Fourier transform, slice by slice where they are slices.
  ///
  /// - Parameter isTwoDimensional: Whether images along `z` are slices of their own.
  public func kSpace(isTwoDimensional: Bool) -> ScanArray {
    guard content == .images else { return self }
    var result = self
    result.content = .kSpace
    let shape = elements.shape
    if isTwoDimensional, shape[3] > 1 {
      let plane = shape[4] * shape[5], blocks = shape[1] * shape[2]
      result.elements = NDArray(uninitializedShape: [shape[3], shape[1], shape[2], 1, shape[4], shape[5]]) {
        target in
        elements.withUnsafeBufferPointer { source in
          for slice in 0..<shape[3] {
            for block in 0..<blocks {
              for index in 0..<plane {
                target.initializeElement(
                  at: (slice * blocks + block) * plane + index,
                  to: source[(block * shape[3] + slice) * plane + index])
              }
            }
          }
        }
      }
    }
    FourierTransform(shape: Array(result.elements.shape[3...])).forward(&result.elements)
    return result
  }

  /// The acquired positions of a slice and echo: where any sample of any channel is not zero.
  func mask(slice: Int, echo: Int) -> SamplingMask {
    let shape = elements.shape, length = shape[5]
    var mask = SamplingMask(lines: shape[4], partitions: shape[3], isAcquired: false)
    elements.withUnsafeBufferPointer { elements in
      for channel in 0..<shape[2] {
        let block = ((slice * shape[1] + echo) * shape[2] + channel) * shape[3]
        for partition in 0..<shape[3] {
          for line in 0..<shape[4] where !mask[line: line, partition: partition] {
            let start = ((block + partition) * shape[4] + line) * length
            mask[line: line, partition: partition] = elements[start..<start + length].contains { $0 != .zero }
          }
        }
      }
    }
    return mask
  }
}
