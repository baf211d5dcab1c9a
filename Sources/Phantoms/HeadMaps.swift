import MRIData
import NDArrays
import Numerics

/// What the signal follows from, on the fine grid of a simulation.
struct SignalMaps: Sendable {
  /// The magnitude of the signal at TE = 0.
  var magnitude: NDArray<Float>
  /// The effective transverse relaxation rate [1/s].
  var rate: NDArray<Float>
  /// The off-resonance [Hz].
  var field: NDArray<Float>
}

/// A head drawn on the fine grid of a simulation.
struct HeadMaps: Sendable {
  /// What the signal follows from.
  var signal: SignalMaps
  /// The susceptibility [ppm].
  var susceptibility: NDArray<Float>
  /// The diamagnetic part of it [ppm], at most zero.
  var diamagnetic: NDArray<Float>
  /// The tissues, as raw values of ``Tissue``.
  var labels: NDArray<UInt8>
  /// Whether a voxel belongs to the brain.
  var brain: NDArray<Bool>

  /// Draws a head and computes its field.
  ///
  /// - Parameters:
  ///   - anatomy: The head.
  ///   - geometry: The fine grid of the field of view.
  ///   - parameters: The sequence and the field strength.
  ///   - progress: Is told what is being done, and which part of it all is done.
  init(
    _ anatomy: HeadAnatomy, on geometry: Geometry, parameters: ScanParameters,
    progress: (String, Double) -> Void
  ) {
    progress("drawing the head", 0)
    // The field comes from the whole head, also from what lies outside the field of view.
    let surroundings = Self.surroundings(of: anatomy, geometry: geometry)
    let allLabels = NDArray(over: surroundings) { _, position in anatomy.tissue(at: position).rawValue }
    let properties = (UInt8.min...UInt8.max).map { anatomy.properties(of: Tissue(rawValue: $0) ?? .air) }
    let isTextured = (UInt8.min...UInt8.max).map { Tissue(rawValue: $0)?.isParenchyma ?? false }
    let allTexture = allLabels.withUnsafeBufferPointer { labels in
      let labels = SharedConstants(labels)
      return NDArray(over: surroundings) { voxel, position in
        isTextured[Int(labels[voxel])] ? anatomy.texture(at: position) : 0
      }
    }
    let air = Float(anatomy.properties(of: .air).susceptibility)
    let susceptibilities = properties.map { Float($0.susceptibility) }
    var allSusceptibility = Self.combined(allLabels, allTexture) { label, texture, _ in
      susceptibilities[label] + 0.004 * texture - air
    }

    progress("computing the field", 0.3)
    let dipole = DipoleField(voxelSize: geometry.voxelSize, direction: geometry.fieldDirection)
    let hertz = Float(parameters.imagingFrequency * 1e-6)
    susceptibility = allSusceptibility.centralPart(geometry.matrix).map { $0 + air }
    allSusceptibility = dipole(allSusceptibility)
    var field = allSusceptibility.centralPart(geometry.matrix).map { $0 * hertz }
    brain = NDArray(over: geometry) { _, position in anatomy.isBrain(at: position) }
    Shim(fitting: field, in: brain, of: geometry).remove(from: &field, of: geometry)

    progress("drawing the signal", 0.9)
    labels = allLabels.centralPart(geometry.matrix)
    let texture = allTexture.centralPart(geometry.matrix)
    let sequence = SpoiledGradientEcho(parameters, geometry: geometry)
    let magnitudes = (0..<geometry.matrix.z).map { z in
      properties.map {
        Float(sequence.magnitude($0, atSlabPosition: geometry.offset(ofVoxel: 0, 0, z).z))
      }
    }
    let magnitude = Self.combined(labels, texture) { label, texture, z in
      magnitudes[z][label] * (1 + 0.02 * texture)
    }
    let parts = properties.map { Float($0.diamagneticSusceptibility) }
    diamagnetic = Self.combined(labels, texture) { label, texture, _ in
      min(parts[label], susceptibilities[label] + (isTextured[label] ? 0.004 * texture : 0))
    }
    let rates = properties.map { $0.protonDensity > 0 ? Float($0.transverseRelaxationRate) : 0 }
    let rate = Self.combined(labels, texture) { label, texture, _ in rates[label] * (1 + 0.04 * texture) }
    signal = SignalMaps(magnitude: magnitude, rate: rate, field: field)
  }

  /// A map whose values follow from a voxel's label, texture and plane.
  private static func combined(
    _ labels: NDArray<UInt8>, _ texture: NDArray<Float>, _ value: @Sendable (Int, Float, Int) -> Float
  ) -> NDArray<Float> {
    let plane = labels.shape[1] * labels.shape[2]
    return NDArray(uninitializedShape: labels.shape) { target in
      let target = SharedBuffer(target)
      labels.withUnsafeBufferPointer { labels in
        texture.withUnsafeBufferPointer { texture in
          let (labels, texture) = (SharedConstants(labels), SharedConstants(texture))
          Parallelism.forEach(labels.elements.count / plane) { z in
            for voxel in z * plane..<(z + 1) * plane {
              target[voxel] = value(Int(labels[voxel]), texture[voxel], z)
            }
          }
        }
      }
    }
  }

  /// The grid with the same voxels that holds the field of view and the whole head.
  static func surroundings(of anatomy: HeadAnatomy, geometry: Geometry) -> Geometry {
    var result = geometry
    let directions = [geometry.readDirection, geometry.phaseDirection, geometry.sliceDirection]
    for (axis, direction) in directions.enumerated() {
      let head = anatomy.extent(along: direction)
      let middle = (geometry.center * direction).sum()
      // A margin keeps the copies that a discrete transform implies 2 cm away.
      let reach = abs(head.middle - middle) + head.halfWidth + 0.01
      let voxels = Int((2 * reach / geometry.voxelSize[axis]).rounded(.up))
      result.matrix[axis] = fastExtent(atLeast: max(voxels, geometry.matrix[axis]))
    }
    return result
  }

  /// The next multiple of 4 without prime factors above 5.
  private static func fastExtent(atLeast minimum: Int) -> Int {
    var extent = (minimum + 3) / 4 * 4
    while true {
      var rest = extent
      for factor in [2, 3, 5] {
        while rest % factor == 0 { rest /= factor }
      }
      if rest == 1 { return extent }
      extent += 4
    }
  }
}

extension NDArray {
  /// A volume whose voxels a closure computes, on all threads, from their offset and their position [m], LPS.
  init(over geometry: Geometry, voxel: @Sendable (Int, SIMD3<Double>) -> Element) {
    self.init(uninitializedShape: geometry.matrix.shape) { target in
      let target = SharedBuffer(target)
      let step = geometry.voxelSize.x * geometry.readDirection
      Parallelism.forEach(geometry.matrix.z) { z in
        for y in 0..<geometry.matrix.y {
          let start = geometry.position(ofVoxel: [0, Double(y), Double(z)])
          let row = (z * geometry.matrix.y + y) * geometry.matrix.x
          for x in 0..<geometry.matrix.x { target[row + x] = voxel(row + x, start + Double(x) * step) }
        }
      }
    }
  }

  /// The part of a volume around its voxel `n / 2`.
  func centralPart(_ matrix: Extents) -> NDArray {
    let (source, target) = (shape, matrix.shape)
    let start = source.indices.map { source[$0] / 2 - target[$0] / 2 }
    return NDArray(uninitializedShape: target) { part in
      withUnsafeBufferPointer { whole in
        var index = 0
        for z in 0..<target[0] {
          for y in 0..<target[1] {
            let row = ((z + start[0]) * source[1] + y + start[1]) * source[2] + start[2]
            for x in 0..<target[2] {
              part.initializeElement(at: index, to: whole[row + x])
              index += 1
            }
          }
        }
      }
    }
  }
}
