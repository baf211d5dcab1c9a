import Foundation
import KSpaceToolkit

/// Two images, read and found to lie on the same grid, with what chooses their voxels.
struct ComparedImages {
  /// The voxels of both.
  enum Voxels {
    case real(ImageVolumes<Float>, ImageVolumes<Float>)
    case complex(ImageVolumes<Complex<Float>>, ImageVolumes<Complex<Float>>)
  }

  let voxels: Voxels
  let mask: NDArray<Bool>?
  let labels: NDArray<Int32>?
  let isPhase: Bool

  init(
    _ image: String, _ reference: String, mask: String?, labels: String?, isPhase: Bool, ignoringAffine: Bool
  ) throws {
    let first = try NIfTIFile(at: image), second = try NIfTIFile(at: reference)
    try first.requireSameGrid(as: second, ignoringAffine: ignoringAffine)
    guard first.volumeCount == second.volumeCount else {
      throw CommandError(
        image, "it has \(counted(first.volumeCount, "volume")), but \(reference) has \(second.volumeCount)",
        remedy: "Compare files with the same echoes")
    }
    guard first.dataType.isComplex == second.dataType.isComplex else {
      let complex = first.dataType.isComplex ? image : reference
      throw CommandError(
        complex, "it is complex, but the other is real", remedy: "Compare magnitudes with magnitudes")
    }
    self.isPhase = isPhase
    if first.dataType.isComplex {
      guard !isPhase else {
        throw CommandError(image, "it is complex, not a phase", remedy: "Compare it without --phase")
      }
      voxels = .complex(
        try first.complexVolumes(scaling: .applied), try second.complexVolumes(scaling: .applied))
    } else {
      voxels = .real(try first.volumes(scaling: .applied), try second.volumes(scaling: .applied))
    }
    self.mask = try mask.map {
      try Self.volume($0, on: second, ignoringAffine: ignoringAffine).map { $0 > 0 }
    }
    self.labels = try labels.map {
      let stored = try Self.volume($0, on: second, ignoringAffine: ignoringAffine)
      do throws(EvaluationError) {
        return try NDArray(labels: stored)
      } catch {
        throw CommandError($0, "\(error.description.dropLast())", remedy: "Give a volume of labels")
      }
    }
  }

  private static func volume(
    _ path: String, on other: NIfTIFile, ignoringAffine: Bool
  ) throws -> NDArray<Float> {
    let file = try NIfTIFile(at: path)
    try file.requireSameGrid(as: other, ignoringAffine: ignoringAffine)
    guard file.volumeCount == 1 else {
      throw CommandError(
        path, "it has \(file.volumeCount) volumes", remedy: "One volume is needed, which serves all echoes")
    }
    return try file.volumes(scaling: .applied)[0]
  }

  /// The number of volumes.
  var count: Int {
    switch voxels {
    case .real(let image, _): image.count
    case .complex(let image, _): image.count
    }
  }
}

extension NIfTIFile {
  /// Refuses files whose voxels do not coincide.
  fileprivate func requireSameGrid(as other: NIfTIFile, ignoringAffine: Bool) throws(CommandError) {
    let matrix = geometry.matrix
    guard matrix == other.geometry.matrix else {
      throw CommandError(
        path, "its grid is \(matrix), but that of \(other.path) is \(other.geometry.matrix)",
        remedy: "Resample one of them with a registration tool first")
    }
    guard !ignoringAffine else { return }
    // Headers are single precision, and some tools round them further: a hundredth of a voxel is the same place.
    let smallest = geometry.voxelSize.min()
    var farthest = 0.0
    for z in [0, matrix.z - 1] {
      for y in [0, matrix.y - 1] {
        for x in [0, matrix.x - 1] {
          let voxel = SIMD3(Double(x), Double(y), Double(z))
          let offset = geometry.position(ofVoxel: voxel) - other.geometry.position(ofVoxel: voxel)
          farthest = max(farthest, (offset * offset).sum().squareRoot())
        }
      }
    }
    guard farthest <= 0.01 * smallest else {
      throw CommandError(
        path,
        String(format: "its voxels lie up to %.3g mm from those of %@", 1000 * farthest, other.path),
        remedy: "Check orientation and cropping, or compare voxel by voxel with --ignore-affine")
    }
  }
}

extension ComparedImages {
  /// Draws the images in one scale of grey, and their difference in its own.
  func writePictures(to folder: String) throws {
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
    let object = mask ?? NDArray(repeating: true, shape: matrix.shape)
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
    let voxels = NDArray<Float>(uninitializedShape: voxels.shape) { target in
      self.voxels.withUnsafeBufferPointer { first in
        other.voxels.withUnsafeBufferPointer { second in
          for index in target.indices { target[index] = combine(first[index], second[index]) }
        }
      }
    }
    return ImageVolumes<Float>(voxels, geometry: geometry)
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
