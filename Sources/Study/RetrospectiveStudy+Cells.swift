import CoilCombination
import MRIData
import NDArrays
import QSM
import RawData
import Sampling

extension RetrospectiveStudy {
  /// A cell that is about to be made.
  struct CellPlan {
    let recipe: CellRecipe
    let method: any Reconstruction
    /// One mask per echo.
    let masks: [SamplingMask]
  }

  /// What a cell follows from.
  ///
  /// - Throws: ``StudyError`` if its method is unknown, ``SamplingError`` if there is no such mask.
  func plan(of cell: StudyCell, reference: StudyCell) throws -> CellPlan {
    guard let method = methods[cell.method] else {
      throw StudyError.unknownMethod(cell.method, known: methods.keys.sorted())
    }
    let first = scan.slices[0]
    let grid = GridExtent(lines: first.lines, partitions: first.partitions)
    let masks = try cell.acceleration.map { acceleration in
      let mask = try self.masks.mask(acceleration: acceleration, on: grid)
      return Array(repeating: mask, count: first.echoes)
    }
    return CellPlan(
      recipe: CellRecipe(
        cell: cell, input: input, mask: cell.acceleration == nil ? nil : self.masks,
        maps: mapping?.description(reference: reference) ?? "none", software: software),
      method: method, masks: masks ?? first.masks)
  }

  /// Measures, reconstructs, combines, maps and keeps a cell.
  ///
  /// All cells are inverted alike, by the reference's noise: an inversion that trusts each field by itself would
  /// smooth more where acceleration left more errors, and what is compared would be the inversions.
  func make(
    _ plan: CellPlan, within mask: NDArray<Bool>?, noise: ImageVolumes<Float>?
  ) throws -> CellRecord {
    let isUndersampled = plan.recipe.cell.acceleration != nil
    let slices = try scan.slices.map { slice in
      isUndersampled ? CompactKSpace(try KSpace(slice).undersampled(by: plan.masks)) : slice
    }
    let combined = try combine(SliceStack(slices, geometry: scan.geometry).images(by: plan.method))
    var images = combined.images
    if let mapping, let output = combined.output {
      images.susceptibility = try mapping.susceptibility(
        of: output, noise: noise ?? output.fieldNoise, within: mask ?? images.object)
    }
    let first = slices[0]
    let positions = plan.masks.map(\.acquiredCount).max() ?? 0
    let record = CellRecord(
      recipe: plan.recipe, positions: positions,
      gridAcceleration: Double(first.lines * first.partitions) / Double(max(1, positions)),
      maskChecksum: plan.masks[0].checksum,
      scanTime: first.parameters.repetitionTime.map { $0 * Double(positions * slices.count) },
      fieldPeriod: images.fieldPeriod, assumptions: combined.assumptions)
    try store.keep(images, record)
    return record
  }

  /// Combines channels by MDI where the echoes allow it, else adaptively.
  private func combine(
    _ images: ChannelImages
  ) throws -> (images: CellImages, output: MDI.Output?, assumptions: [String]) {
    let times = images.parameters.echoTimes
    guard times.count > 1, zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }) else {
      let echoes = try AdaptiveCombination()(images)
      return (CellImages(magnitude: echoes.map(\.length)), nil, images.assumptions)
    }
    let output = try MDI()(images)
    var result = CellImages(magnitude: output.magnitude)
    result.field = output.field
    result.fieldNoise = output.fieldNoise
    result.r2Star = output.r2Star
    result.fieldPeriod = output.fieldPeriod
    return (result, output, output.assumptions)
  }

  /// Compares all cells with the first.
  func results(
    _ records: [CellRecord], within mask: NDArray<Bool>, labels: LabelVolume?
  ) throws -> StudyResults {
    let reference = try store.images(of: records[0])
    var rows: [StudyResults.Row] = []
    for record in records {
      let images = try store.images(of: record)
      let scores = try CellScores(of: images, against: reference, within: mask, conventions: conventions)
      let regions = try labels.flatMap { labels in
        try images.susceptibility.map { try labels.values(of: $0[0]) }
      }
      rows.append(StudyResults.Row(record: record, scores: scores, regions: regions ?? []))
    }
    return StudyResults(
      input: input, conventions: conventions, maskedVoxels: mask.elements.count { $0 }, rows: rows)
  }
}

extension SusceptibilityMapping {
  /// The parameters, and whose noise weighs the fields.
  func description(reference: StudyCell) -> String {
    "\(background), \(inversion), noise of \(reference.name)"
  }

  /// The susceptibility of what MDI found, within a mask [ppm].
  fileprivate func susceptibility(
    of output: MDI.Output, noise: ImageVolumes<Float>?, within mask: NDArray<Bool>
  ) throws(QSMError) -> ImageVolumes<Float> {
    let geometry = output.field.geometry
    let wrapped = WrappedField(
      field: output.field, period: output.fieldPeriod, noise: noise,
      magnitude: ImageVolumes(output.magnitude[0], geometry: geometry),
      fieldStrength: output.parameters.fieldStrength)
    return try self(wrapped, mask: ImageVolumes(mask.map { $0 ? 1 : 0 }, geometry: geometry)).map
      .susceptibility
  }
}

extension CellImages {
  /// Where there is signal: above a tenth of the first echo's brightest hundredth.
  var object: NDArray<Bool> {
    let first = magnitude[0]
    let sorted = first.elements.filter(\.isFinite).sorted()
    let bright = sorted.isEmpty ? 0 : sorted[(sorted.count - 1) * 99 / 100]
    return first.map { $0 > 0.1 * bright }
  }
}
