import ChannelCombination
import MRIData
import NDArrays
import Numerics
import PhaseUnwrapping
import TestSupport
import Testing

/// MCPC-3D-S over channels, and the field of combined echoes.
@Suite struct CombinationTests {
  static let times = [0.004, 0.0085, 0.013, 0.0175]
  static let matrix = Extents(x: 40, y: 33, z: 12)

  /// A field that wraps between echoes [Hz].
  static func field(_ voxel: Int) -> Float {
    let x = Float(voxel % matrix.x) / 40, y = Float(voxel / matrix.x % matrix.y) / 33
    return 260 * x * x - 150 * y + 25
  }

  /// Five channels, each with a magnitude and a smooth phase of its own.
  static func images(alternates: Bool = false, turning: Float = 0) -> ChannelImages {
    let shape = [times.count, 5] + matrix.shape
    let values = (0..<shape.reduce(1, *)).map { index -> Complex<Float> in
      let voxel = index % matrix.count, channel = index / matrix.count % 5
      let echo = index / (matrix.count * 5)
      let x = Float(voxel % matrix.x) / 40, z = Float(voxel / (matrix.x * matrix.y)) / 12
      let size = 1 + 0.4 * Float.cos(Float(channel) + 2 * x)
      let own = 1.3 * Float(channel) + 0.5 * x - 0.3 * z * Float(channel) + turning * Float(channel)
      let readout: Float = alternates && echo % 2 == 1 ? 0.3 + 0.2 * x : 0
      let phase = 2 * Float.pi * field(voxel) * Float(times[echo]) + own + readout
      return Complex(length: size * Float.exp(-20 * Float(times[echo])), phase: phase)
    }
    let polarities: [ReadoutPolarity] = times.indices.map { alternates && $0 % 2 == 1 ? .reversed : .forward }
    return ChannelImages(
      NDArray(values, shape: shape),
      parameters: ScanParameters(echoTimes: times, fieldStrength: 3, polarities: polarities),
      geometry: Geometry(matrix: matrix, voxelSize: [2e-3, 2e-3, 3e-3]))
  }

  static let method = MCPC3DS(offset: PhaseOffset(smoothing: [3, 3, 2]))

  /// Voxels away from the ends, where smoothing sees one side only.
  static let inner = (0..<matrix.count).filter {
    (8..<32).contains($0 % matrix.x) && (8..<25).contains($0 / matrix.x % matrix.y)
  }

  @Test("channels come together with the phase of the field alone", arguments: [false, true])
  func combined(alternates: Bool) throws {
    let images = Self.images(alternates: alternates), echoes = try Self.method(images)
    for (echo, time) in Self.times.enumerated() {
      let values = echoes[echo].elements
      let worst = Self.inner.map { voxel in
        abs((values[voxel] * Complex(length: 1, phase: -2 * .pi * Self.field(voxel) * Float(time))).phase)
      }.max()
      #expect((worst ?? 9) < 0.12, "echo \(echo): \(worst ?? 9)")
    }
    // Without noise all channels agree: the length is the root of the summed squares.
    let all = try (0..<5).map { try images.channel($0).part(at: 0).elements }
    let length = try Self.method(Self.images())[0].elements
    for voxel in Self.inner where !alternates {
      let sum = all.reduce(Float(0)) { $0 + $1[voxel].lengthSquared }.squareRoot()
      #expect(abs(length[voxel].length - sum) < 0.01 * sum)
    }
  }

  @Test("a phase of its own in every channel, which all echoes share, changes nothing")
  func invariance() throws {
    let first = try Self.method(Self.images()), second = try Self.method(Self.images(turning: 0.9))
    #expect(relativeError(second.voxels, first.voxels) < 1e-4)
  }

  @Test("too few echoes are refused")
  func refusals() {
    let geometry = Geometry(matrix: Self.matrix, voxelSize: [1e-3, 1e-3, 1e-3])
    for polarities: [ReadoutPolarity] in [[.forward], [.forward, .reversed]] {
      let shape = [polarities.count, 1] + Self.matrix.shape
      let images = ChannelImages(
        NDArray<Complex<Float>>(repeating: 1, shape: shape),
        parameters: ScanParameters(
          echoTimes: Array(Self.times.prefix(polarities.count)), fieldStrength: 3, polarities: polarities),
        geometry: geometry)
      #expect(throws: PhaseUnwrappingError.self) { try MCPC3DS()(images) }
    }
  }

  @Test("the field of echoes with an offset is found, wraps and all", arguments: [false, true])
  func field(alternates: Bool) throws {
    let all = Self.images(alternates: alternates)
    let echoes = ImageVolumes(try all.channel(2), geometry: all.geometry)
    let method = EchoPhaseField(offset: PhaseOffset(smoothing: [3, 3, 2]))
    let result = try method(echoes, echoTimes: Self.times, alternates: alternates)
    let values = result.field.elements, truth = (0..<Self.matrix.count).map(Self.field)
    let worst = Self.inner.map { abs(values[$0] - truth[$0]) }.max() ?? 999
    #expect(worst < 2, "\(worst) Hz")
  }

  @Test("a field is unwrapped by its Laplacian too, and one that does not repeat is left alone")
  func fieldUnwrapping() throws {
    let geometry = Geometry(matrix: Self.matrix, voxelSize: [2e-3, 2e-3, 3e-3]), period: Float = 1 / 0.0045
    let truth = (0..<Self.matrix.count).map(Self.field)
    let wrapped = truth.map { $0 - period * ($0 / period).rounded() }
    let volume = ImageVolumes(NDArray(wrapped, shape: Self.matrix.shape), geometry: geometry)
    let result = try FieldUnwrapping(method: .laplacian)(volume, period: Double(period)).voxels.elements
    let shift = ((result[0] - truth[0]) / period).rounded() * period
    let worst = truth.indices.map { abs(result[$0] - truth[$0] - shift) }.max() ?? 999
    #expect(worst < 0.05 * period, "\(worst) Hz")
    #expect(try FieldUnwrapping()(volume, period: .infinity).voxels == volume.voxels)
  }
}
