import ArgumentParser

@main
struct Main: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kspace", abstract: "From raw MRI k-space to images and quantitative maps.")
}
