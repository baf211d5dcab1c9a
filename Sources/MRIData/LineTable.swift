import NDArrays
import Numerics

/// Where the lines of phase-encoding positions lie in a block that holds nothing else.
///
/// ```
/// row(e, c, p) = sum_(e' < e) channels count(e') + c count(e) + (the number of listed positions of echo e before p)
/// ```
///
/// Positions are offsets `kz lines + ky`. With all positions listed, rows are those of `[echo, channel, kz, ky]`.
public struct LineTable: Sendable {
  /// The number of channels.
  public let channels: Int
  /// The listed positions of each echo, ascending.
  public let positions: [[Int]]
  /// The number of rows.
  public let count: Int

  /// The place of each position among the listed ones; -1 for others.
  private let places: [[Int32]]
  /// The first row of each echo.
  private let starts: [Int]

  /// Lists the acquired positions of each echo.
  public init(_ masks: [SamplingMask], channels: Int) {
    self.channels = channels
    var positions: [[Int]] = [], places: [[Int32]] = [], starts: [Int] = [], row = 0
    for mask in masks {
      let flags = mask.isAcquired.elements
      let listed = flags.indices.filter { flags[$0] }
      var place = [Int32](repeating: -1, count: flags.count)
      for (index, position) in listed.enumerated() { place[position] = Int32(index) }
      positions.append(listed)
      places.append(place)
      starts.append(row)
      row += channels * listed.count
    }
    self.positions = positions
    self.places = places
    self.starts = starts
    count = row
  }

  /// The row of a listed position.
  ///
  /// - Precondition: The position is listed.
  public func row(echo: Int, channel: Int, position: Int) -> Int {
    let place = Int(places[echo][position])
    precondition(place >= 0, "position \(position) of echo \(echo) has no line")
    return starts[echo] + channel * positions[echo].count + place
  }
}

extension LineTable {
  /// The listed lines of samples `[echo, channel, kz, ky, kx]`, axes `[row, kx]`; the same samples if all are listed.
  func lines(of grid: NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    let length = grid.shape[4], plane = grid.shape[2] * grid.shape[3]
    guard count * length < grid.count else { return grid.reshaped(to: [count, length]) }
    return NDArray(uninitializedShape: [count, length]) { target in
      grid.withUnsafeBufferPointer { source in
        forEachLine(plane: plane) { row, line in
          _ = target[row * length..<(row + 1) * length]
            .initialize(fromContentsOf: source[line * length..<(line + 1) * length])
        }
      }
    }
  }

  /// Lines in their places, axes `[echo, channel, kz, ky, kx]`, with zeros in between; the same samples if there are
  /// none.
  func grid(of lines: NDArray<Complex<Float>>, _ matrix: Extents) -> NDArray<Complex<Float>> {
    let shape = [positions.count, channels] + matrix.shape, length = matrix.x
    guard lines.count < shape.reduce(1, *) else { return lines.reshaped(to: shape) }
    var grid = NDArray<Complex<Float>>(repeating: .zero, shape: shape)
    grid.withUnsafeMutableBufferPointer { target in
      lines.withUnsafeBufferPointer { source in
        forEachLine(plane: matrix.y * matrix.z) { row, line in
          _ = UnsafeMutableBufferPointer(rebasing: target[line * length..<(line + 1) * length])
            .update(fromContentsOf: source[row * length..<(row + 1) * length])
        }
      }
    }
    return grid
  }

  /// Calls a closure with each row and its line's place in `[echo, channel, kz, ky]`.
  private func forEachLine(plane: Int, _ body: (_ row: Int, _ line: Int) -> Void) {
    var row = 0
    for (echo, positions) in positions.enumerated() {
      for channel in 0..<channels {
        for position in positions {
          body(row, (echo * channels + channel) * plane + position)
          row += 1
        }
      }
    }
  }
}
