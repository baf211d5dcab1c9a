import MRIData
import NDArrays
import Testing

@testable import QSM

/// Spherical means on grids of any shape and scale.
@Suite struct BallTests {
  @Test func radiiOfNoBallAreRefusedBeforeAnythingIsReserved() throws {
    let scene = BackgroundScene(matrix: Extents(x: 24, y: 24, z: 16), voxelSize: [1e-3, 1e-3, 2e-3])
    for radius in [1.5e-3, 12, 1e17] {
      let expected: QSMError =
        radius < 2e-3 ? .sphereTooSmall(radius: radius, side: 2e-3) : .maskTooThin(radius: radius)
      let methods: [any BackgroundRemoval] = [
        SHARP(radius: radius), RESHARP(radius: radius), ISMV(radius: radius), VSHARP(largestRadius: radius),
      ]
      for method in methods {
        #expect(throws: expected, "\(method)") { try method(scene.total, mask: scene.mask) }
      }
    }
    // As long as a voxel is a ball, but for what rounding makes of it.
    #expect(
      try SHARP(radius: 2e-3 * (1 - 1e-7))(scene.total, mask: scene.mask).mask.voxels.elements.contains(1))
    // In a slab, balls that do not fit leave the smaller ones.
    let slab = BackgroundScene(matrix: Extents(x: 48, y: 48, z: 10), voxelSize: [1e-3, 1e-3, 2e-3])
    let thin = try VSHARP(largestRadius: 13e-3)(slab.total, mask: slab.mask)
    #expect(thin.mask.voxels.elements.contains(1))
    let radii = VSHARP.defaultRadii(voxelSize: [1e-3, 1e-3, 1e-3], largest: 0.6)
    #expect(radii.count <= 201 && radii[0] == 0.6)
  }

  static let sizes: [SIMD3<Double>] = [[1, 1, 1], [0.8, 0.8, 2], [2, 1, 1], [1.6, 1.3, 0.9]]

  /// `x^2 - y^2` and `x^2 - z^2` are harmonic: their mean around their middle is zero.
  ///
  /// Over the voxels alone it is up to
  /// some per cent of the radius squared.
  @Test(arguments: sizes, [3.0, 6]) func meansOfHarmonicPolynomialsAreTheirMiddle(
    _ size: SIMD3<Double>, _ radius: Double
  ) {
    let matrix = Extents(x: 24, y: 24, z: 24), ball = Ball(radius: radius, voxelSize: size)
    let volume = ball.volume(on: matrix).elements
    var moments = SIMD3<Double>.zero, sum = 0.0
    for voxel in volume.indices where volume[voxel] != 0 {
      let index = [voxel % 24, voxel / 24 % 24, voxel / 576].map { Double($0 < 12 ? $0 : $0 - 24) }
      let place = SIMD3(index[0], index[1], index[2]) * size
      moments += Double(volume[voxel]) * place * place
      sum += Double(volume[voxel])
    }
    // Hundreds of single-precision terms.
    #expect(abs(sum - 1) < 1e-5)
    #expect(abs(moments.y / moments.x - 1) < 1e-4)
    #expect(abs(moments.z / moments.x - 1) < 1e-4)
  }

  /// What smaller voxels cost.
  @Test func ballsHaveNoMoreVoxelsWhereVoxelsAreSmall() {
    for scale in [0.5, 0.1, 0.01] {
      let large = SIMD3(0.8e-3, 0.8e-3, 2e-3), small = scale * large
      #expect(VSHARP.defaultRadii(voxelSize: small).count == VSHARP.defaultRadii(voxelSize: large).count)
      for usual in [5e-3, 6e-3, 12e-3] {
        let counts = [large, small].map {
          Ball(radius: Ball.radius(usual, voxelSize: $0), voxelSize: $0).count
        }
        #expect(counts[0] == counts[1])
      }
    }
    #expect(Ball.radius(6e-3, voxelSize: [1e-3, 1e-3, 1e-3]) == 6e-3)
    #expect(Ball.radius(6e-3, voxelSize: [1e-3, 1e-3, 15e-3]) == 15e-3)
  }

  @Test func gridsAroundAnObjectFollowItsSize() throws {
    let matrices = try [1.0, 0.1].map { scale in
      let scene = BackgroundScene(
        matrix: Extents(x: 21, y: 24, z: 13), voxelSize: scale * [1e-3, 1e-3, 2e-3])
      return try WorkingGrid(field: scene.total, mask: scene.mask, region: .surroundings).matrix
    }
    #expect(matrices[0] == matrices[1])
  }
}
