import ArgumentParser
import Foundation
import KSpaceToolkit

/// `kspace export`: networks for other programs.
struct ExportNetwork: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a network for other programs.", subcommands: [ONNX.self])

  /// `kspace export onnx`: ReconNet3D as an ONNX graph.
  struct ONNX: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "onnx",
      abstract: "Write ReconNet3D as one ONNX graph, such as ONNX Runtime runs it on a GPU.",
      discussion: """
        The graph takes volumes of any size: samples with the readout transformed, the mask, and the matrices of the \
        transforms over ky and kz. What they hold is told by the file's metadata and by the documentation's page on \
        learned susceptibility and other engines.
        """)

    @Option(name: .shortAndLong, help: "The file, new: NAME.onnx.")
    var output: String

    @Option(help: "A safetensors file of trained weights (default: the bundled ones).")
    var weights: String?

    @Flag(help: "Replace a file that exists.")
    var force = false

    func validate() throws {
      if !output.hasSuffix(".onnx") {
        throw ValidationError("--output \(output): a file NAME.onnx is needed.")
      }
    }

    func run() throws {
      try OutputPath.check(output, replacing: force)
      let network = try ReconNet3D(weights: weights.map { .file($0) } ?? .bundled)
      let model = network.onnxModel
      try model.write(to: output)
      try Terminal.deliver(
        "\(output): ReconNet3D, \(counted(network.weights.blocks.count, "block")), "
          + "\(counted(model.graph.nodes.count, "node")), weights SHA-256 \(network.configuration.settings.last?.value.description ?? "")"
      )
    }
  }
}
