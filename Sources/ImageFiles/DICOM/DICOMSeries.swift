import Files
import Foundation
import MRIData
import NDArrays

/// One series of classic MR images: a file for each slice of each volume.
///
/// Positions and directions are those of the geometry, in the patient's coordinates that DICOM shares with raw data.
public struct DICOMSeries {
  /// What the series is called.
  public var title: String
  /// The third and fourth value of the image type, such as `OTHER` and `QSM`.
  public var imageType: [String]
  /// One volume for each echo, or a single map.
  public var volumes: ImageVolumes<Float>
  /// The echo time of each volume [s]; none for maps that come from all echoes.
  public var echoTimes: [Double]
  /// The numbers of the echoes, from 0.
  public var echoes: [Int]
  /// How values become codes.
  public var coding: PixelCoding
  /// The unit of what is stored.
  public var unit: String
  /// The window that shows the images, in stored units.
  public var window: (center: Double, width: Double)
  /// What the images were made by, in a sentence.
  public var derivation: String

  /// Describes a series.
  public init(
    title: String, imageType: [String], volumes: ImageVolumes<Float>, echoTimes: [Double] = [],
    echoes: [Int] = [], coding: PixelCoding, unit: String, window: (center: Double, width: Double),
    derivation: String
  ) {
    self.title = title
    self.imageType = imageType
    self.volumes = volumes
    self.echoTimes = echoTimes
    self.echoes = echoes
    self.coding = coding
    self.unit = unit
    self.window = window
    self.derivation = derivation
  }

  /// Writes the files into a folder that exists.
  ///
  /// - Parameters:
  ///   - folder: The folder.
  ///   - number: The number of the series among those of this run, from 0.
  ///   - study: The study.
  ///   - parameters: What the scanner was told.
  ///   - isMultislice: Whether slices were encoded one by one.
  /// - Throws: ``FileError/cannotWrite(path:reason:)``.
  public func write(
    to folder: String, number: Int, of study: DICOMStudy, parameters: ScanParameters, isMultislice: Bool
  ) throws(FileError) {
    let series = DICOMIdentifier.unique()
    let matrix = volumes.geometry.matrix, size = matrix.x * matrix.y
    for volume in 0..<volumes.count {
      let values = volumes[volume].elements
      for slice in 0..<matrix.z {
        let set = study.dataset(), instance = volume * matrix.z + slice + 1
        set[.seriesUID] = series
        set[.seriesNumber] = "\(study.firstSeries + number)"
        set[.instanceNumber] = "\(instance)"
        describe(set, parameters, isMultislice: isMultislice)
        if echoTimes.indices.contains(volume), echoTimes[volume].isFinite {
          set[.echoTime] = Self.decimal(echoTimes[volume] * 1000)
          set[.echoNumbers] = "\((echoes.indices.contains(volume) ? echoes[volume] : volume) + 1)"
        }
        place(set, slice)
        set.setPixels(values[slice * size..<(slice + 1) * size].map(coding.code))
        try set.write(to: "\(folder)/\(String(format: "%05d", instance)).dcm")
      }
    }
  }

  /// What all images of the series have in common.
  private func describe(_ set: DICOMDataset, _ parameters: ScanParameters, isMultislice: Bool) {
    // MR Image Storage.
    set[.classUID] = "1.2.840.10008.5.1.4.1.1.4"
    set[.instanceUID] = DICOMIdentifier.unique()
    set[.modality] = "MR"
    set[.imageType] = (["DERIVED", "PRIMARY"] + imageType).joined(separator: "\\")
    set[.seriesDescription] = title
    set[.derivation] = derivation
    set[.softwareVersions] = "KSpaceToolkit"
    set[.burnedIn] = "NO"
    if let name = parameters.protocolName {
      set[.protocolName] = String(name.filter { $0 != "\\" && !$0.isNewline }.prefix(64))
    }
    set[.scanningSequence] = "GR"
    set[.sequenceVariant] = "NONE"
    set[.scanOptions] = nil
    set[.acquisitionType] = isMultislice || volumes.geometry.matrix.z == 1 ? "2D" : "3D"
    set[.repetitionTime] = parameters.repetitionTime.map { Self.decimal($0 * 1000) }
    set[.echoTime] = nil
    set[.echoTrainLength] = "\(max(1, parameters.echoTimes.count))"
    set[.imagedNucleus] = "1H"
    if parameters.imagingFrequency.isFinite {
      set[.imagingFrequency] = Self.decimal(parameters.imagingFrequency / 1e6)
    }
    if parameters.fieldStrength.isFinite { set[.fieldStrength] = Self.decimal(parameters.fieldStrength) }
    if let angle = parameters.flipAngle { set[.flipAngle] = Self.decimal(angle * 180 / .pi) }
    for (tag, value) in [
      (DICOMTag.samplesPerPixel, "1"), (.photometricInterpretation, "MONOCHROME2"), (.bitsAllocated, "16"),
      (.bitsStored, "16"), (.highBit, "15"), (.pixelRepresentation, "0"), (.pixelPadding, "0"),
    ] { set[tag] = value }
    set[.rescaleSlope] = Self.decimal(coding.slope)
    set[.rescaleIntercept] = Self.decimal(coding.intercept)
    set[.rescaleType] = unit
    set[.windowCenter] = Self.decimal(window.center)
    set[.windowWidth] = Self.decimal(window.width)
  }

  /// Where a slice lies.
  private func place(_ set: DICOMDataset, _ slice: Int) {
    let geometry = volumes.geometry
    func numbers(_ values: [Double]) -> String { values.map(Self.decimal).joined(separator: "\\") }
    func parts(_ vector: SIMD3<Double>) -> [Double] { (0..<3).map { vector[$0] } }
    let position = geometry.position(ofVoxel: [0, 0, Double(slice)]) * 1000
    set[.rows] = "\(geometry.matrix.y)"
    set[.columns] = "\(geometry.matrix.x)"
    set[.pixelSpacing] = numbers([geometry.voxelSize.y * 1000, geometry.voxelSize.x * 1000])
    set[.sliceThickness] = Self.decimal(geometry.voxelSize.z * 1000)
    set[.sliceSpacing] = Self.decimal(geometry.voxelSize.z * 1000)
    set[.position] = numbers(parts(position))
    set[.orientation] = numbers(parts(geometry.readDirection) + parts(geometry.phaseDirection))
    let normal = geometry.sliceDirection
    set[.sliceLocation] = Self.decimal((position * normal).sum())
  }

  /// A number as DICOM writes it: as many digits as fit into 16 characters.
  static func decimal(_ value: Double) -> String {
    // Rounding errors of directions are no digits of theirs.
    let value = abs(value) < 1e-12 ? 0 : value
    for digits in stride(from: 15, through: 1, by: -1) {
      let text = String(format: "%.\(digits)g", value)
      if text.count <= 16 { return text }
    }
    return "0"
  }
}
