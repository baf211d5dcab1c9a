import Testing

@testable import MRIData

struct SeededGeneratorTests {
  @Test("The bits are those of the published algorithms")
  func publishedVectors() {
    // Of the reference implementation at prng.di.unimi.it, started from the state 1, 2, 3, 4.
    var plain = SeededGenerator(state: (1, 2, 3, 4))
    #expect((0..<4).map { _ in plain.next() } == [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240])
    // Seeded by SplitMix64.
    var seeded = SeededGenerator(seed: 7)
    #expect(
      (0..<3).map { _ in seeded.next() } == [
        12_923_355_070_828_475_994, 5_142_052_590_334_782_674, 15_488_392_906_492_639_638,
      ])
  }

  @Test("Streams of one seed differ, and equal streams do not")
  func streams() {
    var first = SeededGenerator(seed: 3, stream: 1)
    var same = SeededGenerator(seed: 3, stream: 1)
    var other = SeededGenerator(seed: 3, stream: 2)
    let bits = (0..<8).map { _ in first.next() }
    #expect(bits == (0..<8).map { _ in same.next() })
    #expect(bits != (0..<8).map { _ in other.next() })
  }

  @Test("Normal deviates have mean 0, variance 1 and the kurtosis of a normal distribution")
  func normalMoments() {
    var generator = SeededGenerator(seed: 11)
    let count = 200_000
    var sums = SIMD4<Double>()
    for _ in 0..<count {
      let x = generator.normal()
      sums += [x, x * x, x * x * x, x * x * x * x]
    }
    let moments = sums / Double(count)
    // Five standard errors: the variances of x, x^2, x^3, x^4 are 1, 2, 15, 96.
    let allowed = 5 / Double(count).squareRoot()
    #expect(abs(moments.x) < allowed)
    #expect(abs(moments.y - 1) < allowed * 2.0.squareRoot())
    #expect(abs(moments.z) < allowed * 15.0.squareRoot())
    #expect(abs(moments.w - 3) < allowed * 96.0.squareRoot())
  }

  @Test("Integers below a bound are evenly spread", arguments: [1, 2, 3, 7, 10])
  func integers(bound: Int) {
    var generator = SeededGenerator(seed: 5)
    var counts = Array(repeating: 0, count: bound)
    let draws = 20_000
    for _ in 0..<draws { counts[generator.integer(below: bound)] += 1 }
    let expected = Double(draws) / Double(bound)
    #expect(counts.allSatisfy { abs(Double($0) - expected) <= 5 * expected.squareRoot() })
  }
}
