/// A number of things for a message: `1 echo`, `2 echoes`.
public func counted(_ number: Int, _ name: String) -> String {
  "\(number) \(name)" + (number == 1 ? "" : name.hasSuffix("o") ? "es" : "s")
}

/// Values for a message, the middle of a long list left out.
public func listed(_ values: [Int]) -> String {
  values.count <= 6
    ? values.map(String.init).joined(separator: ", ")
    : values.prefix(3).map(String.init).joined(separator: ", ") + " ... \(values[values.count - 1])"
}
