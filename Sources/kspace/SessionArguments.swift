import ArgumentParser
import KSpaceToolkit

/// What is made of scans that come to `kspace serve`: options of the command line, or of a configuration's file.
struct SessionArguments: ParsableArguments {
  @OptionGroup var stages: ReconstructionArguments

  @Option(help: "What goes back: \(SeriesList.names), or images for the first four, all for all.")
  var series = SeriesList.images

  @Option(
    help: ArgumentHelp(
      "The form of images that go back: integer (12 bits, for scanners), float, or complex (echoes as complex numbers).",
      valueName: "form"))
  var values: ScanRecipe.Values = .codes

  @OptionGroup(title: "What scans leave open") var reading: ReadingArguments
  @OptionGroup(title: "How susceptibility is found") var susceptibility: QSMMethodArguments

  func validate() throws {
    let options = susceptibility.options
    let files = ["mask": options.mask, "reference": options.referenceFile, "r2": options.r2]
    for (name, value) in files.sorted(by: { $0.key < $1.key }) where value != nil {
      throw ValidationError("--\(name): the file of one scan does not do for all that come.")
    }
    if susceptibility.separate { throw ValidationError("--separate: sources are not sent to scanners.") }
    if reading.group != nil || reading.acceptTruncated {
      throw ValidationError("--group and --accept-truncated are for files.")
    }
  }

  /// The arguments as the server takes them.
  var recipe: ScanRecipe {
    var recipe = ScanRecipe(
      series: series.kinds, reconstruction: stages.options, susceptibility: susceptibility.options)
    (recipe.reading, recipe.values) = (reading.options, values)
    return recipe
  }
}

/// Names of series, such as `magnitude,phase,susceptibility`.
struct SeriesList: ExpressibleByArgument, CustomStringConvertible {
  let kinds: Set<ResultSeries.Kind>

  /// Echoes, field and R2*.
  static let images = SeriesList(kinds: [.magnitude, .phase, .field, .r2Star])
  /// Susceptibility, and what it is looked at with, as well.
  static let all = SeriesList(kinds: Set(ResultSeries.Kind.allCases))

  static let names = ResultSeries.Kind.allCases.map(\.rawValue).joined(separator: ", ")

  init(kinds: Set<ResultSeries.Kind>) { self.kinds = kinds }

  init?(argument: String) {
    switch argument {
    case "images": self = .images
    case "all": self = .all
    default:
      let words = argument.split(separator: ",", omittingEmptySubsequences: false)
      kinds = Set(words.compactMap { ResultSeries.Kind(rawValue: String($0)) })
      guard kinds.count == words.count else { return nil }
    }
  }

  var description: String {
    ResultSeries.Kind.allCases.filter(kinds.contains).map(\.rawValue).joined(separator: ",")
  }
}

extension ScanRecipe.Values: ExpressibleByArgument {}
