import Evaluation
import ImageFiles
import MRIData
import NDArrays

/// The slices that a report shows, chosen by what is in them.
///
/// Where nuclei (or, without any, other regions) are labelled, the axial slice that meets most of them, a second axial
/// slice for those that it misses, and the coronal and sagittal slices that meet most; else the middle of the object in
/// all three planes. Of thin stacks, only the plane in which they were measured.
struct ShownSlices {
  /// The slices, the one to begin with first.
  let views: [SliceView]
  /// The box around the regions, along `x`, `y` and `z`; `nil` without regions.
  let focus: [Range<Int>]?

  /// Thinner stacks are seen in one plane alone.
  private static let leastExtent = 8
  /// Voxels around the object, and around the regions.
  private static let margin = 2, focusMargin = 5

  init(_ geometry: Geometry, mask: NDArray<Bool>, labels: LabelVolume?) {
    let matrix = geometry.matrix
    let regions = labels.map { Self.places(of: $0) } ?? [:]
    var object = Places()
    mask.forEachVoxel { if $3 { object.add($0, $1, $2) } }
    for place in regions.values { object.formUnion(place) }
    let whole = (0..<3).map { 0..<matrix[$0] }
    let box = object.box(margin: Self.margin, within: whole) ?? whole
    let found = regions.values.reduce(into: Places()) { $0.formUnion($1) }
    focus = found.box(margin: Self.focusMargin, within: box)
    var views: [SliceView] = []
    func add(_ axis: Int, _ index: Int) {
      let view = SliceView(geometry, across: axis, at: index, showing: box)
      if !views.contains(view) { views.append(view) }
    }
    let axes = [2, 1, 0].filter { axis in
      (0..<3).allSatisfy { $0 == axis || matrix[$0] >= Self.leastExtent }
    }
    for axis in axes.isEmpty ? [2] : axes {
      let first = Self.fullest(regions, across: axis, box[axis]) ?? object.middle(axis) ?? matrix[axis] / 2
      add(axis, first)
      let missed = regions.filter { !($0.value.counts[axis].keys.contains(first)) }
      if axis == axes.first, let second = Self.fullest(missed, across: axis, box[axis]) { add(axis, second) }
    }
    self.views = views
  }

  /// Where each region lies; of nuclei alone, where there are any.
  private static func places(of labels: LabelVolume) -> [Int32: Places] {
    let nuclei = Set(labels.names.filter { DeepNucleus(named: $0.value) != nil }.keys)
    var places: [Int32: Places] = [:]
    labels.labels.forEachVoxel { x, y, z, label in
      if label != 0 { places[label, default: Places()].add(x, y, z) }
    }
    let found = places.filter { nuclei.contains($0.key) }
    return found.isEmpty ? places : found
  }

  /// The slice that meets most regions, and of several the one with most of them; `nil` without regions.
  private static func fullest(_ regions: [Int32: Places], across axis: Int, _ range: Range<Int>) -> Int? {
    guard !regions.isEmpty else { return nil }
    return range.max { first, second in
      func merit(_ slice: Int) -> (Int, Double) {
        // Parts of regions, so that the largest does not choose alone.
        let shares = regions.values.compactMap { place in
          place.counts[axis][slice].map { Double($0) / Double(place.largest(axis)) }
        }
        return (shares.count, shares.reduce(0, +))
      }
      return merit(first) < merit(second)
    }
  }
}

/// How many voxels of something lie in each slice across each axis.
private struct Places {
  var counts: [[Int: Int]] = [[:], [:], [:]]

  mutating func add(_ x: Int, _ y: Int, _ z: Int) {
    counts[0][x, default: 0] += 1
    counts[1][y, default: 0] += 1
    counts[2][z, default: 0] += 1
  }

  mutating func formUnion(_ other: Places) {
    for axis in 0..<3 { counts[axis].merge(other.counts[axis], uniquingKeysWith: +) }
  }

  func largest(_ axis: Int) -> Int { counts[axis].values.max() ?? 1 }

  /// The middle of what is there.
  func middle(_ axis: Int) -> Int? {
    guard let low = counts[axis].keys.min(), let high = counts[axis].keys.max() else { return nil }
    return (low + high) / 2
  }

  /// The box around it, somewhat larger; `nil` if there is nothing.
  func box(margin: Int, within whole: [Range<Int>]) -> [Range<Int>]? {
    guard !counts[0].isEmpty else { return nil }
    return (0..<3).map { axis in
      let low = counts[axis].keys.min() ?? 0, high = counts[axis].keys.max() ?? 0
      return (low - margin..<high + margin + 1).clamped(to: whole[axis])
    }
  }
}

extension NDArray {
  /// Visits the voxels of a volume `[z, y, x]`: their indices along `x`, `y` and `z`, and their values.
  fileprivate func forEachVoxel(_ visit: (Int, Int, Int, Element) -> Void) {
    let width = shape[2], height = shape[1]
    withUnsafeBufferPointer { voxels in
      for index in voxels.indices {
        visit(index % width, index / width % height, index / (width * height), voxels[index])
      }
    }
  }
}
