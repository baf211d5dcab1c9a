import MRIData
import NDArrays
import Numerics

/// What speaks against a mask of the brain, whoever made it.
public struct MaskPlausibility: Sendable {
  /// What the user must know, one sentence each.
  public let warnings: [String]

  /// The volumes of human brains with their fluid, from small children to the largest [m^3].
  private static let humanBrains = 0.7e-3...2.1e-3

  /// Judges a mask by the magnitude of the scan.
  ///
  /// - Precondition: Both have the same extents.
  public init(_ mask: NDArray<Bool>, of magnitude: ImageVolumes<Float>) {
    let object = VisibleObject(magnitude), size = magnitude.geometry.voxelSize
    let voxel = size.x * size.y * size.z, faces = mask.faces.inside
    let count = mask.withUnsafeBufferPointer { $0.count { $0 } }
    let dark = (mask && !object.isBright).withUnsafeBufferPointer { $0.count { $0 } }
    let volume = Double(count) * voxel
    func millilitres(_ volume: Double) -> String {
      let value = volume * 1e6
      return value >= 10 ? "\(Int(value.rounded()))" : "\((value * 10).rounded() / 10)"
    }
    func percent(_ part: Double) -> String { "\(Int((100 * part).rounded())) %" }
    var warnings: [String] = []
    if faces > 0 {
      warnings.append(
        "The mask touches the end of the volume in \(faces) voxels: the field beyond is not known, and the map beside it is "
          + "less certain.")
    }
    if 10 * dark > count {
      warnings.append(
        "\(percent(Double(dark) / Double(count))) of the mask give hardly any signal: it may reach into bone or air."
      )
    }
    if volume < 0.1 * object.volume {
      warnings.append(
        "The mask holds \(millilitres(volume)) of the \(millilitres(object.volume)) ml that give signal, too little for a "
          + "brain in its head: look at it.")
    } else if object.isHumanHead, faces == 0, !Self.humanBrains.contains(volume) {
      warnings.append(
        "A mask of \(millilitres(volume)) ml is no human brain's (700 to 2100 ml): look at it.")
    }
    self.warnings = warnings
  }
}
