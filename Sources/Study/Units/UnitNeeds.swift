import MRIData
import QuantitativeMapping

/// What a unit of a study takes.
public struct UnitNeeds: Sendable, Equatable, Codable {
  /// The time of one core [s].
  public var cpuSeconds: Double
  /// The memory at the peak [bytes].
  public var memory: Double
  /// What its results take on disk, where they are kept [bytes].
  public var disk: Double

  /// States needs.
  public init(cpuSeconds: Double, memory: Double, disk: Double) {
    self.cpuSeconds = cpuSeconds
    self.memory = memory
    self.disk = disk
  }

  /// What a cell is expected to take.
  ///
  /// - Parameters:
  ///   - cell: The cell.
  ///   - size: How much there is of the scan that it is made from.
  ///   - pipeline: What makes it.
  ///   - mapping: What the way to susceptibility takes; `nil` without one.
  ///   - simulation: What making the scan takes, where it is simulated for the cell.
  init(
    _ cell: StudyCell, of size: ScanSize, by pipeline: Pipeline<CombinationMethod>,
    mapping: MethodNeeds?, simulation: MethodNeeds? = nil
  ) {
    var kept = size
    if let acceleration = cell.acceleration { kept.acquiredShare = 1 / acceleration }
    let needs = pipeline.needs(for: kept)
    // The complete scan is in memory while it is undersampled.
    let whole = cell.acceleration == nil ? 0 : size.kSpaceBytes
    // Magnitudes and phases; field, its noise, R2* and susceptibility. Noise hardly becomes smaller by packing.
    let echoes = Double(size.echoes)
    let volumes = echoes > 1 ? 2 * echoes + 3 + (mapping == nil ? 0 : 1) : 1
    self.init(
      cpuSeconds: needs.seconds + (mapping?.seconds ?? 0) + (simulation?.seconds ?? 0),
      memory: max(needs.memory + whole, mapping?.memory ?? 0, simulation?.memory ?? 0),
      disk: 4 * 0.9 * volumes * Double(size.prescribed.count) * Double(size.slices))
  }
}
