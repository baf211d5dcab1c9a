import Files
import MRIData

/// What an array of a scan cannot say of itself, and its sidecar does: where it lies, and how it was measured.
public struct ScanFacts: Sendable, Codable, Equatable {
  /// The size of voxels along `x`, `y`, `z` [mm].
  public var voxelSizeMillimetres: [Double]?
  /// The position of voxel `n / 2` [mm], LPS.
  public var centerMillimetres: [Double]?
  /// The directions in which `x`, `y` and `z` grow, LPS.
  public var directions: [[Double]]?
  /// The grid that images are cropped to, `x` first; that of the array unless stated.
  ///
  /// That of one slice where k-space holds several.
  public var prescribedMatrix: [Int]?
  /// Whether slices were measured one by one, so that images along `z` are slices rather than a volume.
  public var isTwoDimensional: Bool?
  /// The part of `kx` that each echo sampled: the first point and the one behind the last; all of it unless stated.
  public var readoutRanges: [[Int]]?
  /// The echo times [s].
  public var echoTimes: [Double]?
  /// The repetition time [s].
  public var repetitionTime: Double?
  /// The flip angle [degrees].
  public var flipAngleDegrees: Double?
  /// The static field [T].
  public var fieldStrength: Double?
  /// The Larmor frequency of protons [Hz].
  public var imagingFrequency: Double?
  /// The time between samples as measured [s].
  public var dwellTime: Double?
  /// Whether channels were decorrelated and scaled to noise of unit variance.
  public var isWhitened: Bool?
  /// What was assumed when the scan was read.
  public var assumptions: [String]?

  /// Facts that nobody knows.
  public init() {}

  /// The facts of a scan on the grid of its k-space, or of its images, which are cropped already.
  init(_ stack: SliceStack, geometry: Geometry, content: ScanArray.Content) {
    let first = stack.slices[0], parameters = first.parameters
    let prescribed = content == .images ? geometry.matrix : first.prescribedMatrix
    voxelSizeMillimetres = (0..<3).map { geometry.voxelSize[$0] * 1000 }
    centerMillimetres = (0..<3).map { geometry.center[$0] * 1000 }
    directions = [geometry.readDirection, geometry.phaseDirection, geometry.sliceDirection].map { axis in
      (0..<3).map { axis[$0] }
    }
    prescribedMatrix = (0..<3).map { min(prescribed[$0], geometry.matrix[$0]) }
    isTwoDimensional = first.partitions == 1
    echoTimes = parameters.echoTimes.contains { $0.isNaN } ? nil : parameters.echoTimes
    repetitionTime = parameters.repetitionTime
    flipAngleDegrees = parameters.flipAngle.map { $0 * 180 / .pi }
    fieldStrength = parameters.fieldStrength.isNaN ? nil : parameters.fieldStrength
    imagingFrequency = parameters.imagingFrequency.isNaN ? nil : parameters.imagingFrequency
    dwellTime = parameters.dwellTime
    isWhitened = first.noise.standardDeviation != nil
    assumptions = first.assumptions
  }

  /// The first fact that no scan has, as it would be written; `nil` if all are possible.
  ///
  /// Bounds are far beyond what is measured: they keep arithmetic on what a file says within its numbers.
  var impossible: String? {
    func isOutside(_ values: [Double]?, _ range: ClosedRange<Double>, count: Int? = nil) -> Bool {
      guard let values else { return false }
      return count.map { values.count != $0 } == true || !values.allSatisfy(range.contains)
    }
    func one(_ value: Double?) -> [Double]? { value.map { [$0] } }
    let facts: [(name: String, isOutside: Bool)] = [
      ("voxelSizeMillimetres", isOutside(voxelSizeMillimetres, 1e-6...1e6, count: 3)),
      ("centerMillimetres", isOutside(centerMillimetres, -1e9...1e9, count: 3)),
      ("directions", directions.map { $0.count != 3 } ?? false),
      ("directions", directions?.contains { isOutside($0, -1.001...1.001, count: 3) } ?? false),
      (
        "prescribedMatrix",
        isOutside(prescribedMatrix?.map(Double.init), 1...Double(UInt16.max), count: 3)
      ),
      ("echoTimes", isOutside(echoTimes, 0...1e6)),
      ("repetitionTime", isOutside(one(repetitionTime), 0...1e6)),
      ("flipAngleDegrees", isOutside(one(flipAngleDegrees), -1e4...1e4)),
      ("fieldStrength", isOutside(one(fieldStrength), 0...1e6)),
      ("imagingFrequency", isOutside(one(imagingFrequency), 0...1e15)),
      ("dwellTime", isOutside(one(dwellTime), 0...1e6)),
    ]
    return facts.first { $0.isOutside }?.name
  }

  /// The geometry of a grid; `nil` where the size of voxels is unknown.
  func geometry(on matrix: Extents) -> Geometry? {
    func vector(_ values: [Double]?) -> SIMD3<Double>? {
      values.flatMap { $0.count == 3 && $0.allSatisfy(\.isFinite) ? SIMD3($0[0], $0[1], $0[2]) : nil }
    }
    guard let voxels = vector(voxelSizeMillimetres), voxels.min() > 0 else { return nil }
    let axes = directions.map { $0.compactMap { vector($0) } } ?? []
    var geometry = Geometry(
      matrix: matrix, voxelSize: voxels / 1000, center: (vector(centerMillimetres) ?? .zero) / 1000)
    if axes.count == 3 {
      (geometry.readDirection, geometry.phaseDirection, geometry.sliceDirection) = (axes[0], axes[1], axes[2])
    }
    return geometry
  }
}
