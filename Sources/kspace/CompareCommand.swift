import ArgumentParser
import Foundation
import KSpaceToolkit

extension SimilarityConvention: ExpressibleByArgument {}

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

  @Option(help: "Whose definition of SSIM: matlab, scikit-image or fastmri (default: matlab).")
  var ssim: SimilarityConvention?

  @Option(
    help: "What windows see outside of the mask: the images as they are (seen), or zeroed (default: seen).")
  var outside: OutsideMask?

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
    if phase, range != nil || ssim != nil || outside != nil {
      throw ValidationError("--phase has errors in radians alone: leave out --range, --ssim and --outside.")
    }
    if labelNames != nil, labels == nil { throw ValidationError("--label-names belongs to --labels.") }
    if let output { try OutputPath.checkName(of: output) }
  }

  func run() throws {
    if let output { try AtomicFolder.check(output, kind: Self.results, replacing: force) }
    let images = try ImagePair(
      image, reference: reference, mask: mask, labels: labels, isPhase: phase, ignoringAffine: ignoreAffine)
    for remark in images.remarks { Terminal.report("kspace: \(remark)") }
    var settings = ComparisonReport.Settings()
    (settings.range, settings.scales) = (range, scale)
    if let ssim { settings.ssim = ssim }
    if let outside { settings.outside = outside }
    let names = try labelNames.map { try RegionNames(at: $0) }
    let report: ComparisonReport
    do {
      report = try ComparisonReport(images, names: names, settings: settings)
    } catch let error as EvaluationError {
      let place = error == .emptyMask ? mask : error.side == .reference ? reference : image
      throw InputError(place ?? image, error.problem, remedy: error.remedy)
    }
    if let output {
      let folder = try AtomicFolder(output, kind: Self.results, replacing: force)
      try report.write(to: folder.temporaryPath)
      try images.writePictures(to: folder.temporaryPath)
      try folder.commit()
    }
    try Terminal.deliver(json ? report.json() : report.description)
  }

  /// What a comparison writes.
  private static let results = AtomicFolder.Kind(marker: "results.json") { name in
    ["results.json", "results.tsv", "regions.tsv", "figures"].contains(name)
  }
}

extension Compare: ReadingCommand {
  var inputs: [String] { [image, reference] }
}
