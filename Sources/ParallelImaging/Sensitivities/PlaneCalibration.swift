import MRIData
import NDArrays
import Numerics

extension CalibrationBlock {
  /// The block of a scan with one phase-encoding axis, with the centre of `kx` as the other one.
  ///
  /// Lines of `ky` become `[channel, kx, ky, 1]`, partitions `[channel, kz, kx, 1]`. The box is as long along `kx` as
  /// it is wide, where the signal stands above the noise, and longer if patches of a kernel would be fewer than its
  /// elements.
  func turned(kernelWidth: Int) -> CalibrationBlock {
    let channels = samples.shape[0], length = samples.shape[3],
      width = max(region.lines.count, region.partitions.count)
    let places = max(width - kernelWidth + 1, 1)
    let elements = channels * kernelWidth * kernelWidth
    let wanted = max(width, (elements + places - 1) / places + kernelWidth - 1)
    let centre = length / 2
    let columns = (centre - wanted / 2..<centre + (wanted + 1) / 2).clamped(to: readoutRange)
    let cropped = NDArray<Complex<Float>>(
      uninitializedShape: Array(samples.shape.dropLast()) + [columns.count]
    ) { target in
      samples.withUnsafeBufferPointer { source in
        for index in target.indices {
          let (row, column) = index.quotientAndRemainder(dividingBy: columns.count)
          target.initializeElement(at: index, to: source[row * length + columns.lowerBound + column])
        }
      }
    }
    return CalibrationBlock(whole: cropped.turned())
  }
}

extension Extents {
  /// Whether there is a readout and a single phase-encoding axis.
  var isPlanar: Bool { x > 1 && (y == 1 || z == 1) }

  /// The grid of a plane whose readout is seen as its missing phase-encoding axis.
  var turned: Extents { y == 1 ? Extents(x: 1, y: x, z: z) : Extents(x: 1, y: y, z: x) }
}

extension NDArray<Complex<Float>> {
  /// Planar volumes `[..., 1, y, x]` as `[..., x, y, 1]`, and `[..., z, 1, x]` as `[..., z, x, 1]`.
  func turned() -> NDArray {
    let axes = shape.count, leading = Array(shape[..<(axes - 3)])
    let (z, y, x) = (shape[axes - 3], shape[axes - 2], shape[axes - 1])
    return y == 1
      ? reshaped(to: leading + [z, x, 1]) : transposed(rows: y, columns: x).reshaped(to: leading + [x, y, 1])
  }

  /// The planar volumes of a grid as they were before they were turned.
  func turnedBack(to matrix: Extents) -> NDArray {
    let shape = Array(shape.dropLast(3)) + matrix.shape
    return matrix.y == 1
      ? reshaped(to: shape) : transposed(rows: matrix.x, columns: matrix.y).reshaped(to: shape)
  }

  /// A copy in which each plane `[rows, columns]` is `[columns, rows]`.
  private func transposed(rows: Int, columns: Int) -> NDArray {
    NDArray(uninitializedShape: shape) { target in
      withUnsafeBufferPointer { source in
        for plane in stride(from: 0, to: target.count, by: rows * columns) {
          for row in 0..<rows {
            for column in 0..<columns {
              target.initializeElement(
                at: plane + column * rows + row, to: source[plane + row * columns + column])
            }
          }
        }
      }
    }
  }
}
