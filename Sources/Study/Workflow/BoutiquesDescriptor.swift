import Files

/// A description of a command for platforms that run containers.
///
/// - SeeAlso: T. Glatard et al., "Boutiques: a flexible framework to integrate command-line applications in computing
///   platforms", GigaScience 7(5), 2018, doi:10.1093/gigascience/giy016; schema 0.5.
public struct BoutiquesDescriptor: Sendable {
  /// An argument.
  public struct Input: Sendable {
    /// The name by which platforms set it; the command line has it in capitals.
    public var id: String
    /// What people read.
    public var name, text: String
    /// `String`, `Number` or `File`.
    public var type = "String"
    /// What stands before the value; an argument by its place, which is needed, without.
    public var flag: String?
    /// The values that are possible; any unless given.
    public var choices: [String]?
    /// Whether there may be several values.
    public var isList = false

    /// Describes an argument.
    public init(
      _ id: String, _ name: String, _ text: String, type: String = "String", flag: String? = nil,
      choices: [String]? = nil, isList: Bool = false
    ) {
      (self.id, self.name, self.text, self.type) = (id, name, text, type)
      (self.flag, self.choices, self.isList) = (flag, choices, isList)
    }

    fileprivate var key: String { "[\(id.uppercased())]" }

    fileprivate var value: JSONValue {
      var fields: [String: JSONValue] = [
        "id": .string(id), "name": .string(name), "description": .string(text), "type": .string(type),
        "value-key": .string(key), "optional": .bool(flag != nil),
      ]
      if let flag { fields["command-line-flag"] = .string(flag) }
      if let choices { fields["value-choices"] = .array(choices.map { .string($0) }) }
      if isList { fields["list"] = true }
      return .object(fields)
    }
  }

  /// What is run.
  public var command: String
  /// What it does.
  public var text: String
  /// The version of the program.
  public var version: String
  /// The arguments in their order; one of them is called `output_dir`.
  public var inputs: [Input]

  /// Describes a command.
  public init(of command: String, _ text: String, version: String, inputs: [Input]) {
    (self.command, self.text, self.version, self.inputs) = (command, text, version, inputs)
  }

  /// The descriptor as JSON.
  ///
  /// - Throws: `EncodingError`.
  public func json() throws -> String {
    try JSONFile.text(
      of: JSONValue.object([
        "name": .string(command), "tool-version": .string(version), "schema-version": "0.5",
        "author": "KSpaceToolkit", "description": .string(text),
        "command-line": .string(([command] + inputs.map(\.key)).joined(separator: " ")),
        "tags": .object(["application-type": ["BIDS app"], "domain": ["mri", "neuroinformatics"]]),
        "inputs": .array(inputs.map(\.value)),
        "output-files": [
          .object([
            "id": "derivatives", "name": "Derivatives",
            "description": "Images and maps as BIDS derivatives", "path-template": "[OUTPUT_DIR]",
            "optional": false,
          ])
        ],
        "suggested-resources": .object(["cpu-cores": 2, "ram": 8, "walltime-estimate": 3600]),
      ]))
  }
}
