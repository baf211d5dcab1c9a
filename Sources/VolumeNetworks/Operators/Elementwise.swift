import Foundation
import NDArrays

/// A function of one number.
enum ElementFunction: Sendable, Equatable {
  /// `v > 0 ? v : slope v`; with slope 0 `max(v, 0)`, of minus infinity as well.
  case leaky(Float)
  case sigmoid, tanh, exponential, root, magnitude, softplus
  /// `v > 0 ? v : a (e^v - 1)`.
  case exponentialLinear(Float)
  case clamped(Float, Float)

  func callAsFunction(_ value: Float) -> Float {
    switch self {
    case .leaky(0): value <= 0 ? 0 : value
    case .leaky(let slope): value > 0 ? value : slope * value
    case .sigmoid: 1 / (1 + Foundation.exp(-value))
    case .tanh: Foundation.tanh(value)
    case .exponential: Foundation.exp(value)
    case .root: value.squareRoot()
    case .magnitude: abs(value)
    case .softplus: max(value, 0) + Foundation.log1p(Foundation.exp(-abs(value)))
    case .exponentialLinear(let factor): value > 0 ? value : factor * Foundation.expm1(value)
    case .clamped(let least, let most): min(max(value, least), most)
    }
  }
}

/// A function of every element.
struct ElementwiseFunction: FeatureOperator {
  let function: ElementFunction
  var isInPlace: Bool { true }

  func callAsFunction(_ operands: inout [FeatureMap]) -> FeatureMap {
    let result = FeatureMap.owned(&operands, 0)
    result.forEachVector { target, function in
      if case .leaky(let slope) = function {
        let value = target.pointee
        // Zero times minus infinity would be no number; what is none stays none.
        target.pointee =
          slope == 0
          ? value.replacing(with: 0, where: value .<= 0)
          : value.replacing(with: slope * value, where: .!(value .> 0))
      } else {
        for lane in 0..<16 { target.pointee[lane] = function(target.pointee[lane]) }
      }
    } rest: { value, function in
      value = function(value)
    } with: {
      function
    }
    return result
  }
}

extension FeatureMap {
  /// The operand's memory if nobody else knows it, or a copy.
  static func owned(_ operands: inout [FeatureMap], _ index: Int) -> FeatureMap {
    var result = operands[index]
    operands[index] = result.released
    // The same array may be there twice.
    for buffer in result.buffers.indices where !isKnownUniquelyReferenced(&result.buffers[buffer]) {
      let copy = FeatureBuffer(count: result.buffers[buffer].count)
      copy.update(from: result.buffers[buffer])
      result.buffers[buffer] = copy
    }
    return result
  }

  /// What is left of the array when its memory is another's.
  var released: FeatureMap { FeatureMap(layout, buffers: [], isBlocked: isBlocked) }

  /// Calls closures for all elements on all threads, sixteen at a time.
  func forEachVector<Constants: Sendable>(
    _ vector: @Sendable (UnsafeMutablePointer<SIMD16<Float>>, Constants) -> Void,
    rest: @Sendable (inout Float, Constants) -> Void, with constants: () -> Constants
  ) {
    let constants = constants()
    for buffer in buffers {
      let values = buffer
      Parallelism.forEachBlock(of: (buffer.count + 15) / 16, length: 4096) { range in
        guard let start = values.elements.baseAddress else { return }
        for index in range where 16 * index + 16 <= values.elements.count {
          UnsafeMutableRawPointer(start + 16 * index).withMemoryRebound(
            to: SIMD16<Float>.self, capacity: 1
          ) { vector($0, constants) }
        }
        if range.upperBound * 16 > values.elements.count {
          for index in (values.elements.count / 16 * 16)..<values.elements.count {
            rest(&start[index], constants)
          }
        }
      }
    }
  }
}

/// `factor v + offset`, one pair for each channel, or one for all: batch normalisation, and operators with constants.
struct ChannelScale: FeatureOperator {
  let factors: [Float]
  let offsets: [Float]
  var isInPlace: Bool { true }

  func callAsFunction(_ operands: inout [FeatureMap]) -> FeatureMap {
    let result = FeatureMap.owned(&operands, 0)
    @Sendable func value(_ values: [Float], _ channel: Int) -> Float {
      values.count == 1 ? values[0] : channel < values.count ? values[channel] : 0
    }
    if result.isBlocked {
      let rows = result.layout.grid.rows, pitch = result.layout.grid.pitch
      for (block, buffer) in result.buffers.enumerated() {
        var factor = SIMD16<Float>(), offset = SIMD16<Float>()
        for lane in 0..<16 {
          factor[lane] = value(factors, 16 * block + lane)
          offset[lane] = value(offsets, 16 * block + lane)
        }
        let values = buffer, (times, plus) = (factor, offset)
        Parallelism.forEachBlock(of: rows, length: 16) { range in
          let part = UnsafeMutableRawBufferPointer(
            values[range.lowerBound * pitch..<range.upperBound * pitch])
          let vectors = part.assumingMemoryBound(to: SIMD16<Float>.self)
          for index in vectors.indices { vectors[index] = times * vectors[index] + plus }
        }
      }
      return result
    }
    let values = result.buffers[0]
    let count = values.elements.count
    let isPerChannel = result.layout.isVolume && max(factors.count, offsets.count) > 1
    let channels = isPerChannel ? result.layout.channels : 1
    Parallelism.forEach(channels) { channel in
      let length = count / channels, (times, plus) = (value(factors, channel), value(offsets, channel))
      for index in channel * length..<(channel + 1) * length { values[index] = times * values[index] + plus }
    }
    return result
  }
}

/// An operation of two numbers.
enum Arithmetic: Sendable {
  case add, subtract, multiply, divide, least, most, power

  func callAsFunction(_ first: Float, _ second: Float) -> Float {
    switch self {
    case .add: first + second
    case .subtract: first - second
    case .multiply: first * second
    case .divide: first / second
    case .least: min(first, second)
    case .most: max(first, second)
    case .power: Foundation.pow(first, second)
    }
  }
}

/// An operation of two arrays; a volume of one channel, or of one voxel, counts for all channels or voxels of the other.
struct ElementwiseArithmetic: FeatureOperator {
  let operation: Arithmetic
  let first: FeatureLayout
  let second: FeatureLayout
  let layout: FeatureLayout
  var isInPlace: Bool { first == layout }

  var workBytes: Int {
    guard first != second, layout.isBlocked else { return 0 }
    return [first, second].reduce(0) { $0 + ($1.isBlocked ? 0 : $1.blockedBytes) }
  }

  func callAsFunction(_ operands: inout [FeatureMap]) -> FeatureMap {
    if first == second {
      let other = operands[1]
      operands[1] = other.released
      let result = FeatureMap.owned(&operands, 0), operation = operation
      for (target, source) in zip(result.buffers, other.buffers) {
        let values = target, others = source
        Parallelism.forEachBlock(of: target.count, length: 1 << 16) { range in
          combine(values[range], others[range], operation)
        }
      }
      return result
    }
    guard layout.isVolume else { preconditionFailure("the planner lets only volumes be broadcast") }
    let left = operands[0].blocked, right = operands[1].blocked
    operands = []
    let grid = layout.grid, operation = operation
    let result = FeatureMap(blocked: layout)
    let targets = result.buffers
    let (a, b) = (BroadcastVolume(left, to: layout), BroadcastVolume(right, to: layout))
    Parallelism.forEach(layout.blocks * grid.rows) { index in
      let block = index / grid.rows, row = index % grid.rows
      for x in 0...(grid.x - 1) {
        let (first, second) = (a.vector(block, row, x), b.vector(block, row, x))
        for lane in 0..<16 {
          targets[block][row * grid.pitch + 16 * x + lane] = operation(first[lane], second[lane])
        }
      }
    }
    return result.inLayout
  }
}

/// A volume seen with the channels and extents of a larger one.
private struct BroadcastVolume: Sendable {
  private let buffers: [FeatureBuffer]
  private let grid: VolumeGrid
  private let hasOneChannel: Bool
  private let target: VolumeGrid

  init(_ map: FeatureMap, to layout: FeatureLayout) {
    buffers = map.buffers
    grid = map.layout.grid
    hasOneChannel = map.layout.channels == 1 && layout.channels > 1
    target = layout.grid
  }

  func vector(_ block: Int, _ row: Int, _ x: Int) -> SIMD16<Float> {
    let z = grid.z == 1 ? 0 : row / target.y, y = grid.y == 1 ? 0 : row % target.y, x = grid.x == 1 ? 0 : x
    let offset = (z * grid.y + y) * grid.pitch + 16 * x
    if hasOneChannel { return SIMD16(repeating: buffers[0][offset]) }
    return UnsafeRawPointer(buffers[block].values + offset).load(as: SIMD16<Float>.self)
  }
}

private func combine(
  _ target: UnsafeMutableBufferPointer<Float>, _ source: UnsafeMutableBufferPointer<Float>,
  _ operation: Arithmetic
) {
  switch operation {
  case .add: for index in target.indices { target[index] += source[index] }
  case .subtract: for index in target.indices { target[index] -= source[index] }
  case .multiply: for index in target.indices { target[index] *= source[index] }
  case .divide: for index in target.indices { target[index] /= source[index] }
  default: for index in target.indices { target[index] = operation(target[index], source[index]) }
  }
}
