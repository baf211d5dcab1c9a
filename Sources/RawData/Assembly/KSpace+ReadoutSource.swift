import Files
import MRIData

extension KSpace {
  /// Reads a scan of a single volume: one 3D slab, or one slice.
  ///
  /// Readouts are placed by their encoding counters, never by their order: shuffling them changes no bit. Noise
  /// scans whiten the channels, readouts are cut to the prescribed field of view, averages are divided by their
  /// number, reversed readouts turned round, and navigators, phase correction, dummy and feedback lines left out.
  ///
  ///     let scan = try KSpace(MRDFile(at: "subject01.mrd"))
  ///
  /// - Parameters:
  ///   - source: The readouts of a file.
  ///   - options: What the user says where the file is silent, wrong or holds several volumes.
  /// - Throws: ``RawDataError`` if the header contradicts the data in a way that `options` do not settle, if the
  ///   scan holds several slices, repetitions or sets and none is chosen, if channels change or samples are missing
  ///   or not finite.
  public init(_ source: some ReadoutSource, options: ReadingOptions = .init()) throws(RawDataError) {
    let assembler = try KSpaceAssembler(source, options: options)
    try assembler.checkIsSingle(source.path)
    self = try assembler.volume(0)
  }
}

extension CompactKSpace {
  /// Reads the acquired lines of a scan of a single volume: one 3D slab, or one slice.
  ///
  /// - Parameters:
  ///   - source: The readouts of a file.
  ///   - options: What the user says where the file is silent, wrong or holds several volumes.
  /// - Throws: ``RawDataError`` as for the whole k-space.
  public init(_ source: some ReadoutSource, options: ReadingOptions = .init()) throws(RawDataError) {
    let assembler = try KSpaceAssembler(source, options: options)
    try assembler.checkIsSingle(source.path)
    self = try assembler.compactVolume(0)
  }
}

extension KSpaceAssembler {
  /// Refuses a scan of several slices.
  fileprivate func checkIsSingle(_ path: String) throws(RawDataError) {
    let slices = layout.sliceCounters
    guard slices.count == 1 else {
      throw RawDataError(
        .unsupported, in: path, "the scan holds \(slices.count) slices: \(listed(slices.sorted()))",
        remedy: "Choose one with `slice: \(slices[0])`, or read them as a stack of slices")
    }
  }
}

extension SliceStack {
  /// Reads all slices of a scan; a single volume is a stack of one.
  ///
  /// - Parameters:
  ///   - source: The readouts of a file.
  ///   - options: What the user says where the file is silent or wrong.
  /// - Throws: ``RawDataError`` as for a single volume, and if the slices form no stack: several slabs, or
  ///   slices in different directions.
  public init(_ source: some ReadoutSource, options: ReadingOptions = .init()) throws(RawDataError) {
    let assembler = try KSpaceAssembler(source, options: options)
    guard let geometry = assembler.layout.geometry else {
      throw RawDataError(
        .unsupported, in: source.path,
        "the \(assembler.layout.sliceCounters.count) slices or slabs of the scan form no stack",
        remedy: "Choose one with `slice`")
    }
    var slices: [CompactKSpace] = []
    for index in assembler.layout.sliceCounters.indices { slices.append(try assembler.compactVolume(index)) }
    self.init(slices, geometry: geometry)
  }
}
