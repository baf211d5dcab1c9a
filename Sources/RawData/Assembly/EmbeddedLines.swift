import MRIData

/// The lines for calibration alone that were measured within the scan, for several echoes: image lines that are flagged
/// for another purpose.
///
/// Scanners that leave out lines between the others measure those near the centre with the rest, and flag them as calibration
/// only. What is so good for the first echo is as good for the others, and echoes that differ in what was sampled would
/// differ in weight.
struct EmbeddedLines {
  /// The indices of the readouts.
  let indices: [Int]

  /// Finds them among readouts; none if only one echo has them, or if they cannot be told from separate ones.
  ///
  /// - Parameters:
  ///   - uses: The use of every readout, as the flags and the options have it.
  ///   - acquisitions: Their headers.
  ///   - encodingSpace: The encoding of the image lines.
  init(_ uses: [ReadoutUse], _ acquisitions: [AcquisitionHeader], encodingSpace: Int) {
    guard uses.contains(.calibration) else {
      indices = []
      return
    }
    let images = uses.indices.filter { uses[$0].isImage }
    let taken = Set(images.map { Position(acquisitions[$0].counters) })
    let contrasts = Set(taken.map(\.contrast)), slices = Set(taken.map(\.slice))
    func echoes(reversed: Bool) -> Set<UInt16> {
      Set(
        images.filter { acquisitions[$0].flags.contains(.isReverse) == reversed }
          .map { acquisitions[$0].counters.contrast })
    }
    // Echo-planar scans measure their calibration lines in trains of their own.
    guard let volume = images.first.map({ acquisitions[$0].counters }),
      echoes(reversed: true).isDisjoint(with: echoes(reversed: false))
    else {
      indices = []
      return
    }
    let lines = uses.indices.filter {
      let counters = acquisitions[$0].counters, position = Position(counters)
      guard uses[$0] == .calibration, Int(acquisitions[$0].encodingSpace) == encodingSpace else {
        return false
      }
      // Lines of another repetition may calibrate this one, but are no part of its image.
      return counters.repetition == volume.repetition && counters.set == volume.set
        && counters.phase == volume.phase && contrasts.contains(position.contrast)
        && slices.contains(position.slice) && !taken.contains(position)
    }
    indices = Set(lines.map { acquisitions[$0].counters.contrast }).count > 1 ? lines : []
  }

  private struct Position: Hashable {
    let slice, contrast, line, partition: UInt16

    init(_ counters: EncodingCounters) {
      (slice, contrast) = (counters.slice, counters.contrast)
      (line, partition) = (counters.line, counters.partition)
    }
  }
}
