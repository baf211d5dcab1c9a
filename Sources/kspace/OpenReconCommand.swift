import ArgumentParser
import KSpaceToolkit

/// `kspace openrecon`: what it takes to run the server on a scanner.
struct OpenRecon: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "openrecon",
    abstract: "Prints the label, the container's recipe or FIRE's settings for `kspace serve` on a scanner.",
    discussion: """
      The label tells OpenRecon that raw data come in, that channels must not be compressed, and which choices the operator \
      has. It is valid against the published schema 1.1.0; whether a scanner takes it has not been tried.
      """)

  enum Part: String, EnumerableFlag {
    case label, dockerfile, fireIni

    static func help(for value: Part) -> ArgumentHelp? {
      switch value {
      case .label: "The label, as JSON."
      case .dockerfile: "A recipe for a container that has the label."
      case .fireIni: "FIRE's settings for a chroot image."
      }
    }
  }

  @Flag var part: Part

  @Option(help: "The port that the server listens at.")
  var port = 9002

  func run() throws {
    let label = OpenReconLabel(port: port, choices: Self.choices)
    switch part {
    case .label: try Terminal.deliver(label.json())
    case .dockerfile:
      let recipe = ContainerRecipe(
        running: ["serve", "--bind", "0.0.0.0", "--port", "\(port)"], label: try label.imageLabel, port: port)
      try Terminal.deliver(recipe.dockerfile)
    case .fireIni: try Terminal.deliver(FIRESettings.text(port: port))
    }
  }

  /// What the operator may choose: the options of ``OperatorParameters`` that are choices.
  private static var choices: [OpenReconLabel.Choice] {
    func choice(_ option: String, _ label: String, _ information: String, _ values: [String])
      -> OpenReconLabel.Choice
    {
      OpenReconLabel.Choice(
        id: OperatorParameters.id(of: option), label: label, information: information, values: values)
    }
    // A value that is sent would prevail over the site's configuration.
    func orDefault(_ values: [String]) -> [String] { ["default"] + values }
    return [
      choice(
        "config", "Result", "qsm: susceptibility and SWI beside echoes, field and R2*.",
        ["qsm", "reconstruct"]),
      choice(
        "method", "Reconstruction", "auto takes what suits the scan.",
        orDefault(OrAutomatic<ReconstructionMethod>.allValueStrings)
      ),
      choice(
        "combine", "Combination",
        "How channels become one; default takes mdi where echoes allow a field map.",
        orDefault(CombinationMethod.allCases.map(\.rawValue))),
      choice("series", "Series", "What is sent back.", ["default", "images", "all", "susceptibility"]),
      choice(
        "phase-sign", "Phase sign", "negative if paramagnetic matter makes the phase fall.",
        orDefault(["positive", "negative"])),
      choice(
        "mask-method", "Brain mask", "How the brain is found.", orDefault(MaskMethod.allCases.map(\.rawValue))
      ),
      choice(
        "background", "Background", "How the background field is removed.",
        orDefault(BackgroundMethod.allCases.map(\.rawValue))),
      choice(
        "inversion", "Inversion", "How dipoles are inverted.",
        orDefault(InversionMethod.allCases.map(\.rawValue))),
    ]
  }
}
