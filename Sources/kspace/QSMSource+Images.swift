import KSpaceToolkit

extension QSMSource {
  /// The phase of all echoes in radians.
  func readPhase(_ paths: [String], _ assumptions: inout [String]) throws -> ImageVolumes<Float> {
    let stored = try Self.series(paths, scaling: .applied)
    switch arguments.phaseScale {
    case .radians: return stored
    case .half(let half): return PhaseConversion(half: half, explanation: "")(stored)
    case .automatic: break
    }
    if Sidecar(readableAt: NamedImage.sidecar(of: paths[0])).units == .radians { return stored }
    guard let range = stored.finiteRange else {
      throw CommandError(
        paths[0], "the phase is the same everywhere", remedy: "Check that this is the phase image")
    }
    if let conversion = PhaseConversion(range: range, areWhole: stored.areWhole) {
      assumptions.append(
        "Phase from \(range.lowerBound) to \(range.upperBound) was taken for \(conversion.explanation).")
      return conversion(stored)
    }
    let raw = try Self.series(paths, scaling: .ignored)
    if let rawRange = raw.finiteRange,
      let conversion = PhaseConversion(range: rawRange, areWhole: raw.areWhole)
    {
      assumptions.append(
        "Scaled as the header says, the phase would run from \(range.lowerBound) to \(range.upperBound), which is no "
          + "unit of phase; the stored values, \(rawRange.lowerBound) to \(rawRange.upperBound), were taken for "
          + "\(conversion.explanation).")
      return conversion(raw)
    }
    throw CommandError(
      paths[0], "the phase runs from \(range.lowerBound) to \(range.upperBound), which is no known unit",
      remedy:
        "Say what stands for pi with --phase-scale, such as --phase-scale 4096, or --phase-scale radians")
  }

  /// The volumes of one file, or of several files of one volume each.
  static func series(_ paths: [String], scaling: NIfTIFile.Scaling) throws -> ImageVolumes<Float> {
    let parts = try paths.map { try NIfTIFile(at: $0).volumes(scaling: scaling) }
    for (path, part) in zip(paths, parts) where parts.count > 1 && part.count != 1 {
      throw CommandError(
        path, "this file holds \(part.count) volumes, and there are \(paths.count) files",
        remedy: "Give one file of all echoes, or one file for each")
    }
    for (path, part) in zip(paths, parts) { _ = try check(part, path, like: parts[0]) }
    var voxels = NDArray<Float>(
      repeating: 0, shape: [parts.reduce(0) { $0 + $1.count }] + parts[0].geometry.matrix.shape)
    if parts.count == 1 { return parts[0] }
    for (index, part) in parts.enumerated() { voxels.setPart(at: index, to: part[0]) }
    return ImageVolumes(voxels, geometry: parts[0].geometry)
  }

  func magnitudes(_ paths: [String], like field: ImageVolumes<Float>) throws -> ImageVolumes<Float> {
    guard !paths.isEmpty else {
      throw CommandError(
        name, "there is no magnitude beside the field map", remedy: "Keep the echoes beside it")
    }
    return try Self.check(try Self.series(paths, scaling: .applied), paths[0], like: field)
  }

  /// Refuses volumes on another grid.
  @discardableResult
  static func check<Element>(
    _ volumes: ImageVolumes<Element>, _ path: String, like other: ImageVolumes<Float>
  ) throws -> ImageVolumes<Element> {
    guard volumes.geometry.matrix == other.geometry.matrix else {
      throw CommandError(
        path, "the grid is \(volumes.geometry.matrix), and the phase has \(other.geometry.matrix)",
        remedy: "Give files of the same scan, resampled to one grid")
    }
    return volumes
  }

  /// The root of the summed squares of all echoes.
  static func combined(_ echoes: ImageVolumes<Float>) -> ImageVolumes<Float> {
    let volume = echoes.geometry.matrix.count
    var sum = NDArray<Float>(repeating: 0, shape: echoes.geometry.matrix.shape)
    sum.withUnsafeMutableBufferPointer { sum in
      echoes.voxels.withUnsafeBufferPointer { values in
        for echo in 0..<echoes.count {
          for index in 0..<volume {
            let value = values[echo * volume + index]
            if value.isFinite { sum[index] += value * value }
          }
        }
        for index in sum.indices { sum[index] = sum[index].squareRoot() }
      }
    }
    return ImageVolumes(sum, geometry: echoes.geometry)
  }

  static func complex(
    _ magnitude: ImageVolumes<Float>, _ phase: ImageVolumes<Float>
  ) -> ImageVolumes<Complex<Float>> {
    let voxels = NDArray(
      uninitializedShape: phase.voxels.shape
    ) { (target: UnsafeMutableBufferPointer<Complex<Float>>) in
      magnitude.voxels.withUnsafeBufferPointer { magnitude in
        phase.voxels.withUnsafeBufferPointer { phase in
          for index in target.indices {
            let isValid = magnitude[index].isFinite && phase[index].isFinite
            target[index] = isValid ? Complex(length: abs(magnitude[index]), phase: phase[index]) : .zero
          }
        }
      }
    }
    return ImageVolumes(voxels, geometry: phase.geometry)
  }
}
