/// Why maps cannot be made: what is wrong, and what to do.
public enum MappingError: Error, Equatable, CustomStringConvertible {
  /// There is no field to make a map of.
  case noField(reason: String)
  /// A mask needs a magnitude.
  case noMagnitude(_ method: String)
  /// No voxel of the mask has a field that means anything.
  case nothingKnown(voxels: Int)
  /// The field tells no susceptibility in any voxel of the mask, such as a mask of one voxel.
  case nothingInverted(voxels: Int)
  /// Sources are told apart by R2*, and there is none.
  case noRelaxation
  /// The zero of susceptibility is to be the fluid of the ventricles, and none is found.
  case noFluid
  /// A mask lies on another grid than the maps.
  case gridsDiffer(name: String)
  /// A map of R2 holds something else [1/s].
  case implausibleR2(median: Double, reason: String)

  /// One message for the user.
  public var description: String {
    switch self {
    case .noField(let reason):
      "There is no field that susceptibility could be made of: \(reason). Combine the channels with a method that yields "
        + "one."
    case .noMagnitude(let method):
      "A mask by \(method) needs a magnitude, and there is none. Give one, give a mask, or make it from the phase's quality."
    case .nothingKnown(let voxels):
      "None of the mask's \(voxels) voxels has signal and a field of usable noise. Check that mask and scan belong together."
    case .nothingInverted(let voxels):
      "The map would be zero everywhere: the field in the mask's \(voxels) voxels tells nothing that could be inverted. Give "
        + "a `mask` of the whole object."
    case .noRelaxation:
      "Para- and diamagnetic sources are told apart by R2*, and there is none: it takes three echoes with magnitudes, or two "
        + "by MDI. Leave out the separation."
    case .noFluid:
      "No fluid of ventricles is found: nothing deep in the brain has an R2* below 5 /s, or there is no R2*. Name a region "
        + "as the zero of susceptibility (`reference`), or take the whole map."
    case .gridsDiffer(let name):
      "The \(name) does not lie on the grid of the maps. Bring it there first."
    case .implausibleR2(let median, let reason):
      "The map of R2 has a median of \(median.rounded(4)) in the mask: \(reason). Give R2 in 1/s, or leave it out."
    }
  }
}
