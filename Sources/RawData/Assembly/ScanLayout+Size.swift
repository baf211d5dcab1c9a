import MRIData

extension ScanLayout {
  /// How much there is of the scan.
  public var size: ScanSize {
    let matrix = grid.matrix, slices = max(1, sliceCounters.count)
    let echoes = max(1, parameters.echoTimes.count)
    let positions = Double(matrix.y) * Double(matrix.z) * Double(echoes) * Double(slices)
    let images = uses.count { $0.isImage }
    return ScanSize(
      matrix: matrix, prescribed: grid.prescribed, voxelSize: geometry?.voxelSize,
      readoutLength: grid.readoutLength, slices: slices,
      channels: max(1, channels), echoes: echoes, readouts: uses.count,
      acquiredShare: min(1, Double(images) / max(1, positions)))
  }
}
