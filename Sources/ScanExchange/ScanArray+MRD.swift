import Files
import MRIData
import NDArrays
import Numerics
import RawData

extension ScanArray {
  /// Writes k-space as an MRD file: one readout for every acquired line, with all its channels.
  ///
  /// Lines of zeros count as not acquired, as do samples outside of what the facts say that readouts sampled. What the facts
  /// leave open, the file leaves open too, but for the size of voxels.
  ///
  /// - Parameters:
  ///   - path: The file, HDF5, or a stream if its name ends in `.mrd`.
  ///   - name: The name of the array, for messages.
  /// - Throws: ``InputError`` if the size of voxels or the number of echo times does not fit; ``RawDataError`` if the file
  ///   cannot be written.
  public func writeMRD(to path: String, from name: String) throws {
    precondition(content == .kSpace, "images have no readouts")
    let shape = elements.shape
    let (slices, echoes, channels) = (shape[0], shape[1], shape[2])
    let matrix = Extents(x: shape[5], y: shape[4], z: shape[3])
    if let fact = facts.impossible {
      throw InputError(
        name, "its \(fact) is none of a scan", remedy: "Check its sidecar and what was said of it")
    }
    guard let stack = facts.geometry(on: Extents(x: matrix.x, y: matrix.y, z: max(slices, matrix.z))) else {
      throw InputError(
        name, "nothing says how large its voxels are", remedy: "Say `voxelSize: 1x1x2mm`, x first")
    }
    if let times = facts.echoTimes, times.count != echoes {
      throw InputError(
        name, "there are \(counted(times.count, "echo time")) for \(counted(echoes, "echo"))",
        remedy: "Name them with `echoTimes`")
    }
    guard let ranges = readoutRanges else {
      throw InputError(
        name, "what it says that readouts sampled, \(facts.readoutRanges ?? []), does not fit its axes",
        remedy: "Check its sidecar")
    }
    let limits = (Int(UInt16.max), 1024)
    guard max(matrix.x, matrix.y, matrix.z, slices, echoes) <= limits.0, channels <= limits.1 else {
      throw InputError(
        name, "an array of shape \(shape) [slice, echo, channel, kz, ky, kx] is larger than MRD can count",
        remedy: "Check the order of its axes")
    }
    var geometry = stack
    geometry.matrix = matrix
    let writer = try MRDWriter(creating: path, header: header(geometry, slices: slices))
    var counter: UInt32 = 0
    for slice in 0..<slices {
      let masks = (0..<echoes).map { mask(slice: slice, echo: $0) }
      // Slabs of several partitions lie beside each other as slices do.
      let thickness = Double(matrix.z) * stack.voxelSize.z
      let offset = Double(slice - slices / 2) * thickness * stack.sliceDirection
      for partition in 0..<matrix.z {
        for line in 0..<matrix.y {
          for echo in 0..<echoes where masks[echo][line: line, partition: partition] {
            var header = AcquisitionHeader()
            header.scanCounter = counter
            // Readers take a centre of 0 in all readouts for one that nobody stated.
            let range = min(ranges[echo].lowerBound, max(0, matrix.x / 2 - 1))..<ranges[echo].upperBound
            header.sampleCount = UInt16(range.count)
            header.centerSample = UInt16(matrix.x / 2 - range.lowerBound)
            header.activeChannels = UInt16(channels)
            header.availableChannels = UInt16(channels)
            for channel in 0..<channels { header.channelMask[channel / 64] |= 1 << UInt64(channel % 64) }
            header.sampleTime = Float((facts.dwellTime ?? 0) * 1e6)
            header.position = SIMD3<Float>((slices > 1 ? stack.center + offset : stack.center) * 1000)
            header.readDirection = SIMD3<Float>(stack.readDirection)
            header.phaseDirection = SIMD3<Float>(stack.phaseDirection)
            header.sliceDirection = SIMD3<Float>(stack.sliceDirection)
            header.counters.line = UInt16(line)
            header.counters.partition = UInt16(partition)
            header.counters.slice = UInt16(slice)
            header.counters.contrast = UInt16(echo)
            counter += 1
            try samples(slice, echo, partition, line, range).withUnsafeBufferPointer {
              try writer.append(header, samples: $0)
            }
          }
        }
      }
    }
    guard counter > 0 else {
      throw InputError(name, "all elements are zero", remedy: "Check the file, and what it was saved from")
    }
    try writer.close()
  }

  private func header(_ geometry: Geometry, slices: Int) -> MRDHeader {
    let field =
      facts.fieldStrength ?? facts.imagingFrequency.map { $0 / ScanParameters.protonGyromagneticRatio }
    let parameters = ScanParameters(
      echoTimes: facts.echoTimes ?? [], fieldStrength: field ?? .nan,
      imagingFrequency: facts.imagingFrequency,
      repetitionTime: facts.repetitionTime, flipAngle: facts.flipAngleDegrees.map { $0 * .pi / 180 },
      dwellTime: facts.dwellTime)
    func limit(_ extent: Int, center: Int) -> MRDHeader.Limit {
      MRDHeader.Limit(minimum: 0, maximum: extent - 1, center: center)
    }
    let shape = elements.shape
    let prescribed = facts.prescribedMatrix.flatMap { matrix -> Extents? in
      guard matrix.count == 3, (0..<3).allSatisfy({ (1...max(1, geometry.matrix[$0])).contains(matrix[$0]) })
      else { return nil }
      return Extents(x: matrix[0], y: matrix[1], z: matrix[2])
    }
    return MRDHeader(
      describing: parameters, geometry: geometry, prescribedMatrix: prescribed,
      limits: [
        "kspace_encoding_step_1": limit(shape[4], center: shape[4] / 2),
        "kspace_encoding_step_2": limit(shape[3], center: shape[3] / 2),
        "slice": limit(slices, center: 0), "contrast": limit(shape[1], center: 0),
      ],
      receiverChannels: shape[2],
      userParameters: ["converted_from": "array", "whitened": facts.isWhitened == true ? "yes" : "no"])
  }

  /// A part of a line of all channels, axes `[channel, sample]`.
  private func samples(
    _ slice: Int, _ echo: Int, _ partition: Int, _ line: Int, _ range: Range<Int>
  ) -> [Complex<Float>] {
    let shape = elements.shape
    return elements.withUnsafeBufferPointer { elements in
      (0..<shape[2]).flatMap { channel in
        let block = ((slice * shape[1] + echo) * shape[2] + channel) * shape[3] + partition
        let start = (block * shape[4] + line) * shape[5]
        return elements[start + range.lowerBound..<start + range.upperBound]
      }
    }
  }
}
