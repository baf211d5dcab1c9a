import NDArrays
import Testing

/// Serialised: the number of threads belongs to the process.
@Suite("Parallel loops", .serialized)
struct ParallelismTests {
  @Test("call the closure once for each index", arguments: [1, 2, 7], [0, 1, 2, 1000])
  func everyIndexOnce(threads: Int, count: Int) {
    let before = Parallelism.threads
    defer { Parallelism.threads = before }
    Parallelism.threads = threads
    #expect(Parallelism.threads == threads)
    var calls = NDArray<Int>(repeating: 0, shape: [count])
    calls.withUnsafeMutableBufferPointer { buffer in
      let calls = SharedBuffer(buffer)
      Parallelism.forEach(count) { calls[$0] += $0 + 1 }
    }
    #expect(calls.elements == Array(1..<count + 1))
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
