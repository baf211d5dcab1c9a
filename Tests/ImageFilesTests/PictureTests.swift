import Foundation
import ImageFiles
import MRIData
import NDArrays
import TestSupport
import Testing

@Suite("PNG files and montages")
struct PictureTests {
  /// Decodes a PNG without any library but zlib, and prints its shape and a checksum of its pixels.
  private static let decode = """
    import sys, zlib, struct
    data = open(sys.argv[1], 'rb').read()
    assert data[:8] == bytes([137, 80, 78, 71, 13, 10, 26, 10])
    position, packed = 8, b''
    while position < len(data):
      length, kind = struct.unpack('>I4s', data[position:position + 8])
      body = data[position + 8:position + 8 + length]
      assert zlib.crc32(kind + body) == struct.unpack('>I', data[position + 8 + length:position + 12 + length])[0]
      if kind == b'IHDR': width, height, depth, color = struct.unpack('>IIBB', body[:10])
      if kind == b'IDAT': packed += body
      position += 12 + length
    assert depth == 8
    samples = {0: 1, 2: 3}[color]
    lines, above, stride, pixels = zlib.decompress(packed), bytes(width * samples), width * samples, b''
    for y in range(height):
      method, line = lines[y * (stride + 1)], bytearray(lines[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
      for x in range(stride):
        a, b, c = (line[x - samples], above[x], above[x - samples]) if x >= samples else (0, above[x], 0)
        paeth = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
        line[x] = (line[x] + (0, a, b, (a + b) // 2, paeth)[method]) % 256
      above = bytes(line)
      pixels += above
    print(height, width, samples, zlib.crc32(pixels), zlib.adler32(pixels))
    """

  @Test(
    "Pictures keep every pixel", .enabled(if: Python.isAvailable, "\(Python.absence)"),
    arguments: [[1, 1], [37, 53], [1, 1, 3], [29, 41, 3]])
  func pixels(shape: [Int]) throws {
    let directory = try TemporaryDirectory()
    let count = shape.reduce(1, *)
    // Smooth parts and noise, so that the encoder uses different filters.
    let pixels = (0..<count).map { UInt8(truncatingIfNeeded: $0 < count / 2 ? $0 / 3 : $0 &* $0 &* 31) }
    try PNGFile.write(NDArray(pixels, shape: shape), to: directory.path("a.png"))
    try Data(pixels).write(to: directory.url.appending(path: "pixels"))
    let sums = try Python.run(
      "import sys, zlib; p = open(sys.argv[1], 'rb').read(); print(zlib.crc32(p), zlib.adler32(p))",
      directory.path("pixels"))
    let samples = shape.count == 3 ? 3 : 1
    #expect(
      try Python.run(Self.decode, directory.path("a.png")) == "\(shape[0]) \(shape[1]) \(samples) \(sums)")
  }

  /// A head without any symmetry, by the position in LPS [mm].
  private static func head(_ p: SIMD3<Double>) -> Float {
    let inside = (p * p * [0.02, 0.012, 0.03]).sum() < 1
    return inside ? Float(100 + 5 * p.x + 3 * p.y + 7 * p.z + (p.x > 2 && p.y < 0 ? 40 : 0)) : 1
  }

  /// The same head sampled along the given axes, which hold one +-1 each.
  private static func sampled(along axes: [SIMD3<Double>]) -> ImageVolumes<Float> {
    let extent: SIMD3<Double> = [17, 21, 13]
    func length(_ axis: SIMD3<Double>) -> Int { Int(abs((axis * extent).sum())) }
    let matrix = Extents(x: length(axes[0]), y: length(axes[1]), z: length(axes[2]))
    // Every extent is odd, so that voxel n/2 is the middle whichever way an axis runs.
    let geometry = Geometry(
      matrix: matrix, voxelSize: [1, 1, 1] * 0.001, readDirection: axes[0], phaseDirection: axes[1],
      sliceDirection: axes[2])
    var values: [Float] = []
    for z in 0..<matrix.z {
      for y in 0..<matrix.y {
        for x in 0..<matrix.x {
          values.append(head(geometry.position(ofVoxel: [Double(x), Double(y), Double(z)]) * 1000))
        }
      }
    }
    return ImageVolumes(NDArray(values, shape: matrix.shape), geometry: geometry)
  }

  @Test(
    "However the scan ran through the patient, the picture is the same", arguments: 0..<3,
    [ColorMap.grey, .cyclic])
  func orientation(patientAxis: Int, colors: ColorMap) throws {
    func picture(_ axes: [SIMD3<Double>]) throws -> NDArray<UInt8> {
      let across = try #require(axes.firstIndex { $0[patientAxis] != 0 })
      return Montage(slices: 4, across: across, colors: colors).picture(of: Self.sampled(along: axes))
    }
    let expected = try picture([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    for geometry in Scans.signedPermutations {
      let axes = [geometry.readDirection, geometry.phaseDirection, geometry.sliceDirection]
      #expect(try picture(axes) == expected, "axes \(axes)")
    }
  }

  /// One bright octant; where it must appear follows from the convention of radiology.
  @Test("Front or head is up, the patient's right is on the left")
  func anatomy() {
    let matrix = Extents(x: 9, y: 9, z: 9)
    var voxels = NDArray<Float>(repeating: 1, shape: matrix.shape)
    // LPS axes: low x is right, low y is the front, high z is the head.
    for z in 5..<9 { for y in 0..<4 { for x in 0..<4 { voxels[z, y, x] = 2 } } }
    let volume = ImageVolumes(voxels, geometry: Geometry(matrix: matrix, voxelSize: [1, 1, 1] * 0.001))
    for axis in 0..<3 {
      let montage = Montage(slices: 9, across: axis, window: .range(1...2))
      let picture = montage.picture(of: volume)
      // Three by three tiles, with two black lines between them; each voxel is 15 pixels wide.
      let tile = 135
      #expect(picture.shape == [3 * tile + 4, 3 * tile + 4])
      // Axial slices start at the feet, the others at the right and at the front.
      let brightTile = axis == 2 ? 8 : 0
      let darkTile = 8 - brightTile
      func corner(_ index: Int, bottom: Int, right: Int) -> UInt8 {
        picture[
          index / 3 * (tile + 2) + bottom * (tile - 1), index % 3 * (tile + 2) + right * (tile - 1)]
      }
      #expect(corner(brightTile, bottom: 0, right: 0) == 255, "axis \(axis)")
      for (bottom, right) in [(0, 1), (1, 0), (1, 1)] {
        #expect(corner(brightTile, bottom: bottom, right: right) == 0, "axis \(axis)")
      }
      #expect(corner(darkTile, bottom: 0, right: 0) == 0, "axis \(axis)")
    }
  }

  @Test("Echoes are rows, voxels keep their proportions, slices lie in the object")
  func layout() {
    let matrix = Extents(x: 5, y: 7, z: 40)
    var voxels = NDArray<Float>(repeating: 0, shape: [3] + matrix.shape)
    for echo in 0..<3 {
      for z in 10..<20 {
        for y in 0..<7 { for x in 0..<5 { voxels[echo, z, y, x] = Float(10 * (3 - echo)) } }
      }
    }
    let volumes = ImageVolumes(
      voxels, geometry: Geometry(matrix: matrix, voxelSize: [0.001, 0.001, 0.0025]))
    let axial = Montage(slices: 4, window: .range(0...30)).picture(of: volumes)
    // 128 pixels need 19 per voxel along the longer side of seven.
    #expect(axial.shape == [3 * 133 + 4, 4 * 95 + 6])
    for echo in 0..<3 {
      for slice in 0..<4 { #expect(axial[echo * 135 + 60, slice * 97 + 40] == UInt8(85 * (3 - echo))) }
    }
    // 40 voxels of 2.5 mm against 5 of 1 mm: 100 by 5 units, two pixels each.
    let coronal = Montage(slices: 1, across: 1, window: .range(0...30)).picture(of: volumes)
    #expect(coronal.shape == [3 * 200 + 4, 10])
  }

  @Test("Windows, masks and values that are no numbers")
  func windows() {
    let matrix = Extents(x: 10, y: 10, z: 1)
    var voxels = NDArray<Float>((0..<100).map { Float($0) - 50 }, shape: matrix.shape)
    voxels[0, 3, 3] = .nan
    voxels[0, 4, 4] = .infinity
    let volume = ImageVolumes(voxels, geometry: Geometry(matrix: matrix, voxelSize: [1, 1, 1] * 0.001))
    var mask = NDArray<Bool>(repeating: true, shape: matrix.shape)
    mask[0, 9, 9] = false
    func pixel(_ montage: Montage, _ y: Int, _ x: Int) -> [UInt8] {
      // 13 pixels per voxel.
      let picture = montage.picture(of: volume, within: mask)
      let samples = picture.shape.count == 3 ? 3 : 1
      let first = ((13 * y + 6) * picture.shape[1] + 13 * x + 6) * samples
      return Array(picture.elements[first..<first + samples])
    }
    let grey = Montage(window: .percentiles(0, 100))
    #expect(pixel(grey, 0, 0) == [0] && pixel(grey, 9, 8) == [255])
    #expect(pixel(grey, 3, 3) == [0] && pixel(grey, 4, 4) == [0] && pixel(grey, 9, 9) == [0])
    let field = Montage(window: .symmetric(percentile: 100), colors: .diverging)
    // Zero is white, negative is blue, positive is red.
    #expect(pixel(field, 5, 0).allSatisfy { $0 > 235 })
    let negative = pixel(field, 0, 0), positive = pixel(field, 9, 8)
    #expect(negative[2] > negative[0] && positive[0] > positive[2])
    #expect(pixel(field, 9, 9) == [0, 0, 0])
    let phase = Montage(window: .range(-50...50), colors: .cyclic)
    let low = pixel(phase, 0, 0), high = pixel(phase, 9, 8)
    #expect(zip(low, high).allSatisfy { abs(Int($0) - Int($1)) < 20 }, "\(low) and \(high) should look alike")
  }

  @Test(
    "Pictures of voxels of any proportion have bounds",
    arguments: [
      [1e-5, 19.2e-3, 64e-3], [1e22, 1, 1], [1e-21, 1e-3, 1e-3], [1e-3, 1e-3, 1e-30], [.infinity, 1, 1],
    ])
  func unevenVoxels(size: [Double]) {
    for axis in 0..<3 {
      let matrix = Extents(x: 700, y: 10, z: 9)
      let geometry = Geometry(
        matrix: matrix, voxelSize: [size[axis], size[(axis + 1) % 3], size[(axis + 2) % 3]])
      let volumes = ImageVolumes(NDArray<Float>(repeating: 1, shape: [8] + matrix.shape), geometry: geometry)
      let picture = Montage(slices: 6, across: axis).picture(of: volumes)
      #expect(picture.count > 0 && picture.count <= 5 << 24, "\(picture.shape)")
    }
  }

  @Test("A volume without an object still makes a picture", arguments: [Float(0), .nan])
  func empty(value: Float) {
    let volume = ImageVolumes(
      NDArray(repeating: value, shape: Scans.matrix.shape), geometry: Scans.signedPermutations[0])
    let picture = Montage().picture(of: volume)
    #expect(picture.count > 0 && picture.elements.allSatisfy { $0 == 0 })
  }

  @Test("Marks cover the corners of the first slice, and nothing else of the picture")
  func marks() {
    let geometry = Geometry(matrix: Extents(x: 60, y: 70, z: 20), voxelSize: [3e-3, 3e-3, 3e-3])
    let volume = ImageVolumes(NDArray<Float>(repeating: 1, shape: geometry.matrix.shape), geometry: geometry)
    var montage = Montage(slices: 4, window: .range(0...2))
    let plain = montage.picture(of: volume)
    montage.isMarked = true
    let marked = montage.picture(of: volume)
    #expect(plain.shape == marked.shape)
    let (height, width) = (plain.shape[0] / 2, plain.shape[1] / 2)
    func differences(_ rows: Range<Int>, _ columns: Range<Int>) -> Int {
      rows.reduce(0) { sum, row in sum + columns.count { plain[row, $0] != marked[row, $0] } }
    }
    // R and L above, the bar below, which is as long as it says: 50 of 180 mm.
    #expect(differences(0..<height / 3, 0..<width / 3) > 10)
    #expect(differences(0..<height / 3, 2 * width / 3..<width) > 10)
    let bars = (2 * height / 3..<height).map { row in (0..<width).count { marked[row, $0] == 255 } }
    #expect(abs(Double(bars.max() ?? 0) - 50.0 / 180 * Double(width)) < 2)
    #expect(differences(0..<height, width / 3 + 10..<2 * width / 3) == 0)
    #expect(differences(height..<2 * height, 0..<2 * width) == 0)
  }

  @Test("A slice shows the voxels that it names, seen as radiologists do")
  func sliceView() {
    let geometry = Geometry(matrix: Extents(x: 6, y: 5, z: 4), voxelSize: [2e-3, 2e-3, 4e-3])
    var volume = NDArray<Float>(repeating: 0, shape: geometry.matrix.shape)
    volume[1, 2, 3] = 1
    let view = SliceView(geometry, across: 1, at: 2, showing: [2..<6, 0..<5, 0..<4])
    #expect(view.plane == "coronal" && view.leftMark == "R" && abs(view.aspectRatio - 0.5) < 1e-12)
    let picture = view.picture(of: volume, range: 0...1)
    #expect(picture.shape == [4, 4])
    // The head is up: the second slice from below is the third row; x grows to the left of the patient.
    #expect(picture.elements.indices.filter { picture.elements[$0] == 255 } == [2 * 4 + 1])
    let place = view.place(of: [3..<4, 0..<5, 1..<2])
    #expect(place.x == 0.25...0.5 && place.y == 0.5...0.75)
  }
}
