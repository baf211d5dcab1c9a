import LinearAlgebra
import NDArrays
import Numerics

/// Finds the sensitivities of one readout position from its kernel correlation, eight voxels at a time.
///
/// Per row of voxels the polynomial is summed along `z` once; nothing larger than a row of coefficients is held.
struct SensitivityRows: Sendable {
  private let channels: Int
  private let lines: Int
  private let partitions: Int
  private let crop: Float
  /// The combination of channels that makes sensitivities real and positive, of unit length.
  private let reference: [Complex<Float>]
  private let layout: HermitianPacks

  init(channels: Int, lines: Int, partitions: Int, crop: Float, reference: [Complex<Float>]) {
    self.channels = channels
    self.lines = lines
    self.partitions = partitions
    self.crop = crop
    self.reference = reference
    layout = HermitianPacks(order: channels)
  }

  /// Calls a closure with each voxel's sensitivities, one pointer step of `lanes` per channel.
  ///
  /// - Parameter body: Receives the offset `z lines + y` of the first of eight voxels, the number of them that lie in
  ///   the row, and the real and imaginary parts, one vector per channel.
  func forEachPack(
    of correlation: KernelCorrelation,
    _ body: (_ voxel: Int, _ count: Int, UnsafePointer<Lanes>, UnsafePointer<Lanes>) -> Void
  ) {
    let shape = correlation.coefficients.shape
    let (pairs, depth, width) = (shape[0], shape[1], shape[2])
    let alongZ = Self.phases(extent: partitions, terms: depth)
    let alongY = Self.phases(extent: lines, terms: width)
    let packs = HermitianPacks.count(voxels: lines)
    correlation.coefficients.withUnsafeBufferPointer { coefficients in
      withUnsafeTemporaryAllocation(of: Complex<Float>.self, capacity: pairs * width) { row in
        withUnsafeTemporaryAllocation(of: Lanes.self, capacity: layout.stride + 2 * channels + 2 * width) {
          lanes in
          guard let matrix = lanes.baseAddress else { return }
          let real = matrix + layout.stride, imaginary = real + channels
          let cosine = imaginary + channels, sine = cosine + width
          lanes.initialize(repeating: .zero)
          for z in 0..<partitions {
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
              let eigenvalue = layout.dominantEigenvector(matrix, real: real, imaginary: imaginary)
              normalize(real, imaginary, eigenvalue)
              body(z * lines + first, count, real, imaginary)
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

  /// Turns unit vectors to the reference's phase, and clears those whose eigenvalue is too small.
  @inline(__always)
  private func normalize(
    _ real: UnsafeMutablePointer<Lanes>, _ imaginary: UnsafeMutablePointer<Lanes>, _ eigenvalue: Lanes
  ) {
    var re = Lanes.zero, im = Lanes.zero
    for channel in 0..<channels {
      let u = reference[channel]
      re += u.real * real[channel] + u.imaginary * imaginary[channel]
      im += u.real * imaginary[channel] - u.imaginary * real[channel]
    }
    let length = (re * re + im * im).squareRoot()
    let isKept = eigenvalue .>= crop .& length .> 0
    let cosine = (re / length).replacing(with: 0, where: .!isKept)
    let sine = (im / length).replacing(with: 0, where: .!isKept)
    for channel in 0..<channels {
      let a = real[channel], b = imaginary[channel]
      real[channel] = a * cosine + b * sine
      imaginary[channel] = b * cosine - a * sine
    }
  }
}
