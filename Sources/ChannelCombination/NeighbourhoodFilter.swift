import LinearAlgebra
import MRIData
import NDArrays
import Numerics

/// The matched filter of adaptive combination for a strip of rows.
///
/// A sum over a box of voxels is a sum over slices and echoes (one row of covariances), over lines (a ring of
/// the last rows) and over `x` (shifted lanes). Rows are added anew for every voxel rather than updated by
/// differences, which would leave the rounding errors of bright voxels in dark ones.
struct NeighbourhoodFilter {
  private let rows: ChannelRows
  private let radius: Extents
  private let reference: VirtualChannel
  private let layout: HermitianPacks
  /// The covariances of the last `2 radius.y + 1` lines, summed over slices and echoes; line modulo their number.
  private var ring: [[Lanes]]
  /// Room for a vector of channels, twice, and for a matrix.
  private var scratch: [Lanes]

  init(_ rows: ChannelRows, radius: Extents, _ reference: VirtualChannel) {
    self.rows = rows
    self.radius = radius
    self.reference = reference
    layout = rows.layout
    ring = Array(
      repeating: Array(repeating: .zero, count: rows.packs * layout.stride), count: 2 * radius.y + 1)
    scratch = Array(repeating: .zero, count: 4 * layout.order + layout.stride)
  }

  /// Combines the channels of some lines of a slice, all echoes.
  consuming func combine(_ lines: Range<Int>, slice: Int, _ target: SharedBuffer<Complex<Float>>) {
    let window = 2 * radius.y + 1
    var sum = [Lanes](repeating: .zero, count: rows.packs * layout.stride)
    for line in lines.lowerBound - radius.y..<lines.upperBound + radius.y {
      accumulate(line, slice)
      let centre = line - radius.y
      guard lines.contains(centre) else { continue }
      for index in sum.indices {
        var total = ring[0][index]
        for slot in 1..<window { total += ring[slot][index] }
        sum[index] = total
      }
      combine(line: centre, slice: slice, sum, target)
    }
  }

  /// Puts the covariances of one line into the ring; zeros for a line outside of the volume.
  private mutating func accumulate(_ line: Int, _ slice: Int) {
    let window = 2 * radius.y + 1, slot = (line + window) % window
    let slices = max(0, slice - radius.z)...min(rows.matrix.z - 1, slice + radius.z)
    let isInside = (0..<rows.matrix.y).contains(line)
    let rows = rows, layout = layout
    ring[slot].withUnsafeMutableBufferPointer { row in
      scratch.withUnsafeMutableBufferPointer { scratch in
        guard let row = row.baseAddress, let real = scratch.baseAddress else { return }
        let imaginary = real + layout.order
        for pack in 0..<rows.packs {
          let matrix = row + pack * layout.stride
          matrix.update(repeating: .zero, count: layout.stride)
          guard isInside else { continue }
          for slice in slices {
            for echo in 0..<rows.echoes {
              rows.read(
                echo: echo, slice: slice, line: line, pack: pack, real: real, imaginary: imaginary)
              _ = rows.clearInvalid(real: real, imaginary: imaginary)
              layout.add(real: real, imaginary: imaginary, to: matrix)
            }
          }
        }
      }
    }
  }

  /// Combines one line by the filters of its voxels.
  private mutating func combine(
    line: Int, slice: Int, _ sum: [Lanes], _ target: SharedBuffer<Complex<Float>>
  ) {
    let rows = rows, layout = layout, radius = radius, reference = reference, order = layout.order
    scratch.withUnsafeMutableBufferPointer { scratch in
      guard let real = scratch.baseAddress else { return }
      let imaginary = real + order, weights = imaginary + order, turned = weights + order
      let matrix = turned + order
      for pack in 0..<rows.packs {
        Self.sumAlongReadout(sum, pack, of: rows.packs, layout.stride, radius.x, into: matrix)
        _ = layout.dominantEigenvector(matrix, real: weights, imaginary: turned)
        reference.anchor(weights, turned)
        for echo in 0..<rows.echoes {
          rows.read(echo: echo, slice: slice, line: line, pack: pack, real: real, imaginary: imaginary)
          var re = Lanes.zero, im = Lanes.zero
          for index in 0..<order {
            re += weights[index] * real[index] + turned[index] * imaginary[index]
            im += weights[index] * imaginary[index] - turned[index] * real[index]
          }
          let x = pack * HermitianPacks.width
          let start = ((echo * rows.matrix.z + slice) * rows.matrix.y + line) * rows.matrix.x + x
          for lane in 0..<min(HermitianPacks.width, rows.matrix.x - x) {
            target[start + lane] = Complex(re[lane], im[lane]).multiplied(by: rows.scale.inverse)
          }
        }
      }
    }
  }

  /// Adds to each voxel its neighbours along `x`, which may lie in the packs before and after.
  private static func sumAlongReadout(
    _ sum: [Lanes], _ pack: Int, of packs: Int, _ stride: Int, _ radius: Int,
    into matrix: UnsafeMutablePointer<Lanes>
  ) {
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 3) { line in
      guard let floats = UnsafeRawPointer(line.baseAddress) else { return }
      let step = MemoryLayout<Float>.stride
      for cell in 0..<stride {
        line[0] = pack > 0 ? sum[(pack - 1) * stride + cell] : .zero
        line[1] = sum[pack * stride + cell]
        line[2] = pack + 1 < packs ? sum[(pack + 1) * stride + cell] : .zero
        var total = Lanes.zero
        for shift in HermitianPacks.width - radius...HermitianPacks.width + radius {
          total += floats.loadUnaligned(fromByteOffset: shift * step, as: Lanes.self)
        }
        matrix[cell] = total
      }
    }
  }
}
