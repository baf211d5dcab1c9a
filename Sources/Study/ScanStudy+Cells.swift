import ChannelCombination
import Evaluation
import MRIData
import NDArrays
import QSM
import QuantitativeMapping
import RawData
import Sampling
import Synchronization

extension ScanStudy {
  /// The scan that a cell is made from.
  ///
  /// - Throws: ``StudyError/unknownScan(_:known:)``.
  private func source(of cell: StudyCell) throws(StudyError) -> StudyScan {
    guard let name = cell.scan else { return scan }
    guard let scan = accelerated.first(where: { $0.name == name }) else {
      throw .unknownScan(name, known: accelerated.map(\.name))
    }
    return scan
  }

  /// The way to susceptibility of all cells; `nil` where the reference can have none.
  var commonMapping: SusceptibilityMapping? { scan.obstacleToSusceptibility == nil ? mapping : nil }

  /// What a cell follows from.
  ///
  /// - Throws: ``StudyError`` if its method or its scan is unknown.
  func recipe(
    of cell: StudyCell, reference: StudyCell, region: String
  ) throws(StudyError) -> CellRecipe {
    guard let method = methods[cell.method] else {
      throw .unknownMethod(cell.method, known: methods.keys.sorted())
    }
    let maps = commonMapping
    return CellRecipe(
      cell: cell, input: try source(of: cell).input, mask: cell.acceleration == nil ? nil : masks,
      method: method.configuration, combination: scan.combination.configuration,
      mapping: maps?.configurations ?? [], noise: maps.map { _ in reference.name },
      region: maps.map { _ in region },
      alignment: cell.scan == nil ? nil : alignment.map { "\($0.tool.version), rigid" } ?? "taken as it lies",
      software: software)
  }

  /// Measures, reconstructs, combines, maps and keeps a cell.
  ///
  /// All cells are inverted alike, by the reference's noise: an inversion that trusts each field by itself would
  /// smooth more where acceleration left more errors, and what is compared would be the inversions.
  func make(
    _ recipe: CellRecipe, by reader: inout ScanReader, within mask: NDArray<Bool>?, toward target: Target?
  ) throws -> CellRecord {
    let cell = recipe.cell, scan = try source(of: cell)
    let stack = try reader.stack(scan)
    guard let method = methods[cell.method] else { preconditionFailure("no \(cell.method)") }
    let slices = try undersampled(stack.slices, for: cell)
    let maps = commonMapping
    var diagnostics: [Diagnostic] = []
    var combined = try Pipeline(method, then: scan.combination)(
      SliceStack(slices, geometry: stack.geometry)
    ) { images in
      diagnostics = images.diagnostics
      return observed(images, of: cell, share: maps == nil ? 0.95 : 0.7)
    }
    let motion = try target.flatMap { target in
      try cell.scan.flatMap { _ in
        try alignment?.motion(
          of: scan, stack, reference: target.record, images: target.images, folder: store.folder)
      }
    }
    var susceptibility: SusceptibilityMaps?
    if let maps {
      var brain = target?.brain, noise = target?.images.fieldNoise
      if brain == nil { brain = try maskForMaps(given: mask, combined, maps) }
      if let back = motion?.inverse {
        brain = brain?.moved(by: back, from: self.scan.geometry, onto: scan.geometry)
        noise = noise?.moved(by: back, onto: scan.geometry)
      }
      if let noise { combined.field?.noise = noise }
      susceptibility = try maps(combined, mask: brain)
    }
    var images = CellImages(combined, susceptibility: susceptibility?.susceptibility)
    if let motion { images = images.moved(by: motion, onto: self.scan.geometry) }
    let first = slices[0], positions = first.masks.map(\.acquiredCount).max() ?? 0
    let whole = stack.slices[0].masks.map(\.acquiredCount).max() ?? 0
    let excitations = scan.excitations.count(for: positions, of: whole)
    let record = CellRecord(
      recipe: recipe, positions: positions,
      gridAcceleration: Double(first.lines * first.partitions) / Double(max(1, positions)),
      maskChecksum: first.masks[0].checksum,
      // Slices share the repetition time.
      scanTime: first.parameters.repetitionTime.flatMap { time in excitations.map { time * $0 } },
      fieldPeriod: images.fieldPeriod, motion: motion,
      assumptions: combined.assumptions + diagnostics.filter(\.isWarning).map(\.description)
        + (susceptibility.map { $0.assumptions + $0.warnings } ?? [])
        + [cell.acceleration.flatMap { masks.remark(on: first.masks[0], acceleration: $0) }].compactMap(
          \.self))
    try store.keep(images, record)
    return record
  }

  /// The acquired lines that a cell keeps.
  ///
  /// - Throws: ``SamplingError`` if the grid cannot have such a mask, or the scan lacks what it asks for.
  private func undersampled(_ slices: [CompactKSpace], for cell: StudyCell) throws -> [CompactKSpace] {
    guard let acceleration = cell.acceleration else { return slices }
    let grid = GridExtent(lines: slices[0].lines, partitions: slices[0].partitions)
    let masks = try masks.masks(acceleration: acceleration, echoes: slices[0].echoes, on: grid)
    return try slices.map { CompactKSpace(try KSpace($0).undersampled(by: masks)) }
  }

  /// Images that tell the observer of each channel.
  private func observed(_ images: ChannelImages, of cell: StudyCell, share: Double) -> ChannelImages {
    guard let observer else { return images }
    let finished = Atomic<Int>(0), channels = images.channels
    return images.observed { _, _ in
      let count = finished.wrappingAdd(1, ordering: .relaxed).newValue
      try observer(cell, share * min(1, Double(count) / Double(channels)))
    }
  }

  /// Compares all cells with the first.
  func outcome(
    _ records: [CellRecord], against target: Target, labels: LabelVolume?
  ) throws -> Outcome {
    let reference = target.images, mask = target.object
    let regions =
      try labels.map { try RegionMap($0, on: reference.magnitude, by: alignment?.tool) }
      ?? atlas.map { try RegionMap($0.placed(on: target, scan.parameters, in: store.folder)) }
    let truth = try self.truth.flatMap { truth in
      try reference.susceptibility.map {
        try TruthScores(of: $0[0], against: truth, regions: regions?.volume)
      }
    }
    var rows: [StudyResults.Row] = []
    for record in records {
      let images = try store.images(of: record)
      var scores = try CellScores(of: images, against: reference, within: mask, conventions: conventions)
      if truth?.ranks == false { scores.removeSusceptibility() }
      let values = try regions.flatMap { regions in
        try images.susceptibility.map {
          try regions.volume.values(of: $0[0], against: reference.susceptibility?[0])
        }
      }
      rows.append(StudyResults.Row(record: record, scores: scores, regions: values ?? []))
    }
    let results = StudyResults(
      input: scan.input, scanProtocol: StudyProtocol(scan), begun: StudyFolder.begun(store.folder),
      conventions: conventions, maskedVoxels: mask.elements.count { $0 }, rows: rows,
      remarks: [truth?.remark].compactMap(\.self) + remarks(regions), truth: truth)
    return Outcome(results: results, mask: mask, regions: regions)
  }

  /// What readers of the results must know.
  private func remarks(_ regions: RegionMap?) -> [String] {
    var remarks: [String] = []
    if mapping != nil, let obstacle = scan.obstacleToSusceptibility {
      remarks.append("There is no susceptibility: \(obstacle).")
    }
    if !accelerated.isEmpty {
      remarks.append(
        alignment.map {
          "Accelerated scans were brought onto the reference by a rigid motion (\($0.tool.version)), one for each scan; "
            + "maps were made before and interpolated by cubic convolution, which costs some sharpness."
        } ?? "Accelerated scans are taken to lie as the reference does: nothing was registered.")
    }
    return remarks + (regions?.remarks ?? [])
  }
}

extension ScanStudy {
  /// Where susceptibility is mapped: the mask that was given, else the brain, else the object.
  func maskForMaps(
    given mask: NDArray<Bool>?, _ maps: EchoMaps, _ mapping: SusceptibilityMapping
  ) throws -> BrainMask {
    if let mask { return BrainMask(mask, geometry: maps.geometry) }
    do {
      return try mapping.mask(of: maps)
    } catch QSMError.noObject {
      // Bottles and fruit have no brain.
      return try mapping.mask(of: maps, by: MagnitudeMask())
    }
  }
}

extension BrainMask {
  /// A mask on one scan's grid as it lies on that of another.
  fileprivate func moved(
    by motion: RigidMotion, from geometry: Geometry, onto other: Geometry
  ) -> BrainMask {
    let moved = ImageVolumes(isInside.map { $0 ? Float(1) : 0 }, geometry: geometry)
      .moved(by: motion, onto: other, nearest: true)
    return BrainMask(moved, origin: origin)
  }
}
