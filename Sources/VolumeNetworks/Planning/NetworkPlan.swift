/// What a network does to arrays of certain shapes, step by step.
struct NetworkPlan: Sendable {
  /// One operator on slots that hold arrays.
  struct Step: Sendable {
    let operation: any FeatureOperator
    let operands: [Int]
    let result: Int
  }

  var layouts: [FeatureLayout] = []
  var steps: [Step] = []
  var inputs: [(name: String, slot: Int)] = []
  var outputs: [(name: String, slot: Int)] = []

  /// The last step that needs each slot; results of the network are needed for ever.
  var lastUses: [Int] {
    var last = Array(repeating: -1, count: layouts.count)
    for (index, step) in steps.enumerated() {
      for slot in step.operands { last[slot] = index }
      last[step.result] = max(last[step.result], index)
    }
    for output in outputs { last[output.slot] = steps.count }
    return last
  }

  /// The largest number of bytes that arrays take at one time.
  var memory: Int {
    let last = lastUses
    // Blocks by number; several slots may share one.
    var blocks: [[Int]] = Array(repeating: [], count: layouts.count)
    var sizes: [Int] = [], owners: [Int] = [], live = 0, most = 0
    func hold(_ slot: Int, _ block: Int) {
      blocks[slot].append(block)
      owners[block] += 1
      if owners[block] == 1 { live += sizes[block] }
    }
    func create(_ slot: Int) {
      sizes.append(layouts[slot].bufferBytes)
      owners.append(0)
      hold(slot, sizes.count - 1)
    }
    func release(_ slot: Int) {
      for block in blocks[slot] {
        owners[block] -= 1
        if owners[block] == 0 { live -= sizes[block] }
      }
      blocks[slot] = []
    }
    for input in inputs { for _ in 0..<layouts[input.slot].buffers { create(input.slot) } }
    most = live
    for (index, step) in steps.enumerated() {
      let layout = layouts[step.result]
      var reused = false
      if let selection = step.operation as? ChannelSelection {
        for shared in selection.sharedBlocks {
          if let shared {
            hold(step.result, blocks[step.operands[shared.operand]][shared.block])
          } else {
            create(step.result)
          }
        }
        reused = true
      } else if step.operation.isInPlace, last[step.operands[0]] == index,
        layouts[step.operands[0]] == layout, step.operands.count(where: { $0 == step.operands[0] }) == 1,
        blocks[step.operands[0]].allSatisfy({ owners[$0] == 1 })
      {
        for block in blocks[step.operands[0]] { hold(step.result, block) }
        reused = true
      }
      if !reused { for _ in 0..<layout.buffers { create(step.result) } }
      most = max(most, live + step.operation.workBytes)
      for slot in Set(step.operands + [step.result]) where last[slot] <= index { release(slot) }
    }
    return most
  }
}
