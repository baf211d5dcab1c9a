import MRIData

/// The relative radius of the disks at each position, in steps.
///
/// ```
/// r(k) = 1 + slope * floor(32 rho) / 32,   rho^2 = (y / (Ny/2))^2 + (z / (Nz/2))^2
/// ```
struct RadiusLevels {
  /// The level of each position, axes `[kz, ky]`.
  let levels: [UInt8]
  /// The radius of each level.
  let radii: [Double]

  init(_ grid: GridExtent, slope: Double) {
    guard slope > 0 else {
      levels = [UInt8](repeating: 0, count: grid.count)
      radii = [1]
      return
    }
    let steps = 32.0
    var levels = [UInt8](repeating: 0, count: grid.count)
    for partition in 0..<grid.partitions {
      let z = Double(partition - grid.partitions / 2) / (Double(grid.partitions) / 2)
      for line in 0..<grid.lines {
        let y = Double(line - grid.lines / 2) / (Double(grid.lines) / 2)
        // At most 32 sqrt(2), where both axes are even.
        levels[partition * grid.lines + line] = UInt8(steps * (y * y + z * z).squareRoot())
      }
    }
    self.levels = levels
    radii = (0...Int(levels.max() ?? 0)).map { 1 + slope * Double($0) / steps }
  }
}
