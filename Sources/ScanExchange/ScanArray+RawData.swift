import Files
import MRIData
import RawData

extension ScanArray {
  /// Reads a scan of a raw file as k-space, or as the images of every channel by the inverse Fourier transform alone.
  ///
  /// What the array does not hold, ``calibrationLeftOut(of:)``, is among the assumptions of its facts.
  ///
  /// - Parameters:
  ///   - content: What the array is to hold.
  ///   - source: The readouts of a file.
  ///   - layout: How they become k-space, worked out with the same options.
  ///   - options: What the user says where the file is silent or wrong.
  /// - Throws: ``RawDataError`` as for a stack of slices.
  public init(
    _ content: Content, of source: some ReadoutSource, layout: ScanLayout, options: ReadingOptions = .init()
  ) throws {
    let stack = try SliceStack(source, options: options)
    self = try content == .images ? ScanArray(imagesOf: stack) : ScanArray(kSpaceOf: stack)
    if content == .kSpace {
      let ranges = layout.readoutRanges(of: source.acquisitions), length = elements.shape[5]
      // A single sample is lost where reversed readouts state the centre of forward ones.
      if ranges.contains(where: { $0.count < length - 1 }) {
        facts.readoutRanges = ranges.map { [$0.lowerBound, $0.upperBound] }
      }
    }
    if let words = Self.calibrationLeftOut(of: layout) {
      facts.assumptions = (facts.assumptions ?? []) + [words]
    }
  }

  /// Which calibration lines of a scan an array does not hold, in words; `nil` if it holds all.
  public static func calibrationLeftOut(of layout: ScanLayout) -> String? {
    let separate = layout.hasSeparateCalibration ? layout.uses.count { $0 == .calibration } : 0
    let others = layout.uses.count { $0 == .leftOut(.unusableCalibration) }
    let parts =
      (separate > 0 ? [counted(separate, "separate calibration line")] : [])
      + (others > 0
        ? ["\(counted(others, "calibration line")) of other echoes, grids or channels than the image's"] : [])
    return parts.isEmpty
      ? nil : "\(parts.joined(separator: " and ")) left out: an array of a scan has no place for them"
  }
}
