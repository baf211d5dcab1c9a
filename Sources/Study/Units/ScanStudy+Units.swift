import Files
import Foundation
import MRIData
import NDArrays
import QuantitativeMapping

extension ScanStudy {
  /// What a run has made or found.
  struct Work {
    /// The cells in their order, the reference first; `nil` for those that are not there.
    var records: [CellRecord?]
    /// The reference as others are compared with it; `nil` where it is not there, or was not needed.
    var target: Target?
    /// What is not there, of what was asked for.
    var missing: [MissingUnit]
  }

  /// Makes a share of the cells, each under a claim of its own, so that any number of processes may do so at once.
  ///
  /// All cells follow from the reference: who needs it makes it, whosever part it is, or waits for who does.
  func work(
    _ others: [StudyCell], reference: StudyCell, mask: NDArray<Bool>?, share: StudyShare,
    progress: (Progress) throws -> Void
  ) throws -> Work {
    let recipes = try recipes(of: others, reference, mask), cells = recipes.map(\.cell)
    if !replacesOthers { for recipe in recipes { try store.check(recipe) } }
    if share == .nothing { return try found(recipes, mask) }
    try StudyFolder.begin(
      store.folder, version: place.subject == nil ? software : nil, replacing: replacesOthers)
    let own = cells.indices.filter {
      share.contains(cell: $0, of: cells.count, inSubject: place.index, of: place.count)
    }
    let open = own.filter { store.record(of: recipes[$0]) == nil }
    if share != .everything, open.isEmpty { return Work(records: [], target: nil, missing: []) }

    var reader = ScanReader(), records: [CellRecord?] = [], missing: [MissingUnit] = [], target: Target?
    func report(_ index: Int) throws {
      let isFound = store.record(of: recipes[index]) != nil
      try progress(Progress(cell: cells[index], index: index, count: cells.count, isFound: isFound))
    }
    for index in share == .everything ? own : [0] + own.filter({ $0 > 0 }) {
      try report(index)
      do {
        let record = try obtain(recipes[index], isAwaited: index == 0 || share == .everything) {
          try make(recipes[index], by: &reader, within: mask, toward: target)
        } waiting: {
          try report(index)
        }
        try observer?(cells[index], 1)
        records.append(record)
        if index == 0 { target = try self.target(record, mask) }
      } catch let busy as WorkClaim.Busy where share != .everything {
        missing.append(MissingUnit(name: name(of: cells[index]), reason: .running(busy.owner)))
      } catch  where share != .everything && !isFatal(error) {
        missing.append(MissingUnit(name: name(of: cells[index]), reason: .failed("\(error)")))
        // Without the reference nothing else can be made.
        if index == 0 { break }
      }
    }
    return Work(records: records, target: target, missing: missing)
  }

  /// The cells that are not there, and why.
  ///
  /// - Throws: ``StudyError/otherChoices(path:cell:difference:)`` if some are there that follow from something else.
  public func missing(
    of cells: [StudyCell], reference: StudyCell, mask: NDArray<Bool>? = nil
  ) throws -> [MissingUnit] {
    let recipes = try recipes(of: cells, reference, mask)
    for recipe in recipes { try store.check(recipe) }
    return missing(of: recipes, among: recipes.map { store.record(of: $0) })
  }

  /// The cells without a record; the records are those of one look, as others go on meanwhile.
  private func missing(of recipes: [CellRecipe], among records: [CellRecord?]) -> [MissingUnit] {
    let lacking = zip(recipes, records).filter { $1 == nil }.map { name(of: $0.0.cell) }
    let reasons = lacking.isEmpty ? [:] : place.work.reasons
    return lacking.map { MissingUnit(name: $0, reason: reasons[$0] ?? .missing) }
  }

  /// What the cells follow from, the reference first.
  private func recipes(
    of others: [StudyCell], _ reference: StudyCell, _ mask: NDArray<Bool>?
  ) throws -> [CellRecipe] {
    let given = mask.map { "mask \(SHA256.digest(of: $0.elements.map { $0 ? 1 : 0 }))" }
    let region = given ?? "brain of \(reference.name)"
    let first = try recipe(of: reference, reference: reference, region: region), digest = try first.digest
    return try [first]
      + others.unique.filter { $0 != reference }.map { cell in
        var recipe = try recipe(of: cell, reference: reference, region: region)
        // Without susceptibility, nothing of the reference gets into what is made of the same scan.
        if commonMapping != nil || cell.scan != nil { recipe.reference = digest }
        return recipe
      }
  }

  /// What is there, and why the rest is not.
  private func found(_ recipes: [CellRecipe], _ mask: NDArray<Bool>?) throws -> Work {
    let records = recipes.map { store.record(of: $0) }
    return Work(
      records: records, target: try records[0].map { try target($0, mask) },
      missing: missing(of: recipes, among: records))
  }

  /// The name of a cell's unit.
  func name(of cell: StudyCell) -> String { StudyUnit(subject: place.subject, cell: cell).name }

  /// A finished cell: found, or made under a claim.
  ///
  /// - Throws: ``WorkClaim/Busy`` if another process makes it and it is not awaited.
  private func obtain(
    _ recipe: CellRecipe, isAwaited: Bool, make: () throws -> CellRecord, waiting: () throws -> Void
  ) throws -> CellRecord {
    let unit = name(of: recipe.cell)
    var pause = 0.1
    while true {
      if let record = store.record(of: recipe) { return record }
      do {
        let claim = try place.work.claim(unit)
        defer { claim.release() }
        // It may have been finished between the look and the claim.
        if let record = store.record(of: recipe) { return record }
        return try place.work.keepingAccount(of: unit, make)
      } catch let busy as WorkClaim.Busy {
        guard isAwaited else { throw busy }
        try waiting()
        Thread.sleep(forTimeInterval: pause)
        pause = min(5, 1.5 * pause)
      }
    }
  }

  /// What other cells are made alike and compared with.
  private func target(_ record: CellRecord, _ mask: NDArray<Bool>?) throws -> Target {
    let images = try store.images(of: record)
    let brain = try mapping.flatMap { mapping in
      try images.susceptibility.map { _ in
        try maskForMaps(given: mask, images.maps(scan.parameters), mapping)
      }
    }
    return Target(record: record, images: images, object: try mask ?? images.object(), brain: brain)
  }
}

/// Whether an error is no failure of one unit, but of the place where all are kept, or the wish to end.
func isFatal(_ error: any Error) -> Bool {
  if error is any StopRequest { return true }
  if case .cannotWrite = error as? FileError { return true }
  return false
}
