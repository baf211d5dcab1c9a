import MRIData
import RawData

extension ScanArray {
  /// Reads a scan of a raw file as k-space, or as the images of every channel by the inverse Fourier transform alone.
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
  }
}
