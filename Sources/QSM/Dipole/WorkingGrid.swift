import MRIData
import NDArrays

/// The box around a mask, in the middle of zeros, and the way from a volume to it and back.
struct WorkingGrid: Sendable {
  /// The extents with zeros; `[z, y, x]` as in arrays.
  let matrix: Extents
  /// The distance of neighbouring voxels [mm].
  let voxelSize: SIMD3<Double>
  /// The direction of the static field along the voxel axes.
  let fieldDirection: SIMD3<Double>
  /// Whether a voxel lies in the mask and has a finite field, axes `[z, y, x]`.
  let mask: NDArray<Bool>
  /// The number of voxels in the mask.
  let maskCount: Int

  private let geometry: Geometry
  private let origin: Extents
  /// The extents of the box around the mask, which starts at the first voxel.
  let box: Extents

  /// Finds the box of a mask.
  ///
  /// - Throws: A ``QSMError`` if field and mask do not belong together or have no voxel in common.
  init(
    field: ImageVolumes<Float>, mask: ImageVolumes<UInt8>, region: WorkingRegion
  ) throws(QSMError) {
    let geometry = field.geometry
    try Self.check(field: field, mask: mask)
    let extents = geometry.matrix
    let inside = Self.inside(field: field.voxels, mask: mask.voxels, extents: extents)
    var lower = extents, upper = Extents(x: -1, y: -1, z: -1)
    var count = 0
    inside.withUnsafeBufferPointer { inside in
      for z in 0..<extents.z {
        for y in 0..<extents.y {
          let row = (z * extents.y + y) * extents.x
          for x in 0..<extents.x where inside[row + x] {
            count += 1
            lower = Extents(x: min(lower.x, x), y: min(lower.y, y), z: min(lower.z, z))
            upper = Extents(x: max(upper.x, x), y: max(upper.y, y), z: max(upper.z, z))
          }
        }
      }
    }
    guard count > 0 else { throw .emptyMask }
    self.geometry = geometry
    voxelSize = geometry.voxelSize * 1e3
    fieldDirection = geometry.fieldDirection
    maskCount = count
    switch region {
    case .wholeGrid:
      (origin, box, matrix) = (Extents(x: 0, y: 0, z: 0), extents, extents)
    case .mask, .object:
      origin = lower
      box = Extents(x: upper.x - lower.x + 1, y: upper.y - lower.y + 1, z: upper.z - lower.z + 1)
      matrix = region.matrix(around: box, voxelSize: geometry.voxelSize)
    }
    self.mask = Self.load(inside, origin: origin, box: box, matrix: matrix, empty: false) { $0 }
  }

  /// The extents of the box around the mask in voxels.
  var boxSize: SIMD3<Double> { SIMD3(Double(box.x), Double(box.y), Double(box.z)) }

  /// The part of a volume in the mask; zero elsewhere and where it is not finite.
  func load(_ volume: ImageVolumes<Float>) -> NDArray<Float> {
    var result = Self.load(volume.voxels, origin: origin, box: box, matrix: matrix, empty: 0) {
      $0.isFinite ? $0 : 0
    }
    result.keepOnly(mask)
    return result
  }

  /// A volume with the values of the mask, and zero elsewhere.
  func store(_ values: NDArray<Float>, in mask: NDArray<Bool>? = nil) -> ImageVolumes<Float> {
    store(values, where: mask ?? self.mask, otherwise: 0)
  }

  /// A mask on the volume's grid.
  func store(_ mask: NDArray<Bool>) -> ImageVolumes<UInt8> {
    store(mask.map { $0 ? 1 : 0 }, where: mask, otherwise: 0)
  }

  private func store<Element>(
    _ values: NDArray<Element>, where mask: NDArray<Bool>, otherwise: Element
  ) -> ImageVolumes<Element> {
    var volume = NDArray(repeating: otherwise, shape: geometry.matrix.shape)
    volume.withUnsafeMutableBufferPointer { volume in
      values.withUnsafeBufferPointer { values in
        mask.withUnsafeBufferPointer { mask in
          for z in 0..<box.z {
            for y in 0..<box.y {
              let from = (z * matrix.y + y) * matrix.x
              let to = ((z + origin.z) * geometry.matrix.y + y + origin.y) * geometry.matrix.x + origin.x
              for x in 0..<box.x where mask[from + x] { volume[to + x] = values[from + x] }
            }
          }
        }
      }
    }
    return ImageVolumes(volume, geometry: geometry)
  }

  private static func load<Source, Element>(
    _ volume: NDArray<Source>, origin: Extents, box: Extents, matrix: Extents, empty: Element,
    _ value: (Source) -> Element
  ) -> NDArray<Element> {
    let (height, width) = (volume.shape[volume.shape.count - 2], volume.shape[volume.shape.count - 1])
    return NDArray(uninitializedShape: matrix.shape) { target in
      target.initialize(repeating: empty)
      volume.withUnsafeBufferPointer { volume in
        for z in 0..<box.z {
          for y in 0..<box.y {
            let to = (z * matrix.y + y) * matrix.x
            let from = ((z + origin.z) * height + y + origin.y) * width + origin.x
            for x in 0..<box.x { target[to + x] = value(volume[from + x]) }
          }
        }
      }
    }
  }

  private static func inside(
    field: NDArray<Float>, mask: NDArray<UInt8>, extents: Extents
  ) -> NDArray<Bool> {
    NDArray(uninitializedShape: extents.shape) { inside in
      field.withUnsafeBufferPointer { field in
        mask.withUnsafeBufferPointer { mask in
          for index in inside.indices { inside[index] = mask[index] != 0 && field[index].isFinite }
        }
      }
    }
  }

  private static func check(
    field: ImageVolumes<Float>, mask: ImageVolumes<UInt8>
  ) throws(QSMError) {
    let geometry = field.geometry
    guard field.count == 1 else { throw .notOneVolume(name: "field", count: field.count) }
    try check(mask, "mask", on: geometry)
    let size = geometry.voxelSize
    guard size.x > 0, size.y > 0, size.z > 0, size.x + size.y + size.z < .infinity else {
      throw .badVoxelSize(size)
    }
    let direction = geometry.fieldDirection
    guard abs((direction * direction).sum() - 1) < 1e-3 else { throw .badFieldDirection(direction) }
  }

  /// Checks that a volume that accompanies the field is one, on the same grid.
  static func check<Element>(
    _ volume: ImageVolumes<Element>, _ name: String, on geometry: Geometry
  ) throws(QSMError) {
    guard volume.count == 1 else { throw .notOneVolume(name: name, count: volume.count) }
    guard volume.geometry.matrix == geometry.matrix else {
      throw .gridMismatch(name: name, volume.geometry.matrix, field: geometry.matrix)
    }
  }
}

/// Extents that are fast to transform.
enum FastExtent {
  /// The next even number without prime factors above 7; 1 stays.
  static func next(_ minimum: Int) -> Int {
    guard minimum > 1 else { return 1 }
    var extent = (minimum + 1) / 2 * 2
    while true {
      var rest = extent
      for factor in [2, 3, 5, 7] {
        while rest % factor == 0 { rest /= factor }
      }
      if rest == 1 { return extent }
      extent += 2
    }
  }
}
