import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// Images of one plane from its forward and from its reversed lines alone, whose right sum shows no ghost.
///
/// A wrong odd/even phase moves signal to where there was none, half a field of view away: at the same energy, the sum of
/// magnitudes grows. The phase is sought that makes it smallest:
///
/// ```
/// sum_r sqrt(sum_channels |F[r] exp(i phase(x) / 2) + R[r] exp(-i phase(x) / 2)|^2)
/// ```
///
/// As in Clare, Proc ISMRM 2003;11:1041, with the sum of magnitudes in place of the entropy.
struct GhostSearch {
  /// The number of points along the plane's readout and across it.
  private let columns: Int, rows: Int
  private let channels: Int
  /// The columns that are looked at, those of the images.
  private let seen: Range<Int>
  /// Images of the forward lines, axes `[channel, row, x]`.
  private var forward: NDArray<Complex<Float>>
  /// Images of the reversed lines, axes `[channel, row, x]`.
  private var reversed: NDArray<Complex<Float>>

  /// Transforms the lines of a plane.
  ///
  /// - Parameters:
  ///   - lines: The images along the readout of lines, axes `[channel, x]`, each with its index across and direction.
  ///   - channels: The number of channels.
  ///   - rows: The number of lines of the grid.
  ///   - columns: The number of points along the readout.
  ///   - seen: The columns that images keep.
  init(
    _ lines: [(row: Int, isReversed: Bool, image: [Complex<Float>])], channels: Int, rows: Int, columns: Int,
    seen: Range<Int>
  ) {
    (self.rows, self.columns, self.channels, self.seen) = (rows, columns, channels, seen)
    forward = NDArray(repeating: .zero, shape: [channels, rows, columns])
    reversed = forward
    for line in lines {
      func copy(_ target: inout NDArray<Complex<Float>>) {
        target.withUnsafeMutableBufferPointer { target in
          for channel in 0..<channels {
            for x in 0..<columns {
              target[(channel * rows + line.row) * columns + x] = line.image[channel * columns + x]
            }
          }
        }
      }
      if line.isReversed { copy(&reversed) } else { copy(&forward) }
    }
    let transform = FourierTransform(shape: [rows, columns], axes: [0])
    transform.inverse(&forward)
    transform.inverse(&reversed)
  }

  /// Takes a known phase away, another one for each channel.
  mutating func remove(_ phases: [OddEvenPhase]) {
    for (channel, phase) in phases.enumerated() {
      let factors = [false, true].map { phase.factors(isReversed: $0, extent: columns) }
      func multiply(_ images: inout NDArray<Complex<Float>>, _ factors: [Complex<Float>]) {
        images.withUnsafeMutableBufferPointer { images in
          for row in channel * rows..<(channel + 1) * rows {
            for x in 0..<columns { images[row * columns + x] *= factors[x] }
          }
        }
      }
      multiply(&forward, factors[0])
      multiply(&reversed, factors[1])
    }
  }

  /// The phase that all channels share, sought everywhere: constants to 90 degrees, beyond which the image only trades
  /// places with its ghost, and shifts of five steps: gradients lag by up to 4 us.
  func searched() -> OddEvenPhase {
    let plane = Plane(self, channels: 0..<channels)
    var best = OddEvenPhase.zero, least = plane.magnitude(best)
    for shift in stride(from: -5.0, through: 5, by: 0.25) {
      for turn in -4..<4 {
        let phase = OddEvenPhase(
          constant: Double(turn) * .pi / 8, slope: 2 * .pi * shift / Double(columns))
        let magnitude = plane.magnitude(phase)
        if magnitude < least { (best, least) = (phase, magnitude) }
      }
    }
    return plane.refined(best, step: .pi / 16, shift: 0.125)
  }

  /// The phase that all channels share, sought near none, and the part of the sum of magnitudes that it takes away.
  func refined() -> (phase: OddEvenPhase, gain: Double) {
    let plane = Plane(self, channels: 0..<channels)
    let phase = plane.refined(.zero, step: 0.1, shift: 0.05)
    return (phase, 1 - plane.magnitude(phase) / max(plane.magnitude(.zero), .leastNormalMagnitude))
  }

  /// The phase of each channel, sought near one that all share; weak channels keep that.
  func refinedByChannel(near phase: OddEvenPhase) -> [OddEvenPhase] {
    let planes = (0..<channels).map { Plane(self, channels: $0..<$0 + 1) }
    let mean = planes.reduce(0) { $0 + $1.energy } / Double(channels)
    return planes.map {
      $0.energy < 0.05 * mean ? phase : $0.refined(phase, step: 0.1, shift: 0.05)
    }
  }

  /// The power of both images, and the product of one with the other's conjugate, summed over channels.
  private struct Plane {
    let power: [Float]
    let product: [Complex<Float>]
    let columns: Range<Int>
    let extent: Int

    /// The energy of the image without ghosts, and of its ghosts.
    var energy: Double { power.reduce(0) { $0 + Double($1) } }

    init(_ search: GhostSearch, channels: Range<Int>) {
      columns = search.seen
      extent = search.columns
      let count = search.rows * search.seen.count
      var power = [Float](repeating: 0, count: count)
      var product = [Complex<Float>](repeating: .zero, count: count)
      search.forward.withUnsafeBufferPointer { forward in
        search.reversed.withUnsafeBufferPointer { reversed in
          for channel in channels {
            for row in 0..<search.rows {
              let start = (channel * search.rows + row) * search.columns + search.seen.lowerBound
              for x in 0..<search.seen.count {
                let (f, r) = (forward[start + x], reversed[start + x]), target = row * search.seen.count + x
                power[target] += f.lengthSquared + r.lengthSquared
                product[target] += f * r.conjugate
              }
            }
          }
        }
      }
      (self.power, self.product) = (power, product)
    }

    /// The sum of magnitudes once a phase is taken away.
    func magnitude(_ phase: OddEvenPhase) -> Double {
      let turns = columns.map { x -> Complex<Float> in
        Complex(
          length: 2, phase: Float(phase.constant + phase.slope * Double(x - extent / 2)))
      }
      var sum = 0.0
      var index = 0
      while index < power.count {
        var row: Float = 0
        for x in turns.indices {
          let (product, turn) = (product[index + x], turns[x])
          let square = power[index + x] + product.real * turn.real - product.imaginary * turn.imaginary
          row += max(0, square).squareRoot()
        }
        sum += Double(row)
        index += turns.count
      }
      return sum
    }

    /// The phase of the least sum, from a start in steps that become ever smaller.
    func refined(_ start: OddEvenPhase, step: Double, shift: Double) -> OddEvenPhase {
      var best = start, least = magnitude(start)
      var scale = 1.0
      while scale > 1e-3 {
        var next = best
        for (a, b) in [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)] {
          let candidate =
            best
            + OddEvenPhase(
              constant: Double(a) * scale * step,
              slope: Double(b) * scale * shift * 2 * .pi / Double(extent))
          let value = magnitude(candidate)
          if value < least { (next, least) = (candidate, value) }
        }
        if next == best { scale /= 2 } else { best = next }
      }
      return best
    }
  }
}
