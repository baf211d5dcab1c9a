import MRIData
import QuantitativeMapping
import RawData

/// One scan of a study: what its headers say, and how its samples are read when they are needed.
public struct StudyScan: Sendable {
  /// The raw file.
  public let input: StudyInput
  /// What the scanner was told.
  public let parameters: ScanParameters
  /// The number of receive channels.
  public let channels: Int
  /// Where the images will lie, slices along `z`.
  public let geometry: Geometry
  /// The number of slices; 1 for a volume.
  public let slices: Int
  /// How often spins were excited.
  public let excitations: ScanExcitations
  /// Reads the samples.
  let read: @Sendable () throws -> SliceStack

  /// A scan that is in memory.
  public init(_ stack: SliceStack, input: StudyInput, excitations: ScanExcitations = .onePerPosition) {
    self.input = input
    parameters = stack.slices[0].parameters
    channels = stack.slices[0].channels
    geometry = Self.images(of: stack)
    slices = stack.slices.count
    self.excitations = excitations
    read = { stack }
  }

  /// A scan whose headers are known, and whose samples are read when a cell needs them.
  ///
  /// - Throws: ``StudyError/noStack(scan:)`` if its slices form none.
  public init(
    _ layout: ScanLayout, input: StudyInput, excitations: ScanExcitations,
    reading: @escaping @Sendable () throws -> SliceStack
  ) throws(StudyError) {
    guard let geometry = layout.geometry else { throw .noStack(scan: input.name) }
    self.input = input
    parameters = layout.parameters
    channels = layout.channels
    self.geometry = Self.images(of: geometry, layout.grid.prescribed, layout.sliceCounters.count)
    slices = layout.sliceCounters.count
    self.excitations = excitations
    read = reading
  }

  /// Where the images of a scan will lie.
  static func images(of stack: SliceStack) -> Geometry {
    images(of: stack.geometry, stack.slices[0].prescribedMatrix, stack.slices.count)
  }

  private static func images(of geometry: Geometry, _ prescribed: Extents, _ slices: Int) -> Geometry {
    var matrix = prescribed
    if slices > 1 { matrix.z = slices }
    return geometry.cropped(to: matrix)
  }

  /// The name by which cells call the scan.
  public var name: String { input.scanName }

  /// Why there can be no susceptibility; `nil` if there can.
  public var obstacleToSusceptibility: String? {
    if parameters.echoTimes.count < 2 { return "a single echo has no field map" }
    if !combination.yieldsMaps { return "its echo times do not increase, so there is no field map" }
    if slices > 1 {
      return "\(slices) separate slices are no volume, which the field of the dipoles extends over"
    }
    let matrix = geometry.matrix, least = Self.leastExtent
    if min(matrix.x, matrix.y, matrix.z) < least {
      return "\(matrix) voxels are too thin a slab: at least \(least) are needed along every axis"
    }
    return nil
  }

  /// Below this number of voxels, what is left between the borders of a slab is no map.
  private static let leastExtent = 8

  /// How channels become one: with a field map where the echoes allow one.
  var combination: CombinationMethod { CombinationMethod(suiting: parameters) }
}

extension StudyScan {
  /// Refuses a scan whose images cannot be compared with those of the reference.
  ///
  /// - Parameters:
  ///   - reference: The reference.
  ///   - isAligned: Whether the images will be moved onto the reference, wherever they lie.
  ///   - isMapped: Whether susceptibilities are compared.
  /// - Throws: ``StudyError/scansDiffer(scan:difference:advice:)``.
  func check(against reference: StudyScan, isAligned: Bool, isMapped: Bool) throws(StudyError) {
    func differ(_ difference: String, _ advice: String) -> StudyError {
      .scansDiffer(scan: input.name, difference: "\(difference) (\(reference.input.name))", advice: advice)
    }
    let own = parameters.echoTimes, other = reference.parameters.echoTimes
    guard own.count == other.count else {
      throw differ(
        "it has \(own.count) echoes, the reference \(other.count)", "Compare scans of the same echoes.")
    }
    for (own, other) in zip(own, other) where abs(own - other) > 0.01 * other {
      throw differ(
        "it has an echo at \(own.milliseconds) where the reference has one at \(other.milliseconds)",
        "Compare scans of the same echo times, or state the true ones with `echoTimes`.")
    }
    let field = parameters.fieldStrength, expected = reference.parameters.fieldStrength
    if abs(field - expected) > 0.01 * expected {
      throw differ(
        "it was measured at \(field.shortest) T, the reference at \(expected.shortest) T",
        "Compare scans of one scanner.")
    }
    guard slices == reference.slices else {
      throw differ(
        "it has \(slices) slices, the reference \(reference.slices)", "Choose one with `slice`.")
    }
    if isMapped, let obstacle = obstacleToSusceptibility {
      throw differ(
        "it can have no susceptibility, as the reference has: \(obstacle)",
        "Leave out the scan, or susceptibility (`mapping`).")
    }
    guard !isAligned else { return }
    let align = "Install elastix, so that the scan can be aligned, or give scans on the same grid."
    let own3 = geometry.matrix, other3 = reference.geometry.matrix
    guard own3 == other3 else {
      throw differ("its images have \(own3) voxels, those of the reference \(other3)", align)
    }
    if !geometry.coincides(with: reference.geometry) {
      let offset = geometry.largestOffset(from: reference.geometry)
      throw differ("its voxels lie up to \((offset * 1e3).rounded(1)) mm off those of the reference", align)
    }
  }
}

extension Geometry {
  /// Whether the voxels of two grids lie at the same places and are numbered alike.
  func coincides(with other: Geometry) -> Bool { arrangement(on: other)?.isIdentity ?? false }
}

extension Double {
  fileprivate var milliseconds: String { "\((self * 1e3).rounded(2)) ms" }

  /// The number with so many decimals at most.
  func rounded(_ decimals: Int) -> String {
    let scale = (0..<decimals).reduce(1.0) { scale, _ in 10 * scale }
    return ((self * scale).rounded() / scale).shortest
  }
}
