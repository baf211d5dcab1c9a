/// The positions nearer than a radius, as a run along `ky` for each distance along `kz`.
///
/// A radius map takes few values, its *levels*; each has one disk. Two scales whose disks hold the same
/// positions give equal shapes, so that a search over scales sees when nothing would change.
struct DiskShapes: Equatable {
  /// Where the runs of each level start in ``halfWidths``, and where the last ends.
  private(set) var starts = [0]
  /// The largest `|dy|` of the disk at `|dz|` = 0, 1, ...
  private(set) var halfWidths: [Int] = []

  /// The disks `weights.y dy^2 + weights.z dz^2 < radius^2`.
  init(radii: [Double], weights: MetricWeights) {
    for radius in radii {
      let square = radius * radius
      var dz = 0
      while true {
        let rest = square - weights.z * Double(dz * dz)
        guard rest > 0 || dz == 0 else { break }
        // The root may be rounded either way; the comparison decides.
        var width = Int(max(rest / weights.y, 0).squareRoot())
        while width > 0, weights.y * Double(width * width) >= rest { width -= 1 }
        while weights.y * Double((width + 1) * (width + 1)) < rest { width += 1 }
        halfWidths.append(width)
        dz += 1
      }
      starts.append(halfWidths.count)
    }
  }

  /// The largest scale whose disks are these: the distance of the nearest position outside, over the level's radius.
  func largestScale(radii: [Double], weights: MetricWeights) -> Double {
    var scale = Double.infinity
    for (level, radius) in radii.enumerated() {
      let widths = halfWidths[starts[level]..<starts[level + 1]]
      var square = weights.z * Double(widths.count * widths.count)
      for (dz, width) in widths.enumerated() {
        square = min(square, weights.y * Double((width + 1) * (width + 1)) + weights.z * Double(dz * dz))
      }
      scale = min(scale, square.squareRoot() / radius)
    }
    return scale
  }
}

/// The weights of `dy^2` and `dz^2` in a squared distance; their product is 1, so that areas are kept.
struct MetricWeights: Equatable {
  var y: Double
  var z: Double
}
