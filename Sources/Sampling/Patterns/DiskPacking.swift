import MRIData

/// Random packings of disks on a grid: the geometry of a Poisson-disk mask.
///
/// A packing visits the free positions in a fixed random order and keeps each one that no kept position's disk
/// covers and whose own disk covers none. The result is *maximal*: no free position is left uncovered.
///
/// Disks on a grid hold whole positions, so the size of maximal packings jumps with the radius: from 0.36 of the
/// grid (neighbours excluded) to 0.19 (diagonal neighbours too). A count in between is reached in two steps:
///
/// 1. the smallest disks whose maximal packing has no more positions than wanted are sought;
/// 2. the disks shrink, and the emptiest of the positions that become free are added (``VoidFilling``).
///
/// When every disk has shrunk to its own position all positions are open, hence the second step always ends.
///
/// - SeeAlso: M. McCool, E. Fiume, "Hierarchical Poisson disk sampling distributions", Graphics Interface 1992,
///   94-105, doi:10.20380/GI1992.12, for shrinking disks.
struct DiskPacking {
  let lines: Int
  let partitions: Int
  private let weights: MetricWeights
  /// The radius of each level at scale 1.
  let levelRadii: [Double]
  /// The level of each position.
  let levels: [UInt8]
  /// 1 where nothing may be placed.
  let occupied: [UInt8]
  /// The calibration box, or the centre alone.
  let calibration: [Int32]
  /// The edge of the calibration box; its disks keep the first samples off the box.
  let boundary: [Int32]
  /// The free positions in the order of the visits.
  var order: [Int32]
  /// Ranges of ``order``; a position is added to fill a void only when those of earlier ranges leave no room.
  var tiers: [Range<Int>]

  /// Positions kept so far and the scale of the disks that they respect.
  struct State {
    var positions: [Int32] = []
    var scale: Double
  }

  init(_ grid: SamplingGrid, metric: SamplingMetric, densitySlope: Double, generator: inout SeededGenerator) {
    lines = grid.lines
    partitions = grid.partitions
    weights = metric.weights(for: grid.extent)
    let map = RadiusLevels(grid.extent, slope: densitySlope)
    levels = map.levels
    levelRadii = map.radii
    occupied = grid.uses.map { $0 == .free ? 0 : 1 }
    calibration = grid.positions(.calibration)
    boundary = Self.boundary(of: grid)
    order = grid.positions(.free)
    for last in stride(from: order.count - 1, to: 0, by: -1) {
      order.swapAt(last, generator.integer(below: last + 1))
    }
    tiers = [0..<order.count]
  }

  /// A packing of exactly `count` positions.
  ///
  /// - Precondition: There are that many free positions.
  func packing(of count: Int) -> State {
    // No disks, and any distance: the extent of the grid.
    guard count > 0 else { return State(scale: Double(max(lines, partitions))) }
    guard levelRadii.count > 1 else {
      var state = largestMaximal(atMost: count)
      grow(&state, to: count)
      return state
    }
    // Where the radius varies, the jumps in size would show as rings of uneven density. Large disks stay below the
    // wanted density everywhere, and small ones let the filling reach it: 0.7 and 0.6 clear the largest jump.
    var state = largestMaximal(atMost: max(1, count * 7 / 10))
    state.scale *= 0.6
    grow(&state, to: count)
    return state
  }

  /// Adds positions, and shrinks the disks where they leave no room, until there are exactly `count`.
  func grow(_ state: inout State, to count: Int) {
    precondition(count <= order.count, "\(count) positions wanted of \(order.count) free ones")
    guard state.positions.count < count else { return }
    var filling = VoidFilling(self, density: density(of: count), kept: state.positions)
    var shapes = shapes(state.scale)
    filling.add(to: &state.positions, limit: count, disks: shapes)
    while state.positions.count < count {
      state.scale *= 0.98
      let smaller = self.shapes(state.scale)
      if smaller == shapes { continue }
      shapes = smaller
      filling.add(to: &state.positions, limit: count, disks: shapes)
    }
  }

  /// The largest scale that a packing respects; the scale of its disks is somewhere below.
  func respectedScale(_ state: State) -> Double {
    shapes(state.scale).largestScale(radii: levelRadii, weights: weights)
  }

  /// The wanted density at each level, `min(1, c / r^2)` with `c` such that the free positions hold `count`.
  private func density(of count: Int) -> [Double] {
    var sizes = [Int](repeating: 0, count: levelRadii.count)
    for position in order { sizes[Int(levels[Int(position)])] += 1 }
    func total(_ c: Double) -> Double {
      zip(sizes, levelRadii).reduce(0) { $0 + Double($1.0) * min(1, c / ($1.1 * $1.1)) }
    }
    var lower = 0.0, upper = (levelRadii.last ?? 1) * (levelRadii.last ?? 1)
    for _ in 0..<40 {
      let middle = (lower + upper) / 2
      if total(middle) < Double(count) { lower = middle } else { upper = middle }
    }
    return levelRadii.map { min(1, upper / ($0 * $0)) }
  }

  /// The maximal packing with the most positions that does not exceed a count, of those that a search meets.
  ///
  /// Disks that cover the grid leave one position, so a packing is found for every count of 1 and more.
  private func largestMaximal(atMost count: Int) -> State {
    // A random maximal packing has about 0.7 positions per squared radius.
    var scale = (0.7 * Double(order.count) / Double(count)).squareRoot()
    var tooSmall: (scale: Double, shapes: DiskShapes)?
    var large: (state: State, shapes: DiskShapes)?
    // 64 steps of 1.25 span any grid; in practice about ten are taken.
    for _ in 0..<64 {
      let shapes = shapes(scale)
      if shapes == tooSmall?.shapes {
        tooSmall?.scale = scale
      } else if shapes == large?.shapes {
        large?.state.scale = scale
      } else {
        let positions = visit(shapes)
        if positions.count > count {
          tooSmall = (scale, shapes)
        } else {
          large = (State(positions: positions, scale: scale), shapes)
          if count - positions.count <= count / 256 { break }
        }
      }
      switch (tooSmall, large) {
      case (let small?, let large?):
        if large.state.scale - small.scale < 0.002 * large.state.scale { return large.state }
        scale = (small.scale + large.state.scale) / 2
      case (nil, _): scale /= 1.25
      case (_, nil): scale *= 1.25
      }
    }
    return large?.state ?? State(scale: scale)
  }

  private func shapes(_ scale: Double) -> DiskShapes {
    DiskShapes(radii: levelRadii.map { scale * $0 }, weights: weights)
  }

  /// Visits all positions in their order and keeps those that no disk forbids.
  private func visit(_ shapes: DiskShapes) -> [Int32] {
    var canvas = DiskCanvas(self, shapes)
    var positions: [Int32] = []
    for position in boundary { canvas.place(position) }
    for position in order where canvas.isOpen(position) {
      canvas.place(position)
      positions.append(position)
    }
    return positions
  }

  /// The positions of the calibration box that have a neighbour outside it.
  private static func boundary(of grid: SamplingGrid) -> [Int32] {
    guard grid.hasCalibration else { return grid.positions(.calibration) }
    return grid.positions(.calibration).filter { position in
      let line = Int(position) % grid.lines, partition = Int(position) / grid.lines
      return [(-1, 0), (1, 0), (0, -1), (0, 1)].contains { dy, dz in
        let y = line + dy, z = partition + dz
        guard (0..<grid.lines).contains(y), (0..<grid.partitions).contains(z) else { return false }
        return grid.uses[z * grid.lines + y] != .calibration
      }
    }
  }
}

extension SamplingGrid {
  /// The positions of one use, in the order of the grid.
  func positions(_ use: Use) -> [Int32] {
    uses.indices.lazy.filter { uses[$0] == use }.map { Int32($0) }
  }
}
