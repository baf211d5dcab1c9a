/// Columns of text: the first to the left, the others to the right.
public enum TextTable {
  /// Lays out lines, all with as many cells as the first.
  public static func text(_ lines: [[String]]) -> String {
    let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { line in
      line.indices.map { column in
        let pad = String(repeating: " ", count: widths[column] - line[column].count)
        return column == 0 ? line[column] + pad : pad + line[column]
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
