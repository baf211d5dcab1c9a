import FourierTransforms
import LinearAlgebra
import MRIData
import NDArrays
import Numerics

/// A mix of receive channels to virtual ones, with orthonormal rows.
public struct ChannelMix: Sendable {
  /// The matrices, axes `[x, virtual channel, channel]`; `x` has extent 1 where one holds for all positions.
  public let weights: NDArray<Complex<Float>>
  /// The share of the calibration data's energy that the virtual channels hold.
  public let retainedEnergy: Double

  /// The number of virtual channels.
  public var virtualChannels: Int { weights.shape[1] }
  /// The number of receive channels.
  public var channels: Int { weights.shape[2] }

  private var isUniform: Bool { weights.shape[0] == 1 }

  /// The scan as the virtual channels see it.
  ///
  /// - Precondition: The scan has the mix's channels and, for a geometric mix, its readout.
  public func callAsFunction(_ scan: KSpace) -> KSpace {
    var samples = NDArray<Complex<Float>>(
      repeating: .zero, shape: [scan.echoes, virtualChannels] + scan.geometry.matrix.shape)
    for echo in 0..<scan.echoes {
      samples.setPart(
        at: echo,
        to: mixed(scan.samples.part(at: echo), scan.masks[echo], readout: scan.readoutRange))
    }
    let calibration = scan.calibration.map { lines in
      CalibrationLines(
        samples: mixed(lines.samples, lines.mask, readout: scan.readoutRange), mask: lines.mask,
        isEmbedded: lines.isEmbedded)
    }
    return KSpace(
      samples: samples, masks: scan.masks, parameters: scan.parameters, geometry: scan.geometry,
      readoutRange: scan.readoutRange, prescribedMatrix: scan.prescribedMatrix, calibration: calibration,
      noise: scan.noise,
      assumptions: scan.assumptions + [account(of: "Samples are those of")])
  }

  /// The mix turned by a discrete Fourier matrix, so that all virtual channels hold about the same energy.
  ///
  /// What they span, and their noise, stay as they are; methods that weigh channels alike ask for it.
  var balanced: ChannelMix {
    let count = virtualChannels, scale = 1 / Float(count).squareRoot()
    let fourier = (0..<count * count).map { index in
      let turns = Float(index / count * (index % count) % count) / Float(count)
      return Complex<Float>(length: scale, phase: -2 * .pi * turns)
    }
    let turned = NDArray<Complex<Float>>(uninitializedShape: weights.shape) { target in
      fourier.withUnsafeBufferPointer { fourier in
        weights.withUnsafeBufferPointer { weights in
          for start in stride(from: 0, to: weights.count, by: count * channels) {
            let range = start..<start + count * channels
            multiply(
              fourier, UnsafeBufferPointer(rebasing: weights[range]),
              into: UnsafeMutableBufferPointer(rebasing: target[range]), rows: count, columns: channels,
              inner: count)
          }
        }
      }
    }
    return ChannelMix(weights: turned, retainedEnergy: retainedEnergy)
  }

  /// A sentence that says what the mix was used for.
  func account(of use: String) -> String {
    let percent = (1000 * retainedEnergy).rounded() / 10
    return
      "\(use) \(virtualChannels) virtual channels, which hold \(percent) % of the energy of the \(channels) receive "
      + "channels' calibration data."
  }

  /// Mixes what lies at one position of the readout, `[channel, ...]` to `[virtual channel, ...]`.
  func callAsFunction(
    _ values: NDArray<Complex<Float>>, atReadoutPosition x: Int
  ) -> NDArray<Complex<Float>> {
    let matrix = weights.part(at: isUniform ? 0 : x), columns = values.count / channels
    return NDArray(uninitializedShape: [virtualChannels] + values.shape[1...]) { target in
      matrix.withUnsafeBufferPointer { matrix in
        values.withUnsafeBufferPointer { values in
          multiply(matrix, values, into: target, rows: virtualChannels, columns: columns, inner: channels)
        }
      }
    }
  }

  /// Mixes `[channel, kz, ky, kx]`, all of it.
  func callAsFunction(_ samples: NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    mixed(
      samples, SamplingMask(lines: samples.shape[2], partitions: samples.shape[1]),
      readout: 0..<samples.shape[3])
  }

  /// Mixes `[channel, kz, ky, kx]`; positions that were not acquired stay zero.
  private func mixed(
    _ samples: NDArray<Complex<Float>>, _ mask: SamplingMask, readout: Range<Int>
  ) -> NDArray<Complex<Float>> {
    let length = samples.shape[3], plane = samples.shape[1] * samples.shape[2]
    precondition(
      samples.shape[0] == channels && (isUniform || weights.shape[0] == length),
      "samples of shape \(samples.shape) do not fit a mix of \(weights.shape)")
    let flags = mask.isAcquired.elements, positions = flags.indices.filter { flags[$0] }
    let transform = FourierTransform(shape: [length])
    var result = NDArray<Complex<Float>>(
      repeating: .zero, shape: [virtualChannels] + samples.shape.dropFirst())
    result.withUnsafeMutableBufferPointer { result in
      let target = SharedBuffer(result)
      samples.withUnsafeBufferPointer { samples in
        let source = SharedConstants(samples)
        Parallelism.forEach(positions.count) { index in
          withUnsafeTemporaryAllocation(
            of: Complex<Float>.self, capacity: (channels + virtualChannels) * length
          ) { memory in
            let lines = UnsafeMutableBufferPointer(rebasing: memory[..<(channels * length)])
            let mixed = UnsafeMutableBufferPointer(rebasing: memory[(channels * length)...])
            for channel in 0..<channels {
              let start = (channel * plane + positions[index]) * length
              let line = UnsafeMutableBufferPointer(
                rebasing: lines[channel * length..<(channel + 1) * length])
              _ = line.initialize(from: source[start..<start + length])
              if !isUniform { transform.inverse(line) }
            }
            mixed.initialize(repeating: .zero)
            apply(to: UnsafeBufferPointer(lines), into: mixed, length: length)
            for channel in 0..<virtualChannels {
              let line = UnsafeMutableBufferPointer(
                rebasing: mixed[channel * length..<(channel + 1) * length])
              if !isUniform { transform.forward(line) }
              let start = (channel * plane + positions[index]) * length
              for column in readout { target[start + column] = line[column] }
            }
          }
        }
      }
    }
    return result
  }

  /// Mixes one line of all channels, `[channel, x]` or `[channel, kx]`.
  func apply(
    to lines: UnsafeBufferPointer<Complex<Float>>, into mixed: UnsafeMutableBufferPointer<Complex<Float>>,
    length: Int
  ) {
    weights.withUnsafeBufferPointer { weights in
      if isUniform {
        return multiply(
          weights, lines, into: mixed, rows: virtualChannels, columns: length, inner: channels)
      }
      for x in 0..<length {
        for row in 0..<virtualChannels {
          let first = (x * virtualChannels + row) * channels
          var sum = Complex<Float>.zero
          for channel in 0..<channels { sum += weights[first + channel] * lines[channel * length + x] }
          mixed[row * length + x] = sum
        }
      }
    }
  }
}
