import ArgumentParser
import Foundation
import KSpaceToolkit

/// The structural similarities that the command offers.
enum SimilarityConvention: String, ExpressibleByArgument, CaseIterable {
  /// MATLAB's `ssim`: Gaussian windows of 11 voxels, every voxel counted.
  case matlab
  /// scikit-image's with Wang's Gaussian windows, without the border unless there is a mask.
  case scikitImage = "scikit-image"
  /// scikit-image's defaults slice by slice, as fastMRI scores.
  case fastMRI = "fastmri"

  func similarity(dataRange: Double, outside: OutsideMask) -> SSIM {
    switch self {
    case .matlab: .matlab(dataRange: dataRange, outside: outside)
    case .scikitImage: .scikitImage(dataRange: dataRange, outside: outside)
    case .fastMRI:
      .scikitImage(
        dataRange: dataRange, window: .uniform(width: 7), usesSampleCovariance: true, dimensions: .inPlane,
        outside: outside)
    }
  }
}

extension OutsideMask: ExpressibleByArgument {
  /// Reads `seen` or `zeroed`.
  public init?(argument: String) {
    switch argument {
    case "seen": self = .seen
    case "zeroed": self = .zeroed
    default: return nil
    }
  }
}

/// `kspace compare`: how alike images are, made by anything.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare an image with a reference: metrics, and values within regions.",
    discussion: """
      Both are NIfTI files on the same grid, of one or several volumes (echoes): magnitudes, maps, complex images, or \
      with --phase wrapped phases in radians. The data range of SSIM, which is also the peak of PSNR, is that of \
      the reference within the mask unless given; state it with every number. XSIM takes maps for ppm.

        kspace compare chi_af4.nii.gz chi.nii.gz --mask brain.nii.gz --labels nuclei.nii.gz --range 1
      """)

  @Argument(help: "The image that is judged (.nii or .nii.gz).")
  var image: String

  @Argument(help: "What it is judged by.")
  var reference: String

  @Option(help: "Count only voxels where this image is above zero.")
  var mask: String?

  @Option(help: "Also compare the means of regions: a volume of whole numbers, 0 the background.")
  var labels: String?

  @Option(help: "The names of the labels: a .tsv with the columns index and name, as BIDS has them.")
  var labelNames: String?

  @Option(help: "The data range of SSIM and the peak of PSNR, in units of the images.")
  var range: Double?

  @Option(help: "Whose definition of SSIM: matlab, scikit-image or fastmri.")
  var ssim: SimilarityConvention = .matlab

  @Option(help: "What windows see outside of the mask: the images as they are (seen), or zeroed.")
  var outside: OutsideMask = .seen

  @Flag(help: "The images are phases in radians: compare them around the circle.")
  var phase = false

  @Flag(help: "First multiply the image by the factor that brings it nearest to the reference.")
  var scale = false

  @Flag(help: "Compare voxel by voxel even if the files disagree on where voxels lie.")
  var ignoreAffine = false

  @Option(name: .shortAndLong, help: "Write results.json, .tsv tables and pictures into this folder.")
  var output: String?

  @Flag(help: "Replace outputs that exist.")
  var force = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if let range, !(range > 0 && range.isFinite) {
      throw ValidationError("--range \(range): a positive number is needed.")
    }
    if phase, scale { throw ValidationError("--phase and --scale exclude each other.") }
    if phase, range != nil { throw ValidationError("--phase needs no --range.") }
    if labelNames != nil, labels == nil { throw ValidationError("--label-names belongs to --labels.") }
    if let output, OutputPath.isNameless(output) {
      throw ValidationError("--output \(output.isEmpty ? "''" : output): the folder needs a name of its own.")
    }
  }

  func run() throws {
    if let output { try OutputFolder.check(output, kind: .comparison, replacing: force) }
    let images = try ComparedImages(
      image, reference, mask: mask, labels: labels, isPhase: phase, ignoringAffine: ignoreAffine)
    let names = try labelNames.map { try LabelNames(at: $0) }
    let report = try ComparisonReport(images, names: names, settings: self)
    if let output {
      let folder = try OutputFolder(output, kind: .comparison, replacing: force)
      try report.write(to: folder.temporaryPath)
      try images.writePictures(to: folder.temporaryPath)
      try folder.commit()
    }
    try Terminal.deliver(json ? report.json() : report.description)
  }
}

extension OutputFolder.Kind {
  /// What a comparison writes.
  fileprivate static let comparison = OutputFolder.Kind(marker: "results.json") { name in
    ["results.json", "results.tsv", "regions.tsv", "figures"].contains(name)
  }
}
