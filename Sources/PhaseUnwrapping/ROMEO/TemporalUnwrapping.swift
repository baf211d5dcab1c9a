import NDArrays

/// Echoes put on the turn that their neighbour in time predicts.
///
/// ```
/// phi_e <- phi_e - 2 pi round((phi_e - phi_r TE_e / TE_r) / 2 pi)      r the neighbour towards the template
/// ```
struct TemporalUnwrapping {
  /// The echo times, in any unit.
  let times: [Float]
  /// The index of the echo that the others follow.
  let template: Int
  /// The number of voxels.
  let volume: Int

  /// Unwraps all echoes but the template, which the result holds already.
  func apply(_ phase: NDArray<Float>, _ result: inout NDArray<Float>) {
    let steps =
      (0..<template).reversed().map { (echo: $0, reference: $0 + 1) }
      + (template + 1..<max(times.count, template + 1)).map { (echo: $0, reference: $0 - 1) }
    let ratios = steps.map { times[$0.echo] / times[$0.reference] }
    result.withUnsafeMutableBufferPointer { result in
      phase.withUnsafeBufferPointer { phase in
        let result = SharedBuffer(result), phase = SharedConstants(phase)
        // A block of all echoes stays in cache.
        Parallelism.forEachBlock(of: volume, length: 8192) { voxels in
          for (step, ratio) in zip(steps, ratios) {
            let range = step.echo * volume + voxels.lowerBound..<step.echo * volume + voxels.upperBound
            let distance = (step.reference - step.echo) * volume
            guard let target = result.elements.baseAddress, let source = phase.elements.baseAddress else {
              return
            }
            var index = range.lowerBound
            while index + Voxels.scalarCount <= range.upperBound {
              let value = UnsafeRawPointer(source + index).loadUnaligned(as: Voxels.self)
              let reference = UnsafeRawPointer(target + index + distance).loadUnaligned(as: Voxels.self)
              // Where the neighbour is unknown, nothing is predicted.
              let found = unwrapped(value, nextTo: reference * ratio)
              UnsafeMutableRawPointer(target + index).storeBytes(
                of: found.replacing(with: value, where: found .!= found), as: Voxels.self)
              index += Voxels.scalarCount
            }
            while index < range.upperBound {
              let found = unwrapped(source[index], nextTo: target[index + distance] * ratio)
              target[index] = found.isNaN ? source[index] : found
              index += 1
            }
          }
        }
      }
    }
  }
}
