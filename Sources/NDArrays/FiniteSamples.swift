import Numerics

extension UnsafeBufferPointer<Complex<Float>> {
  /// Whether no sample is NaN or infinite: `0 x` is 0 for finite numbers only.
  public var areFinite: Bool {
    withMemoryRebound(to: Float.self) { numbers in
      var sum = SIMD8<Float>.zero
      var tail: Float = 0
      let whole = numbers.count / 8 * 8
      for start in stride(from: 0, to: whole, by: 8) {
        sum +=
          UnsafeRawPointer(numbers.baseAddress.unsafelyUnwrapped + start)
          .loadUnaligned(as: SIMD8<Float>.self) * 0
      }
      for index in whole..<numbers.count { tail += numbers[index] * 0 }
      return sum.sum() + tail == 0
    }
  }
}
