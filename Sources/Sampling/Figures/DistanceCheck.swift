import MRIData

extension PoissonDisk {
  /// Whether every two samples outside the calibration box lie at least a local radius apart.
  ///
  /// The local radius of a pair is the larger of the radii at its two positions. Looks at the mask itself.
  ///
  /// - Throws: ``SamplingError`` if the region does not fit the mask.
  public func keepsDistance(_ sample: DiskSample) throws(SamplingError) -> Bool {
    let mask = sample.mask
    let grid = try SamplingGrid(region, lines: mask.lines, partitions: mask.partitions)
    let map = RadiusLevels(grid.extent, slope: densitySlope)
    let weights = metric.weights(for: grid.extent)
    // The scale is a distance over a radius, so the product may be off by a rounding.
    let tolerance = 1 - 1e-12
    func isOuter(_ line: Int, _ partition: Int) -> Bool {
      mask[line: line, partition: partition] && grid.uses[partition * grid.lines + line] == .free
    }
    func radius(_ line: Int, _ partition: Int) -> Double {
      sample.scale * map.radii[Int(map.levels[partition * grid.lines + line])] * tolerance
    }
    for partition in 0..<grid.partitions {
      for line in 0..<grid.lines where isOuter(line, partition) {
        let own = radius(line, partition)
        let reach = (
          y: Int((own / weights.y.squareRoot()).rounded(.up)),
          z: Int((own / weights.z.squareRoot()).rounded(.up))
        )
        for z in max(0, partition - reach.z)..<min(grid.partitions, partition + reach.z + 1) {
          for y in max(0, line - reach.y)..<min(grid.lines, line + reach.y + 1)
          where (y, z) != (line, partition) && isOuter(y, z) {
            let dy = Double(y - line), dz = Double(z - partition)
            if weights.y * dy * dy + weights.z * dz * dz < own * own { return false }
          }
        }
      }
    }
    return true
  }
}
