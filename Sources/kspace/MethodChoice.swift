import ArgumentParser
import KSpaceToolkit

/// A reconstruction by name, or the one that suits the scan.
enum MethodChoice: ExpressibleByArgument, Equatable {
  /// What suits the scan; see `SuitableMethod`.
  case auto
  /// A method by its name.
  case named(ReconstructionMethod)

  init?(argument: String) {
    if argument == "auto" {
      self = .auto
    } else if let method = ReconstructionMethod(rawValue: argument) {
      self = .named(method)
    } else {
      return nil
    }
  }

  static var allValueStrings: [String] { ["auto"] + ReconstructionMethod.allCases.map(\.rawValue) }

  var defaultValueDescription: String {
    switch self {
    case .auto: "auto"
    case .named(let method): method.rawValue
    }
  }

  /// The method by name; none if it is left to the scan.
  var named: ReconstructionMethod? {
    if case .named(let method) = self { method } else { nil }
  }
}

extension SuitableMethod {
  /// The command's method.
  ///
  /// - Throws: An error that says what the user may choose, if no method fills the gaps.
  func reconstruction(of path: String) throws(InputError) -> ReconstructionMethod {
    guard let method, let found = ReconstructionMethod(rawValue: method.rawValue) else {
      throw InputError(
        path, reason,
        remedy: "--method zero-filled gives images that are aliased or blurred; others need calibration lines"
      )
    }
    return found
  }
}
