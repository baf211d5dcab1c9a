import Foundation
import KSpaceToolkit

/// What a scan's susceptibility was found to be, with everything on the way.
struct QSMOutcome {
  let mask: ImageVolumes<UInt8>
  let totalField: ImageVolumes<Float>
  let local: LocalField
  let map: SusceptibilityMap
  let relaxation: ImageVolumes<Float>?
  /// What was assumed, one sentence each.
  var assumptions: [String] = []
  /// Numbers for the user.
  var findings = QSMFindings()
}

/// Numbers that a run is judged by.
struct QSMFindings: Encodable {
  /// The number of voxels of the mask.
  var maskVoxels = 0
  /// The volume of the mask [ml].
  var maskVolume = 0.0
  /// The number of parts of the mask that do not touch.
  var maskParts = 0
  /// The number of voxels of the susceptibility map.
  var mapVoxels = 0
  /// The median of the field's standard deviation in the mask [Hz].
  var medianFieldNoise: Double?
  /// The iterations of the inversion.
  var iterations = 0
  /// The mean over the reference region that was subtracted [ppm].
  var referenceValue = 0.0
  /// The percentiles of the susceptibility at 1, 50 and 99 % [ppm].
  var percentiles: [Double] = []
}

/// The stages of ``MapSusceptibility`` with the methods that the user chose.
struct QSMChain {
  private let methods: QSMMethodArguments
  private let progress: Progress

  init(_ methods: QSMMethodArguments, progress: Progress) {
    self.methods = methods
    self.progress = progress
  }

  /// The methods as the library takes them.
  func mapping(for scan: QSMScan) -> SusceptibilityMapping {
    SusceptibilityMapping(
      unwrapping: FieldUnwrapping(method: methods.unwrapping.method(seeds: methods.seeds)),
      background: methods.background.method(radius: methods.backgroundRadius?.metres),
      inversion: methods.inversion.method(methods, echoTimes: scan.echoTimes))
  }

  /// Runs all stages.
  func run(_ scan: QSMScan) throws -> QSMOutcome {
    var assumptions: [String] = []
    var scan = scan
    let mapping = mapping(for: scan)
    progress.report("mask", 0)
    var mask = try makeMask(scan, &assumptions)
    mask = try usable(mask, scan, &assumptions)
    let reference = try readMask(methods.reference, "reference region", like: scan)
    try step("mask")
    var total = try mapping.totalField(scan.wrapped, mask: mask)
    try step("unwrapping")
    var local = try mapping.background(total, mask: mask)
    try step("background")
    var map = try mapping.susceptibility(of: local, wrapped: scan.wrapped, reference: reference)
    try step("inversion")
    if scan.isSignOpen {
      let evidence = SignEvidence(map.susceptibility, relaxation: scan.relaxation)
      assumptions.append(evidence.sentence)
      if evidence.isNegative {
        scan.wrapped.field = scan.wrapped.field.map { -$0 }
        total = total.map { -$0 }
        local.field = local.field.map { -$0 }
        map = try mapping.susceptibility(of: local, wrapped: scan.wrapped, reference: reference)
      }
    }
    var outcome = QSMOutcome(
      mask: mask, totalField: total, local: local, map: map, relaxation: scan.relaxation)
    outcome.assumptions = assumptions
    outcome.findings = findings(outcome, scan)
    return outcome
  }

  /// The mask alone, for stages that begin with a field.
  func mask(_ scan: QSMScan) throws -> ImageVolumes<UInt8> {
    var assumptions: [String] = []
    return try usable(try makeMask(scan, &assumptions), scan, &assumptions)
  }

  private func step(_ stage: String) throws {
    progress.report(stage, 1)
    try Interruption.check()
  }

  private func findings(_ outcome: QSMOutcome, _ scan: QSMScan) -> QSMFindings {
    var findings = QSMFindings()
    let inside = outcome.mask[0].map { $0 != 0 }, size = scan.geometry.voxelSize
    findings.maskVoxels = inside.withUnsafeBufferPointer { $0.count { $0 } }
    findings.maskVolume = Double(findings.maskVoxels) * size.x * size.y * size.z * 1e6
    findings.maskParts = Morphology(voxelSize: size).partCount(of: inside)
    findings.iterations = outcome.map.iterations
    findings.referenceValue = outcome.map.referenceValue
    let known = outcome.local.mask[0].map { $0 != 0 }
    findings.mapVoxels = known.withUnsafeBufferPointer { $0.count { $0 } }
    let chi = Self.sorted(outcome.map.susceptibility, within: known)
    if !chi.isEmpty {
      findings.percentiles = [0.01, 0.5, 0.99].map { Double(chi[Int($0 * Double(chi.count - 1))]) }
    }
    if let noise = scan.wrapped.noise {
      let values = Self.sorted(noise, within: inside)
      if !values.isEmpty { findings.medianFieldNoise = Double(values[values.count / 2]) }
    }
    return findings
  }

  static func sorted(_ volume: ImageVolumes<Float>, within mask: NDArray<Bool>) -> [Float] {
    volume.voxels.withUnsafeBufferPointer { values in
      mask.withUnsafeBufferPointer { mask in
        mask.indices.compactMap { mask[$0] && values[$0].isFinite ? values[$0] : nil }.sorted()
      }
    }
  }
}

extension QSMChain {
  private func makeMask(_ scan: QSMScan, _ assumptions: inout [String]) throws -> ImageVolumes<UInt8> {
    let morphology = Morphology(voxelSize: scan.geometry.voxelSize)
    if let given = try readMask(methods.mask, "mask", like: scan) {
      let eroded = morphology.eroded(given[0].map { $0 != 0 }, by: methods.maskErosion.metres)
      return ImageVolumes(eroded.map { $0 ? 1 : 0 }, geometry: scan.geometry)
    }
    let method = methods.maskMethod ?? (scan.hasMagnitude ? .surface : .quality)
    assumptions.append(
      "The mask was made here, by \(method.account); look at figures/mask.png, or give one with --mask.")
    let magnitude = scan.wrapped.magnitude ?? QSMSource.combined(scan.magnitude)
    let erosion = methods.maskErosion.metres
    switch method {
    case .surface: return try BrainSurface(fraction: methods.maskFraction, erosion: erosion)(magnitude)
    case .threshold: return try MagnitudeMask(erosion: erosion)(magnitude)
    case .quality:
      let romeo = methods.unwrapping.romeo(seeds: 1), wrapped = scan.wrapped
      // A field that is unwrapped already is judged as the phase of a typical echo.
      let period = Float(wrapped.period < .infinity ? wrapped.period : 100), turn = 2 * Float.pi / period
      var quality = try romeo.quality(
        wrapped.field[0].map { ($0 - period * ($0 / period).rounded()) * turn },
        magnitude: wrapped.magnitude?[0])
      let bright = RobustWeight(scan.magnitude).values
      quality.withUnsafeMutableBufferPointer { quality in
        for index in quality.indices { quality[index] *= bright[index] }
      }
      return try MagnitudeMask(erosion: erosion)(ImageVolumes(quality, geometry: scan.geometry))
    }
  }

  /// The mask without voxels that say nothing of the field.
  private func usable(
    _ mask: ImageVolumes<UInt8>, _ scan: QSMScan, _ assumptions: inout [String]
  ) throws -> ImageVolumes<UInt8> {
    let field = scan.wrapped.field.voxels.elements, noise = scan.wrapped.noise?.voxels.elements
    let magnitude = scan.wrapped.magnitude?.voxels.elements
    // With noise of a sixth of the period, one neighbour in twenty would be on a wrong turn by noise alone.
    let limit = Float(scan.wrapped.period / 6)
    var dropped = 0
    var voxels = mask.voxels
    voxels.withUnsafeMutableBufferPointer { voxels in
      for index in voxels.indices where voxels[index] != 0 {
        let isUsable =
          field[index].isFinite && (noise.map { $0[index] < limit } ?? true) && (magnitude?[index] ?? 1) > 0
        if isUsable { continue }
        voxels[index] = 0
        dropped += 1
      }
    }
    if dropped > 0 {
      assumptions.append(
        "\(counted(dropped, "voxel")) of the mask without signal, or of noise beyond use, were left out.")
    }
    let inside = voxels.part(at: 0).map { $0 != 0 }
    guard inside.withUnsafeBufferPointer({ $0.contains(true) }) else { throw QSMError.emptyMask }
    let parts = Morphology(voxelSize: scan.geometry.voxelSize).partCount(of: inside)
    if parts > 1 {
      assumptions.append(
        "The mask has \(parts) parts that do not touch"
          + (scan.wrapped.period < .infinity
            ? String(
              format: ": the field between them is known up to multiples of %.1f Hz.", scan.wrapped.period)
            : "."))
    }
    return ImageVolumes(voxels, geometry: mask.geometry)
  }

  private func readMask(_ path: String?, _ kind: String, like scan: QSMScan) throws -> ImageVolumes<UInt8>? {
    guard let path else { return nil }
    let values = try QSMSource.check(
      try NIfTIFile(at: path).volumes(scaling: .applied), path, like: scan.wrapped.field)
    guard values.count == 1 else {
      throw CommandError(
        path, "the \(kind) holds \(values.count) volumes", remedy: "Give a file of one volume")
    }
    let mask = values.map { UInt8($0.isFinite && $0 > 0.5 ? 1 : 0) }
    guard mask.voxels.withUnsafeBufferPointer({ $0.contains(1) }) else {
      throw CommandError(path, "the \(kind) is empty", remedy: "Give a mask that is 1 inside and 0 outside")
    }
    return ImageVolumes(mask.voxels, geometry: scan.geometry)
  }
}

/// Whether the map has the sign of iron: tissue of fast decay is paramagnetic.
struct SignEvidence {
  /// The mean susceptibility of the fastest decaying fiftieth against the median [ppm].
  private let difference: Double?

  init(_ map: ImageVolumes<Float>, relaxation: ImageVolumes<Float>?) {
    guard let relaxation else {
      difference = nil
      return
    }
    let known = map[0].map { $0 != 0 }
    let inner = Morphology(voxelSize: map.geometry.voxelSize).eroded(known, by: 6e-3).elements
    let chi = map.voxels.elements, rates = relaxation.voxels.elements
    let places = inner.indices.filter { inner[$0] && rates[$0].isFinite }
    guard places.count > 1000 else {
      difference = nil
      return
    }
    let fastest = places.sorted { rates[$0] > rates[$1] }.prefix(places.count / 50)
    let mean = fastest.reduce(0) { $0 + Double(chi[$1]) } / Double(fastest.count)
    difference = mean - Double(places.map { chi[$0] }.sorted()[places.count / 2])
  }

  /// Whether the phase seems to have the other sign, clearly.
  var isNegative: Bool { (difference ?? 0) < -0.01 }

  var sentence: String {
    guard let difference else {
      return "Phase was taken to grow with paramagnetic matter; --phase-sign negative turns it."
    }
    let value = String(format: "%+.3f ppm", difference)
    if isNegative {
      return
        "Phase was turned: as stored, tissue of fast decay would be diamagnetic (\(value)). --phase-sign positive keeps it."
    }
    let sure = difference > 0.01 ? "" : ", which is no clear sign"
    return "Phase was taken to grow with paramagnetic matter: tissue of fast decay has \(value)\(sure)."
  }
}

/// How bright voxels are, 0 to 1, cut off at a bright level.
private struct RobustWeight {
  let values: [Float]

  init(_ magnitude: ImageVolumes<Float>) {
    let first = magnitude[0].elements
    let sorted = first.filter(\.isFinite).sorted()
    let bright = sorted.isEmpty ? 1 : max(sorted[(sorted.count - 1) * 95 / 100], .leastNormalMagnitude)
    values = first.map { $0.isFinite ? min($0 / bright, 1) : 0 }
  }
}
