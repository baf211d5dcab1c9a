import MRIData
import NDArrays
import Numerics

extension KSpace {
  /// The variance of the noise of one complex sample: from the noise scan, or else from the faintest samples.
  ///
  /// Without a noise scan, the tenth of the first echo's acquired stretches of readout with the least power, over all
  /// channels, is taken for noise. Where there is signal even there, the estimate is too large and the
  /// reconstruction a little smoother.
  var noiseVariance: Float {
    if let deviation = noise.standardDeviation { return 2 * deviation * deviation }
    let stretch = min(8, readoutRange.count)
    var powers: [Float] = []
    for partition in 0..<partitions {
      for line in 0..<lines where masks[0][line: line, partition: partition] {
        for start in stride(
          from: readoutRange.lowerBound, through: readoutRange.upperBound - stretch, by: stretch)
        {
          powers.append(meanPower(line, partition, start..<start + stretch))
        }
      }
    }
    return powers.sorted()[powers.count / 10]
  }

  /// The mean power of the first echo's samples over some columns of a line and all channels.
  private func meanPower(_ line: Int, _ partition: Int, _ columns: Range<Int>) -> Float {
    let rows = partitions * lines, length = readoutLength
    return samples.withUnsafeBufferPointer { samples in
      var sum: Float = 0
      for channel in 0..<channels {
        let row = (channel * rows + partition * lines + line) * length
        for column in columns { sum += samples[row + column].lengthSquared }
      }
      return sum / Float(channels * columns.count)
    }
  }
}
