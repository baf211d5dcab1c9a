import ArgumentParser
import KSpaceToolkit

/// `kspace app`: what platforms need to run the BIDS App.
struct AppFiles: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "app",
    abstract: "Prints a Boutiques descriptor or a container's recipe for `kspace bids`.",
    discussion: """
      The descriptor is valid by `bosh validate`. The recipes for Docker and Apptainer have not been built where this was \
      written.
      """)

  enum Part: String, EnumerableFlag {
    case boutiques, dockerfile, apptainer

    static func help(for value: Part) -> ArgumentHelp? {
      switch value {
      case .boutiques: "The Boutiques descriptor, as JSON."
      case .dockerfile: "A recipe for Docker."
      case .apptainer: "A recipe for Apptainer."
      }
    }
  }

  @Flag var part: Part

  func run() throws {
    let recipe = ContainerRecipe(running: ["bids"], takesArguments: true)
    switch part {
    case .boutiques: try Terminal.deliver(JSONFile.text(of: Self.descriptor))
    case .dockerfile: try Terminal.deliver(recipe.dockerfile)
    case .apptainer: try Terminal.deliver(recipe.apptainer)
    }
  }

  private static func input(
    _ id: String, _ name: String, _ text: String, type: JSONValue = "String", flag: String? = nil,
    choices: [String]? = nil, isList: Bool = false
  ) -> JSONValue {
    var fields: [String: JSONValue] = [
      "id": .string(id), "name": .string(name), "description": .string(text), "type": type,
      "value-key": .string("[\(id.uppercased())]"), "optional": .bool(flag != nil),
    ]
    if let flag { fields["command-line-flag"] = .string(flag) }
    if let choices { fields["value-choices"] = .array(choices.map { .string($0) }) }
    if isList { fields["list"] = true }
    return .object(fields)
  }

  private static var descriptor: JSONValue {
    .object([
      "name": "kspace bids", "tool-version": .string(ToolkitVersion.text), "schema-version": "0.5",
      "author": "KSpaceToolkit",
      "description": .string(BIDSApp.configuration.abstract),
      "command-line":
        "kspace bids [BIDS_DIR] [OUTPUT_DIR] [LEVEL] [PARTICIPANTS] [SESSIONS] [METHOD] [PHASE_SIGN] [THREADS]",
      "tags": .object(["application-type": ["BIDS app"], "domain": ["mri", "neuroinformatics"]]),
      "inputs": [
        input("bids_dir", "Data set", "The BIDS data set", type: "File"),
        input("output_dir", "Output", "The folder of the derivatives"),
        input("level", "Level", "What is made", choices: BIDSApp.Level.allCases.map(\.rawValue)),
        input(
          "participants", "Participants", "Labels; all unless given", flag: "--participant-label",
          isList: true),
        input("sessions", "Sessions", "Labels; all unless given", flag: "--session-label", isList: true),
        input(
          "method", "Reconstruction", "How raw data are reconstructed", flag: "--method",
          choices: MethodChoice.allValueStrings),
        input(
          "phase_sign", "Phase sign", "positive if paramagnetic matter makes the phase grow",
          flag: "--phase-sign",
          choices: PhaseSign.allCases.map(\.rawValue)),
        input("threads", "Threads", "How many threads to use", type: "Number", flag: "--threads"),
      ],
      "output-files": [
        .object([
          "id": "derivatives", "name": "Derivatives", "description": "Images and maps as BIDS derivatives",
          "path-template": "[OUTPUT_DIR]", "optional": false,
        ])
      ],
      "suggested-resources": .object(["cpu-cores": 2, "ram": 8, "walltime-estimate": 3600]),
    ])
  }
}
