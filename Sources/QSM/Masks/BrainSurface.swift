import MRIData
import NDArrays
import Numerics

/// A mask of the brain: the inside of a surface that grows from the middle of the head to the edge of the brain.
///
/// ```
/// p <- p + s_t / 2 + f_2 s_n + 0.05 f_3 l n          s = mean of the neighbours - p, along and across the normal n
/// f_2 = (1 + tanh(F (1/r - E))) / 2,  r = l^2 / (2 |s_n|)       flat where the radius r exceeds about 5 mm
/// f_3 = 2 (I_min - t_l) / (I_max - t_2),  t_l = t_2 + b (I_max - t_2)
/// ```
///
/// `I_min` is the darkest value within 7 mm inwards of a vertex, `I_max` the brightest within 3 mm, and `l` the mean
/// distance of vertices; distances are those of a human head, and as many times smaller as a head is. Where the surface has met the dark between brain and skull, `f_3` turns negative and stops it.
/// Unlike a threshold it does not leak into scalp, eyes or neck through thin bridges. A surface that folds is grown
/// again, stiffer.
///
/// - SeeAlso: S. M. Smith, "Fast robust automated brain extraction", Hum. Brain Mapp. 17(3):143-155, 2002,
///   doi:10.1002/hbm.10062; the distances and the exponent of the threshold are those of the author's later program.
public struct BrainSurface: Sendable, Equatable {
  /// How bright the darkest place within reach may be, 0 to 1: larger values give a smaller brain.
  public var fraction: Double
  /// By how much the mask is eroded in the end [m].
  public var erosion: Double
  /// The number of steps.
  public var steps: Int

  /// Creates the method.
  ///
  /// - Precondition: The fraction lies between 0 and 1, and there is a step.
  public init(fraction: Double = 0.5, erosion: Double = 0, steps: Int = 1000) {
    precondition(fraction > 0 && fraction < 1 && steps > 0, "a fraction of \(fraction), \(steps) steps")
    self.fraction = fraction
    self.erosion = erosion
    self.steps = steps
  }

  /// The mask of one volume of magnitudes: 1 inside, 0 outside.
  ///
  /// - Throws: ``QSMError/noObject(_:)`` if nothing stands out from the background.
  public func callAsFunction(_ image: ImageVolumes<Float>) throws(QSMError) -> ImageVolumes<UInt8> {
    let size = image.geometry.voxelSize * 1e3, volume = image[0]
    guard let levels = BrightnessLevels(volume, image.geometry.matrix, size) else {
      throw .noObject("brain surface")
    }
    var mask: NDArray<Bool>?
    for stiffness in [1.0, 3, 10, 30] {
      var mesh = SphereMesh(center: levels.center, radius: levels.radius / 2, divisions: 4)
      volume.withUnsafeBufferPointer { values in
        let field = BrightnessField(values: values, matrix: image.geometry.matrix, voxelSize: size)
        for step in 0..<steps {
          // The last quarter takes the form that the image asks for.
          move(&mesh, in: field, levels, stiffness: step < steps * 3 / 4 ? stiffness : 1)
        }
      }
      mask = mesh.filled(image.geometry.matrix, voxelSize: size)
      if !mesh.isFolded { break }
    }
    let morphology = Morphology(voxelSize: image.geometry.voxelSize)
    guard let mask = mask.map({ morphology.eroded($0, by: erosion) }),
      mask.withUnsafeBufferPointer({ $0.contains(true) })
    else { throw .noObject("brain surface") }
    return ImageVolumes(mask.map { $0 ? 1 : 0 }, geometry: image.geometry)
  }

  private func move(
    _ mesh: inout SphereMesh, in field: BrightnessField, _ levels: BrightnessLevels, stiffness: Double
  ) {
    let spacing = mesh.spacing, normals = mesh.normals, limit = Double.pow(fraction, 0.275)
    // Radii of curvature between which the surface becomes stiff [mm].
    let (smallest, largest) = (3.33 * levels.unit, 10 * levels.unit)
    let middle = (1 / smallest + 1 / largest) / 2, slope = 6 / (1 / smallest - 1 / largest)
    var moved = mesh.vertices
    for vertex in moved.indices {
      let place = mesh.vertices[vertex], normal = normals[vertex]
      let around = mesh.starts[vertex]..<mesh.starts[vertex + 1]
      var pull = SIMD3<Double>.zero
      for index in around { pull += mesh.vertices[mesh.neighbours[index]] }
      pull = pull / Double(around.count) - place
      let height = (pull * normal).sum(), across = height * normal
      let curvature = 2 * abs(height) / (spacing * spacing)
      var bend = (1 + Double.tanh(slope * (curvature - middle))) / 2
      if height > 0 { bend = min(1, bend * stiffness) }
      let push = field.push(at: place, inwards: -normal, levels, limit: limit)
      moved[vertex] = place + (pull - across) / 2 + bend * across + 0.05 * push * spacing * normal
    }
    mesh.vertices = moved
  }
}

/// The brightness of a head: its dark, its bright, and where it lies.
private struct BrightnessLevels {
  /// The levels below which lie 2 % of the voxels, and ten per cent of the way from there to the bright.
  let dark: Double, threshold: Double
  /// The median inside of a sphere as large as the head.
  let middle: Double
  /// The centre of gravity and the radius of a sphere of the head's volume [mm].
  let center: SIMD3<Double>, radius: Double

  /// What a millimetre of a human head is in this one [mm]: one, unless the head is no human's.
  var unit: Double { (55...120).contains(radius) ? 1 : radius / 80 }

  init?(_ volume: NDArray<Float>, _ matrix: Extents, _ size: SIMD3<Double>) {
    let low = volume.percentile(0.02), high = volume.percentile(0.98), limit = low + 0.1 * (high - low)
    guard high > low else { return nil }
    var sum = SIMD3<Double>.zero, weight = 0.0, count = 0.0
    func place(_ index: Int) -> SIMD3<Double> {
      SIMD3(
        Double(index % matrix.x), Double(index / matrix.x % matrix.y), Double(index / (matrix.x * matrix.y)))
        * size
    }
    var inside: [Float] = []
    volume.withUnsafeBufferPointer { values in
      for index in values.indices where values[index] > limit {
        let value = Double(min(values[index], high) - low)
        sum += value * place(index)
        weight += value
        count += 1
      }
      let center = sum / weight, square = Double.pow(count * size.x * size.y * size.z * 0.75 / .pi, 2.0 / 3)
      for index in values.indices where values[index] > low && values[index] < high {
        let step = place(index) - center
        if (step * step).sum() < square { inside.append(values[index]) }
      }
    }
    guard weight > 0, !inside.isEmpty else { return nil }
    inside.sort()
    (dark, threshold, middle) = (Double(low), Double(limit), Double(inside[inside.count / 2]))
    center = sum / weight
    radius = Double.pow(count * size.x * size.y * size.z * 0.75 / .pi, 1.0 / 3)
  }
}

/// A volume that is looked at along the normals of a surface.
private struct BrightnessField {
  let values: UnsafeBufferPointer<Float>
  let matrix: Extents
  let voxelSize: SIMD3<Double>

  /// The value of the nearest voxel; `nil` outside of the volume.
  private func value(at place: SIMD3<Double>) -> Double? {
    let index = (place / voxelSize).rounded(.toNearestOrEven)
    guard all(index .>= 0), index.x < Double(matrix.x), index.y < Double(matrix.y), index.z < Double(matrix.z)
    else { return nil }
    let value = values[(Int(index.z) * matrix.y + Int(index.y)) * matrix.x + Int(index.x)]
    return value.isFinite ? Double(value) : 0
  }

  /// How strongly a vertex is driven outwards, negative for inwards.
  func push(
    at place: SIMD3<Double>, inwards direction: SIMD3<Double>, _ levels: BrightnessLevels, limit: Double
  ) -> Double {
    var darkest = levels.middle, brightest = levels.threshold
    for distance in 1..<7 {
      guard let value = value(at: place + Double(distance) * levels.unit * direction) else {
        // Beyond the slab there is nothing to find.
        if distance == 1 { return -1 }
        break
      }
      darkest = min(darkest, value)
      if distance < 3 { brightest = max(brightest, value) }
    }
    darkest = max(levels.dark, darkest)
    brightest = min(levels.middle, brightest)
    guard brightest > levels.dark else { return 0 }
    let local = levels.dark + limit * (brightest - levels.dark)
    return 2 * (darkest - local) / (brightest - levels.dark)
  }
}
