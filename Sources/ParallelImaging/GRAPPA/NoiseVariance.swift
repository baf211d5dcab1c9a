import MRIData
import NDArrays
import Numerics

extension CompactKSpace {
  /// The variance of the noise of one complex sample: from the noise scan, or else from the faintest samples.
  ///
  /// Without a noise scan, the tenth of the first echo's acquired stretches of readout with the least power, over all
  /// channels, is taken for noise. Where there is signal even there, the estimate is too large and the
  /// reconstruction a little smoother.
  var noiseVariance: Float {
    if let deviation = noise.standardDeviation { return 2 * deviation * deviation }
    let stretch = min(8, readoutRange.count)
    var powers: [Float] = []
    samples.withUnsafeBufferPointer { samples in
      for position in table.positions[0] {
        for start in stride(
          from: readoutRange.lowerBound, through: readoutRange.upperBound - stretch, by: stretch)
        {
          var sum: Float = 0
          for channel in 0..<channels {
            let row = table.row(echo: 0, channel: channel, position: position) * readoutLength + start
            for column in row..<row + stretch { sum += samples[column].lengthSquared }
          }
          powers.append(sum / Float(channels * stretch))
        }
      }
    }
    return powers.sorted()[powers.count / 10]
  }
}
