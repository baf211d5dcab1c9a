import MRIData
import NDArrays
import Numerics
import Synchronization
import TestSupport
import Testing

struct ChannelImagesTests {
  private func images(echoes: Int, channels: Int, matrix: Extents, seed: UInt64 = 1) -> (
    ChannelImages, NDArray<Complex<Float>>
  ) {
    let array = testPattern([echoes, channels] + matrix.shape, seed: seed)
    let parameters = ScanParameters(
      echoTimes: (0..<echoes).map { 0.003 * Double($0 + 1) }, fieldStrength: 3)
    let geometry = Geometry(matrix: matrix, voxelSize: [0.001, 0.002, 0.003])
    return (ChannelImages(array, parameters: parameters, geometry: geometry), array)
  }

  @Test("A channel of an array is that channel of every echo", arguments: [(1, 1), (3, 2), (2, 5)])
  func channelOfArray(echoes: Int, channels: Int) throws {
    let (images, array) = images(echoes: echoes, channels: channels, matrix: Extents(x: 3, y: 4, z: 5))
    for channel in 0..<channels {
      let volume = try images.channel(channel)
      #expect(volume.shape == [echoes, 5, 4, 3])
      for echo in 0..<echoes { #expect(volume.part(at: echo) == array.part(at: echo, channel)) }
    }
  }

  @Test(
    "Cropping keeps voxel n / 2 where it is, in the array and in the patient",
    arguments: [Extents(x: 3, y: 3, z: 1), Extents(x: 4, y: 2, z: 3), Extents(x: 7, y: 6, z: 5)])
  func cropping(matrix: Extents) throws {
    let full = Extents(x: 7, y: 6, z: 5)
    let (images, array) = images(echoes: 2, channels: 2, matrix: full)
    let cropped = images.cropped(to: matrix)
    let volume = try cropped.channel(1)
    #expect(volume.shape == [2] + matrix.shape)
    for z in 0..<matrix.z {
      for y in 0..<matrix.y {
        for x in 0..<matrix.x {
          let expected = array[
            1, 1, z - matrix.z / 2 + full.z / 2, y - matrix.y / 2 + full.y / 2, x - matrix.x / 2 + full.x / 2]
          #expect(volume[1, z, y, x] == expected)
        }
      }
    }
    let centre = SIMD3(Double(matrix.x / 2), Double(matrix.y / 2), Double(matrix.z / 2))
    #expect(cropped.geometry.position(ofVoxel: centre) == images.geometry.center)
  }

  @Test("Slices stack along z in the order given")
  func stacking() throws {
    let matrix = Extents(x: 3, y: 2, z: 1)
    let slices = (0..<4).map { images(echoes: 2, channels: 3, matrix: matrix, seed: UInt64($0 + 1)) }
    let geometry = Geometry(matrix: Extents(x: 3, y: 2, z: 4), voxelSize: [1, 1, 1])
    let stack = ChannelImages(stacking: slices.map(\.0), geometry: geometry)
    let volume = try stack.channel(2)
    for (index, slice) in slices.enumerated() {
      for echo in 0..<2 {
        #expect(volume.part(at: echo, index) == slice.1.part(at: echo, 2, 0))
      }
    }
  }

  @Test("An observer sees each channel that is computed, once")
  func observing() throws {
    let (images, array) = images(echoes: 1, channels: 3, matrix: Extents(x: 2, y: 2, z: 2))
    let seen = Mutex<[Int]>([])
    let observed = images.observed { channel, volume in
      seen.withLock { $0.append(channel) }
      #expect(volume.part(at: 0) == array.part(at: 0, channel))
    }
    for channel in 0..<3 { _ = try observed.channel(channel) }
    #expect(seen.withLock { $0 } == [0, 1, 2])
  }
}

struct GeometryTests {
  @Test("The field direction is a unit vector in voxel axes, whatever the voxel size")
  func fieldDirection() {
    // Rotated by 20 degrees about the patient's x axis.
    let angle = 20 * Double.pi / 180
    let geometry = Geometry(
      matrix: Extents(x: 10, y: 10, z: 10), voxelSize: [0.0008, 0.0008, 0.002],
      phaseDirection: [0, .cos(angle), .sin(angle)], sliceDirection: [0, -.sin(angle), .cos(angle)])
    let direction = geometry.fieldDirection
    #expect(abs((direction * direction).sum() - 1) < 1e-12)
    #expect(abs(direction.z - .cos(angle)) < 1e-12)
    #expect(abs(direction.y - .sin(angle)) < 1e-12)
  }
}
