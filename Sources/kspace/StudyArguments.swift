import ArgumentParser
import KSpaceToolkit

/// The voxels and the regions of a study.
struct StudyRegionArguments: ParsableArguments {
  @Option(
    help: "A NIfTI volume that is 1 where images are compared; the reference's object unless given.")
  var mask: String?

  @Option(help: "A NIfTI volume of regions (0 is none) on the grid of the images, or of --t1.")
  var labels: String?

  @Option(
    help: """
      The names of the labels: a .tsv with the columns index and name, as BIDS has them. In a cohort, only regions with \
      names count; dseg.tsv beside the cohort's table unless given.
      """)
  var labelNames: String?

  @Option(help: "The NIfTI volume that the labels were drawn on, which is aligned with the reference.")
  var t1: String?

  @Option(
    help: """
      Instead of --labels, a folder with an atlas (*_T1w or *_Chimap, *_dseg and *_dseg.tsv), whose regions elastix brings \
      onto the reference.
      """)
  var atlas: String?

  @Option(
    help:
      "The true susceptibility [ppm] as NIfTI, for simulated scans; NAME_truth/chi.nii.gz beside them unless given."
  )
  var truth: String?

  @Flag(help: "Take masks and labels voxel by voxel, wherever their headers say that they lie.")
  var ignoreAffine = false

  /// The files that are meant.
  ///
  /// - Parameter raw: The scan, which may be a simulated one.
  func files(of raw: String) -> RegionFiles {
    RegionFiles(
      mask: mask, labels: labels, names: labelNames, anatomy: t1,
      truth: truth ?? PhantomFiles(raw).trueSusceptibility, ignoringAffine: ignoreAffine)
  }
}

/// Names of reconstructions, such as `grappa,l1-sense`.
struct MethodList: ExpressibleByArgument, CustomStringConvertible {
  let methods: [ReconstructionMethod]

  init(_ methods: [ReconstructionMethod]) { self.methods = methods }

  init?(argument: String) {
    let words = argument.split(separator: ",", omittingEmptySubsequences: false)
    methods = words.compactMap { ReconstructionMethod(rawValue: String($0)) }
    guard methods.count == words.count else { return nil }
  }

  static var allValueStrings: [String] { ReconstructionMethod.allCases.map(\.rawValue) }

  var description: String { methods.map(\.rawValue).joined(separator: ",") }
}

/// A cell of a study, `METHOD` or `METHOD@AF`.
struct CellArgument: ExpressibleByArgument, CustomStringConvertible {
  let cell: StudyCell

  init(_ cell: StudyCell) { self.cell = cell }

  init?(argument: String) {
    let words = argument.split(separator: "@", omittingEmptySubsequences: false)
    guard (1...2).contains(words.count), let method = ReconstructionMethod(rawValue: String(words[0])) else {
      return nil
    }
    cell = StudyCell(method: method.rawValue, acceleration: words.count == 2 ? Double(words[1]) : nil)
    if words.count == 2, !((cell.acceleration ?? 0) >= 1) { return nil }
  }

  static var allValueStrings: [String] {
    ReconstructionMethod.allCases.flatMap { [$0.rawValue, "\($0.rawValue)@AF"] }
  }

  var description: String { cell.acceleration.map { "\(cell.method)@\($0)" } ?? cell.method }
}
