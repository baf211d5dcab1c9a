import MRIData
import Numerics

/// A raw file without the image lines that a mask leaves out.
///
/// Readouts are copied as they are and in their order, with their scan counters. Noise scans, lines for calibration
/// alone, navigators and the like stay; image lines that do not belong to the layout's volume, such as those of other
/// averages where one is chosen, go. Of the flags, those change that would be wrong afterwards:
///
/// * calibration-and-imaging marks exactly the image lines of each mask's calibration region; in a scan with lines for
///   calibration alone it stays as it is, as these calibrate the copy too;
/// * first-in and last-in flags of a line that is left out move on to the next and back to the previous image line of
///   its slice and echo, and last-in-measurement to the last readout.
///
/// The limits of the encoding counters stay: they describe the encoded range, which a mask does not move.
public struct UndersampledCopy: Sendable {
  /// What is copied, in the order of the file, with the flags of the copy.
  public let readouts: [Readout]
  /// The number of image lines that are left out.
  public let removedCount: Int
  private let masks: [SamplingMask]
  /// How lines for calibration alone calibrate; `nil` if there are none.
  private let ownCalibrationMode: String?

  /// One readout of the copy.
  public struct Readout: Sendable, Equatable {
    /// The index in the source.
    public let index: Int
    /// The flags in the copy.
    public internal(set) var flags: AcquisitionFlags
    /// Whether it is an image line.
    public let isImage: Bool
  }

  /// Plans a copy.
  ///
  /// - Parameters:
  ///   - acquisitions: The headers of the source.
  ///   - layout: How they become k-space.
  ///   - masks: One mask per echo, on the layout's grid.
  /// - Precondition: There is one mask per echo, with the extents of the grid.
  public init(_ acquisitions: [AcquisitionHeader], layout: ScanLayout, masks: [SamplingMask]) {
    precondition(
      masks.count == layout.parameters.echoTimes.count
        && masks.allSatisfy { $0.lines == layout.grid.matrix.y && $0.partitions == layout.grid.matrix.z },
      "\(masks.count) masks do not fit \(layout.parameters.echoTimes.count) echoes of \(layout.grid.matrix)")
    self.masks = masks
    let hasOwnCalibration = layout.uses.contains(.calibration)
    ownCalibrationMode = hasOwnCalibration ? (layout.calibrationIsEmbedded ? "embedded" : "separate") : nil
    let regions = masks.map(\.calibrationRegion)
    var places: [Int: PlacedReadout] = [:]
    for place in layout.image { places[place.acquisition] = place }
    var readouts: [Readout] = []
    var pending: [SIMD2<Int>: AcquisitionFlags] = [:]
    var lastImages: [SIMD2<Int>: Int] = [:]
    var removed = 0
    for (index, header) in acquisitions.enumerated() {
      if case .leftOut(let reason) = layout.uses[index], reason.isOfOtherVolume { continue }
      guard layout.uses[index].isImage, let place = places[index] else {
        readouts.append(Readout(index: index, flags: header.flags, isImage: false))
        continue
      }
      let volume = SIMD2(place.slice, place.echo)
      guard masks[place.echo][line: place.line, partition: place.partition] else {
        removed += 1
        pending[volume, default: []].formUnion(header.flags.intersection(.firstFlags))
        if let last = lastImages[volume] {
          readouts[last].flags.formUnion(header.flags.intersection(.lastFlags))
        }
        continue
      }
      var flags = header.flags.union(pending.removeValue(forKey: volume) ?? [])
      if header.flaggedUse == .calibration {
        // A line within the scan that is part of the image; the copy says so.
        flags.remove(.isCalibration)
        flags.insert(.isCalibrationAndImaging)
      }
      if !hasOwnCalibration {
        let isCalibration =
          regions[place.echo].map {
            $0.lines.contains(place.line) && $0.partitions.contains(place.partition)
          } ?? false
        if isCalibration {
          flags.insert(.isCalibrationAndImaging)
        } else {
          flags.remove(.isCalibrationAndImaging)
        }
      }
      lastImages[volume] = readouts.count
      readouts.append(Readout(index: index, flags: flags, isImage: true))
    }
    if acquisitions.contains(where: { $0.flags.contains(.lastInMeasurement) }),
      let last = readouts.indices.last
    {
      for index in readouts.indices { readouts[index].flags.remove(.lastInMeasurement) }
      readouts[last].flags.insert(.lastInMeasurement)
    }
    self.readouts = readouts
    removedCount = removed
  }

  /// The source's header with the acceleration of the masks, how they are calibrated, and user parameters.
  ///
  /// - Throws: ``RawDataError`` of kind `malformed` if the header is not XML.
  public func header(
    from header: MRDHeader, userParameters: [String: String]
  ) throws(RawDataError) -> MRDHeader {
    let isEmbedded = masks.contains { $0.calibrationRegion != nil }
    return try header.edited(
      userParameters: userParameters, acceleration: masks[0].accelerationPerAxis,
      calibrationMode: ownCalibrationMode ?? (isEmbedded ? "embedded" : "other"))
  }

  /// Copies the readouts to a new file.
  ///
  /// - Parameters:
  ///   - source: The source.
  ///   - writer: The new file, which is closed when all readouts are in it.
  ///   - progress: Called with the fraction that is done.
  /// - Throws: ``RawDataError`` if the source is damaged or the file cannot be written.
  public func write(
    from source: MRDFile, to writer: MRDWriter, progress: (Double) -> Void = { _ in }
  ) throws(RawDataError) {
    var start = 0
    while start < readouts.count {
      // Blocks of about 32 MB: readouts of a block arrive in any order and are written in theirs.
      var end = start, samples = 0
      while end < readouts.count, end == start || samples < 1 << 22 {
        samples += source.acquisitions[readouts[end].index].valueCount
        end += 1
      }
      let values = try source.samples(of: readouts[start..<end].map(\.index))
      for readout in readouts[start..<end] {
        var header = source.acquisitions[readout.index]
        header.flags = readout.flags
        let trajectory = try source.trajectory(ofReadout: readout.index)
        let samples = values[readout.index] ?? []
        try samples.withUnsafeBufferPointer { (samples) throws(RawDataError) in
          try writer.append(header, samples: samples, trajectory: trajectory)
        }
      }
      start = end
      progress(Double(end) / Double(readouts.count))
    }
    try writer.close()
  }
}

extension AcquisitionFlags {
  /// Flags of the first readout of something; numbers 1, 3, ..., 17.
  fileprivate static let firstFlags = stride(from: 1, through: 17, by: 2)
    .reduce(into: AcquisitionFlags()) { $0.insert(AcquisitionFlags(number: $1)) }
  /// Flags of the last readout of something; numbers 2, 4, ..., 18.
  fileprivate static let lastFlags = stride(from: 2, through: 18, by: 2)
    .reduce(into: AcquisitionFlags()) { $0.insert(AcquisitionFlags(number: $1)) }
}

extension SamplingMask {
  /// The acceleration along `ky` and `kz` in whole numbers, as headers state it.
  ///
  /// Irregular masks have no factor per axis: the net factor outside the calibration box then stands for `ky`.
  var accelerationPerAxis: SIMD2<Double> {
    let region = calibrationRegion
    var lineStep = 0, partitionStep = 0
    for partition in 0..<partitions {
      for line in 0..<lines where self[line: line, partition: partition] {
        if let region, region.lines.contains(line), region.partitions.contains(partition) { continue }
        lineStep = gcd(lineStep, abs(line - lines / 2))
        partitionStep = gcd(partitionStep, abs(partition - partitions / 2))
      }
    }
    let net = acceleration(basis: .outer) ?? 1
    let regular = SIMD2(Double(max(lineStep, 1)), Double(max(partitionStep, 1)))
    // Odd extents and the calibration box leave a regular pattern's net factor a little off the product.
    return abs(regular.x * regular.y / net - 1) < 0.1 ? regular : [net.rounded(), 1]
  }

  private func gcd(_ a: Int, _ b: Int) -> Int { b == 0 ? a : gcd(b, a % b) }
}
