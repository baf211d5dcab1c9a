/// The name of a tensor, seen as a text with numbers: `blocks.0.convolutions.2.weight`.
///
/// Frameworks number the parts of a network in the order of their use, so that names of one template order its layers.
struct TensorName: Comparable {
  /// The name with every number replaced by `#`.
  let template: String
  /// The numbers, in order.
  let numbers: [Int]

  /// More parts than any network has.
  private static let largestIndex = 1_000_000

  init(_ name: String) {
    var template = "", numbers: [Int] = [], digits = ""
    func flush() {
      guard !digits.isEmpty else { return }
      // A number too large to be an index is text.
      if let number = Int(digits), number <= Self.largestIndex {
        numbers.append(number)
        template += "#"
      } else {
        template += digits
      }
      digits = ""
    }
    for character in name {
      if character.isASCII, character.isNumber {
        digits.append(character)
      } else {
        flush()
        template.append(character)
      }
    }
    flush()
    self.template = template
    self.numbers = numbers
  }

  init(template: String, numbers: [Int]) {
    self.template = template
    self.numbers = numbers
  }

  /// The name as text.
  var text: String {
    var rest = numbers[...]
    return template.reduce(into: "") { text, character in
      if character == "#", let number = rest.popFirst() {
        text += String(number)
      } else {
        text.append(character)
      }
    }
  }

  /// All numbers but the last: what tells blocks apart.
  var block: [Int] { numbers.dropLast() }
  /// The last number: what tells the layers of a block apart.
  var layer: Int { numbers.last ?? 0 }

  static func < (left: TensorName, right: TensorName) -> Bool {
    if left.numbers != right.numbers { return left.numbers.lexicographicallyPrecedes(right.numbers) }
    return left.template < right.template
  }
}
