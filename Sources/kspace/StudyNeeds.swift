import Foundation
import KSpaceToolkit

/// What the cells of a study will need, told before they are made.
struct StudyNeeds: CustomStringConvertible {
  private let lines: [(cell: StudyCell, seconds: Double, memory: Double)]

  /// Fields, background and inversion [s per voxel], measured with the numerical head.
  private static let mappingCost = 2.4e-6

  init(_ cells: [StudyCell], of scan: StudyFile, _ accelerated: [StudyFile], withMaps: Bool) {
    lines = cells.map { cell in
      let layout = (accelerated.first { $0.name == cell.scan } ?? scan).layout
      let combination = CombinationMethod(suiting: layout.parameters)
      let needs = ReconstructionNeeds(
        layout, ReconstructionMethod(rawValue: cell.method) ?? .zeroFilled, combination,
        acceleration: cell.acceleration)
      let voxels = Double(layout.grid.prescribed.count * max(1, layout.sliceCounters.count))
      // The complete scan is in memory while it is undersampled.
      let whole = cell.acceleration == nil ? 0 : Double(layout.kspaceBytes)
      return (
        cell, needs.seconds + (withMaps ? Self.mappingCost * voxels : 0), needs.memory + whole
      )
    }
  }

  var description: String {
    let rows =
      [["cell", "CPU time", "memory"]]
      + lines.map { cell, seconds, memory in
        [cell.name, AcquisitionTime.text(max(1, seconds)), String(format: "%.2f GB", memory / 1e9)]
      }
    let total = lines.reduce(0) { $0 + $1.seconds }, most = lines.map(\.memory).max() ?? 0
    let clock = AcquisitionTime.text(max(1, total / Double(Parallelism.threads)))
    return TextTable.text(rows) + """
      \n\nTogether about \(AcquisitionTime.text(max(1, total))) minutes of one core, \(clock) on \
      \(counted(Parallelism.threads, "thread")), and at most \(String(format: "%.2f", most / 1e9)) GB of memory; busy and older \
      machines take two or three times as long.
      """
  }
}
