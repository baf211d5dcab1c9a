/// Why a study cannot be made: what is wrong, where, and what to do.
public enum StudyError: Error, Equatable, CustomStringConvertible {
  /// No reconstruction has this name.
  case unknownMethod(String, known: [String])
  /// No scan has this name, or several have.
  case unknownScan(String, known: [String])
  /// Labels or a mask lie on another grid than the images.
  case gridsDiffer(volume: String, shape: [Int], images: [Int])
  /// A mask without any voxel.
  case emptyMask
  /// The folder holds something else than a study.
  case notAStudy(path: String)
  /// The folder holds a study of another version of the program.
  case otherForm(path: String)
  /// The folder holds results that follow from something else than what is asked for.
  case otherChoices(path: String, cell: String, difference: String)
  /// Nothing can be compared yet, as what all is compared with is not there.
  case nothingToReport(folder: String, missing: [String])
  /// The slices of a scan form no stack.
  case noStack(scan: String)
  /// A scan cannot be compared with the reference.
  case scansDiffer(scan: String, difference: String, advice: String)
  /// A registration is needed, and no tool is installed.
  case noRegistration(purpose: String)
  /// A registration failed.
  case registrationFailed(String)

  /// One message for the user.
  public var description: String {
    switch self {
    case .unknownMethod(let name, let known):
      "There is no reconstruction \"\(name)\". Choose among \(known.joined(separator: ", "))."
    case .unknownScan(let name, let known):
      "There is no scan \"\(name)\", or more than one. Give files of different names; there are "
        + "\(known.joined(separator: ", "))."
    case .gridsDiffer(let volume, let shape, let images):
      "The \(volume)'s shape \(shape) (z, y, x) is not that of the images, \(images). "
        + "Give a \(volume) on the grid of the reconstruction."
    case .emptyMask:
      "The mask is zero everywhere. Give one that is not zero where images are to be compared."
    case .notAStudy(let path):
      "\(path): the folder holds files of something else. Choose another `output`."
    case .otherForm(let path):
      "\(path): the study in this folder was made by another version, whose cells cannot be told from today's. Choose "
        + "another folder, or remove this one."
    case .otherChoices(let path, let cell, let difference):
      "\(path): \(cell) is there already, made with \(difference). Choose another folder for this study, or replace what is "
        + "there with `replacing`."
    case .nothingToReport(let folder, let missing):
      "\(folder): there is nothing to report yet. \(missing.prefix(5).joined(separator: " "))"
        + (missing.count > 5 ? " So it is with \(missing.count - 5) more." : "")
        + " Make what is missing first."
    case .noStack(let scan):
      "\(scan): its slices or slabs form no stack. Choose one with `slice`."
    case .scansDiffer(let scan, let difference, let advice):
      "\(scan): \(difference). \(advice)"
    case .noRegistration(let purpose):
      "\(purpose) needs a registration. Install elastix (on Debian: apt-get install elastix), or resample first."
    case .registrationFailed(let reason):
      "elastix failed: \(reason). Look at the images, or give scans that lie alike and leave out the registration (`alignment`)."
    }
  }
}
