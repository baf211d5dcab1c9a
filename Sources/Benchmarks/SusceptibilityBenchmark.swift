import Foundation
import MRIData
import NDArrays
import QSM

/// Background removal and dipole inversion on a brain in 240 x 288 x 72 voxels of 0.8 x 0.8 x 2 mm.
///
/// QSM.rs took 13 CPU-s for V-SHARP with 12 radii and 17.6 CPU-s for 35 iterations of total variation on this grid, on
/// another machine. CPU time counts all threads; the memory is the process's peak so far.
func benchmarkSusceptibility() throws {
  let geometry = Geometry(
    matrix: Extents(x: 240, y: 288, z: 72), voxelSize: [0.8e-3, 0.8e-3, 2e-3])
  var mask = NDArray<UInt8>(repeating: 0, shape: geometry.matrix.shape)
  var field = NDArray<Float>(repeating: 0, shape: geometry.matrix.shape)
  for z in 0..<72 {
    for y in 0..<288 {
      for x in 0..<240 {
        // 1.2 million voxels; a field from outside, and waves that stand for tissue.
        let r = SIMD3(Double(x - 120) / 78, Double(y - 144) / 101, Double(z - 36) / 36.5)
        guard (r * r).sum() <= 1 else { continue }
        mask[z, y, x] = 1
        field[z, y, x] = Float(30 * r.x * r.y + 20 * r.z + 3 * sin(9 * r.x) * cos(11 * r.y) * sin(7 * r.z))
      }
    }
  }
  let total = ImageVolumes(field, geometry: geometry)
  let brain = ImageVolumes(mask, geometry: geometry)
  let (local, removal) = try ProcessCost.processors {
    try VSHARP(radii: (1...12).map { Double($0) * 1e-3 })(total, mask: brain)
  }
  report("V-SHARP, 12 radii", removal, peer: 13)

  let measurement = FieldMeasurement(field: local.field, mask: local.mask, fieldStrength: 3)
  for (name, region) in [("mask and 40 mm", WorkingRegion.mask(margin: 0.04)), ("whole grid", .wholeGrid)] {
    var method = TotalVariation(regularization: 2e-4, region: region)
    (method.tolerance, method.maximumIterations) = (0, 35)
    let (_, inversion) = try ProcessCost.processors { try method(measurement) }
    report("total variation, 35 iterations, \(name)", inversion, peer: 17.6)
  }
  let (map, defaults) = try ProcessCost.processors { try TotalVariation()(measurement) }
  print(String(format: "total variation by default: %.2f CPU-s, %d iterations", defaults, map.iterations))
}

private func report(_ name: String, _ seconds: Double, peer: Double) {
  print(
    String(
      format: "%@: %.2f CPU-s, %.1f times less than QSM.rs's %.1f; %d MB", name, seconds, peer / seconds,
      peer,
      peakMegabytes()))
}

/// The largest memory that the process had so far, where the system tells.
private func peakMegabytes() -> Int {
  let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
  let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
  return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first).flatMap { Int($0) }.map { $0 / 1024 }
    ?? 0
}
