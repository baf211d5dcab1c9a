import Foundation
import KSpaceToolkit

/// What `kspace --version` says: the version, this build, the libraries as they are at run time, and the processor.
enum VersionText {
  static var text: String {
    """
    kspace \(ToolkitVersion.text), \(build)
    FFTW        \(TransformLibrary.version)
    OpenBLAS    \(LinearAlgebraLibrary.version)
    HDF5        \(HDF5Version.text)
    libpng      \(ImageLibraries.png), zlib \(ImageLibraries.zlib)
    processor   \(processor), \(counted(Parallelism.threads, "thread"))
    ReconNet3D  convolutions by \(ConvolutionPath.name)
    """
  }

  /// The executable's fingerprint, so that two builds of one version can be told apart.
  private static var build: String {
    let fingerprint = try? SHA256.digest(ofFile: "/proc/self/exe")
    #if DEBUG
      let kind = "debug build"
    #else
      let kind = "build"
    #endif
    return "\(kind) \(fingerprint?.prefix(12) ?? "unknown")"
  }

  private static var processor: String {
    let lines = FileManager.default.contents(atPath: "/proc/cpuinfo").map {
      String(decoding: $0, as: UTF8.self)
    }
    let model = lines?.split(separator: "\n").first { $0.hasPrefix("model name") }?.split(separator: ":").last
    return model.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
  }
}
