import Evaluation
import Foundation
import NDArrays
import Numerics
import TestSupport
import Testing

/// What holds for any images.
@Suite struct MetricLawTests {
  static let shapes = [[11, 13, 17], [1, 16, 9], [5, 1, 7], [7, 8], [1, 1, 1], [2, 3]]
  static let similarities: [any ImageMetric] = [
    SSIM.matlab(dataRange: 1), SSIM.matlab(dataRange: 1, dimensions: .inPlane), XSIM(),
    XSIM(outside: .zeroed),
  ]

  private func pattern(_ shape: [Int], seed: UInt64 = 1) -> NDArray<Float> {
    testPattern(shape, seed: seed).map(\.real)
  }

  @Test(arguments: shapes) func anImageEqualsItself(_ shape: [Int]) throws {
    let image = pattern(shape), mask = GoldenImages(shape).mask
    for metric in Self.similarities {
      #expect(try metric.value(of: image, against: image) == 1)
      #expect(try metric.value(of: image, against: image, within: mask) == 1)
    }
    #expect(try PSNR(peak: 1).value(of: image, against: image) == .infinity)
    #expect(try NRMSE().value(of: image, against: image) == 0)
    if image.count > 1 {
      #expect(try NRMSE(.detrended).value(of: image, against: image) < 1e-15)
      #expect(try HFEN().value(of: image, against: image) == 0)
    }
  }

  @Test(arguments: shapes) func similarityIsSymmetricAndBounded(_ shape: [Int]) throws {
    let first = pattern(shape), second = pattern(shape, seed: 2)
    for metric in Self.similarities {
      let value = try metric.value(of: first, against: second)
      #expect(try metric.value(of: second, against: first) == value)
      #expect((-1...1).contains(value) && value < 1)
    }
  }

  /// Next to squares of 10^14, variances below 0.02 are rounding alone.
  @Test func similarityStaysBoundedWhereRoundingRules() throws {
    func sparse(_ step: Int) -> NDArray<Float> {
      NDArray((0..<336).map { 1e7 + ($0 % step == 0 ? 1 : 0) }, shape: [6, 7, 8])
    }
    let image = sparse(97), map = try XSIM().map(of: image, against: sparse(83))
    #expect(map.elements.allSatisfy { abs($0) <= 1 })
    #expect(try XSIM().value(of: image, against: image) == 1)
  }

  @Test func similarityIsThatOfScaledImagesInAScaledRange() throws {
    let first = pattern([9, 10, 11]), second = pattern([9, 10, 11], seed: 2)
    let value = try SSIM.matlab(dataRange: 1).value(of: first, against: second)
    let scaled = try SSIM.matlab(dataRange: 1024).value(
      of: first.map { 1024 * $0 }, against: second.map { 1024 * $0 })
    #expect(value == scaled)
  }

  @Test func transposingTransposesTheMap() throws {
    let shape = [5, 6, 7]
    func turned(_ image: NDArray<Float>) -> NDArray<Float> {
      var result = NDArray<Float>(repeating: 0, shape: [7, 6, 5])
      for z in 0..<5 { for y in 0..<6 { for x in 0..<7 { result[x, y, z] = image[z, y, x] } } }
      return result
    }
    let first = pattern(shape), second = pattern(shape, seed: 2)
    let map = turned(try XSIM().map(of: first, against: second))
    let other = try XSIM().map(of: turned(first), against: turned(second))
    #expect(zip(map.elements, other.elements).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func planesOfTwoAndThreeAxesAgree() throws {
    let first = pattern([14, 15]), second = pattern([14, 15], seed: 2)
    for metric in [SSIM.matlab(dataRange: 1), .scikitImage(dataRange: 1, dimensions: .inPlane)] {
      let plane = try metric.value(of: first, against: second)
      let slice = try metric.value(
        of: first.reshaped(to: [1, 14, 15]), against: second.reshaped(to: [1, 14, 15]))
      #expect(abs(plane - slice) < 1e-7)
    }
  }

  @Test func whatLiesOutsideCountsOnlyWhereItIsSeen() throws {
    let shape = [8, 9, 10], mask = GoldenImages(shape).mask
    let image = pattern(shape), reference = pattern(shape, seed: 2)
    var other = image
    let flags = mask.elements
    other.withUnsafeMutableBufferPointer {
      for index in flags.indices where !flags[index] { $0[index] = .nan }
    }
    for metric: any ImageMetric in [
      NRMSE(), NRMSE(.detrended), PSNR(peak: 1), XSIM(outside: .zeroed), HFEN(outside: .zeroed),
      SSIM.matlab(dataRange: 1, outside: .zeroed),
    ] {
      let value = try metric.value(of: image, against: reference, within: mask)
      #expect(try metric.value(of: other, against: reference, within: mask) == value)
    }
    let bad = flags.count { !$0 }
    #expect(throws: EvaluationError.notFinite(.image, voxels: bad)) {
      try XSIM().value(of: other, against: reference, within: mask)
    }
    #expect(throws: EvaluationError.notFinite(.reference, voxels: bad)) {
      try NRMSE().value(of: reference, against: other)
    }
  }

  @Test func scaleAndOffsetAreTakenOutWhereTheFormSaysSo() throws {
    let reference = pattern([6, 5, 7])
    let scaled = reference.map { 4 * $0 }, shifted = reference.map { 0.5 * $0 + 2 }
    #expect(try NRMSE(.scaled).value(of: scaled, against: reference) < 1e-15)
    #expect(abs(try NRMSE().value(of: scaled, against: reference) - 3) < 1e-12)
    // The shifted image is rounded to single precision.
    #expect(try NRMSE(.detrended).value(of: shifted, against: reference) < 1e-6)
    #expect(abs(try NRMSE(.demeaned).value(of: shifted, against: reference) - 0.5) < 1e-6)
  }

  @Test func complexImagesMustAgreeInPhase() throws {
    let reference = testPattern([5, 6, 7])
    let turned = reference.map { $0 * Complex<Float>(0, 1) }
    #expect(abs(try NRMSE().value(of: turned, against: reference) - 2.0.squareRoot()) < 1e-12)
    #expect(try NRMSE(.scaled).value(of: turned, against: reference) < 1e-15)
    #expect(try NRMSE(.detrended).value(of: turned, against: reference) < 1e-15)
    #expect(abs(try HFEN().value(of: turned, against: reference) - 2.0.squareRoot()) < 1e-12)
    let scale = try optimalScale(of: turned, to: reference)
    #expect((scale - Complex(0, -1)).length < 1e-12)
    let realPart = try NRMSE().value(of: turned.map(\.real), against: reference.map(\.real))
    #expect(realPart > 1)
    let real = reference.map { Complex($0.real, 0) }, other = turned.map { Complex($0.real, 0) }
    #expect(try NRMSE().value(of: other, against: real) == realPart)
  }

  @Test func imagesWithoutContrastAreRefused() throws {
    let image = pattern([5, 6, 7])
    for constant: Float in [0, 0.3, 1e6] {
      let flat = NDArray<Float>(repeating: constant, shape: [5, 6, 7])
      for metric: any ImageMetric in [NRMSE(.demeaned), NRMSE(.detrended), HFEN()] {
        #expect(throws: EvaluationError.referenceWithoutContrast) {
          try metric.value(of: image, against: flat)
        }
      }
      #expect(throws: EvaluationError.imageWithoutContrast) {
        try NRMSE(.detrended).value(of: flat, against: image)
      }
      #expect(try XSIM().value(of: flat, against: flat) == 1)
    }
    let zero = NDArray<Float>(repeating: 0, shape: [5, 6, 7])
    #expect(throws: EvaluationError.referenceWithoutContrast) { try NRMSE().value(of: image, against: zero) }
    #expect(throws: EvaluationError.imageWithoutContrast) {
      try NRMSE(.scaled).value(of: zero, against: image)
    }
  }

  @Test func anEmptyMaskIsRefused() throws {
    let image = pattern([5, 6]), none = NDArray(repeating: false, shape: [5, 6])
    for metric: any ImageMetric in [NRMSE(), PSNR(peak: 1), HFEN(), XSIM(), SSIM.matlab(dataRange: 1)] {
      #expect(throws: EvaluationError.emptyMask) { try metric.value(of: image, against: image, within: none) }
    }
  }

  @Test func errorsTellWhatToDo() {
    let error = EvaluationError.notFinite(.image, voxels: 3)
    #expect(error.description.contains("3 voxels") && error.description.contains("mask"))
  }
}

/// Phases are compared around the circle.
@Suite struct PhaseErrorTests {
  @Test func wrapsChangeNothing() throws {
    let phase = testPattern([3, 5, 7]).map { 3 * $0.real }, other = phase.map { $0 + 0.25 }
    let wrapped = phase.map { Float(remainder(Double($0) + 0.25 + 4 * .pi, 2 * .pi)) }
    #expect(abs(try PhaseError().value(of: other, against: phase) - 0.25) < 1e-6)
    #expect(abs(try PhaseError().value(of: wrapped, against: phase) - 0.25) < 1e-6)
    #expect(try PhaseError(removesOffset: true).value(of: wrapped, against: phase) < 1e-6)
  }

  @Test func halfATurnIsTheFarthest() throws {
    let zero = NDArray<Float>(repeating: 0, shape: [4, 4])
    for turn: Float in [.pi, -.pi, 3 * .pi] {
      let value = try PhaseError().value(of: zero.map { _ in turn }, against: zero)
      #expect(abs(value - .pi) < 1e-6)
    }
    let opposed = NDArray<Float>([0, 1, 2, 3].map { $0 % 2 == 0 ? 3 : -3 }, shape: [2, 2])
    // Around pi, not around the zero that a plain mean would take.
    let value = try PhaseError(removesOffset: true).value(
      of: opposed, against: NDArray(repeating: 0, shape: [2, 2]))
    #expect(abs(value - (.pi - 3)) < 1e-6)
  }
}
