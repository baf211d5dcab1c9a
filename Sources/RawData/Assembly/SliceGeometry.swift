import Foundation
import MRIData

/// Where the slices of a scan, or its single slab, lie in the patient.
struct SliceGeometry {
  /// The slice counters, sorted along the slice direction.
  private(set) var counters: [Int] = []
  /// The geometry of each slice.
  private(set) var geometries: [Geometry] = []
  /// The geometry of all slices as one stack; `nil` if they do not form one.
  private(set) var stack: Geometry?

  /// Reads positions and directions of the image lines.
  init(_ readouts: [AcquisitionHeader], grid: EncodedGrid, findings: inout [Finding]) {
    var bySlice: [Int: AcquisitionHeader] = [:]
    for readout in readouts {
      // The representative must not depend on the order of the file.
      let known = bySlice[Int(readout.counters.slice)]
      if known.map({ readout.scanCounter < $0.scanCounter }) ?? true {
        bySlice[Int(readout.counters.slice)] = readout
      }
    }
    let moved = readouts.count { readout in
      bySlice[Int(readout.counters.slice)].map {
        $0.usablePosition != readout.usablePosition || $0.usableReadDirection != readout.usableReadDirection
      } ?? false
    }
    if moved > 0 {
      findings.append(
        .warning(
          "\(moved) readouts lie at another position or direction than the first of their slice",
          assuming: "the position of the first readout holds for the slice"))
    }
    // Fewer points over the smaller field of view that oversampling leaves: the voxel size is that of the full grid.
    func spacing(_ axis: Int) -> Double {
      grid.fieldOfView[axis].map { $0 / Double(grid.matrix[axis]) } ?? 1e-3
    }
    let found = bySlice.sorted { $0.key < $1.key }.map { counter, readout in
      let axes = PatientAxes(of: readout)
      if let finding = axes.finding, !findings.contains(finding) { findings.append(finding) }
      let position = readout.usablePosition
      if position == nil {
        findings.append(
          .warning("slice \(counter) states no usable position", assuming: "its centre is the isocentre"))
      }
      // No table moves so far.
      if let position, dot(position, position).squareRoot() > 5000 {
        findings.append(
          .warning(
            "slice \(counter) lies \(String(format: "%.3g", dot(position, position).squareRoot())) mm from the isocentre",
            assuming: "the position is right; it may be in another unit than mm"))
      }
      let geometry = Geometry(
        matrix: Extents(x: grid.readoutLength, y: grid.matrix.y, z: grid.matrix.z),
        voxelSize: [spacing(0), spacing(1), spacing(2)], center: (position ?? .zero) * 1e-3,
        readDirection: axes.read, phaseDirection: axes.phase, sliceDirection: axes.slice)
      return (counter: counter, geometry: geometry)
    }
    guard let direction = found.first?.geometry.sliceDirection else { return }
    let sorted = found.sorted {
      let a = dot($0.geometry.center, direction), b = dot($1.geometry.center, direction)
      return a == b ? $0.counter < $1.counter : a < b
    }
    counters = sorted.map(\.counter)
    geometries = sorted.map(\.geometry)
    stack = Self.stack(geometries, &findings)
  }

  /// One grid for slices that are parallel, of one partition each, and evenly spaced.
  private static func stack(_ slices: [Geometry], _ findings: inout [Finding]) -> Geometry? {
    guard let first = slices.first else { return nil }
    guard slices.count > 1 else { return first }
    let isParallel = slices.allSatisfy {
      dot($0.sliceDirection, first.sliceDirection) > 1 - 1e-6
        && dot($0.readDirection, first.readDirection) > 1 - 1e-6
    }
    guard isParallel, first.matrix.z == 1 else {
      findings.append(
        .note(
          isParallel
            ? "the scan holds \(slices.count) slabs"
            : "the \(slices.count) slices lie in different directions",
          remedy: "They form no stack; choose one with `slice`"))
      return nil
    }
    let heights = slices.map { dot($0.center - first.center, first.sliceDirection) }
    let steps = zip(heights, heights.dropFirst()).map { $1 - $0 }
    var step = heights[heights.count - 1] / Double(steps.count)
    if step < 1e-6 {
      step = first.voxelSize.z
      findings.append(
        .warning(
          "all \(slices.count) slices state the same position",
          assuming: "they follow each other by counter at \(EncodedGrid.millimetres(step))"))
    } else if let odd = steps.first(where: { abs($0 - step) > max(0.01 * step, 1e-5) }) {
      findings.append(
        .warning(
          "slices are not evenly spaced (\(EncodedGrid.millimetres(odd)) beside a mean of \(EncodedGrid.millimetres(step)))",
          assuming: "the mean spacing for the whole stack"))
    }
    let thickness = first.voxelSize.z
    if step < thickness / 20 || step > 50 * thickness {
      let slip = UnitSlip.first(UnitSlip.lengths) { (0.2...10).contains(step * $0 / thickness) }
      findings.append(
        .error(
          .contradictory,
          "slices of \(EncodedGrid.millimetres(thickness)) lie \(EncodedGrid.millimetres(step)) apart"
            + (slip.map { ": positions look like \($0.words)" } ?? ""),
          remedy: "Correct the readouts' positions with the converter, or name the thickness (`fieldOfView`)")
      )
    }
    let middle = slices.count / 2
    var result = first
    result.matrix.z = slices.count
    result.voxelSize.z = step
    result.center = first.center + Double(middle) * step * first.sliceDirection
    let shear = slices.map { slice in
      let offset = slice.center - first.center
      let across = offset - dot(offset, first.sliceDirection) * first.sliceDirection
      return dot(across, across).squareRoot()
    }
    if let largest = shear.max(), largest > 1e-4 {
      findings.append(
        .warning(
          "slices are shifted against each other by up to \(EncodedGrid.millimetres(largest)) in their plane",
          assuming: "the in-plane position of the lowest slice"))
    }
    return result
  }
}

/// The directions of one readout as unit vectors at right angles.
private struct PatientAxes {
  var read: SIMD3<Double>
  var phase: SIMD3<Double>
  var slice: SIMD3<Double>
  var finding: Finding?

  /// Keeps the handedness: the slice direction may be either normal of the read and phase directions.
  init(of readout: AcquisitionHeader) {
    read = SIMD3(readout.readDirection)
    phase = SIMD3(readout.phaseDirection)
    slice = SIMD3(readout.sliceDirection)
    let lengths = [read, phase, slice].map { dot($0, $0).squareRoot() }
    let isUsable = lengths.map { $0 > 0.1 && $0.isFinite }
    let isPlane = isUsable[0] && isUsable[1] && abs(dot(read, phase)) < 0.99 * lengths[0] * lengths[1]
    guard isPlane else {
      (read, phase, slice) = ([1, 0, 0], [0, 1, 0], [0, 0, 1])
      finding = .warning(
        isUsable[0] && isUsable[1]
          ? "the readouts' read and phase directions are parallel" : "the readouts state no directions",
        assuming: "x to the patient's left, y to the back, z to the head")
      return
    }
    if !isUsable[2] {
      slice = cross(read, phase)
      finding = .warning(
        "the readouts state no slice direction", assuming: "the cross product of read and phase directions")
    }
    let skew = max(
      abs(dot(read, phase)), abs(dot(read, slice)), abs(dot(phase, slice)),
      [read, phase, slice].map { abs(dot($0, $0).squareRoot() - 1) }.max() ?? 0)
    if isUsable[2], skew > 1e-3 {
      finding = .warning(
        "the readouts' directions are not unit vectors at right angles (off by \(String(format: "%.2g", skew)))",
        assuming: "the read direction, and the others turned to right angles with it")
    }
    // Gram-Schmidt in double precision also removes the rounding of the file's single precision.
    read /= dot(read, read).squareRoot()
    phase -= dot(phase, read) * read
    phase /= dot(phase, phase).squareRoot()
    let normal = cross(read, phase)
    slice = dot(normal, slice) < 0 ? -normal : normal
  }
}

private func dot(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double { (a * b).sum() }

private func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
  [a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x]
}

extension AcquisitionHeader {
  /// The position [mm], if it consists of numbers.
  fileprivate var usablePosition: SIMD3<Double>? { finite(position) }
  /// The direction of the readout, if it consists of numbers.
  fileprivate var usableReadDirection: SIMD3<Double>? { finite(readDirection) }

  private func finite(_ vector: SIMD3<Float>) -> SIMD3<Double>? {
    vector.x.isFinite && vector.y.isFinite && vector.z.isFinite ? SIMD3(vector) : nil
  }
}
