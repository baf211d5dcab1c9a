import NDArrays
import Numerics

/// The root of the summed squared differences over that of the reference, in double precision.
public func relativeError(_ values: NDArray<Complex<Float>>, _ reference: NDArray<Complex<Float>>) -> Double {
  precondition(values.shape == reference.shape, "shapes \(values.shape) and \(reference.shape) differ")
  var difference = 0.0, norm = 0.0
  for (value, expected) in zip(values.elements, reference.elements) {
    let error = value - expected
    difference += Double(error.real) * Double(error.real) + Double(error.imaginary) * Double(error.imaginary)
    norm +=
      Double(expected.real) * Double(expected.real) + Double(expected.imaginary) * Double(expected.imaginary)
  }
  return (difference / max(norm, .leastNormalMagnitude)).squareRoot()
}

/// The root of the summed squared differences over that of the reference, in double precision.
public func relativeError(_ values: NDArray<Float>, _ reference: NDArray<Float>) -> Double {
  relativeError(values.map { Complex($0, 0) }, reference.map { Complex($0, 0) })
}

/// Deterministic test data, spread over the unit square of the complex plane.
public func testPattern(_ shape: [Int], seed: UInt64 = 1) -> NDArray<Complex<Float>> {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  func next() -> Float {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Float(state >> 40) / Float(1 << 23) - 1
  }
  return NDArray(uninitializedShape: shape) { target in
    for index in target.indices { target.initializeElement(at: index, to: Complex(next(), next())) }
  }
}
