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
    let recipe = ContainerRecipe(running: ["bids"], takesArguments: true, packages: ["elastix"])
    switch part {
    case .boutiques: try Terminal.deliver(Self.descriptor.json())
    case .dockerfile: try Terminal.deliver(recipe.dockerfile)
    case .apptainer: try Terminal.deliver(recipe.apptainer)
    }
  }

  private static var descriptor: BoutiquesDescriptor {
    let method = OrAutomatic<ReconstructionMethod>.allValueStrings, all = "Labels; all unless given"
    return BoutiquesDescriptor(
      of: "kspace bids", BIDSApp.configuration.abstract, version: ToolkitVersion.text,
      inputs: [
        .init("bids_dir", "Data set", "The BIDS data set", type: "File"),
        .init("output_dir", "Output", "The folder of the derivatives"),
        .init("level", "Level", "What is made", choices: BIDSApp.Level.allCases.map(\.rawValue)),
        .init("participants", "Participants", all, flag: "--participant-label", isList: true),
        .init("sessions", "Sessions", all, flag: "--session-label", isList: true),
        .init(
          "method", "Reconstruction", "How raw data are reconstructed", flag: "--method", choices: method),
        .init(
          "phase_sign", "Phase sign", "positive if paramagnetic matter makes the phase grow",
          flag: "--phase-sign", choices: PhaseSign.allCases.map(\.rawValue)),
        .init(
          "atlas", "Atlas", "A folder with an atlas, whose regions are found on every scan", type: "File",
          flag: "--atlas"),
        .init("threads", "Threads", "How many threads to use", type: "Number", flag: "--threads"),
      ])
  }
}
