import NDArrays
import Numerics
import TestSupport
import Testing

@Suite("Arrays")
struct NDArrayTests {
  @Test("the last axis is contiguous", arguments: [[6], [2, 3], [3, 1, 5], [2, 3, 4, 5]])
  func order(shape: [Int]) {
    let count = shape.reduce(1, *)
    let array = NDArray<Int>(Array(0..<count), shape: shape)
    #expect(array.count == count && array.shape == shape)
    #expect(array.elements == Array(0..<count))
    let last = shape.map { $0 - 1 }
    #expect(array.range(at: last) == count - 1..<count)
    #expect(array.range(at: []) == 0..<count)
    #expect(array.range(at: [shape[0] - 1]) == count - count / shape[0]..<count)
  }

  @Test("an element is found by its indices and changed there only")
  func subscripts() {
    var array = NDArray<Int>(repeating: 0, shape: [2, 3, 4])
    array[1, 2, 0] = 7
    #expect(array[1, 2, 0] == 7)
    #expect(array.elements.firstIndex(of: 7) == (1 * 3 + 2) * 4)
    #expect(array.elements.filter { $0 != 0 }.count == 1)
  }

  @Test("a copy does not see changes, however they are made")
  func valueSemantics() {
    let original = NDArray<Float>(repeating: 1, shape: [2, 3])
    var bySubscript = original, byBuffer = original, byPart = original
    bySubscript[0, 0] = 2
    byBuffer.withUnsafeMutableBufferPointer { $0.update(repeating: 3) }
    byPart.setPart(at: 1, to: NDArray(repeating: 4, shape: [3]))
    #expect(original == NDArray(repeating: 1, shape: [2, 3]))
    #expect(bySubscript.elements == [2, 1, 1, 1, 1, 1])
    #expect(byBuffer.elements == [3, 3, 3, 3, 3, 3])
    #expect(byPart.elements == [1, 1, 1, 4, 4, 4])
  }

  @Test("an array that nobody shares is changed without a copy, a shared one is copied once")
  func copyOnWrite() {
    var array = NDArray<Float>(repeating: 1, shape: [1000])
    func address(_ array: inout NDArray<Float>) -> UnsafeRawPointer? {
      array.withUnsafeMutableBufferPointer { UnsafeRawPointer($0.baseAddress) }
    }
    let first = address(&array)
    #expect(address(&array) == first)
    let shared = array
    let second = address(&array)
    #expect(second != first)
    #expect(address(&array) == second)
    #expect(shared.withUnsafeBufferPointer { UnsafeRawPointer($0.baseAddress) } == first)
  }

  @Test("parts are what was put there")
  func parts() {
    var array = NDArray<Int>(Array(0..<24), shape: [2, 3, 4])
    #expect(array.part(at: 1).shape == [3, 4])
    #expect(array.part(at: 1, 2).elements == [20, 21, 22, 23])
    #expect(array.part(at: 1, 2, 3).shape == [])
    #expect(array.part(at: 2, ofAxis: 1).shape == [2, 4])
    #expect(array.part(at: 2, ofAxis: 1).elements == [8, 9, 10, 11, 20, 21, 22, 23])
    #expect(array.part(at: 1, ofAxis: 0) == array.part(at: 1))
    #expect(array.part(at: 3, ofAxis: 2).elements == [3, 7, 11, 15, 19, 23])
    #expect(array.part() == array)
    let part = NDArray<Int>([-1, -2, -3, -4], shape: [4])
    array.setPart(at: 0, 1, to: part)
    #expect(array.part(at: 0, 1) == part)
    #expect(array.elements.filter { $0 < 0 }.count == 4 && array[0, 1, 0] == -1 && array[0, 2, 0] == 8)
  }

  @Test("reshaping keeps the elements and costs no copy")
  func reshaping() {
    let array = NDArray<Int>(Array(0..<12), shape: [3, 4])
    let other = array.reshaped(to: [2, 1, 6])
    #expect(other.shape == [2, 1, 6] && other.elements == array.elements)
    #expect(
      array.withUnsafeBufferPointer { $0.baseAddress } == other.withUnsafeBufferPointer { $0.baseAddress })
  }

  @Test("arrays are equal if shapes and elements are")
  func equality() {
    let array = NDArray<Int>([1, 2, 3, 4], shape: [2, 2])
    #expect(array == NDArray([1, 2, 3, 4], shape: [2, 2]))
    #expect(array != NDArray([1, 2, 3, 4], shape: [4]))
    #expect(array != NDArray([1, 2, 3, 5], shape: [2, 2]))
    // A NaN differs from itself, except that an array need not look inside a block that it shares.
    #expect(NDArray<Float>([.nan], shape: [1]) != NDArray<Float>([.nan], shape: [1]))
  }

  @Test("mapping computes every element", arguments: [[0], [5], [2, 0, 3], [3, 4]])
  func mapping(shape: [Int]) {
    let array = testPattern(shape)
    let mapped = array.map(\.real)
    #expect(mapped.shape == shape)
    #expect(mapped.elements == array.elements.map(\.real))
  }

  @Test("mapping passes on what the closure throws")
  func throwingMap() {
    struct Refusal: Error {}
    #expect(throws: Refusal.self) {
      _ = try NDArray<Int>([1, 2], shape: [2]).map { value throws(Refusal) -> Int in
        if value == 2 { throw Refusal() }
        return value
      }
    }
  }

  @Test("blocks are aligned for vector instructions", arguments: [0, 1, 3, 1001])
  func alignment(count: Int) {
    let array = NDArray<Complex<Float>>(repeating: .zero, shape: [count])
    #expect(array.withUnsafeBufferPointer { Int(bitPattern: $0.baseAddress) % 64 } == 0)
  }

  @Test("an index outside its axis stops the program, also where the offset would lie inside the block")
  func bounds() async {
    await #expect(processExitsWith: .failure) {
      let array = NDArray<Int>(repeating: 0, shape: [2, 3])
      _ = array[0, 3]
    }
    await #expect(processExitsWith: .failure) {
      let array = NDArray<Int>(repeating: 0, shape: [2, 3])
      _ = array.part(at: -1)
    }
    await #expect(processExitsWith: .failure) {
      let array = NDArray<Int>(repeating: 0, shape: [2, 3])
      _ = array[1]
    }
  }

  @Test("shapes that do not fit stop the program")
  func shapes() async {
    await #expect(processExitsWith: .failure) {
      _ = NDArray<Int>(repeating: 0, shape: [2, 3]).reshaped(to: [4])
    }
    await #expect(processExitsWith: .failure) {
      var array = NDArray<Int>(repeating: 0, shape: [2, 3])
      array.setPart(at: 0, to: NDArray(repeating: 1, shape: [2]))
    }
    await #expect(processExitsWith: .failure) { _ = NDArray<Int>([1, 2, 3], shape: [2]) }
  }

  @Test("ranks go by the fraction of the way, and the middle is the later of two")
  func ranks() {
    let values = Array(0...100).map { 2 * $0 }
    #expect(values.ranked(0) == 0 && values.ranked(0.99) == 198 && values.ranked(1) == 200)
    #expect([1, 2, 3, 4].ranked(0.5) == 2 && [1, 2, 3, 4].ranked(0.5, .toNearestOrAwayFromZero) == 3)
    #expect([1, 2, 3, 4].middle == 3 && [1, 2, 3].middle == 2)
    #expect([Int]().middle == nil && [Double]().ranked(0.5) == nil)
  }
}
