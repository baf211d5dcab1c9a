import Foundation
import MRIData

/// The order in which a sequence plays out the acquired positions.
public enum AcquisitionOrder: String, Sendable, CaseIterable {
  /// Line by line; every other line backwards, so that gradients change little from one repetition to the next.
  case linear
  /// By growing distance from the centre of k-space, in fractions of its extent.
  case centerOut = "center-out"
}

extension SamplingMask {
  /// The acquired positions in the order of acquisition, indices from 0.
  public func positions(in order: AcquisitionOrder) -> [(line: Int, partition: Int)] {
    var positions: [(line: Int, partition: Int)] = []
    for line in 0..<lines {
      let row = (0..<partitions).filter { self[line: line, partition: $0] }
      positions += (line.isMultiple(of: 2) ? row : row.reversed()).map { (line, $0) }
    }
    guard order == .centerOut else { return positions }
    func distance(_ position: (line: Int, partition: Int)) -> Int {
      let y = (position.line - lines / 2) * partitions, z = (position.partition - partitions / 2) * lines
      return y * y + z * z
    }
    let ranked = positions.map { (distance($0), $0.line, $0.partition) }.sorted(by: <)
    return ranked.map { ($0.1, $0.2) }
  }
}

/// Masks as lists of positions, for sequence programmers and spreadsheets.
///
/// Comments start with `#`; one of them states the grid. Then follow the names of the columns, `ky` and `kz` and
/// perhaps `echo`, and one row per repetition with indices from 0.
enum PositionList {
  private static let gridComment = "# grid "

  static func data(_ masks: [SamplingMask], order: AcquisitionOrder) -> Data {
    let grid = masks[0].extent
    var text =
      "# sampling mask, one row per acquired position in the order of acquisition (\(order.rawValue))\n"
    text += "\(gridComment)\(grid)\n"
    text +=
      "# indices (ky, kz) count from 0; the centre of k-space is at \(grid.lines / 2),\(grid.partitions / 2)\n"
    text += masks.count > 1 ? "echo,ky,kz\n" : "ky,kz\n"
    for (echo, mask) in masks.enumerated() {
      for position in mask.positions(in: order) {
        if masks.count > 1 { text += "\(echo)," }
        text += "\(position.line),\(position.partition)\n"
      }
    }
    return Data(text.utf8)
  }

  static func read(_ path: String, matrix: GridExtent?) throws(SamplingError) -> [SamplingMask] {
    func fault(_ problem: String) -> SamplingError {
      .file(path: path, problem: problem, remedy: "Give columns named ky and kz with indices from 0")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .file(path: path, problem: "no such file, or no permission", remedy: "Check the path")
    }
    // Spreadsheets begin UTF-8 with a byte order mark.
    let text = String(
      decoding: data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data, as: UTF8.self)
    let rows = text.split(whereSeparator: \.isNewline)
    let comments = rows.filter { $0.hasPrefix("#") }
    let stated = comments.first { $0.hasPrefix(gridComment) }.flatMap {
      GridExtent(String($0.dropFirst(gridComment.count)).trimmingCharacters(in: .whitespaces))
    }
    guard let grid = stated ?? matrix else {
      throw .file(
        path: path, problem: "does not state the extents of the grid",
        remedy: "Give them with `matrix`")
    }
    guard grid.lines > 0, grid.partitions > 0, grid.lines < 1 << 15, grid.partitions < 1 << 15 else {
      throw .invalidGrid(lines: grid.lines, partitions: grid.partitions)
    }
    func tooLarge(_ echoes: Int) -> SamplingError {
      .file(
        path: path,
        problem:
          "asks for \(echoes > 1 ? "\(echoes) masks" : "a mask") on a grid of \(grid) positions, too large for any scan",
        remedy: "Check the line \"\(gridComment)...\", or `matrix`, and the column echo")
    }
    guard grid.count <= GridExtent.mostPositions else { throw tooLarge(1) }
    var table = rows.lazy.filter { !$0.hasPrefix("#") }.makeIterator()
    let names = table.next().map { cells($0).map { $0.lowercased() } } ?? []
    guard let line = names.firstIndex(of: "ky"), let partition = names.firstIndex(of: "kz") else {
      throw fault("its columns are \"\(names.joined(separator: ","))\"")
    }
    let echo = names.firstIndex(of: "echo")
    var masks: [SamplingMask] = []
    while let row = table.next() {
      let words = cells(row)
      let values = words.compactMap { Int($0) }
      guard words.count == names.count, values.count == words.count else {
        throw fault("has a row \"\(row)\" that is not \(names.count) whole numbers")
      }
      let index = echo.map { values[$0] } ?? 0
      guard (0..<grid.lines).contains(values[line]), (0..<grid.partitions).contains(values[partition]),
        (0..<1024).contains(index)
      else {
        throw fault("has a row \"\(row)\" outside the grid of \(grid) positions")
      }
      // A row must not make more masks than there can be.
      guard index < masks.count || (index + 1) * grid.count <= 16 * GridExtent.mostPositions else {
        throw tooLarge(index + 1)
      }
      while masks.count <= index {
        masks.append(SamplingMask(lines: grid.lines, partitions: grid.partitions, isAcquired: false))
      }
      masks[index][line: values[line], partition: values[partition]] = true
    }
    guard !masks.isEmpty else { throw .empty(grid: grid) }
    return masks
  }

  private static func cells(_ row: Substring) -> [String] {
    row.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
  }
}
