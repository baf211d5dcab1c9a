import MRIData
import NDArrays
import QSM

/// An ellipsoidal mask with sources in it and outside.
struct BackgroundScene {
  let matrix: Extents
  let mask: ImageVolumes<UInt8>
  /// The field of the sources in the mask [Hz].
  let local: ImageVolumes<Float>
  /// The field of those outside.
  let background: ImageVolumes<Float>

  var total: ImageVolumes<Float> {
    var total = local
    let other = background.voxels
    total.voxels.withUnsafeMutableBufferPointer { total in
      other.withUnsafeBufferPointer { other in
        for index in total.indices { total[index] += other[index] }
      }
    }
    return total
  }

  init(matrix: Extents, voxelSize: SIMD3<Double>) {
    let geometry = Geometry(matrix: matrix, voxelSize: voxelSize)
    self.matrix = matrix
    func volume<Element: ArrayElement>(
      _ value: (SIMD3<Double>) -> Element
    ) -> ImageVolumes<Element> {
      var values: [Element] = []
      for z in 0..<matrix.z {
        for y in 0..<matrix.y {
          for x in 0..<matrix.x {
            values.append(value(geometry.position(ofVoxel: [Double(x), Double(y), Double(z)])))
          }
        }
      }
      return ImageVolumes(NDArray(values, shape: matrix.shape), geometry: geometry)
    }
    let half = geometry.fieldOfView / 2
    mask = volume { position in
      let scaled = position / (0.85 * half)
      return (scaled * scaled).sum() <= 1 ? 1 : 0
    }
    /// The field of a homogeneous sphere.
    func sphere(at center: SIMD3<Double>, radius: Double, strength: Double, _ position: SIMD3<Double>)
      -> Double
    {
      let r = position - center
      let square = (r * r).sum()
      guard square > radius * radius else { return 0 }
      let ratio = radius * radius / square
      return strength * ratio * ratio.squareRoot() * (3 * r.z * r.z / square - 1)
    }
    local = volume { position in
      let middle = 0.25 * half.x
      return Float(
        sphere(at: [-0.02 * half.x, 0, 0], radius: middle, strength: 3, position)
          - sphere(at: [middle * 1.4, 0.1 * half.y, 0], radius: 0.4 * middle, strength: 5, position))
    }
    background = volume { position in
      Float(
        sphere(at: [0, 1.3 * half.y, 0.2 * half.z], radius: 0.3 * half.y, strength: 300, position)
          + sphere(at: [0, 0, -1.6 * half.z], radius: 0.5 * half.z, strength: -200, position) + 20)
    }
  }

  /// The root mean square in a mask.
  func norm(_ field: ImageVolumes<Float>, in mask: ImageVolumes<UInt8>) -> Double {
    difference(field, field.map { _ in 0 }, in: mask)
  }

  /// The root mean squared difference in a mask.
  func difference(
    _ first: ImageVolumes<Float>, _ second: ImageVolumes<Float>, in mask: ImageVolumes<UInt8>
  ) -> Double {
    let (a, b, inside) = (first.voxels.elements, second.voxels.elements, mask.voxels.elements)
    let chosen = inside.indices.filter { inside[$0] != 0 }
    let values = chosen.map { Double(a[$0] - b[$0]) }
    return (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
  }
}
