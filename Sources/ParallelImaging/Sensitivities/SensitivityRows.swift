import LinearAlgebra
import NDArrays
import Numerics

/// Finds the sensitivities of one readout position from its kernel correlation, eight voxels at a time.
///
/// Correlations are those of virtual channels, combinations of the true ones; sensitivities are expanded to all
/// channels. Per row of voxels the polynomial is summed along `z` once; nothing larger than a row of coefficients is
/// held.
struct SensitivityRows: Sendable {
  /// The number of eigenvectors per voxel.
  let sets: Int
  let lines: Int
  let partitions: Int
  /// The virtual channels, the last of which makes sensitivities real and positive.
  let compression: ChannelCompression

  /// Above 1, the largest eigenvalue that there is, by more than rounding errors.
  private static let bound: Float = 1.001

  private var channels: Int { compression.virtualChannels }
  private var layout: HermitianPacks { HermitianPacks(order: channels) }

  /// Calls a closure with each voxel's sensitivities, one pointer step of `lanes` per channel.
  ///
  /// - Parameters:
  ///   - coefficients: The kernel correlation at the readout position, axes `[c, d <= c, D_z, D_y]`.
  ///   - band: The partitions to go through.
  ///   - body: Receives the set, the offset `z lines + y` of the first of eight voxels, the number of them that lie
  ///     in the row, the real and imaginary parts, one vector per channel, and the eigenvalues.
  func forEachPack(
    of coefficients: NDArray<Complex<Float>>, in band: Range<Int>,
    _ body: (
      _ set: Int, _ voxel: Int, _ count: Int, UnsafePointer<Lanes>, UnsafePointer<Lanes>, _ eigenvalues: Lanes
    ) -> Void
  ) {
    let shape = coefficients.shape
    let (pairs, depth, width) = (shape[0], shape[1], shape[2])
    let alongZ = Self.phases(extent: partitions, terms: depth)
    let alongY = Self.phases(extent: lines, terms: width)
    let packs = HermitianPacks.count(voxels: lines)
    coefficients.withUnsafeBufferPointer { coefficients in
      withUnsafeTemporaryAllocation(of: Complex<Float>.self, capacity: pairs * width) { row in
        let all = compression.channels
        withUnsafeTemporaryAllocation(
          of: Lanes.self, capacity: layout.stride + 2 * channels + 2 * width + 2 * all
        ) { lanes in
          guard let matrix = lanes.baseAddress else { return }
          let real = matrix + layout.stride, imaginary = real + channels
          let cosine = imaginary + channels, sine = cosine + width
          let expanded = (real: sine + width, imaginary: sine + width + all)
          lanes.initialize(repeating: .zero)
          for z in band {
            for pair in 0..<pairs {
              for term in 0..<width {
                var sum = Complex<Float>.zero
                for dz in 0..<depth {
                  sum += coefficients[(pair * depth + dz) * width + term] * alongZ[z * depth + dz]
                }
                row.initializeElement(at: pair * width + term, to: sum)
              }
            }
            for pack in 0..<packs {
              let first = pack * HermitianPacks.width
              let count = min(HermitianPacks.width, lines - first)
              for term in 0..<width {
                for lane in 0..<HermitianPacks.width {
                  let phase = alongY[min(first + lane, lines - 1) * width + term]
                  cosine[term][lane] = phase.real
                  sine[term][lane] = phase.imaginary
                }
              }
              fill(matrix, from: row, cosine, sine, terms: width)
              for set in 0..<sets {
                let eigenvalue = layout.eigenvector(
                  of: matrix, nearestTo: Self.bound, real: real, imaginary: imaginary)
                if set + 1 < sets { layout.subtract(real, imaginary, times: eigenvalue, from: matrix) }
                turn(real, imaginary)
                compression.expand(real, imaginary, to: expanded.real, expanded.imaginary)
                body(set, z * lines + first, count, expanded.real, expanded.imaginary, eigenvalue)
              }
            }
          }
        }
      }
    }
  }

  /// `exp(2 pi i r D)` with `r = (index - n / 2) / n`, axes `[index, D]`.
  private static func phases(extent: Int, terms: Int) -> [Complex<Float>] {
    (0..<extent * terms).map { index in
      let turns = (index / terms - extent / 2) * (index % terms - terms / 2) % extent
      return Complex(length: 1, phase: 2 * .pi * Float(turns) / Float(extent))
    }
  }

  /// Sums the polynomial along `y` for eight voxels.
  @inline(__always)
  private func fill(
    _ matrix: UnsafeMutablePointer<Lanes>, from row: UnsafeMutableBufferPointer<Complex<Float>>,
    _ cosine: UnsafePointer<Lanes>, _ sine: UnsafePointer<Lanes>, terms: Int
  ) {
    var cell = matrix
    var coefficient = 0
    for c in 0..<channels {
      for d in 0...c {
        var real = Lanes.zero, imaginary = Lanes.zero
        for term in 0..<terms {
          let value = row[coefficient + term]
          real += value.real * cosine[term] - value.imaginary * sine[term]
          imaginary += value.real * sine[term] + value.imaginary * cosine[term]
        }
        coefficient += terms
        cell[0] = real
        if c == d {
          cell += 1
        } else {
          cell[1] = imaginary
          cell += 2
        }
      }
    }
  }

  /// Turns unit vectors so that their last component is real and positive.
  @inline(__always)
  private func turn(_ real: UnsafeMutablePointer<Lanes>, _ imaginary: UnsafeMutablePointer<Lanes>) {
    let re = real[channels - 1], im = imaginary[channels - 1]
    let length = (re * re + im * im).squareRoot()
    let isTurnable = length .> .leastNormalMagnitude
    let cosine = (re / length).replacing(with: 1, where: .!isTurnable)
    let sine = (im / length).replacing(with: 0, where: .!isTurnable)
    for channel in 0..<channels {
      let a = real[channel], b = imaginary[channel]
      real[channel] = a * cosine + b * sine
      imaginary[channel] = b * cosine - a * sine
    }
  }
}

extension HermitianPacks {
  /// Subtracts `lambda v v^H` from the matrices of one pack.
  @inline(__always)
  fileprivate func subtract(
    _ real: UnsafePointer<Lanes>, _ imaginary: UnsafePointer<Lanes>, times eigenvalue: Lanes,
    from pack: UnsafeMutablePointer<Lanes>
  ) {
    forEachEntry { row, column, offset in
      let a = real[row] * eigenvalue, b = imaginary[row] * eigenvalue
      pack[offset] -= a * real[column] + b * imaginary[column]
      if row != column { pack[offset + 1] -= b * real[column] - a * imaginary[column] }
    }
  }
}
