import Foundation
import MRIData
import NDArrays
import PhaseUnwrapping

/// Unwrapping of 8 echoes of 240 x 288 x 72 voxels by ROMEO, beside warpkit 1.5.0 in `.venv` where it is installed there.
///
/// CPU seconds of the unwrapping alone, the median of five runs; the peer unwraps the same phase, and the voxels in which the two
/// differ are counted.
func benchmarkUnwrapping() throws {
  let extents = Extents(x: 240, y: 288, z: 72), echoes = 8, voxels = extents.count
  let echoTimes = (0..<echoes).map { 3.3e-3 + 3.1e-3 * Double($0) }
  var generator = SeededGenerator(seed: 3)
  var phase = NDArray<Float>(repeating: 0, shape: [echoes] + extents.shape), magnitude = phase
  var mask = NDArray<Bool>(repeating: false, shape: extents.shape)
  for voxel in 0..<voxels {
    let (x, y, z) = (voxel % extents.x, voxel / extents.x % extents.y, voxel / extents.x / extents.y)
    let r = SIMD3(Double(x - 120) / 78, Double(y - 144) / 101, Double(z - 36) / 36.5)
    let isInside = (r * r).sum() <= 1
    mask.withUnsafeMutableBufferPointer { $0[voxel] = isInside }
    // A shimmed background [Hz] that wraps over the head, and waves that stand for tissue; air holds noise.
    let field = 60 * r.x * r.y + 90 * r.z * r.z + 5 * sin(9 * r.x) * cos(11 * r.y) * sin(7 * r.z)
    for (echo, time) in echoTimes.enumerated() {
      let signal = isInside ? 60 * exp(-20 * time) : 0
      let angle = 2 * Double.pi * field * time
      let (real, imaginary) = (
        signal * cos(angle) + generator.normal(), signal * sin(angle) + generator.normal()
      )
      phase.withUnsafeMutableBufferPointer { $0[echo * voxels + voxel] = Float(atan2(imaginary, real)) }
      magnitude.withUnsafeMutableBufferPointer { $0[echo * voxels + voxel] = Float(hypot(real, imaginary)) }
    }
  }
  var unwrapped = phase
  let seconds = try (0..<5).map { _ in
    try ProcessCost.processors {
      unwrapped = try ROMEO()(phase, echoTimes: echoTimes, magnitude: magnitude, mask: mask)
    }
    .1
  }.sorted()[2]
  print(String(format: "ROMEO, 8 echoes of \(extents): %.2f CPU-s", seconds))

  let python = ".venv/bin/python", script = "Sources/Benchmarks/unwrapping_peer.py"
  guard FileManager.default.isExecutableFile(atPath: python), FileManager.default.fileExists(atPath: script)
  else { return print("warpkit is not measured: there is no \(python)") }
  let folder = FileManager.default.temporaryDirectory.appending(path: "kspace-unwrapping-\(getpid())")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  func write<Element>(_ array: NDArray<Element>, _ name: String) throws {
    try array.withUnsafeBufferPointer { Data(buffer: $0) }.write(to: folder.appending(path: name))
  }
  try write(phase, "phase")
  try write(magnitude, "magnitude")
  try write(mask, "mask")
  try write(unwrapped, "unwrapped")
  let process = Process()
  process.executableURL = URL(filePath: python)
  process.arguments =
    [script, folder.path(), "\(extents.z)", "\(extents.y)", "\(extents.x)"] + echoTimes.map { "\($0)" }
  try process.run()
  process.waitUntilExit()
}
