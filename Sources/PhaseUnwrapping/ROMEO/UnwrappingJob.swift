import MRIData
import NDArrays

/// One run of ``ROMEO``: the method with the volumes that it is to unwrap.
struct UnwrappingJob {
  private let method: ROMEO
  /// Axes `[echo, z, y, x]`.
  private let phase: NDArray<Float>
  private let shape: [Int]
  private let matrix: Extents
  /// The echo times [ms], of which the choice of a seed's turn depends; none for a single volume.
  private let times: [Float]
  private let magnitude: NDArray<Float>?
  private let mask: NDArray<Bool>?
  private let noise: NDArray<Float>?

  private var echoes: Int { phase.shape[0] }
  private var volume: Int { matrix.count }

  init(
    _ method: ROMEO, _ phase: NDArray<Float>, _ echoTimes: [Double], magnitude: NDArray<Float>?,
    mask: NDArray<Bool>?, noise: NDArray<Float>?
  ) throws(PhaseUnwrappingError) {
    let axes = phase.shape.count
    precondition(axes == 3 || axes == 4, "a phase of shape \(phase.shape) is no volume, nor a series of them")
    precondition(
      magnitude == nil || magnitude?.shape == phase.shape,
      "a magnitude of shape \(magnitude?.shape ?? []) does not fit a phase of shape \(phase.shape)")
    let space = Array(phase.shape[(axes - 3)...])
    precondition(
      (mask == nil || mask?.shape == space) && (noise == nil || noise?.shape == space),
      "a mask of shape \(mask?.shape ?? space) or noise of \(noise?.shape ?? space) does not fit \(phase.shape)"
    )
    precondition((1...255).contains(method.seeds), "\(method.seeds) seeds; there can be 1 to 255")
    self.method = method
    shape = phase.shape
    matrix = Extents(x: space[2], y: space[1], z: space[0])
    self.phase = axes == 4 ? phase : phase.reshaped(to: [1] + space)
    self.magnitude = magnitude?.reshaped(to: self.phase.shape)
    self.mask = mask
    self.noise = noise
    let count = self.phase.shape[0]
    if count > 1 {
      let isUsable =
        echoTimes.count == count && echoTimes.allSatisfy { $0 > 0 && $0.isFinite }
        && zip(echoTimes, echoTimes.dropFirst()).allSatisfy { $0 < $1 }
      guard isUsable else { throw .echoTimes(echoTimes, needed: count) }
      precondition(
        (0..<count).contains(method.template), "template echo \(method.template) of \(count) echoes")
    }
    times = count > 1 ? echoTimes.map { Float($0 * 1000) } : []
  }

  /// The unwrapped phase.
  func result() throws(PhaseUnwrappingError) -> NDArray<Float> {
    var result: NDArray<Float>
    if method.isIndividual || echoes == 1 {
      result = phase
      for echo in 0..<echoes { try unwrapInSpace(echo, &result) }
      if method.isIndividual, method.correctsGlobalWraps, echoes > 1 { followPrediction(&result) }
    } else {
      var unwrappedTemplate = NDArray(
        uninitializedShape: phase.shape
      ) { (target: UnsafeMutableBufferPointer<Float>) in
        phase.withUnsafeBufferPointer { source in
          let range = method.template * volume..<(method.template + 1) * volume
          _ = UnsafeMutableBufferPointer(rebasing: target[range])
            .initialize(fromContentsOf: UnsafeBufferPointer(rebasing: source[range]))
        }
      }
      let costs = try unwrapInSpace(method.template, &unwrappedTemplate)
      result = unwrappedTemplate
      TemporalUnwrapping(times: times, template: method.template, volume: volume).apply(phase, &result)
      if method.rechecksUncertainVoxels { recheck(&result, costs) }
    }
    return result.reshaped(to: shape)
  }

  /// The mean weight of each voxel's edges; those beside NaN count as zero.
  func quality() -> NDArray<Float> {
    withVolumes(echoes > 1 ? method.template : 0, phase, maskingMagnitude: false) { volumes, terms in
      let volumes = Shared(volumes), steps = volumes.value.steps
      var sum = NDArray<Float>(repeating: 0, shape: matrix.shape)
      sum.withUnsafeMutableBufferPointer { sum in
        for axis in 0..<3 {
          for row in 0..<matrix.y * matrix.z {
            volumes.value.forEachEdge(axis: axis, row: row, terms) { start, count, weights in
              for lane in 0..<count where weights[lane] >= 0 && weights[lane] <= 1 {
                sum[start + lane] += weights[lane]
                sum[start + lane + steps[axis]] += weights[lane]
              }
            }
          }
        }
        for index in sum.indices { sum[index] /= Float(edgeCount(of: index)) }
      }
      return sum
    }
  }

  /// The number of a voxel's neighbours in the volume, at least 1.
  private func edgeCount(of voxel: Int) -> Int {
    let x = voxel % matrix.x, y = voxel / matrix.x % matrix.y, z = voxel / (matrix.x * matrix.y)
    func count(_ index: Int, of extent: Int) -> Int { (index > 0 ? 1 : 0) + (index + 1 < extent ? 1 : 0) }
    return max(count(x, of: matrix.x) + count(y, of: matrix.y) + count(z, of: matrix.z), 1)
  }
}

extension UnwrappingJob {
  /// The echo whose phase a volume is compared with.
  private func partner(of echo: Int) -> Int { echo == 0 ? 1 : echo - 1 }

  /// Calls a closure with what the edges of an echo are judged by.
  private func withVolumes<Result>(
    _ echo: Int, _ phase: NDArray<Float>, maskingMagnitude: Bool = true,
    _ body: (EdgeVolumes, EdgeTerms) -> Result
  ) -> Result {
    var terms = EdgeTerms(method.weights)
    var trusted = magnitude.map { echoes == 1 ? $0.reshaped(to: matrix.shape) : $0.part(at: echo) }
    if maskingMagnitude, let mask, trusted != nil {
      mask.withUnsafeBufferPointer { mask in
        trusted?.withUnsafeMutableBufferPointer { values in
          for index in values.indices where !mask[index] { values[index] = 0 }
        }
      }
    }
    if terms.size, let trusted { terms.halfMagnitude = trusted.percentile(0.95) / 2 }
    if echoes > 1 { terms.timeRatio = times[echo] / times[partner(of: echo)] }
    return phase.withUnsafeBufferPointer { all in
      trusted.withPointer { magnitude in
        noise.withPointer { noise in
          mask.withPointer { mask in
            guard let start = all.baseAddress else { preconditionFailure("a phase of shape \(shape)") }
            var volumes = EdgeVolumes(matrix: matrix, phase: start + echo * volume)
            if echoes > 1 { volumes.second = start + partner(of: echo) * volume }
            volumes.magnitude = magnitude
            volumes.noise = noise
            volumes.mask = mask
            return body(volumes, terms)
          }
        }
      }
    }
  }

  /// Unwraps one echo in space, in place, and returns what its edges cost.
  @discardableResult
  private func unwrapInSpace(_ echo: Int, _ result: inout NDArray<Float>) throws(PhaseUnwrappingError)
    -> EdgeCosts
  {
    // Echoes before this one are unwrapped already where each is unwrapped by itself, as the authors do.
    let source = method.isIndividual ? result : phase
    let costs = withVolumes(echo, source) { EdgeCosts($0, method.weights, $1) }
    if costs.isEmpty { throw .nothingToUnwrap }
    let keepsCosts = method.seeds > 1 || method.mergesRegions || method.rechecksUncertainVoxels
    var used = costs.costs
    var visited = NDArray<UInt8>(repeating: 0, shape: matrix.shape)
    let regions = result.withUnsafeMutableBufferPointer { phase in
      used.withUnsafeMutableBufferPointer { used in
        visited.withUnsafeMutableBufferPointer { visited in
          guard let start = phase.baseAddress, let used = used.baseAddress,
            let visited = visited.baseAddress
          else { return 0 }
          var growth = RegionGrowing(
            phase: start + echo * volume, costs: used, visited: visited, matrix: matrix,
            slopeAllowance: method.slopeAllowance, seedCosts: keepsCosts ? costs.costs : nil)
          growth.grow(seeds: method.seeds) { seedPhase(echo, source, $0, voxel: $1) }
          return growth.regions
        }
      }
    }
    var merging = RegionMerging(visited, regions: regions, echo: echo, matrix: matrix)
    if method.mergesRegions { merging.merge(&result, costs) }
    if method.centersRegions { merging.center(&result) }
    if method.correctsGlobalWraps { shift(echo, &result, by: -medianTurns(echo, result)) }
    return costs
  }

  /// A seed's phase on the turn that agrees best with another echo, with a small penalty on turns; or on the turn
  /// nearest to zero.
  private func seedPhase(_ echo: Int, _ phase: NDArray<Float>, _ value: Float, voxel: Int) -> Float {
    guard echoes > 1 else { return unwrapped(value, nextTo: 0) }
    let partner = partner(of: echo)
    let other = phase.withUnsafeBufferPointer { $0[partner * volume + voxel] }
    var best = (misfit: Float.infinity, turns: 0)
    for turns in -2...2 {
      for otherTurns in -1...1 {
        let rate = (value + Turn.full * Float(turns)) / times[echo]
        let otherRate = (other + Turn.full * Float(otherTurns)) / times[partner]
        let misfit = abs(rate - otherRate) + Float(abs(turns) + abs(otherTurns)) / 100
        if misfit < best.misfit { best = (misfit, turns) }
      }
    }
    return value + Turn.full * Float(best.turns)
  }

  /// The median number of turns of an echo, inside of the mask; without one, where there is signal.
  private func medianTurns(_ echo: Int, _ values: NDArray<Float>, predicted: Bool = false) -> Float {
    var turns: [Float] = []
    // Noise drifts by many turns, and there is often more of it.
    var mask = mask
    if mask == nil, let magnitude {
      let size = magnitude.part(at: echo), threshold = RobustThreshold(size).value
      mask = size.map { $0 > threshold }
    }
    values.withUnsafeBufferPointer { values in
      mask.withPointer { mask in
        for index in 0..<volume where mask?[index] ?? true {
          let value = values[echo * volume + index]
          let expected = predicted ? values[(echo - 1) * volume + index] * times[echo] / times[echo - 1] : 0
          let distance = predicted ? expected - value : value
          if distance.isFinite { turns.append(roundedAway(distance / Turn.full)) }
        }
      }
    }
    // Of an even number the lower of the two in the middle: their mean may be half a turn.
    turns.sort()
    return turns.isEmpty ? 0 : turns[(turns.count - 1) / 2]
  }

  private func shift(_ echo: Int, _ values: inout NDArray<Float>, by turns: Float) {
    if turns == 0 { return }
    values.withUnsafeMutableBufferPointer { values in
      for index in echo * volume..<(echo + 1) * volume { values[index] += Turn.full * turns }
    }
  }

  /// Puts each echo on the turn that the one before predicts.
  private func followPrediction(_ values: inout NDArray<Float>) {
    for echo in 1..<echoes { shift(echo, &values, by: medianTurns(echo, values, predicted: true)) }
  }

  /// Unwraps again in space what follows the echo before badly.
  private func recheck(_ result: inout NDArray<Float>, _ costs: EdgeCosts) {
    let order =
      Array((0..<method.template).reversed().map { ($0, $0 + 1) })
      + (method.template + 1..<max(echoes, method.template + 1)).map { ($0, $0 - 1) }
    for (echo, reference) in order {
      let ratio = times[echo] / times[reference]
      var used = costs.costs
      result.withUnsafeMutableBufferPointer { phase in
        var visited = [UInt8](repeating: 1, count: volume)
        mask.withPointer { mask in
          for index in 0..<volume {
            if let mask, !mask[index] {
              visited[index] = 255
              continue
            }
            let distance = abs(phase[echo * volume + index] - phase[reference * volume + index] * ratio)
            if distance >= Turn.half / 2 { visited[index] = 0 }
          }
        }
        used.withUnsafeMutableBufferPointer { used in
          visited.withUnsafeMutableBufferPointer { visited in
            guard let start = phase.baseAddress, let used = used.baseAddress,
              let visited = visited.baseAddress
            else { return }
            var growth = RegionGrowing(
              phase: start + echo * volume, costs: used, visited: visited, matrix: matrix,
              slopeAllowance: method.slopeAllowance)
            growth.grow()
          }
        }
      }
    }
  }
}

extension Optional {
  /// Calls a closure with the elements of an array that may be absent.
  func withPointer<Element, Result>(
    _ body: (UnsafePointer<Element>?) -> Result
  ) -> Result where Wrapped == NDArray<Element> {
    guard let self else { return body(nil) }
    return self.withUnsafeBufferPointer { body($0.baseAddress) }
  }
}
