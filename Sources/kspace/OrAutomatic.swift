import ArgumentParser

/// A choice by name, or `auto`.
struct OrAutomatic<Choice: CaseIterable & RawRepresentable<String> & Sendable>: ExpressibleByArgument {
  /// The choice; none if it is left to the scan.
  let choice: Choice?

  init() { choice = nil }

  init?(argument: String) {
    choice = Choice(rawValue: argument)
    if choice == nil, argument != "auto" { return nil }
  }

  static var allValueStrings: [String] { ["auto"] + Choice.allCases.map(\.rawValue) }

  var defaultValueDescription: String { choice?.rawValue ?? "auto" }
}
