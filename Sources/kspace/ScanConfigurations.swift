import ArgumentParser
import Foundation
import KSpaceToolkit

/// The configurations that scanners may name.
///
/// A name is looked up here, and is never a path.
struct ScanConfigurations: Sendable {
  private let standard: SessionArguments
  private let named: [String: SessionArguments]

  /// Names that stand for the command line's options.
  private static let defaults: Set<String> = ["", "default", "kspace"]
  /// Names that stand for them with other series.
  private static let builtIn = ["reconstruct": SeriesList.images, "qsm": .all]

  /// Reads configurations.
  ///
  /// - Parameters:
  ///   - standard: What holds where no other configuration is named.
  ///   - files: Configurations as `NAME=FILE`.
  /// - Throws: ``InputError`` or a `ValidationError`.
  init(_ standard: SessionArguments, files: [String]) throws {
    self.standard = standard
    var named: [String: SessionArguments] = [:]
    for pair in files {
      let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, Self.isName(parts[0]) else {
        throw ValidationError(
          "--config \(pair): NAME=FILE is needed, with letters, digits, - and _ in the name.")
      }
      do {
        named[parts[0]] = try SessionArguments.parse(QSMConfiguration(at: parts[1]).arguments)
      } catch let error as InputError {
        throw error
      } catch {
        let message = SessionArguments.message(for: error).split(separator: "\n").last.map(String.init) ?? ""
        throw InputError(parts[1], message, remedy: "`kspace serve` --help lists the options")
      }
    }
    self.named = named
  }

  /// What is made of a scan.
  ///
  /// - Throws: ``InputError`` that says which configurations there are, or which values.
  func recipe(for request: RecipeRequest) throws -> ScanRecipe {
    if request.text != nil {
      throw InputError(
        "configuration", "a text was sent that holds no JSON with \"parameters\"",
        remedy: "Send the name of a configuration: \(names)")
    }
    // Clients of other servers name XML files.
    let name = request.name.hasSuffix(".xml") ? String(request.name.dropLast(4)) : request.name
    var arguments = standard
    if let known = named[name] {
      arguments = known
    } else if let series = Self.builtIn[name] {
      arguments.series = series
    } else if !Self.defaults.contains(name) {
      throw InputError(
        "configuration \(Self.isName(name) ? name : "of another kind")", "there is none of this name",
        remedy: "Name one of \(names)")
    }
    return try OperatorParameters.taking(request.parameters).applied(to: arguments).recipe
  }

  private var names: String {
    (Self.defaults.filter { !$0.isEmpty } + Self.builtIn.keys + named.keys).sorted().joined(separator: ", ")
  }

  private static func isName(_ text: String) -> Bool {
    (1...64).contains(text.count)
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
  }
}
