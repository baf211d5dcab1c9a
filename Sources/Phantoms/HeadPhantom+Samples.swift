import MRIData
import NDArrays
import Numerics

extension HeadPhantom {
  /// The number of echoes.
  public var echoes: Int { parameters.echoTimes.count }

  /// The noisy k-space of one echo, axes `[channel, kz, ky, kx]`.
  ///
  /// The same phantom gives the same bits at every call, for any number of threads.
  ///
  /// - Complexity: About one Fourier transform of the fine grid per channel; memory for the result and two
  ///   volumes of the fine grid.
  public func samples(echo: Int) -> NDArray<Complex<Float>> {
    precondition((0..<echoes).contains(echo), "echo \(echo) of \(echoes)")
    var samples = signal(echo: echo)
    addNoise(to: &samples, echo: echo)
    return samples
  }

  /// The k-space of one echo without noise, axes `[channel, kz, ky, sample]`.
  ///
  /// - Parameters:
  ///   - echo: The index of the echo.
  ///   - sampling: Where readouts sample `kx`; the grid of ``geometry`` unless given.
  public func signal(echo: Int, sampling: ReadoutSampling? = nil) -> NDArray<Complex<Float>> {
    precondition((0..<echoes).contains(echo), "echo \(echo) of \(echoes)")
    let matrix = geometry.matrix, length = sampling?.positions.count ?? matrix.x
    let signal = fineSignal(echoTime: parameters.echoTimes[echo])
    let acquisition = CroppedTransform(geometry, sampling: sampling)
    let count = matrix.z * matrix.y * length
    return NDArray(uninitializedShape: [channels, matrix.z, matrix.y, length]) { target in
      for (channel, sensitivity) in sensitivityMaps.enumerated() {
        let volume = channel * count..<(channel + 1) * count
        acquisition(signal, seenBy: sensitivity, into: UnsafeMutableBufferPointer(rebasing: target[volume]))
      }
    }
  }

  /// Adds the noise of the images to the k-space of one echo, axes `[channel, kz, ky, sample]`.
  public func addNoise(to samples: inout NDArray<Complex<Float>>, echo: Int) {
    let partitions = samples.shape[1], plane = samples.shape[2] * samples.shape[3]
    samples.withUnsafeMutableBufferPointer { target in
      let target = SharedBuffer(target)
      Parallelism.forEach(partitions) { z in
        guard let start = target[z * plane..<target.elements.count].baseAddress else { return }
        noise.add(
          .images, unit: echo * partitions + z, count: plane, stride: partitions * plane, to: start)
      }
    }
  }

  /// Adds noise to one navigator, axes `[channel, sample]`.
  ///
  /// - Parameter index: The number of the navigator; equal numbers give equal noise.
  public func addNoise(toNavigator samples: inout NDArray<Complex<Float>>, index: Int) {
    let count = samples.shape[1]
    samples.withUnsafeMutableBufferPointer { samples in
      guard let start = samples.baseAddress else { return }
      noise.add(.navigators, unit: index, count: count, stride: count, to: start)
    }
  }

  /// Noise alone, as a scan without excitation gives it, axes `[line, channel, sample]`.
  public func noiseScan(lines: Int, samplesPerLine: Int) -> NDArray<Complex<Float>> {
    var scan = NDArray<Complex<Float>>(repeating: .zero, shape: [lines, channels, samplesPerLine])
    scan.withUnsafeMutableBufferPointer { scan in
      for line in 0..<lines {
        guard let start = scan.baseAddress else { return }
        noise.add(
          .noiseScan, unit: line, count: samplesPerLine, stride: samplesPerLine,
          to: start + line * channels * samplesPerLine)
      }
    }
    return scan
  }

  /// The whole scan, fully sampled.
  ///
  /// - Parameter progress: Is told what is being done and which part of the echoes is done.
  public func scan(progress: (String, Double) -> Void = { _, _ in }) -> KSpace {
    let matrix = geometry.matrix
    var samples = NDArray<Complex<Float>>(repeating: .zero, shape: [echoes, channels] + matrix.shape)
    for echo in 0..<echoes {
      progress("simulating echo \(echo + 1) of \(echoes)", Double(echo) / Double(echoes))
      samples.setPart(at: echo, to: self.samples(echo: echo))
    }
    return KSpace(
      samples: samples,
      masks: Array(repeating: SamplingMask(lines: matrix.y, partitions: matrix.z), count: echoes),
      parameters: parameters, geometry: geometry)
  }

  /// The transverse magnetisation on the fine grid at an echo time [s].
  private func fineSignal(echoTime: Double) -> NDArray<Complex<Float>> {
    signalMaps.magnitude.withUnsafeBufferPointer { magnitude in
      signalMaps.rate.withUnsafeBufferPointer { rate in
        signalMaps.field.withUnsafeBufferPointer { field in
          let (magnitude, rate, field) = (
            SharedConstants(magnitude), SharedConstants(rate), SharedConstants(field)
          )
          return NDArray(over: fineGeometry) { voxel, position in
            guard magnitude[voxel] > 0 else { return .zero }
            let phase =
              2 * .pi * echoTime * Double(field[voxel]) + SpoiledGradientEcho.initialPhase(at: position)
            return Complex(
              length: magnitude[voxel] * Float.exp(-Float(echoTime) * rate[voxel]), phase: Float(phase))
          }
        }
      }
    }
  }
}
