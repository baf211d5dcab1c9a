import Files
import MRIData

/// Where the centre of k-space is among the counters of calibration lines that have an encoding of their own.
///
/// A separate reference scan counts its lines from 0 on a smaller grid, whose limits say where the centre is.
struct CalibrationCenters {
  /// The counters at the centre.
  struct Center: Equatable {
    var line: Int
    var partition: Int
  }

  private var centers: [UInt16: Center] = [:]

  /// The centre of an encoding; `nil` where counters are those of the image lines.
  subscript(encoding: UInt16) -> Center? { centers[encoding] }

  /// Finds the centres of all encodings but that of the image lines.
  init(
    _ lines: [AcquisitionHeader], header: MRDHeader, imageEncoding: Int, _ findings: inout [Finding]
  ) {
    for space in Set(lines.map(\.encodingSpace)).sorted()
    where Int(space) != imageEncoding && header.encodings.indices.contains(Int(space)) {
      let encoding = header.encodings[Int(space)], own = lines.filter { $0.encodingSpace == space }
      let image = header.encodings.indices.contains(imageEncoding) ? header.encodings[imageEncoding] : nil
      let counters = [own.map { Int($0.counters.line) }, own.map { Int($0.counters.partition) }]
      let names = ["kspace_encoding_step_1", "kspace_encoding_step_2"]
      let found = (0..<2).map { axis in
        Self.center(
          counters[axis], encoding.limits[names[axis]], encoding.encodedSpace.matrix[axis + 1],
          image?.encodedSpace.matrix[axis + 1])
      }
      guard let line = found[0], let partition = found[1] else { continue }
      centers[space] = Center(line: line, partition: partition)
      findings.append(
        .note(
          "\(counted(own.count, "calibration line")) have the encoding \(space), whose counters have their centre at "
            + "line \(line), partition \(partition)"))
    }
  }

  /// The centre by the limits if they hold all counters, or else the middle of a matrix of its own.
  private static func center(
    _ counters: [Int], _ limit: MRDHeader.Limit?, _ matrix: Double, _ imageMatrix: Double?
  ) -> Int? {
    let range = (counters.min() ?? 0)...(counters.max() ?? 0)
    if let limit, limit.minimum >= 0, limit.minimum <= range.lowerBound, limit.maximum >= range.upperBound,
      limit.maximum <= Int(UInt16.max), (limit.minimum...limit.maximum).contains(limit.center)
    {
      return limit.center
    }
    guard matrix >= 1, matrix <= Double(UInt16.max), matrix != imageMatrix || matrix == 1,
      range.upperBound < Int(matrix)
    else { return nil }
    return Int(matrix) / 2
  }
}
