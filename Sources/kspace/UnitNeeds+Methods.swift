import KSpaceToolkit

extension UnitNeeds {
  /// Fields, background and inversion [s per voxel], measured with the numerical head.
  private static let mappingCost = 2.4e-6
  /// A simulated scan [s per voxel, channel and echo], measured likewise.
  private static let simulationCost = 1.2e-7

  /// What a cell is expected to take.
  init(_ cell: StudyCell, _ size: ScanSize, _ combination: CombinationMethod, withMaps: Bool) {
    let method = ReconstructionMethod(rawValue: cell.method) ?? .zeroFilled
    let needs = ReconstructionNeeds(size, method, combination, acceleration: cell.acceleration)
    let voxels = Double(size.prescribed.count * size.slices), echoes = Double(size.echoes)
    // Magnitudes and phases; field, its noise, R2* and susceptibility. Noise hardly becomes smaller by packing.
    let volumes = echoes > 1 ? 2 * echoes + 3 + (withMaps ? 1 : 0) : 1
    self.init(
      cpuSeconds: needs.seconds + (withMaps ? Self.mappingCost * voxels : 0),
      // The complete scan is in memory while it is undersampled.
      memory: needs.memory + (cell.acceleration == nil ? 0 : size.kspaceBytes),
      disk: 4 * 0.9 * volumes * voxels)
  }

  /// With the simulation of the scan before.
  func simulating(_ size: ScanSize, memory: Double) -> UnitNeeds {
    let samples = Double(size.matrix.count * size.channels * size.echoes)
    return UnitNeeds(
      cpuSeconds: cpuSeconds + Self.simulationCost * samples, memory: max(self.memory, memory), disk: disk)
  }
}
