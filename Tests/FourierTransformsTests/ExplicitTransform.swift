import NDArrays
import Numerics

/// The centred transform by its definition, one axis after the other, in double precision.
func explicitTransform(
  _ array: NDArray<Complex<Float>>, axes: [Int], sign: Double
) -> NDArray<Complex<Float>> {
  var values = array.elements.map { Complex(Double($0.real), Double($0.imaginary)) }
  for axis in axes {
    let extent = array.shape[axis]
    let stride = array.shape[(axis + 1)...].reduce(1, *)
    let scale = 1 / Double(extent).squareRoot()
    let phases = (0..<extent).map { turn in
      Complex.exp(Complex(0, sign * 2 * .pi * Double(turn) / Double(extent)))
    }
    var result = values
    for start in values.indices where (start / stride) % extent == 0 {
      for k in 0..<extent {
        var sum = Complex<Double>.zero
        for r in 0..<extent {
          let turn = ((k - extent / 2) * (r - extent / 2) % extent + extent) % extent
          sum += values[start + r * stride] * phases[turn]
        }
        result[start + k * stride] = Complex(sum.real * scale, sum.imaginary * scale)
      }
    }
    values = result
  }
  return NDArray(values.map { Complex(Float($0.real), Float($0.imaginary)) }, shape: array.shape)
}
