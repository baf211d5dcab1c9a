import Foundation
import KSpaceToolkit
import TestSupport

/// A tilted scan of the numerical head, reconstructed once for all tests, and its files as other tools hand them over.
struct QSMScene {
  private static let head = Result {
    let scan = try SmallScan(
      "head.h5", "--matrix", "64x76x28", "--voxel-size", "3x3x5mm", "--echo-times", "4ms,8ms,12ms,16ms",
      "--tilt",
      "20deg", "--snr", "200")
    let result = try scan.run("reconstruct", "head.h5", "-o", "recon")
    guard result.status == 0 else { throw ProcessFailure(description: result.errors, status: result.status) }
    return scan.folder
  }

  /// Where the head's files are: `recon`, `head_truth`.
  let head: TemporaryDirectory
  /// Where a test writes.
  let folder: TemporaryDirectory
  let echoTimes = [0.004, 0.008, 0.012, 0.016]

  init() throws {
    head = try Self.head.get()
    folder = try TemporaryDirectory()
  }

  var mask: String { head.path("head_truth/mask.nii.gz") }

  /// The phase or the magnitude of all echoes.
  func echoes(_ part: String) throws -> ImageVolumes<Float> {
    let parts = try (1...4).map {
      let name = "recon/sub-01/anat/sub-01_rec-zerofilled_echo-\($0)_part-\(part)_MEGRE.nii.gz"
      return try NIfTIFile(at: head.path(name)).volumes(scaling: .applied)
    }
    return ImageVolumes(
      NDArray(parts.flatMap(\.voxels.elements), shape: [4] + parts[0].geometry.matrix.shape),
      geometry: parts[0].geometry)
  }

  /// Writes magnitude and phase, `mag.nii.gz` and `phase.nii.gz`, after something was done to them.
  func write(
    phase: (ImageVolumes<Float>) -> ImageVolumes<Float> = { $0 },
    magnitude: (ImageVolumes<Float>) -> ImageVolumes<Float> = { $0 }
  ) throws {
    try NIfTIFile.write(phase(try echoes("phase")), to: folder.path("phase.nii.gz"))
    try NIfTIFile.write(magnitude(try echoes("mag")), to: folder.path("mag.nii.gz"))
  }

  /// Writes the echoes as a BIDS folder `bids`, integers from 0 to 4095 for the phase, with one sidecar per echo.
  func writeBIDS(_ keys: (Int) -> [String: Any]) throws {
    let anat = folder.url.appending(path: "bids/sub-7/anat")
    try FileManager.default.createDirectory(at: anat, withIntermediateDirectories: true)
    for part in ["mag", "phase"] {
      let all = try echoes(part)
      for echo in 0..<4 {
        let name = anat.appending(path: "sub-7_run-1_echo-\(echo + 1)_part-\(part)_MEGRE").path
        let volume = ImageVolumes(all[echo], geometry: all.geometry)
        if part == "phase" {
          let stored = volume.map { Int16(min(4095, max(0, ($0 / .pi * 2048 + 2048).rounded()))) }
          try NIfTIFile.write(stored, to: name + ".nii")
        } else {
          try NIfTIFile.write(volume, to: name + ".nii")
        }
        try JSONSerialization.data(withJSONObject: keys(echo)).write(to: URL(filePath: name + ".json"))
      }
    }
  }

  /// Runs `kspace qsm` in the folder.
  func run(_ arguments: String...) throws -> ExternalProcess.Result { try run(arguments) }

  /// Runs `kspace qsm` in the folder.
  func run(_ arguments: [String]) throws -> ExternalProcess.Result {
    try Command.run(["qsm"] + arguments, in: folder)
  }

  /// Runs `kspace qsm` on `mag.nii.gz` and `phase.nii.gz` with the true mask and the fastest methods.
  func runFast(_ output: String, _ arguments: String...) throws -> ExternalProcess.Result {
    try runFast(output, arguments)
  }

  /// The same with options in a list.
  func runFast(_ output: String, _ arguments: [String]) throws -> ExternalProcess.Result {
    try run(
      [
        "--phase", "phase.nii.gz", "--magnitude", "mag.nii.gz", "-o", output, "--mask", mask, "--echo-times",
        "4ms,8ms,12ms,16ms", "--field-strength", "3T", "--inversion", "l2", "--background", "sharp",
      ] + arguments)
  }

  /// The susceptibility in a folder that the command wrote.
  func map(_ output: String, _ name: String = "sub-01/anat/sub-01_Chimap.nii.gz") throws -> [Float] {
    try NIfTIFile(at: folder.path("\(output)/\(name)")).volumes(scaling: .applied).voxels.elements
  }

  /// The true susceptibility, or another map of the phantom.
  func truth(_ name: String = "chi") throws -> [Float] {
    try NIfTIFile(at: head.path("head_truth/\(name).nii.gz")).volumes(scaling: .applied).voxels.elements
  }
}

/// How alike two maps are where both are not zero: the correlation, and the slope of the first over the second.
func likeness(_ first: [Float], _ second: [Float]) -> (correlation: Double, slope: Double) {
  var sums = (n: 0.0, x: 0.0, y: 0.0, xx: 0.0, yy: 0.0, xy: 0.0)
  for (x, y) in zip(first, second) where x != 0 && y != 0 {
    let (x, y) = (Double(x), Double(y))
    sums = (
      sums.n + 1, sums.x + x, sums.y + y, sums.xx + x * x, sums.yy + y * y, sums.xy + x * y
    )
  }
  let covariance = sums.xy - sums.x * sums.y / sums.n
  let (xx, yy) = (sums.xx - sums.x * sums.x / sums.n, sums.yy - sums.y * sums.y / sums.n)
  return (covariance / (xx * yy).squareRoot(), covariance / yy)
}
