/// Filters along the axes of a volume, one output plane at a time.
///
/// Planes `[y, x]` are double precision and contiguous. Memory is a few planes per thread, whatever the volume.
struct PlaneFilter {
  let rows: Int
  let columns: Int

  var count: Int { rows * columns }

  /// Filters along `y`, then adds to the target what the filter along `x` yields.
  func add(
    _ source: UnsafePointer<Double>, along y: FilterRows, _ x: FilterRows,
    to target: UnsafeMutablePointer<Double>, by scratch: UnsafeMutablePointer<Double>
  ) {
    for row in 0..<rows {
      let line = scratch
      for column in 0..<columns { line[column] = 0 }
      let weights = y.weights[row]
      for tap in weights.indices {
        let weight = weights[tap]
        let input = source + (y.starts[row] + tap) * columns
        for column in 0..<columns { line[column] += weight * input[column] }
      }
      add(line, along: x, to: target + row * columns)
    }
  }

  private func add(
    _ line: UnsafePointer<Double>, along x: FilterRows, to target: UnsafeMutablePointer<Double>
  ) {
    let interior = x.interior
    if !interior.isEmpty {
      let weights = x.weights[interior.lowerBound]
      let first = x.starts[interior.lowerBound]
      // Taps outside, columns inside: the inner loop is free of dependencies and vectorizes.
      for tap in weights.indices {
        let weight = weights[tap]
        let input = line + first + tap, output = target + interior.lowerBound
        for column in 0..<interior.count { output[column] += weight * input[column] }
      }
    }
    for column in 0..<columns where !interior.contains(column) {
      let weights = x.weights[column]
      let input = line + x.starts[column]
      var sum = 0.0
      for tap in weights.indices { sum += weights[tap] * input[tap] }
      target[column] += sum
    }
  }
}
