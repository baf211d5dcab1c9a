import MRIData
import NDArrays
import Numerics
import Operators
import TestSupport
import Testing

@Suite("Laws of every linear operator")
struct OperatorLawTests {
  @Test("the adjoint is the adjoint, and the shapes are right", arguments: OperatorCase.all)
  func adjointness(_ example: OperatorCase) { expectAdjoint(example, example.make()) }

  private func expectAdjoint<Operator: LinearOperator<Samples, Samples>>(
    _ example: OperatorCase, _ model: Operator
  ) {
    let x = testPattern(example.domain, seed: 1), y = testPattern(example.codomain, seed: 2)
    let image = model(x), back = model.adjoint(y)
    // Shapes first: an inner product of flattened arrays would not notice wrong ones.
    #expect(image.shape == example.codomain)
    #expect(back.shape == example.domain)
    guard image.shape == y.shape, back.shape == x.shape else { return }
    let left = image.dot(y), right = x.dot(back)
    let scale =
      (image.squaredNorm * y.squaredNorm).squareRoot() + (x.squaredNorm * back.squaredNorm).squareRoot()
    #expect((left - right).length <= example.tolerance * scale)
  }

  @Test("applying is linear", arguments: OperatorCase.all)
  func linearity(_ example: OperatorCase) { expectLinear(example, example.make()) }

  private func expectLinear<Operator: LinearOperator<Samples, Samples>>(
    _ example: OperatorCase, _ model: Operator
  ) {
    let x = testPattern(example.domain, seed: 3), z = testPattern(example.domain, seed: 4)
    let factor = Complex<Float>(0.6, -1.3)
    let combination = Samples(zip(x.elements, z.elements).map { $0 * factor + $1 }, shape: example.domain)
    let expected = zip(model(x).elements, model(z).elements).map { $0 * factor + $1 }
    let error = relativeError(model(combination), Samples(expected, shape: example.codomain))
    #expect(error <= 4 * example.tolerance)
  }

  @Test(
    "the Gram operator is the adjoint after the operator, and its own adjoint", arguments: OperatorCase.all)
  func gram(_ example: OperatorCase) { expectGram(example, example.make()) }

  private func expectGram<Operator: LinearOperator<Samples, Samples>>(
    _ example: OperatorCase, _ model: Operator
  ) {
    let x = testPattern(example.domain, seed: 5)
    let expected = model.adjoint(model(x))
    #expect(relativeError(model.gram(x), expected) <= 4 * example.tolerance)
    #expect(relativeError(model.gram.adjoint(x), expected) <= 4 * example.tolerance)
  }

  @Test("the operator leaves its argument alone", arguments: OperatorCase.all)
  func arguments(_ example: OperatorCase) { expectUnchanged(example, example.make()) }

  private func expectUnchanged<Operator: LinearOperator<Samples, Samples>>(
    _ example: OperatorCase, _ model: Operator
  ) {
    let x = testPattern(example.domain, seed: 6), y = testPattern(example.codomain, seed: 7)
    _ = (model(x), model.adjoint(y), model.gram(x))
    #expect(x == testPattern(example.domain, seed: 6))
    #expect(y == testPattern(example.codomain, seed: 7))
  }

  @Test(
    "the adjoint of a composition is the composition of the adjoints, reversed",
    arguments: OperatorCase.matrices)
  func compositions(matrix: Extents) {
    let fourier = FourierOperator(shape: matrix.shape), coil = SensitivityOperator(maps(matrix, 3))
    let sampling = SamplingOperator(mask(matrix))
    let y = testPattern([3] + matrix.shape)
    let reversed = coil.adjoint * fourier.adjoint * sampling.adjoint
    #expect((sampling * fourier * coil).adjoint(y) == reversed(y))
    #expect(
      (sampling * fourier * coil).adjoint.adjoint(reversed(y)) == (sampling * (fourier * coil))(reversed(y)))
  }

  @Test("sampling is a projection that keeps acquired samples bit for bit", arguments: OperatorCase.matrices)
  func projection(matrix: Extents) {
    let mask = mask(matrix), sampling = SamplingOperator(mask)
    let samples = testPattern([2] + matrix.shape)
    let kept = sampling(samples)
    #expect(sampling(kept) == kept)
    for (index, (before, after)) in zip(samples.elements, kept.elements).enumerated() {
      let row = index / matrix.x
      let isAcquired = mask[line: row % matrix.y, partition: row / matrix.y % matrix.z]
      #expect(after == (isAcquired ? before : .zero))
    }
  }

  @Test("sensitivities multiply voxel by voxel")
  func sensitivities() {
    let matrix = Extents(x: 5, y: 2, z: 3)
    let maps = maps(matrix, 2), image = testPattern(matrix.shape)
    let images = SensitivityOperator(maps)(image)
    for channel in 0..<2 {
      let expected = zip(maps.maps.part(at: channel).elements, image.elements).map { $0 * $1 }
      #expect(images.part(at: channel).elements == expected)
    }
  }
}
