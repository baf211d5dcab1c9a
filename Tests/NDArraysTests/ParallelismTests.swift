import NDArrays
import Testing

@Suite("Parallel loops")
struct ParallelismTests {
  @Test("call the closure once for each index", arguments: [1, 2, 7], [0, 1, 2, 1000])
  func everyIndexOnce(threads: Int, count: Int) {
    var calls = NDArray<Int>(repeating: 0, shape: [count])
    Parallelism.withThreads(threads) {
      calls.withUnsafeMutableBufferPointer { buffer in
        let calls = SharedBuffer(buffer)
        Parallelism.forEach(count) { calls[$0] += $0 + 1 }
      }
    }
    #expect(calls.elements == Array(1..<count + 1))
  }

  @Test("the number of threads holds within the closure, on all its threads, and nowhere else")
  func scope() {
    let before = Parallelism.threads
    var seen = NDArray<Int>(repeating: 0, shape: [64])
    Parallelism.withThreads(3) {
      #expect(Parallelism.threads == 3)
      seen.withUnsafeMutableBufferPointer { buffer in
        let seen = SharedBuffer(buffer)
        Parallelism.forEach(64) { seen[$0] = Parallelism.threads }
      }
      Parallelism.withThreads(1) { #expect(Parallelism.threads == 1) }
    }
    #expect(seen.elements.allSatisfy { $0 == 3 } && Parallelism.threads == before)
  }

  @Test("cover a range with blocks of the length asked for", arguments: [0, 1, 4, 5, 99], [1, 4, 100])
  func blocks(count: Int, length: Int) {
    var owners = NDArray<Int>(repeating: -1, shape: [count])
    owners.withUnsafeMutableBufferPointer { buffer in
      let owners = SharedBuffer(buffer)
      Parallelism.forEachBlock(of: count, length: length) { range in
        for index in range { owners[index] = range.lowerBound }
      }
    }
    #expect(owners.elements == (0..<count).map { $0 / length * length })
  }
}
