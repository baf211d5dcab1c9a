import Files
import ImageFiles
import MRIData
import NDArrays
import Numerics

extension ImageSource {
  /// The phase of all echoes in radians.
  func readPhase(
    _ paths: [String], _ assumptions: inout [String], _ warnings: inout [String]
  ) throws -> ImageVolumes<Float> {
    let stored = try Self.series(paths, scaling: .applied, &assumptions)
    let scale: PhaseConversion? =
      switch reading.phaseScale {
      case .radians: .radians
      case .half(let half): PhaseConversion(half: half, explanation: "")
      case .automatic: nil
      }
    if let scale {
      try checkStated(scale, stored, paths, &assumptions, &warnings)
      return scale(stored)
    }
    guard let range = stored.finiteRange else {
      throw InputError(
        paths[0], "the phase is the same everywhere", remedy: "Check that this is the phase image")
    }
    let found = PhaseConversion(range: range, areWhole: stored.areWhole)
    let units = Sidecar(readableAt: NamedImage.sidecar(of: paths[0])).statedUnits
    if let units, ImageUnits(spelled: units) == .radians {
      // Phase that was unwrapped leaves the turn, but has neither whole numbers nor another unit's ends.
      let isOther =
        found.map { !$0.isOfRadians } ?? (stored.areWhole && range.upperBound - range.lowerBound > 7)
      if isOther {
        throw InputError(
          paths[0],
          "the sidecar's Units say \(units), but the phase runs from \(range.lowerBound) to \(range.upperBound)"
            + (found.map { ", which looks like \($0.explanation)" } ?? ""),
          remedy: "State the scale of the phase (`phaseScale`), or correct Units")
      }
      return stored
    }
    if let found {
      if let units, !ImageUnits.meanNothing(units), !found.isCalled(units) {
        warnings.append(
          "The sidecar's Units say \(units), but the phase runs from \(range.lowerBound) to \(range.upperBound) and was taken "
            + "for \(found.explanation): correct Units, or state the scale of the phase (`phaseScale`).")
      }
      assumptions.append(
        "Phase from \(range.lowerBound) to \(range.upperBound) was taken for \(found.explanation).")
      try checkScale(stored, found, paths)
      return found(stored)
    }
    var silent: [String] = []
    let raw = try Self.series(paths, scaling: .ignored, &silent)
    if let rawRange = raw.finiteRange,
      let conversion = PhaseConversion(range: rawRange, areWhole: raw.areWhole)
    {
      assumptions.append(
        "Scaled as the header says, the phase would run from \(range.lowerBound) to \(range.upperBound), which is no "
          + "unit of phase; the stored values, \(rawRange.lowerBound) to \(rawRange.upperBound), were taken for "
          + "\(conversion.explanation).")
      try checkScale(raw, conversion, paths)
      return conversion(raw)
    }
    throw InputError(
      paths[0], "the phase runs from \(range.lowerBound) to \(range.upperBound), which is no known unit",
      remedy: "Say what stands for pi (`phaseScale`)")
  }

  /// Refuses a scale that somebody states and the phase contradicts.
  ///
  /// Phase that was unwrapped leaves the turn, but neither in whole numbers nor to hard ends.
  private func checkStated(
    _ scale: PhaseConversion, _ stored: ImageVolumes<Float>, _ paths: [String],
    _ assumptions: inout [String], _ warnings: inout [String]
  ) throws(InputError) {
    guard let range = stored.finiteRange else {
      throw InputError(
        paths[0], "the phase is the same everywhere", remedy: "Check that this is the phase image")
    }
    let width = range.upperBound - range.lowerBound, turns = width / (2 * scale.half)
    let text =
      "the scale of the phase is stated as \(scale.isOfRadians ? "radians" : "\(scale.half) for pi"), but the phase runs from "
      + "\(range.lowerBound) to \(range.upperBound)"
    let found = PhaseConversion(range: range, areWhole: stored.areWhole)
    let likely = found.map { ", which looks like \($0.explanation)" } ?? ""
    let remedy = "State the scale that the values have (`phaseScale`), or leave it to the range"
    if turns > 1.02 {
      let middle = range.lowerBound + width / 2
      if stored.areWhole || found != nil || stored.voxels.hasHardEnds(around: middle) {
        throw InputError(
          paths[0], "\(text): \(Double(turns).rounded(1)) turns\(likely)", remedy: remedy)
      }
      assumptions.append(
        "The phase runs over \(Double(turns).rounded(1)) turns, and was taken for phase that is unwrapped already."
      )
      return
    }
    guard turns < 0.8 else { return }
    let jumps = stored.voxels.neighbours { abs($0 - $1) > 0.75 * width }
    if jumps.found >= 20, jumps.found * 2000 > jumps.pairs,
      stored.voxels.hasHardEnds(around: range.lowerBound + width / 2)
    {
      throw InputError(
        paths[0], "\(text) and wraps there, within \(Double(turns).rounded(3)) turns\(likely)", remedy: remedy
      )
    }
    if turns < 0.02 {
      warnings.append(
        "\(paths[0]): \(text), \(turns) turns, which is little for a scan: check the scale of the phase (`phaseScale`)."
      )
    }
  }

  /// Refuses echoes of different scales: one that wraps at other values than the scale of all.
  ///
  /// The ends of a wrapped phase are hard: noise and wraps fill them as much as the rest. Phase that does not reach the
  /// ends thins out instead. Near the scale's own ends, where a narrow phase may lie as well, echoes must be seen to wrap.
  private func checkScale(
    _ stored: ImageVolumes<Float>, _ conversion: PhaseConversion, _ paths: [String]
  ) throws(InputError) {
    guard stored.count > 1 else { return }
    for echo in 0..<stored.count {
      let finite = stored[echo].elements.filter(\.isFinite)
      let values = finite.map { abs($0 - conversion.offset) }
      guard let largest = values.max(), largest > 0, largest < 0.98 * conversion.half else { continue }
      let atEnds = values.count { $0 > 0.95 * largest }, beside = values.count { $0 > 0.8 * largest }
      // A fair share of the object, and not fewer at the ends than a third of what a flat distribution has.
      guard Double(atEnds) > 1e-3 * Double(values.count), 3 * atEnds * 3 > beside else { continue }
      if largest >= 0.8 * conversion.half {
        // As dense as at these ends, so many values would lie beyond them.
        let missing = Float(atEnds) * (conversion.half / largest - 1) / 0.05
        guard missing > 20, stored[echo].wraps(around: conversion.offset, at: largest) else { continue }
      }
      throw InputError(
        paths[paths.count == 1 ? 0 : echo],
        "echo \(echo + 1) wraps at \(largest) (it runs from \(finite.min() ?? 0) to \(finite.max() ?? 0)), and the scale of all "
          + "echoes is \(conversion.half) for pi: the echoes differ in scale",
        remedy: "Write all echoes at one scale, or state it if the echo does not wrap (`phaseScale`)")
    }
  }

  /// The volumes of one file, or of several files of one volume each, on the grid of the first, whose header is checked
  /// before voxels are read.
  static func series(
    _ paths: [String], scaling: NIfTIFile.Scaling, ignoringAffine: Bool = false,
    _ assumptions: inout [String], checking check: (NIfTIFile) throws -> Void = { _ in }
  ) throws -> ImageVolumes<Float> {
    let files = try paths.map { try NIfTIFile(at: $0) }
    for file in files {
      if let contradiction = file.contradiction {
        throw InputError(
          file.path, contradiction, remedy: "Correct the header, so that voxel sizes and orientation agree")
      }
      try Plausibility.check(file.geometry, file.path)
      for remark in file.remarks where !assumptions.contains(remark) { assumptions.append(remark) }
    }
    for file in files where files.count > 1 && file.volumeCount != 1 {
      throw InputError(
        file.path, "this file holds \(file.volumeCount) volumes, and there are \(paths.count) files",
        remedy: "Give one file of all echoes, or one file for each")
    }
    try check(files[0])
    for file in files.dropFirst() {
      try file.checkPlace(
        on: files[0].geometry, "echo", like: "the first echo", ignoringAffine: ignoringAffine)
    }
    let first = try files[0].volumes(scaling: scaling)
    if files.count == 1 { return first }
    var voxels = NDArray<Float>(repeating: 0, shape: [files.count] + first.geometry.matrix.shape)
    voxels.setPart(at: 0, to: first[0])
    for (index, file) in files.enumerated().dropFirst() {
      let placed = try file.volumes(scaling: scaling).placed(
        on: first.geometry, "echo", of: file, like: "the first echo", ignoringAffine: ignoringAffine)
      if let remark = placed.remark { assumptions.append(remark) }
      voxels.setPart(at: index, to: placed.volumes[0])
    }
    return ImageVolumes(voxels, geometry: first.geometry)
  }

  /// Volumes that belong to others, on their grid.
  func placed(
    _ paths: [String], _ kind: String, on grid: Geometry, of owner: String, like images: String,
    _ assumptions: inout [String]
  ) throws -> ImageVolumes<Float> {
    guard let first = paths.first else {
      throw InputError(name, "there is no \(kind) beside \(images)", remedy: "Keep it beside it")
    }
    // Where the images themselves lie nowhere, nothing can lie elsewhere.
    let ignores = try reading.ignoresAffine || !NIfTIFile(at: owner).hasOrientation
    let volumes = try Self.series(paths, scaling: .applied, ignoringAffine: ignores, &assumptions) {
      try $0.checkPlace(on: grid, kind, like: images, ignoringAffine: ignores)
    }
    let placed = try volumes.placed(
      on: grid, kind, of: try NIfTIFile(at: first), like: images, ignoringAffine: ignores)
    if let remark = placed.remark { assumptions.append(remark) }
    return placed.volumes
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

extension NDArray<Float> {
  /// Whether phase is seen to wrap at values this far from the middle: both ends are equally far and hard, and neighbours
  /// jump from one to the other.
  fileprivate func wraps(around middle: Float, at largest: Float) -> Bool {
    let finite = elements.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max(),
      abs(low + high - 2 * middle) < 0.02 * largest, hasHardEnds(around: middle)
    else { return false }
    let jumps = neighbours { abs($0 - $1) > 1.8 * largest }
    return jumps.found >= 20
  }

  /// Whether values fill their range to both ends, as wrapped phase does, rather than thin out; zeros do not count, which
  /// masks leave.
  fileprivate func hasHardEnds(around middle: Float) -> Bool {
    let values = elements.filter { $0.isFinite && $0 != 0 }.map { $0 - middle }
    guard let largest = values.map(abs).max(), largest > 0 else { return false }
    return [Float(1), -1].allSatisfy { side in
      let atEnd = values.count { side * $0 > 0.95 * largest }
      let beside = values.count { side * $0 > 0.8 * largest }
      return Double(atEnd) > 0.5e-3 * Double(values.count) && 9 * atEnd > beside
    }
  }
}
