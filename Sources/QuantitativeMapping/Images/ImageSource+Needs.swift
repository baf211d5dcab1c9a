import ImageFiles
import MRIData

extension ImageSource {
  /// How much there is of the scan, by the headers of its files; `nil` where none can be read.
  public var size: ScanSize? {
    let files = paths.compactMap { try? NIfTIFile(at: $0) }
    guard let geometry = files.first?.geometry else { return nil }
    let volumes = files.reduce(0) { $0 + $1.volumeCount }
    return ScanSize(
      matrix: geometry.matrix, voxelSize: geometry.voxelSize, channels: 1, echoes: max(1, volumes / 2))
  }

  /// What the way from the files to susceptibility takes: all echoes as magnitude, phase and complex numbers with the
  /// products that the field comes from, or what the mapping holds.
  public func needs(for mapping: SusceptibilityMapping = .init()) -> MethodNeeds {
    guard let size else { return MethodNeeds() }
    let voxels = Double(size.matrix.count), echoes = Double(size.echoes), stages = mapping.needs(for: size)
    let field = voxels * (16 * echoes + 4 * echoes * (echoes + 1) + 24)
    return MethodNeeds(
      memory: 40e6 + max(field, stages.memory), seconds: stages.seconds + 1.5e-7 * voxels * echoes)
  }
}
