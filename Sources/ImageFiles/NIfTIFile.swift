import Files
import Foundation
import MRIData
import NDArrays
import Numerics

/// A NIfTI-1 file, `.nii` or `.nii.gz`.
///
///     let file = try NIfTIFile(at: "sub-01_part-phase_MEGRE.nii.gz")
///     let phase = try file.volumes(scaling: .applied)
///
///     try NIfTIFile.write(phase, to: "copy.nii.gz")
///
/// The file's axes `[x, y, z, t, ...]` are the array's `[..., t, z, y, x]`: neither order changes a byte. Positions
/// become the toolkit's LPS metres.
public struct NIfTIFile: Sendable {
  /// Where the file is.
  public let path: String
  /// Where the voxels lie in the patient, by the sform, else by the qform, else by the voxel sizes alone.
  public let geometry: Geometry
  private let header: NIfTIHeader

  /// Whether the file's scale factor is used.
  public enum Scaling: Sendable {
    /// Values are the stored ones times the slope plus the intercept of the header, as the format says.
    case applied
    /// Values are the stored ones, for files whose scale factor is known to be wrong.
    case ignored
  }

  /// Opens a file and reads its header.
  ///
  /// - Throws: ``FileError`` if the file is missing, too short, not NIfTI-1, or of an unknown element type.
  public init(at path: String) throws(FileError) {
    LastWord.note(.reading, path)
    var reader = try GzipReader(path: path)
    self.path = path
    header = try NIfTIHeader(bytes: reader.bytes(NIfTIHeader.size), path: path)
    guard let geometry = header.geometry else {
      throw .malformed(path: path, reason: "its orientation is not invertible")
    }
    self.geometry = geometry
  }
}

extension NIfTIFile {
  /// The type of the stored voxels.
  public var dataType: NIfTIDataType { header.dataType }
  /// The number of volumes: the product of all axes beyond the third.
  public var volumeCount: Int { header.dimensions.dropFirst(3).reduce(1, *) }
  /// The time between volumes, such as the echo spacing [s]; 0 if it is not known.
  public var volumeSpacing: Double { header.volumeSpacing }
  /// The values between which the file should be displayed, if it says so.
  public var displayRange: ClosedRange<Double>? { header.displayRange }
  /// Whether the file says where it lies, rather than how large its voxels are alone.
  public var hasOrientation: Bool { header.hasOrientation }
  /// What of the header was not taken as it stands, one sentence each.
  public var remarks: [String] { header.remarks.map { "\(path): \($0)." } }
  /// Why nobody can tell how large the voxels are; `nil` if the header is of one mind.
  public var contradiction: String? { header.contradiction }
  /// The file's free text.
  public var text: String { header.description }

  /// The voxels as real numbers, axes `[volume, z, y, x]`.
  ///
  /// Integers beyond 2^24 and double-precision numbers are rounded.
  ///
  /// - Throws: ``FileError`` if the file is cut short or damaged, or if its voxels are complex.
  public func volumes(scaling: Scaling) throws(FileError) -> ImageVolumes<Float> {
    guard !dataType.isComplex else {
      throw .unsupported(
        path: path, feature: "complex voxels", advice: "Read them as complex volumes, or export a real part.")
    }
    let voxels: NDArray<Float> = try read { (bytes, target) in
      switch dataType {
      case .uint8: convert(bytes, of: UInt8.self, to: target) { Float($0) }
      case .int8: convert(bytes, of: Int8.self, to: target) { Float($0) }
      case .int16: convert(bytes, of: Int16.self, to: target) { Float($0) }
      case .uint16: convert(bytes, of: UInt16.self, to: target) { Float($0) }
      case .int32: convert(bytes, of: Int32.self, to: target) { Float($0) }
      case .uint32: convert(bytes, of: UInt32.self, to: target) { Float($0) }
      case .int64: convert(bytes, of: Int64.self, to: target) { Float($0) }
      case .uint64: convert(bytes, of: UInt64.self, to: target) { Float($0) }
      case .float32: convert(bytes, of: Float.self, to: target) { $0 }
      case .float64: convert(bytes, of: Double.self, to: target) { Float($0) }
      case .complex64, .complex128: preconditionFailure("complex voxels are no real numbers")
      }
      guard let scale = scale(scaling) else { return }
      for index in target.indices {
        target[index] = Float(Double(target[index]) * scale.slope + scale.intercept)
      }
    }
    return ImageVolumes(voxels, geometry: geometry)
  }

  /// The voxels as complex numbers, axes `[volume, z, y, x]`.
  ///
  /// The intercept, which the format adds to the real part alone, shifts the origin of the phase.
  ///
  /// - Throws: ``FileError`` if the file is cut short or damaged, or if its voxels are real.
  public func complexVolumes(scaling: Scaling) throws(FileError) -> ImageVolumes<Complex<Float>> {
    guard dataType.isComplex else {
      throw .unsupported(path: path, feature: "real voxels", advice: "Read them as real volumes.")
    }
    let voxels: NDArray<Complex<Float>> = try read { (bytes, target) in
      if dataType == .complex64 {
        convert(bytes, of: Complex<Float>.self, to: target) { $0 }
      } else {
        convert(bytes, of: Complex<Double>.self, to: target) { Complex(Float($0.real), Float($0.imaginary)) }
      }
      guard let scale = scale(scaling) else { return }
      for index in target.indices {
        let value = target[index]
        target[index] = Complex(
          Float(Double(value.real) * scale.slope + scale.intercept),
          Float(Double(value.imaginary) * scale.slope))
      }
    }
    return ImageVolumes(voxels, geometry: geometry)
  }

  private func scale(_ scaling: Scaling) -> (slope: Double, intercept: Double)? {
    let slope = header.slope, intercept = header.intercept.isFinite ? header.intercept : 0
    let isScaled = slope.isFinite && slope != 0 && (slope != 1 || intercept != 0)
    return scaling == .applied && isScaled ? (slope, intercept) : nil
  }
}

extension NIfTIFile {
  /// Reads all voxels by pieces that fit in the cache; a closure turns the bytes of a piece into elements.
  private func read<Element>(
    converting convert: (UnsafeMutableRawBufferPointer, UnsafeMutableBufferPointer<Element>) -> Void
  ) throws(FileError) -> NDArray<Element> {
    var reader = try GzipReader(path: path)
    // A damaged header may ask for more memory than there is.
    let needed = header.dataBytes.flatMap { bytes -> Int? in
      let (sum, overflows) = bytes.addingReportingOverflow(header.dataOffset)
      return overflows ? nil : sum
    }
    guard let needed, needed > 0, needed <= reader.capacity else {
      throw .truncated(path: path, expectedBytes: needed ?? .max, foundBytes: reader.capacity)
    }
    let shape = [volumeCount] + geometry.matrix.shape
    try MachineMemory.check(byteCount(of: shape, elementBytes: MemoryLayout<Element>.stride), toRead: path)
    try reader.skip(header.dataOffset)
    let pieceLength = 1 << 16
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceLength * dataType.bytes, alignment: 64)
    defer { piece.deallocate() }
    let voxels = try NDArray<Element>(uninitializedShape: shape) { (target) throws(FileError) in
      for first in stride(from: 0, to: target.count, by: pieceLength) {
        let part = UnsafeMutableBufferPointer(
          rebasing: target[first..<min(target.count, first + pieceLength)])
        let bytes = UnsafeMutableRawBufferPointer(rebasing: piece[..<(part.count * dataType.bytes)])
        try reader.read(into: bytes)
        if header.isByteSwapped { swapBytes(of: bytes) }
        convert(bytes, part)
      }
    }
    try reader.finish()
    return voxels
  }

  private func swapBytes(of bytes: UnsafeMutableRawBufferPointer) {
    let length = dataType.scalarBytes
    for start in stride(from: 0, to: bytes.count, by: length) { bytes[start..<start + length].reverse() }
  }

  private func convert<Stored, Element>(
    _ bytes: UnsafeMutableRawBufferPointer, of type: Stored.Type,
    to target: UnsafeMutableBufferPointer<Element>,
    by transform: (Stored) -> Element
  ) {
    let stored = bytes.bindMemory(to: type)
    for index in target.indices { target.initializeElement(at: index, to: transform(stored[index])) }
  }
}
