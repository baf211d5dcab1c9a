import LinearAlgebra
import NDArrays
import Numerics
import Operators

/// What the images of one plane lack to be consistent: `x` to `(G - 1) x`, axes `[channel, z, y]`.
///
/// ```
/// G[t, s](r) = sum_d K[t, s, d] exp(-2 pi i d r)       convolution of k-space, voxel by voxel
/// ```
///
/// Matrices of eight voxels along `y` lie side by side in vector lanes; they are held for one plane only.
struct PlaneConsistency: LinearOperator {
  private let channels: Int
  private let rows: Int
  private let columns: Int
  /// The elements of `G - 1`, axes `[z, pack, target, source, real and imaginary part, lane]`.
  private let packs: NDArray<Float>

  private var packsPerRow: Int { HermitianPacks.count(voxels: columns) }

  /// Transforms a kernel to the images of a plane of extents `[z, y]`.
  init(_ kernel: ConsistencyKernel, shape: [Int]) {
    let weights = kernel.weights, (height, width) = (weights.shape[2], weights.shape[3])
    let channels = weights.shape[0], pairs = channels * channels
    let (rows, columns) = (shape[0], shape[1])
    (self.channels, self.rows, self.columns) = (channels, rows, columns)
    let packsPerRow = HermitianPacks.count(voxels: columns), lanes = HermitianPacks.width
    let alongZ = Self.phases(extent: rows, terms: height, count: rows)
    let alongY = Self.phases(extent: columns, terms: width, count: packsPerRow * lanes)
    packs = NDArray(uninitializedShape: [rows, packsPerRow, channels, channels, 2, lanes]) { target in
      target.withMemoryRebound(to: Lanes.self) { target in
        weights.withUnsafeBufferPointer { weights in
          var sums = [Complex<Float>](repeating: .zero, count: width)
          for z in 0..<rows {
            for pair in 0..<pairs {
              for dy in 0..<width {
                sums[dy] = (0..<height).reduce(.zero) {
                  $0 + weights[(pair * height + $1) * width + dy] * alongZ[$1 * rows + z]
                }
              }
              let isDiagonal = pair / channels == pair % channels
              for pack in 0..<packsPerRow {
                var real = Lanes(repeating: isDiagonal ? -1 : 0), imaginary = Lanes.zero
                for dy in 0..<width {
                  let sum = sums[dy]
                  alongY.withUnsafeBufferPointer { phases in
                    guard let start = phases.baseAddress else { return }
                    let (cosine, sine) = Lanes.split(
                      start + (dy * packsPerRow + pack) * lanes, count: lanes)
                    real += sum.real * cosine - sum.imaginary * sine
                    imaginary += sum.real * sine + sum.imaginary * cosine
                  }
                }
                let cell = ((z * packsPerRow + pack) * pairs + pair) * 2
                target.initializeElement(at: cell, to: real)
                target.initializeElement(at: cell + 1, to: imaginary)
              }
            }
          }
        }
      }
    }
  }

  /// `exp(-2 pi i d r)` with `d` from `-terms / 2` and `r = (index - n / 2) / n`, axes `[d, index]`.
  private static func phases(extent: Int, terms: Int, count: Int) -> [Complex<Float>] {
    (0..<terms * count).map { index in
      let turns = (index / count - terms / 2) * (index % count - extent / 2) % extent
      return Complex(length: 1, phase: -2 * .pi * Float(turns) / Float(extent))
    }
  }

  func callAsFunction(_ images: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    apply(images) { matrix, source, target, _ in multiply(matrix, source, into: target) }
  }

  func applyAdjoint(_ images: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    apply(images) { matrix, source, target, _ in multiplyAdjoint(matrix, source, into: target) }
  }

  func applyGram(_ images: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    apply(images) { matrix, source, target, scratch in
      multiply(matrix, source, into: scratch)
      multiplyAdjoint(matrix, scratch, into: target)
    }
  }

  /// The largest eigenvalue of `(G - 1)^H (G - 1)` of a voxel, from a few steps of the power iteration.
  var steepness: Double {
    var vectors = NDArray<Complex<Float>>(uninitializedShape: [channels, rows, columns]) { target in
      for index in target.indices {
        target.initializeElement(
          at: index, to: Complex(length: 1, phase: Float(index / (rows * columns) * 7919)))
      }
    }
    var largest: Float = 0
    for _ in 0..<8 {
      vectors = applyGram(vectors)
      largest = 0
      vectors.withUnsafeMutableBufferPointer { vectors in
        let voxels = rows * columns
        for voxel in 0..<voxels {
          let members = stride(from: voxel, to: vectors.count, by: voxels)
          let length = members.reduce(0) { $0 + vectors[$1].lengthSquared }.squareRoot()
          largest = max(largest, length)
          guard length > 0 else { continue }
          for index in members { vectors[index] = vectors[index].divided(by: length) }
        }
      }
    }
    return Double(largest)
  }

  private typealias Kernel = (
    _ matrix: UnsafePointer<Lanes>, _ source: UnsafeMutablePointer<Lanes>,
    _ target: UnsafeMutablePointer<Lanes>, _ scratch: UnsafeMutablePointer<Lanes>
  ) -> Void

  /// Calls a closure for every pack with its channels' real and imaginary parts, alternating.
  @inline(__always)
  private func apply(_ images: NDArray<Complex<Float>>, _ body: Kernel) -> NDArray<Complex<Float>> {
    precondition(
      images.shape == [channels, rows, columns],
      "images of shape \(images.shape) instead of \([channels, rows, columns])")
    let voxels = rows * columns, width = HermitianPacks.width
    return NDArray(uninitializedShape: images.shape) { target in
      images.withUnsafeBufferPointer { images in
        packs.withUnsafeBufferPointer { packs in
          packs.withMemoryRebound(to: Lanes.self) { packs in
            withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 6 * channels) { memory in
              guard let source = memory.baseAddress, let start = images.baseAddress,
                var matrix = packs.baseAddress
              else { return }
              memory.initialize(repeating: .zero)
              let result = source + 2 * channels, scratch = source + 4 * channels
              for row in 0..<rows {
                for first in Swift.stride(from: 0, to: columns, by: width) {
                  let count = min(width, columns - first), voxel = row * columns + first
                  for channel in 0..<channels {
                    (source[2 * channel], source[2 * channel + 1]) = Lanes.split(
                      start + channel * voxels + voxel, count: count)
                  }
                  body(matrix, source, result, scratch)
                  for channel in 0..<channels {
                    let real = result[2 * channel], imaginary = result[2 * channel + 1]
                    for lane in 0..<count {
                      target.initializeElement(
                        at: channel * voxels + voxel + lane, to: Complex(real[lane], imaginary[lane]))
                    }
                  }
                  matrix += 2 * channels * channels
                }
              }
            }
          }
        }
      }
    }
  }

  @inline(__always)
  private func multiply(
    _ matrix: UnsafePointer<Lanes>, _ source: UnsafeMutablePointer<Lanes>,
    into target: UnsafeMutablePointer<Lanes>
  ) {
    var cell = matrix
    for row in 0..<channels {
      var real = Lanes.zero, imaginary = Lanes.zero
      for column in 0..<channels {
        let a = cell[0], b = cell[1], c = source[2 * column], d = source[2 * column + 1]
        real += a * c - b * d
        imaginary += a * d + b * c
        cell += 2
      }
      target[2 * row] = real
      target[2 * row + 1] = imaginary
    }
  }

  @inline(__always)
  private func multiplyAdjoint(
    _ matrix: UnsafePointer<Lanes>, _ source: UnsafeMutablePointer<Lanes>,
    into target: UnsafeMutablePointer<Lanes>
  ) {
    target.update(repeating: .zero, count: 2 * channels)
    var cell = matrix
    for row in 0..<channels {
      let c = source[2 * row], d = source[2 * row + 1]
      for column in 0..<channels {
        let a = cell[0], b = cell[1]
        target[2 * column] += a * c + b * d
        target[2 * column + 1] += a * d - b * c
        cell += 2
      }
    }
  }
}
