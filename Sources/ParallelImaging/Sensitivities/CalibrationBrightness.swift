import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// How bright the image of calibration data is, on a coarse grid over the field of view.
///
/// The root of the sum of squares of all channels, Hann-windowed so that edges do not ring. A voxel is bright if it stands so far
/// above the noise that it tells its sensitivities to about a twelfth:
///
/// ```
/// sum_c |m_c|^2 > t^2 max sum_c |m_c|^2     t = 12 (C s^2 sum w^2 / N)^(1/2) / max (sum_c |m_c|^2)^(1/2)   within 0.01...0.03
/// ```
///
/// with the variance `s^2` of the noise of a sample, the window `w` and the `N` voxels of the grid. Below a hundredth of the
/// brightest are the window's own side lobes; beyond three hundredths, noise is no reason to leave voxels out. Beside air the
/// phase turns within a blurred voxel, and signal seems darker than it is: a fixed twentieth left holes in the object there. What is
/// bright reaches somewhat beyond the object, as the image is blurred.
struct CalibrationBrightness: Sendable {
  /// The summed squares, axes `[z, y, x]`.
  private let power: NDArray<Float>
  /// The summed squares from which a voxel is bright.
  let bright: Float
  /// Those from which it surely belongs to the object.
  let sure: Float

  /// The amplitude over that of the noise from which a voxel is bright.
  private static let noiseFactor: Float = 12
  /// The amplitude, relative to the brightest, of which not even the blur of a small calibration region makes air.
  private static let sureAmplitude: Float = 0.25
  /// The bounds of the smallest bright amplitude, relative to the brightest.
  private static let thresholds: ClosedRange<Float> = 0.01...0.03

  /// Finds the brightness.
  ///
  /// - Parameters:
  ///   - block: The calibration data.
  ///   - noiseVariance: The variance of the noise of a sample.
  init(_ block: CalibrationBlock, noiseVariance: Float) {
    let shape = block.samples.shape
    let columns = min(shape[3], max(shape[1], shape[2]))
    // Twice as fine as the samples ask for, so that squares are sampled finely enough; a single sample stays one.
    let inner = [shape[1], shape[2], columns], grid = inner.map { $0 > 1 ? 2 * $0 : 1 }
    let firstColumn = shape[3] / 2 - columns / 2
    let windows = inner.map(Self.window), offsets = zip(grid, inner).map { $0 / 2 - $1 / 2 }
    let transform = FourierTransform(shape: grid), voxels = grid.reduce(1, *)
    var power = NDArray<Float>(repeating: 0, shape: grid)
    for channel in 0..<shape[0] {
      var image = NDArray<Complex<Float>>(repeating: .zero, shape: grid)
      for z in 0..<inner[0] {
        for y in 0..<inner[1] {
          for x in 0..<columns {
            let weight = windows[0][z] * windows[1][y] * windows[2][x]
            image[z + offsets[0], y + offsets[1], x + offsets[2]] =
              block.samples[channel, z, y, firstColumn + x].multiplied(by: weight)
          }
        }
      }
      transform.inverse(&image)
      power.withUnsafeMutableBufferPointer { power in
        image.withUnsafeBufferPointer { image in
          for voxel in 0..<voxels { power[voxel] += image[voxel].lengthSquared }
        }
      }
    }
    self.power = power
    let brightest = power.elements.max() ?? 0
    let windowPower = windows.map { $0.reduce(Float(0)) { $0 + $1 * $1 } }.reduce(1, *)
    let noise = Float(shape[0]) * noiseVariance * windowPower / Float(voxels)
    let threshold = Self.noiseFactor * (noise / max(brightest, .leastNormalMagnitude)).squareRoot()
    let clamped = min(max(threshold, Self.thresholds.lowerBound), Self.thresholds.upperBound)
    bright = clamped * clamped * brightest
    sure = Self.sureAmplitude * Self.sureAmplitude * brightest
  }

  /// A Hann window that is nowhere zero.
  private static func window(_ extent: Int) -> [Float] {
    (0..<extent).map { index in
      extent == 1
        ? 1 : 0.5 - 0.5 * Float.cos(2 * .pi * (Float(index - extent / 2) / Float(extent + 1) + 0.5))
    }
  }

  /// The summed squares in the plane at a position of the readout of a grid, axes `[z, y]`.
  func plane(at x: Int, of grid: Extents) -> [Float] {
    let (partitions, lines, columns) = (power.shape[0], power.shape[1], power.shape[2])
    let column = Place(x, of: grid.x, on: columns)
    let coarse = power.withUnsafeBufferPointer { power in
      (0..<partitions * lines).map { row in column.value { power[row * columns + $0] } }
    }
    let places = (0..<grid.y).map { Place($0, of: grid.y, on: lines) }
    return (0..<grid.z).flatMap { z in
      let partition = Place(z, of: grid.z, on: partitions)
      let row = (0..<lines).map { line in partition.value { coarse[$0 * lines + line] } }
      return places.map { $0.value { row[$0] } }
    }
  }

  /// A place between two elements of a coarser, periodic axis.
  private struct Place {
    private let (first, second): (Int, Int)
    private let fraction: Float

    init(_ index: Int, of extent: Int, on coarse: Int) {
      let place = Float(coarse / 2) + Float((index - extent / 2) * coarse) / Float(extent)
      let lower = place.rounded(.down)
      first = (Int(lower) % coarse + coarse) % coarse
      second = (first + 1) % coarse
      fraction = place - lower
    }

    /// What lies here of a function that is linear between its elements.
    func value(_ elements: (Int) -> Float) -> Float {
      (1 - fraction) * elements(first) + fraction * elements(second)
    }
  }
}
