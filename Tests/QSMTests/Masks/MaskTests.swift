import MRIData
import NDArrays
import TestSupport
import Testing

@testable import QSM

@Suite("Masks")
struct MaskTests {
  private static let voxelSize: SIMD3<Double> = [0.8e-3, 1.1e-3, 2e-3]

  /// Extents that are even, odd, prime, one, and unequal.
  private static let matrices = [
    Extents(x: 16, y: 12, z: 8), Extents(x: 7, y: 13, z: 5), Extents(x: 1, y: 11, z: 6),
    Extents(x: 9, y: 16, z: 1), Extents(x: 31, y: 1, z: 1),
  ]

  private static func scattered(_ matrix: Extents, every: Int) -> NDArray<Bool> {
    NDArray((0..<matrix.count).map { ($0 * 7919 + 13) % every == 0 }, shape: matrix.shape)
  }

  @Test("distances are those to the nearest voxel, found one by one", arguments: matrices)
  func distances(matrix: Extents) {
    let set = Self.scattered(matrix, every: 17)
    let squares = EuclideanDistance(voxelSize: Self.voxelSize).squares(to: set).elements
    let places = set.elements.indices.filter { set.elements[$0] }
    func position(_ index: Int) -> SIMD3<Double> {
      SIMD3(
        Double(index % matrix.x), Double(index / matrix.x % matrix.y), Double(index / (matrix.x * matrix.y)))
        * Self.voxelSize
    }
    for index in squares.indices {
      let nearest =
        places.map { place -> Double in
          let step = position(place) - position(index)
          return (step * step).sum()
        }.min() ?? .infinity
      #expect(abs(Double(squares[index]) - nearest) <= 1e-6 * nearest)
    }
  }

  @Test("erosion and dilation are dual, opening shrinks and closing grows, and both are idempotent")
  func laws() {
    let matrix = Extents(x: 19, y: 14, z: 9)
    let morphology = Morphology(voxelSize: Self.voxelSize), radius = 2.1e-3
    let mask = morphology.dilated(Self.scattered(matrix, every: 101), by: 2e-3)
    let outside = mask.map { !$0 }
    #expect(morphology.eroded(mask, by: radius) == morphology.dilated(outside, by: radius).map { !$0 })
    let opened = morphology.opened(mask, by: radius), closed = morphology.closed(mask, by: radius)
    for (open, original, close) in zip(zip(opened.elements, mask.elements), closed.elements)
      .map({ ($0.0, $0.1, $1) })
    {
      #expect((!open || original) && (!original || close))
    }
    #expect(morphology.opened(opened, by: radius) == opened)
    #expect(morphology.closed(closed, by: radius) == closed)
    #expect(morphology.eroded(mask, by: 0) == mask)
  }

  @Test("erosion counts in metres: anisotropic voxels lose what lies within the radius")
  func lengths() {
    let matrix = Extents(x: 21, y: 21, z: 11)
    var mask = NDArray(repeating: true, shape: matrix.shape)
    mask[5, 10, 10] = false
    let eroded = Morphology(voxelSize: [1e-3, 1e-3, 2e-3]).eroded(mask, by: 3e-3)
    #expect(!eroded[5, 10, 13] && eroded[5, 10, 14])
    #expect(!eroded[6, 10, 12] && eroded[6, 10, 13])
    #expect(!eroded[4, 10, 10] && eroded[7, 10, 10] && eroded[0, 0, 0])
  }

  @Test("the largest part stays, enclosed holes are filled, open ones are not")
  func parts() {
    let morphology = Morphology(voxelSize: [1, 1, 1])
    var mask = NDArray(repeating: false, shape: [9, 9, 20])
    for z in 1..<8 { for y in 1..<8 { for x in 1..<10 { mask[z, y, x] = true } } }
    for z in 3..<5 { mask[z, 4, 15] = true }
    mask[4, 4, 4] = false
    mask[1, 3, 3] = false
    #expect(morphology.partCount(of: mask) == 2)
    let largest = morphology.largestPart(of: mask)
    #expect(largest[4, 4, 5] && !largest[4, 4, 15])
    let filled = morphology.withHolesFilled(largest)
    #expect(filled[4, 4, 4] && !filled[1, 3, 3])
    // A slice has the holes of a picture, along whichever axis it is thin.
    for shape in [[1, 9, 9], [9, 1, 9], [9, 9, 1]] {
      let ring = NDArray((0..<81).map { $0 != 40 && ($0 % 9 > 1) }, shape: shape)
      let whole = morphology.withHolesFilled(ring).elements
      #expect(whole[40] && !whole[9], "\(shape)")
    }
  }

  @Test("holes of a slice are filled, whichever way it lies", arguments: [0, 1, 2])
  func holesOfASlice(axis: Int) {
    // A ring around a hole, with a dent that is open.
    let ring = (0..<63).map { index -> Bool in
      let (row, column) = (index / 9, index % 9)
      return (1...5).contains(row) && (1...7).contains(column) && [row, column] != [3, 4]
        && [row, column] != [1, 2]
    }
    var shape = [7, 9]
    shape.insert(1, at: axis)
    let filled = Morphology(voxelSize: [1, 1, 1]).withHolesFilled(NDArray(ring, shape: shape)).elements
    #expect(filled[3 * 9 + 4] && !filled[9 + 2] && !filled[0] && filled.count { $0 } == ring.count { $0 } + 1)
  }

  @Test("a bright body in noise is found to within its rim; nothing is found in nothing")
  func magnitude() throws {
    let matrix = Extents(x: 48, y: 40, z: 30)
    var random = SeededGenerator(seed: 3)
    let body = (0..<matrix.count).map { index -> Bool in
      let x = Double(index % 48) - 24, y = Double(index / 48 % 40) - 20, z = Double(index / (48 * 40)) - 15
      return (x / 16) * (x / 16) + (y / 14) * (y / 14) + (z / 10) * (z / 10) < 1
    }
    let values = body.map { Float.random(in: 0...8, using: &random) + ($0 ? 100 : 0) }
    let geometry = Geometry(matrix: matrix, voxelSize: [2e-3, 2e-3, 2e-3])
    let image = ImageVolumes(NDArray(values, shape: matrix.shape), geometry: geometry)
    let mask = try MagnitudeMask()(image)[0].elements
    let differing = zip(mask, body).count { ($0.0 != 0) != $0.1 }
    #expect(Double(differing) < 0.02 * Double(body.count { $0 }))
    let eroded = try MagnitudeMask(erosion: 4e-3)(image)[0].elements
    #expect(eroded.count { $0 != 0 } < mask.count { $0 != 0 })
    let empty = ImageVolumes(NDArray<Float>(repeating: 0, shape: matrix.shape), geometry: geometry)
    #expect(throws: QSMError.noObject("magnitude threshold")) { try MagnitudeMask()(empty) }
  }
}
