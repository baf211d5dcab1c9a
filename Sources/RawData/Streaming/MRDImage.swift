import MRIData
import Numerics

/// One image as an MRD stream holds it: 198 bytes of header, attributes, voxels.
public struct MRDImage: Sendable {
  /// What the numbers are.
  public enum Kind: UInt16, Sendable {
    /// The magnitude.
    case magnitude = 1
    /// The phase.
    case phase = 2
    /// A real number, which may be negative.
    case real = 3
    /// A complex number.
    case complex = 5
  }

  /// The voxels, `x` contiguous.
  public enum Voxels: Sendable {
    /// Whole numbers from 0.
    case codes([UInt16])
    /// Real numbers.
    case real([Float])
    /// Complex numbers.
    case complex([Complex<Float>])
  }

  /// A readout of the image, whose counters, stamps and table position are the image's.
  public var reference: AcquisitionHeader
  /// What the numbers are.
  public var kind: Kind
  /// The voxels.
  public var voxels: Voxels
  /// Where they lie; one voxel along `z`.
  public var geometry: Geometry
  /// The number of the slice, from 0.
  public var slice = 0
  /// The number of the echo, from 0.
  public var echo = 0
  /// The number of the image in its series, from 1.
  public var index = 1
  /// The number of the series, from 1.
  public var series = 1
  /// What the receiver is told beside, in this order: names with one or more values.
  public var attributes: [(name: String, values: [String])] = []

  /// Creates an image.
  ///
  /// - Precondition: The geometry is that of one slice, and has the number of voxels.
  public init(_ voxels: Voxels, _ kind: Kind, geometry: Geometry, reference: AcquisitionHeader) {
    precondition(geometry.matrix.z == 1, "\(geometry.matrix) is no slice")
    precondition(voxels.count == geometry.matrix.count, "\(voxels.count) voxels for \(geometry.matrix)")
    self.voxels = voxels
    self.kind = kind
    self.geometry = geometry
    self.reference = reference
  }
}

extension MRDImage.Voxels {
  fileprivate var count: Int {
    switch self {
    case .codes(let values): values.count
    case .real(let values): values.count
    case .complex(let values): values.count
    }
  }

  /// MRD's number of the type.
  fileprivate var type: UInt16 {
    switch self {
    case .codes: 1
    case .real: 5
    case .complex: 7
    }
  }

  fileprivate var bytes: [UInt8] {
    switch self {
    case .codes(let values): values.withUnsafeBytes { Array($0) }
    case .real(let values): values.withUnsafeBytes { Array($0) }
    case .complex(let values): values.withUnsafeBytes { Array($0) }
    }
  }
}

extension MRDImage {
  private static let headerSize = 198

  /// The body of the message.
  var bytes: [UInt8] {
    let text = Array(attributeText.utf8)
    var header = [UInt8](repeating: 0, count: Self.headerSize)
    header.withUnsafeMutableBytes { write(to: $0, attributes: text.count) }
    return header + withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text + voxels.bytes
  }

  private func write(to bytes: UnsafeMutableRawBufferPointer, attributes: Int) {
    func put(_ vector: SIMD3<Double>, at offset: Int) {
      for axis in 0..<3 { bytes.put(Float(vector[axis]).bitPattern, at: offset + 4 * axis) }
    }
    bytes.put(1 as UInt16, at: 0)
    bytes.put(voxels.type, at: 2)
    bytes.put(reference.measurementUID, at: 12)
    for axis in 0..<3 { bytes.put(UInt16(geometry.matrix[axis]), at: 16 + 2 * axis) }
    put(geometry.fieldOfView * 1000, at: 22)
    bytes.put(1 as UInt16, at: 34)
    put(geometry.center * 1000, at: 36)
    put(geometry.readDirection, at: 48)
    put(geometry.phaseDirection, at: 60)
    put(geometry.sliceDirection, at: 72)
    put(SIMD3<Double>(reference.tablePosition), at: 84)
    let counters = [
      reference.counters.average, UInt16(slice), UInt16(echo), reference.counters.phase,
      reference.counters.repetition, reference.counters.set,
    ]
    for (index, counter) in counters.enumerated() { bytes.put(counter, at: 96 + 2 * index) }
    bytes.put(reference.timeStamp, at: 108)
    for index in 0..<3 { bytes.put(reference.physiologyTimeStamps[index], at: 112 + 4 * index) }
    bytes.put(kind.rawValue, at: 124)
    bytes.put(UInt16(index), at: 126)
    bytes.put(UInt16(series), at: 128)
    for index in 0..<8 {
      bytes.put(reference.userIntegers[index], at: 130 + 4 * index)
      bytes.put(reference.userFloats[index].bitPattern, at: 162 + 4 * index)
    }
    bytes.put(UInt32(attributes), at: 194)
  }

  /// The attributes in the XML of ISMRMRD's meta container.
  private var attributeText: String {
    let entries = attributes.map { name, values in
      "<meta><name>\(name.escapedForXML)</name>"
        + values.map { "<value>\($0.escapedForXML)</value>" }.joined() + "</meta>"
    }
    return "<?xml version=\"1.0\"?>\n<ismrmrdMeta>" + entries.joined(separator: "\n") + "</ismrmrdMeta>"
  }
}
