import Foundation
import KSpaceToolkit

/// Recipes by which the server gets onto scanners.
enum ContainerFiles {
  /// The name of the image label that OpenRecon looks for.
  static let labelName = "com.siemens-healthineers.magneticresonance.openrecon.metadata:1.1.0"

  /// A recipe for an OpenRecon image; `command` and its resources lie in the folder that it is built in.
  ///
  /// - Throws: What encoding the label throws.
  static func dockerfile(_ label: OpenReconLabel, port: Int = 9002) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return """
      \(image)
      LABEL "\(labelName)"="\(try encoder.encode(label).base64EncodedString())"
      EXPOSE \(port)
      CMD ["/opt/kspace/kspace", "serve", "--bind", "0.0.0.0", "--port", "\(port)"]

      """
  }

  /// The programs that the command needs, of Debian 12.
  private static let packages =
    "libfftw3-single3 libopenblas0-pthread liblapacke libhdf5-103-1 zlib1g libpng16-16 libssl3 libdcmtk17 libcurl4 libxml2"

  /// How an image with the command begins.
  private static let image = """
    # Built with: swift build -c release --static-swift-stdlib --product kspace
    # in a folder that holds .build/release/kspace and .build/release/KSpaceToolkit_ReconNet.resources
    FROM debian:12-slim
    RUN apt-get update && apt-get install -y --no-install-recommends \(packages) && rm -rf /var/lib/apt/lists/*
    COPY kspace /opt/kspace/kspace
    COPY KSpaceToolkit_ReconNet.resources /opt/kspace/KSpaceToolkit_ReconNet.resources
    """

  /// A recipe for a Docker image of the BIDS App.
  static let bidsDockerfile = """
    \(image)
    ENTRYPOINT ["/opt/kspace/kspace", "bids"]

    """

  /// A recipe for an Apptainer image of the BIDS App, built in the same folder.
  static let bidsApptainer = """
    Bootstrap: docker
    From: debian:12-slim

    %files
        kspace /opt/kspace/kspace
        KSpaceToolkit_ReconNet.resources /opt/kspace/KSpaceToolkit_ReconNet.resources

    %post
        apt-get update && apt-get install -y --no-install-recommends \(packages) && rm -rf /var/lib/apt/lists/*

    %runscript
        exec /opt/kspace/kspace bids "$@"

    """

  /// The settings by which FIRE starts the server in a chroot image.
  static func fireSettings(port: Int = 9002) -> String {
    """
    [chroot]
    start_chroot = true
    chroot_image_path = /opt/medcom/MriCustomer/ice/fire/chroot
    chroot_image_name = kspace.img
    chroot_command = /opt/kspace/kspace serve --port \(port) --save /tmp/share
    chroot_search_string = listening at 127.0.0.1, port \(port)
    chroot_stop_after_finish = true
    chroot_allowable_residual_memory_usage = 20

    """
  }
}
