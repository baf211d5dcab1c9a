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

  /// The k-space of a scan, calibration lines that were measured within it included.
  public init(kSpaceOf stack: SliceStack) {
    let slices = stack.slices.map { KSpace($0.withEmbeddedCalibration).samples }
    self.init(
      NDArray(slices.flatMap { $0.elements }, shape: [slices.count] + slices[0].shape), content: .kSpace,
      facts: ScanFacts(stack, geometry: stack.geometry, content: .kSpace))
  }

  /// The images of every channel of a scan, by the inverse Fourier transform alone, cropped to the prescribed field of view.
  public init(imagesOf stack: SliceStack) throws {
    let scan = SliceStack(stack.slices.map(\.withEmbeddedCalibration), geometry: stack.geometry)
    let images = try scan.images(by: ZeroFilled())
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
    self.init(
      elements, content: .images, facts: ScanFacts(stack, geometry: images.geometry, content: .images))
  }

  /// The same scan as images: those of k-space are its inverse Fourier transform alone, cropped to the prescribed matrix.
  ///
  /// Slices are stacked along `z`.
  public func images() -> ScanArray {
    guard content == .kSpace else { return self }
    var result = self
    result.content = .images
    let shape = elements.shape, full = Array(shape[3...])
    FourierTransform(shape: full).inverse(&result.elements)
    let prescribed = facts.prescribedMatrix.map { Array($0.reversed()) } ?? full
    precondition(
      prescribed.count == 3 && zip(prescribed, full).allSatisfy { $0 >= 1 && $0 <= $1 },
      "a prescribed matrix of \(prescribed) does not lie within \(full) [z, y, x]")
    result.facts.prescribedMatrix = [prescribed[2], prescribed[1], shape[0] * prescribed[0]]
    result.facts.isTwoDimensional = full[0] == 1
    result.facts.readoutRanges = nil
    guard shape[0] > 1 || prescribed != full else { return result }
    // Voxel n / 2 stays voxel n / 2.
    let starts = zip(full, prescribed).map { $0 / 2 - $1 / 2 }, blocks = shape[1] * shape[2]
    let source = result.elements
    result.elements = NDArray(
      uninitializedShape: [1, shape[1], shape[2], shape[0] * prescribed[0], prescribed[1], prescribed[2]]
    ) { target in
      source.withUnsafeBufferPointer { source in
        var row = 0
        for block in 0..<blocks {
          for slice in 0..<shape[0] {
            for z in starts[0]..<starts[0] + prescribed[0] {
              for y in starts[1]..<starts[1] + prescribed[1] {
                let first = (((slice * blocks + block) * full[0] + z) * full[1] + y) * full[2] + starts[2]
                _ = UnsafeMutableBufferPointer(rebasing: target[row..<row + prescribed[2]])
                  .initialize(
                    fromContentsOf: UnsafeBufferPointer(rebasing: source[first..<first + prescribed[2]]))
                row += prescribed[2]
              }
            }
          }
        }
      }
    }
    return result
  }

  /// The same scan as k-space: that of images is their Fourier transform, slice by slice where the facts say that they are slices.
  public func kSpace() -> ScanArray {
    guard content == .images else { return self }
    var result = self
    result.content = .kSpace
    // The Fourier transform of images knows all of k-space.
    result.facts.readoutRanges = nil
    let shape = elements.shape
    if facts.isTwoDimensional == true, shape[3] > 1 {
      if facts.prescribedMatrix?.count == 3 { result.facts.prescribedMatrix?[2] = 1 }
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

  /// The part of `kx` that each echo sampled; `nil` if the facts state others than the array can have.
  var readoutRanges: [Range<Int>]? {
    let echoes = elements.shape[1], length = elements.shape[5]
    guard let stated = facts.readoutRanges else { return Array(repeating: 0..<length, count: echoes) }
    // A readout without the centre of k-space cannot be placed.
    guard stated.count == echoes,
      stated.allSatisfy({
        $0.count == 2 && $0[0] >= 0 && $0[0] <= length / 2 && $0[1] > length / 2 && $0[1] <= length
      })
    else { return nil }
    return stated.map { $0[0]..<$0[1] }
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
