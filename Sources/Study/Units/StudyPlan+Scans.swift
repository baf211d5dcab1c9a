import Files
import MRIData
import QuantitativeMapping
import RawData

extension StudyPlan {
  /// Plans the study of one subject; nothing but headers is read.
  ///
  /// - Parameters:
  ///   - scans: The scans, and their cells.
  ///   - methods: The reconstructions by name.
  ///   - mapping: The way to susceptibility; `nil` for none.
  ///   - inputs: Further files that all cells follow from.
  ///   - folder: The study's folder, which need not be there.
  ///   - missing: The cells that are not there; `nil` for all.
  /// - Throws: ``StudyError/unknownMethod(_:known:)``.
  public init(
    of scans: StudyScans, methods: [String: any Reconstruction], mapping: SusceptibilityMapping?,
    inputs: [String] = [], folder: String, missing: [MissingUnit]?
  ) throws(StudyError) {
    var mappings = MappingNeeds(of: mapping)
    let units = try scans.cells.map { cell throws(StudyError) in
      let source = scans.accelerated.first { $0.name == cell.scan } ?? scans.reference
      let combination = CombinationMethod(suiting: source.layout.parameters)
      let needs = UnitNeeds(
        cell, of: source.layout.size, by: try cell.pipeline(of: methods, then: combination),
        mapping: mappings.needs(for: source.layout.size))
      return (unit: StudyUnit(cell: cell), inputs: [source.path] + inputs, needs: needs)
    }
    self.init(folder: folder, version: ToolkitVersion.text, units: units, missing: missing)
  }
}

extension CohortStudy {
  /// Plans the study of a cohort; nothing but headers is read.
  ///
  /// - Parameters:
  ///   - source: The cohort.
  ///   - options: What the user says of the raw files.
  ///   - missing: The units that are not there; `nil` for all.
  ///   - open: Opens a raw file.
  /// - Throws: ``StudyError/unknownMethod(_:known:)``, ``CohortError``, and what files throw.
  public func plan(
    of source: CohortSource, options: ReadingOptions = .init(), missing: [MissingUnit]? = nil,
    opening open: (String) throws -> MRDFile = { try MRDFile(at: $0) }
  ) throws -> StudyPlan {
    let simulated = source.simulated
    var mappings = MappingNeeds(of: mapping)
    let units = try zip(source.subjectNames, source.files()).flatMap { name, files in
      var size = simulated?.size ?? ScanSize(matrix: Extents(x: 1, y: 1, z: 1), channels: 1, echoes: 1)
      var combination = CombinationMethod.mdi
      if let files {
        let layout = try ScanLayout(of: open(files.raw), options: options)
        try layout.check(path: files.raw)
        (size, combination) = (layout.size, CombinationMethod(suiting: layout.parameters))
      }
      return try ([reference] + cells).map { cell in
        let needs = UnitNeeds(
          cell, of: size, by: try cell.pipeline(of: methods, then: combination),
          mapping: mappings.needs(for: size),
          simulation: files == nil && cell == reference ? simulated?.needs : nil)
        let inputs = files.map { [$0.raw, $0.labels] + [$0.mask].compactMap(\.self) } ?? [source.path]
        return (unit: StudyUnit(subject: name, cell: cell), inputs: inputs, needs: needs)
      }
    }
    return StudyPlan(folder: folder, version: ToolkitVersion.text, units: units, missing: missing)
  }
}

/// What the way to susceptibility takes, computed once for cells and subjects of one size: of a network it takes a while.
private struct MappingNeeds {
  private let mapping: SusceptibilityMapping?
  private var last: (size: ScanSize, needs: MethodNeeds)?

  init(of mapping: SusceptibilityMapping?) { self.mapping = mapping }

  mutating func needs(for size: ScanSize) -> MethodNeeds? {
    guard let mapping else { return nil }
    if let last, last.size == size { return last.needs }
    let needs = mapping.needs(for: size)
    last = (size, needs)
    return needs
  }
}

extension StudyCell {
  /// What makes the cell's images.
  fileprivate func pipeline(
    of methods: [String: any Reconstruction], then combination: CombinationMethod
  ) throws(StudyError) -> Pipeline<CombinationMethod> {
    guard let method = methods[method] else {
      throw .unknownMethod(self.method, known: methods.keys.sorted())
    }
    return Pipeline(method, then: combination)
  }
}
