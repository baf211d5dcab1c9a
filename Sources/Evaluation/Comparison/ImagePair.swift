import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import Numerics

/// Two images on one grid, with what chooses their voxels.
///
///     let pair = try ImagePair("chi_af4.nii.gz", reference: "chi.nii.gz", mask: "brain.nii.gz")
///     print(try ComparisonReport(pair))
public struct ImagePair {
  /// The voxels of both.
  enum Voxels {
    case real(ImageVolumes<Float>, ImageVolumes<Float>)
    case complex(ImageVolumes<Complex<Float>>, ImageVolumes<Complex<Float>>)
  }

  /// The files.
  public let image: String, reference: String, mask: String?, labels: String?
  /// Whether the images are phases in radians, which are compared around the circle.
  public let isPhase: Bool
  /// What was done to bring the files onto one grid, one sentence each.
  public private(set) var remarks: [String] = []
  private(set) var voxels: Voxels
  let counted: NDArray<Bool>?
  let regions: NDArray<Int32>?

  /// Reads two images.
  ///
  /// Flipped and permuted axes are put in order, which is exact; images that lie elsewhere are refused.
  ///
  /// - Parameters:
  ///   - image: The image that is judged, NIfTI.
  ///   - reference: What it is judged by.
  ///   - mask: Counts only voxels where this image is above zero.
  ///   - labels: A volume of whole numbers, 0 the background.
  ///   - isPhase: Whether the images are phases in radians.
  ///   - ignoringAffine: Whether to compare voxel by voxel wherever files say that they lie.
  /// - Throws: ``InputError`` if the files do not belong together, ``FileError`` if one cannot be read.
  public init(
    _ image: String, reference: String, mask: String? = nil, labels: String? = nil, isPhase: Bool = false,
    ignoringAffine: Bool = false
  ) throws {
    (self.image, self.reference, self.mask, self.labels) = (image, reference, mask, labels)
    self.isPhase = isPhase
    let first = try NIfTIFile(at: image), second = try NIfTIFile(at: reference), grid = second.geometry
    guard first.dataType.isComplex == second.dataType.isComplex else {
      let complex = first.dataType.isComplex ? image : reference
      throw InputError(
        complex, "it is complex, but the other is real", remedy: "Compare magnitudes with magnitudes")
    }
    try first.checkPlace(on: grid, "image", like: "the reference", ignoringAffine: ignoringAffine)
    guard first.volumeCount == second.volumeCount else {
      throw InputError(
        image,
        "it has \(Files.counted(first.volumeCount, "volume")), but \(reference) has \(second.volumeCount)",
        remedy: "Compare files with the same echoes")
    }
    var remarks: [String] = []
    func place<Element>(
      _ volumes: ImageVolumes<Element>, _ name: String, _ file: NIfTIFile
    ) throws -> ImageVolumes<Element> {
      let placed = try volumes.placed(
        on: grid, name, of: file, like: "the reference", ignoringAffine: ignoringAffine)
      if let remark = placed.remark { remarks.append(remark) }
      return placed.volumes
    }
    func volume(_ path: String, _ name: String) throws -> NDArray<Float> {
      let file = try NIfTIFile(at: path)
      guard file.volumeCount == 1 else {
        throw InputError(
          path, "it has \(file.volumeCount) volumes", remedy: "One volume is needed, which serves all echoes")
      }
      try file.checkPlace(on: grid, name, like: "the reference", ignoringAffine: ignoringAffine)
      return try place(file.volumes(scaling: .applied), name, file)[0]
    }
    if first.dataType.isComplex {
      guard !isPhase else {
        throw InputError(image, "it is complex, not a phase", remedy: "Compare it as a complex image")
      }
      voxels = .complex(
        try place(first.complexVolumes(scaling: .applied), "image", first),
        try second.complexVolumes(scaling: .applied))
    } else {
      voxels = .real(
        try place(first.volumes(scaling: .applied), "image", first), try second.volumes(scaling: .applied))
    }
    counted = try mask.map { try volume($0, "mask").map { $0 > 0 } }
    regions = try labels.map { path in
      let stored = try volume(path, "label volume")
      do throws(EvaluationError) {
        return try NDArray(labels: stored)
      } catch {
        throw InputError(path, error.problem, remedy: error.remedy)
      }
    }
    self.remarks = remarks
    if let counted {
      settle(outside: counted)
    }
  }

  /// Takes for zero what is no number outside of the mask, as many tools write it: windows of metrics reach there.
  private mutating func settle(outside mask: NDArray<Bool>) {
    var found = 0
    func settled<Element>(
      _ volumes: ImageVolumes<Element>, _ zero: Element, _ isFinite: (Element) -> Bool
    ) -> ImageVolumes<Element> {
      let mask = mask.elements, values = volumes.voxels.elements
      let holes = values.indices.filter { !isFinite(values[$0]) && !mask[$0 % mask.count] }
      guard !holes.isEmpty else { return volumes }
      found += holes.count
      var result = volumes
      result.voxels.withUnsafeMutableBufferPointer { voxels in
        for hole in holes { voxels[hole] = zero }
      }
      return result
    }
    switch voxels {
    case .real(let first, let second):
      voxels = .real(settled(first, 0, \.isFinite), settled(second, 0, \.isFinite))
    case .complex(let first, let second):
      voxels = .complex(settled(first, .zero, \.isFinite), settled(second, .zero, \.isFinite))
    }
    guard found > 0 else { return }
    remarks.append(
      "\(Files.counted(found, "value")) outside of the mask \(found == 1 ? "is" : "are") NaN or infinite and "
        + "\(found == 1 ? "was" : "were") taken for zero")
  }

  /// The number of volumes.
  public var count: Int {
    switch voxels {
    case .real(let image, _): image.count
    case .complex(let image, _): image.count
    }
  }
}

extension ImagePair {
  /// Draws the images in one scale of grey, and their difference in its own.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``.
  public func writePictures(to folder: String) throws {
    let image: ImageVolumes<Float>, reference: ImageVolumes<Float>, difference: ImageVolumes<Float>
    switch voxels {
    case .real(let first, let second):
      (image, reference) = (first, second)
      difference = first.combined(with: second) {
        isPhase ? Float(wrappedDifference(of: Double($0), from: Double($1))) : $0 - $1
      }
    case .complex(let first, let second):
      (image, reference) = (first.map(\.length), second.map(\.length))
      difference = first.combined(with: second) { ($0 - $1).length }
    }
    let figures = folder + "/figures"
    try FileManager.default.createDirectory(atPath: figures, withIntermediateDirectories: true)
    var grey = Montage(slices: 6),
      error = Montage(slices: 6, window: .symmetric(percentile: 99.5), colors: .diverging)
    if isPhase { grey = Montage(slices: 6, window: .range(-.pi ... .pi), colors: .cyclic) }
    if case .complex = voxels { error.colors = .grey }
    let matrix = reference.geometry.matrix
    let object = counted ?? NDArray(repeating: true, shape: matrix.shape)
    if !isPhase { grey.window = .range(reference.window(within: object)) }
    for (name, volumes, montage) in [
      ("image", image, grey), ("reference", reference, grey), ("difference", difference, error),
    ] {
      var montage = montage
      montage.axis = matrix.x == 1 ? 0 : matrix.y == 1 ? 1 : 2
      try PNGFile.write(montage.picture(of: volumes, within: object), to: "\(figures)/\(name).png")
    }
  }
}

extension ImageVolumes {
  /// Volumes computed voxel by voxel from two.
  fileprivate func combined(
    with other: ImageVolumes, _ combine: (Element, Element) -> Float
  ) -> ImageVolumes<Float> {
    ImageVolumes<Float>(voxels.combined(with: other.voxels, combine), geometry: geometry)
  }
}

extension ImageVolumes<Float> {
  /// The first and the 99.5th percentile of the voxels of a mask.
  fileprivate func window(within mask: NDArray<Bool>) -> ClosedRange<Float> {
    let flags = mask.elements, voxels = voxels.elements
    let values = voxels.indices.filter { flags[$0 % flags.count] && voxels[$0].isFinite }.map { voxels[$0] }
      .sorted()
    guard let last = values.indices.last else { return 0...1 }
    return values[last / 100]...values[last * 199 / 200]
  }
}
