/// A recipe for a container image that holds the command, for Docker or Apptainer.
///
/// It is built in a folder with the program, linked with Swift's libraries, and its resources.
public struct ContainerRecipe: Sendable {
  /// The arguments of the command.
  public var arguments: [String]
  /// Whether whoever runs the container adds arguments.
  public var takesArguments: Bool
  /// The packages of Debian that the arguments need besides the command's own.
  public var packages: [String]
  /// A label of the image, by its name.
  public var label: (name: String, value: String)?
  /// The port that the command listens at.
  public var port: Int?

  /// Describes a container.
  public init(
    running arguments: [String], takesArguments: Bool = false, packages: [String] = [],
    label: (name: String, value: String)? = nil, port: Int? = nil
  ) {
    self.arguments = arguments
    self.takesArguments = takesArguments
    self.packages = packages
    self.label = label
    self.port = port
  }

  private static let base = "debian:12-slim"
  private static let folder = "/opt/kspace"
  private static let files = ["kspace", "KSpaceToolkit_QSM.resources", "KSpaceToolkit_ReconNet.resources"]
  /// Installs the libraries that the command needs, of Debian 12.
  private var installation: String {
    "apt-get update && apt-get install -y --no-install-recommends libfftw3-single3 libopenblas0-pthread liblapacke "
      + (["libhdf5-103-1 zlib1g libpng16-16 libssl3 libdcmtk17 libcurl4 libxml2"] + packages).joined(
        separator: " ")
      + " && rm -rf /var/lib/apt/lists/*"
  }

  /// The recipe for Docker.
  public var dockerfile: String {
    var lines = [
      "# Built with: swift build -c release --static-swift-stdlib --product kspace",
      "# in a folder that holds .build/release/kspace and .build/release/*.resources",
      "FROM \(Self.base)", "RUN \(installation)",
    ]
    lines += Self.files.map { "COPY \($0) \(Self.folder)/\($0)" }
    if let label { lines.append("LABEL \"\(label.name)\"=\"\(label.value)\"") }
    if let port { lines.append("EXPOSE \(port)") }
    let words = (["\(Self.folder)/kspace"] + arguments).map { "\"\($0)\"" }.joined(separator: ", ")
    return (lines + ["\(takesArguments ? "ENTRYPOINT" : "CMD") [\(words)]", ""]).joined(separator: "\n")
  }

  /// The recipe for Apptainer.
  public var apptainer: String {
    let words = (["\(Self.folder)/kspace"] + arguments).joined(separator: " ")
    return """
      Bootstrap: docker
      From: \(Self.base)

      %files
      \(Self.files.map { "    \($0) \(Self.folder)/\($0)" }.joined(separator: "\n"))

      %post
          \(installation)

      %runscript
          exec \(words)\(takesArguments ? " \"$@\"" : "")

      """
  }
}
