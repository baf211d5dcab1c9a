import FourierTransforms
import MRIData
import NDArrays
import Numerics

@testable import RawData

/// An echo-planar scan of an object that is known voxel by voxel, with ramps and ghosts as they are asked for.
struct EchoPlanarScene {
  var matrix = Extents(x: 40, y: 48, z: 1)
  var channels = 3
  var shots = 1
  var navigators = 3
  var hasRamps = true
  /// The odd/even phase of each channel, per voxel.
  var phases = [
    OddEvenPhase(constant: 0.5, slope: 0.04), OddEvenPhase(constant: 0.6, slope: 0.05),
    OddEvenPhase(constant: 0.4, slope: 0.045),
  ]
  /// The phase that evolves from one readout to the next, of navigators [rad].
  var evolution = 0.2
  /// Whether the line at a place of a train goes backwards.
  var isReversed: (Int) -> Bool = { $0 % 2 == 1 }
  /// The lines that are there.
  var isAcquired: (Int) -> Bool = { _ in true }
  /// The standard deviation of real and imaginary parts of the noise.
  var noise: Float = 0
  var seed: UInt64 = 1

  var extent: Int { 2 * matrix.x }

  var trapezoid: ReadoutTrapezoid {
    hasRamps
      ? ReadoutTrapezoid(
        rampUp: 150e-6, flatTop: 250e-6, rampDown: 150e-6, delay: 30e-6, dwellTime: 490e-6 / Double(extent),
        samples: extent)
      : ReadoutTrapezoid(
        rampUp: 0, flatTop: 400e-6, rampDown: 0, delay: 0, dwellTime: 400e-6 / Double(extent), samples: extent
      )
  }

  /// An ellipse with holes and bright points, seen by channels of smooth phase; axes `[channel, y, x]`.
  var object: NDArray<Complex<Float>> {
    var object = NDArray<Complex<Float>>(repeating: .zero, shape: [channels, matrix.y, matrix.x])
    for y in 0..<matrix.y {
      for x in 0..<matrix.x {
        let u = 2 * Double(x - matrix.x / 2) / Double(matrix.x)
        let v = 2 * Double(y - matrix.y / 2) / Double(matrix.y)
        guard u * u / 0.81 + v * v / 0.64 < 1 else { continue }
        var value = 1 + 0.3 * Double.cos(5 * u) * Double.sin(4 * v)
        if (u - 0.3) * (u - 0.3) + (v + 0.2) * (v + 0.2) < 0.03 { value = 0.1 }
        for channel in 0..<channels {
          let angle = 2 * .pi * Double(channel) / Double(channels)
          let weight = 0.6 + 0.4 * (u * Double.cos(angle) + v * Double.sin(angle))
          object[channel, y, x] = Complex(
            length: Float(value * weight), phase: Float(angle + 0.8 * u - 1.1 * v * v))
        }
      }
    }
    return object
  }

  /// The readouts.
  func source() -> MemorySource {
    var hybrid = object
    FourierTransform(shape: [channels, matrix.y, matrix.x], axes: [1]).forward(&hybrid)
    var header = MRDHeader.of(Extents(x: extent, y: matrix.y, z: 1), prescribed: matrix)
    header.encodings[0].trajectoryDescription = MRDHeader.TrajectoryDescription(
      identifier: "ConventionalEPI", parameters: trapezoid.parameters)
    var source = MemorySource(header: header)
    var generator = SeededGenerator(seed: seed)
    let positions = trapezoid.positions(onGridOf: extent)
    func append(line: Int, isReversed: Bool, turn: Double = 0, flags: AcquisitionFlags = []) {
      var samples: [Complex<Float>] = []
      for channel in 0..<channels {
        let sign = isReversed ? 0.5 : -0.5
        let phase = phases[channel % phases.count]
        let row = (0..<matrix.x).map { x -> Complex<Double> in
          let value = hybrid[channel, line, x], place = Double(x - matrix.x / 2)
          return Complex(Double(value.real), Double(value.imaginary))
            * Complex(length: 1, phase: turn + sign * (phase.constant + phase.slope * place))
        }
        for position in positions {
          let k = isReversed ? -position : position
          var sum = Complex<Double>.zero
          for x in 0..<matrix.x {
            sum +=
              row[x]
              * Complex(
                length: 1, phase: -2 * .pi * k * Double(x - matrix.x / 2) / Double(extent))
          }
          let scale = 1 / Double(extent).squareRoot()
          samples.append(
            Complex(
              Float(scale * sum.real) + noise * Float(generator.normal()),
              Float(scale * sum.imaginary) + noise * Float(generator.normal())))
        }
      }
      source.append(samples, channels: channels, flags: flags) {
        if isReversed { $0.flags.insert(.isReverse) }
        $0.sampleTime = Float(trapezoid.dwellTime * 1e6)
        $0.counters.line = UInt16(line)
        $0.counters.segment = isReversed ? 1 : 0
      }
    }
    for shot in 0..<shots {
      for navigator in 0..<navigators {
        append(
          line: matrix.y / 2, isReversed: (navigators - navigator) % 2 == 1,
          turn: evolution * Double(navigator - 1), flags: [.isPhaseCorrection, .isNavigation])
      }
      for (position, line) in stride(from: shot, to: matrix.y, by: shots).enumerated() where isAcquired(line)
      {
        append(line: line, isReversed: isReversed(position))
      }
    }
    return source
  }

  /// The images that reading gives, axes `[channel, y, x]`.
  func images(_ source: MemorySource, options: ReadingOptions = .init()) throws -> NDArray<Complex<Float>> {
    var samples = try KSpace(source, options: options).samples.reshaped(to: object.shape)
    FourierTransform(shape: object.shape, axes: [1, 2]).inverse(&samples)
    return samples
  }

  /// The mean magnitude where there is no object over that within, of the channels' root sum of squares.
  func ghostLevel(_ images: NDArray<Complex<Float>>) -> Double {
    let object = object
    var (inside, outside, insiders, outsiders) = (0.0, 0.0, 0, 0)
    for y in 0..<matrix.y {
      for x in 0..<matrix.x {
        let power = (0..<channels).reduce(Float(0)) { $0 + images[$1, y, x].lengthSquared }
        let isInside = object[0, y, x] != .zero
        if isInside { insiders += 1 } else { outsiders += 1 }
        if isInside { inside += Double(power.squareRoot()) } else { outside += Double(power.squareRoot()) }
      }
    }
    return outside / Double(outsiders) / (inside / Double(insiders))
  }
}
