import NDArrays

/// The voxels of a plane that belong to the object: chosen ones, and those that they enclose.
///
/// A cavity without signal inside the object lacks what tells its sensitivities; a hole there would be a hole in the
/// image, whatever the samples say.
func objectSupport(_ isChosen: [Bool], rows: Int, columns: Int) -> [Bool] {
  precondition(isChosen.count == rows * columns, "\(isChosen.count) flags for \(rows)x\(columns) voxels")
  var isOutside = [Bool](repeating: false, count: isChosen.count)
  var stack: [Int] = []
  func visit(_ index: Int) {
    guard !isChosen[index], !isOutside[index] else { return }
    isOutside[index] = true
    stack.append(index)
  }
  // An axis of one voxel has no rim.
  for row in 0..<rows where columns > 1 {
    visit(row * columns)
    visit(row * columns + columns - 1)
  }
  for column in 0..<columns where rows > 1 {
    visit(column)
    visit((rows - 1) * columns + column)
  }
  while let index = stack.popLast() {
    let (row, column) = index.quotientAndRemainder(dividingBy: columns)
    if row > 0 { visit(index - columns) }
    if row < rows - 1 { visit(index + columns) }
    if column > 0 { visit(index - 1) }
    if column < columns - 1 { visit(index + 1) }
  }
  return isOutside.map { !$0 }
}
