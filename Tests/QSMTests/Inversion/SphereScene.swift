import Foundation
import MRIData
import NDArrays
import Numerics
import QSM

/// Balls of known susceptibility in a ball of a mask, with their analytic field and white noise.
struct SphereScene {
  /// The susceptibilities [ppm].
  static let truth = [0.1, 0.2, 0.4, -0.3]

  let measurement: FieldMeasurement
  /// The number of the ball that a voxel lies in, at least 1 mm from its surface; 0 outside of all, 255 between.
  private let labels: [UInt8]

  /// Draws the scene.
  ///
  /// - Parameters:
  ///   - voxelSize: The voxel size [mm].
  ///   - tilt: The angle of the static field to the third axis [rad].
  ///   - noise: The standard deviation of the field's noise [ppm].
  ///   - radius: The radius of the balls [mm].
  init(voxelSize: SIMD3<Double>, tilt: Double = 0, noise: Double, radius: Double = 5) {
    let half = 33.0, size = voxelSize
    let matrix = Extents(x: Int(72 / size.x), y: Int(72 / size.y), z: Int(72 / size.z))
    let geometry = Geometry(
      matrix: matrix, voxelSize: size * 1e-3, phaseDirection: [0, cos(tilt), sin(tilt)],
      sliceDirection: [0, -sin(tilt), cos(tilt)])
    let centers: [SIMD3<Double>] = [[-18, -4, 3], [15, -14, -5], [4, 17, 8], [2, 3, -20]]
    let b = geometry.fieldDirection, hertz = 3 * ScanParameters.protonGyromagneticRatio * 1e-6
    var generator = SeededGenerator(seed: 7)
    var field: [Float] = [], mask: [UInt8] = [], labels: [UInt8] = []
    for z in 0..<matrix.z {
      for y in 0..<matrix.y {
        for x in 0..<matrix.x {
          let place =
            (SIMD3(Double(x), Double(y), Double(z))
              - SIMD3(Double(matrix.x / 2), Double(matrix.y / 2), Double(matrix.z / 2)))
            * size
          mask.append((place * place).sum() < half * half ? 1 : 0)
          var label: UInt8 = 0
          for (number, center) in centers.enumerated() {
            let step = place - center, square = (step * step).sum()
            if square < (radius - 1) * (radius - 1) {
              label = UInt8(number + 1)
            } else if square < (radius + 2) * (radius + 2), label == 0 {
              label = 255
            }
          }
          // A voxel shows the mean of its field.
          var sum = 0.0
          for part in 0..<27 {
            let shift = SIMD3(Double(part % 3 - 1), Double(part / 3 % 3 - 1), Double(part / 9 - 1)) / 3
            for (number, center) in centers.enumerated() {
              let step = place + shift * size - center, square = (step * step).sum()
              guard square > radius * radius else { continue }
              let along = (step * b).sum(), ratio = radius * radius / square
              sum += Self.truth[number] / 81 * ratio * ratio.squareRoot() * (3 * along * along / square - 1)
            }
          }
          field.append(Float((sum + noise * generator.normal()) * hertz))
          labels.append(label)
        }
      }
    }
    self.labels = labels
    let shape = [1] + matrix.shape
    measurement = FieldMeasurement(
      field: ImageVolumes(NDArray(field, shape: shape), geometry: geometry),
      mask: ImageVolumes(NDArray(mask, shape: shape), geometry: geometry), fieldStrength: 3)
  }

  /// The mean of each ball above that of what surrounds the balls, over the truth, minus 1.
  func errors(of map: SusceptibilityMap) -> [Double] {
    let values = map.susceptibility.voxels.elements, mask = measurement.mask.voxels.elements
    var sums = [SIMD2<Double>](repeating: .zero, count: 256)
    for voxel in values.indices where mask[voxel] != 0 {
      sums[Int(labels[voxel])] += [Double(values[voxel]), 1]
    }
    let base = sums[0].x / sums[0].y
    return Self.truth.indices.map { (sums[$0 + 1].x / sums[$0 + 1].y - base) / Self.truth[$0] - 1 }
  }
}
