import MRIData
import NDArrays
import Numerics

/// All that is needed to predict the missing lines of any channel.
struct FillingPlan: Sendable {
  /// The acquired lines.
  let scan: CompactKSpace
  /// The positions that will have a line, for each echo.
  let masks: [SamplingMask]
  /// The number of missing lines, over all echoes, by the number of acquired lines that they are predicted from.
  let supports: [Int: Int]
  /// The number of missing lines, over all echoes, with no acquired line in reach.
  let unsupported: Int
  /// The virtual channels that are predicted from; `nil` if these are the receive channels.
  let mix: ChannelMix?

  private let stages: [Stage]

  /// Lines that are predicted from one neighbourhood.
  private struct Stage: Sendable {
    let filler: GapFiller
    let groups: [GapGroup]
  }

  init(
    _ scan: CompactKSpace, kernel wanted: GRAPPA.Kernel?, sources extent: CoilCompression.Extent?
  ) throws(ParallelImagingError) {
    self.scan = scan
    let calibration = try CalibrationBlock(scan)
    let kernel = wanted ?? GRAPPA.Kernel(for: scan, calibration.region)
    let noise = scan.noiseVariance
    var mix: ChannelMix?
    if let extent {
      let found = try CoilCompression(.uniform, keeping: extent).mix(of: calibration, noiseVariance: noise)
      mix = found.virtualChannels < scan.channels ? found : nil
    }
    let sourceLines = SourceLines(scan, mix: mix), chosen = mix
    func stage(_ neighbourhood: Neighbourhood, _ groups: [GapGroup]) throws(ParallelImagingError) -> Stage {
      let covariance = try CalibrationCovariance(
        calibration, chosen, neighbourhood, scan.readoutRange, noiseVariance: noise)
      let filler = GapFiller(
        sources: sourceLines, calibration: covariance, length: scan.readoutLength, readout: scan.readoutRange,
        lines: scan.lines)
      return Stage(filler: filler, groups: groups)
    }
    let near = Neighbourhood(kernel, lines: scan.lines, partitions: scan.partitions)
    var gaps = GapList(in: scan.masks, near)
    var stages = [try stage(near, gaps.groups)]
    if !gaps.starved.isEmpty {
      let wide = kernel.grown(within: calibration.region, of: scan)
      let far = Neighbourhood(wide, lines: scan.lines, partitions: scan.partitions)
      gaps.regroup(far, scan.masks)
      stages.append(try stage(far, gaps.groups))
    }
    self.stages = stages
    masks = scan.masks.indices.map { gaps.completed(scan.masks[$0], echo: $0) }
    supports = gaps.supports
    unsupported = gaps.starved.count
    self.mix = mix
  }

  /// Predicts the missing lines of some channels, on all threads.
  func fill(_ target: GapTarget) throws(ParallelImagingError) {
    for stage in stages { try stage.filler.fill(stage.groups, into: target) }
  }

  /// The positions that are predicted, for each echo.
  var gaps: [SamplingMask] {
    zip(masks, scan.masks).map { complete, acquired in
      var mask = complete
      for partition in 0..<mask.partitions {
        for line in 0..<mask.lines where acquired[line: line, partition: partition] {
          mask[line: line, partition: partition] = false
        }
      }
      return mask
    }
  }
}
