import Foundation
import KSpaceToolkit
import TestSupport

/// An atlas of another head than that of ``QSMScene``: turned, stretched and bent, of another contrast.
struct AtlasScene {
  /// The folder of the atlas.
  let folder: String
  private static let grid = Geometry(matrix: Extents(x: 72, y: 90, z: 80), voxelSize: [2e-3, 2e-3, 2e-3])

  /// The nuclei that atlases have.
  static let nuclei = Tissue.ironRichNuclei + [.thalamus, .dentateNucleus]

  /// The images, made once for all tests.
  private static let images: (anatomy: ImageVolumes<Float>, labels: ImageVolumes<Int16>) = {
    let subject = HeadAnatomy(seed: 29, age: 35), matrix = grid.matrix
    var shown: [Float] = [], labels: [Int16] = []
    for z in 0..<matrix.z {
      for y in 0..<matrix.y {
        for x in 0..<matrix.x {
          let place = place(of: grid.position(ofVoxel: [Double(x), Double(y), Double(z)]))
          let tissue = subject.tissue(at: place), properties = subject.properties(of: tissue)
          let isBrain = subject.isBrain(at: place)
          shown.append(
            isBrain ? Float(properties.protonDensity / properties.longitudinalRelaxationTime) : 0)
          labels.append(isBrain && nuclei.contains(tissue) ? Int16(tissue.rawValue) : 0)
        }
      }
    }
    return (
      ImageVolumes(NDArray(shown, shape: matrix.shape), geometry: grid),
      ImageVolumes(NDArray(labels, shape: matrix.shape), geometry: grid)
    )
  }()

  /// Where in the head a point of the atlas lies [m].
  private static func place(of point: SIMD3<Double>) -> SIMD3<Double> {
    let (sine, cosine) = (sin(0.09), cos(0.09))
    let turned = SIMD3(
      point.x, cosine * point.y - sine * point.z, sine * point.y + cosine * point.z)
    let bend = SIMD3(sin(turned.y / 0.03), sin(turned.z / 0.035 + 1), sin(turned.x / 0.03 + 2)) * 2e-3
    return turned * [1.05, 0.96, 1.03] + [3e-3, -4e-3, 5e-3] + bend
  }

  /// Writes the atlas into a folder.
  init(in parent: TemporaryDirectory, flipped: Bool = false) throws {
    folder = parent.path("atlas")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var (anatomy, labels) = Self.images
    if flipped {
      // The voxels stay, and the header says that they lie feet up.
      for axis in [\Geometry.phaseDirection, \.sliceDirection] {
        anatomy.geometry[keyPath: axis] *= -1
        labels.geometry[keyPath: axis] *= -1
      }
    }
    try NIfTIFile.write(anatomy, to: "\(folder)/tpl-head_T1w.nii.gz")
    try NIfTIFile.write(labels, to: "\(folder)/tpl-head_dseg.nii.gz")
    let names = Self.nuclei.map { "\($0.rawValue)\t\($0)\n" }.joined()
    try AtomicFile.write("index\tname\n" + names, to: "\(folder)/tpl-head_dseg.tsv")
  }
}

/// Dice's overlap of a region in two label volumes.
func overlap(_ first: [Float], _ second: [Float], of label: Float) -> Double {
  var (both, sum) = (0, 0)
  for (one, other) in zip(first, second) {
    both += one == label && other == label ? 1 : 0
    sum += (one == label ? 1 : 0) + (other == label ? 1 : 0)
  }
  return sum == 0 ? 0 : 2 * Double(both) / Double(sum)
}
