import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays

/// Registration by elastix, a program of its own, where it is installed.
///
/// Mutual information of 32 bins, stochastic gradient descent with a fixed seed on one thread: equal images give equal
/// results to the last bit.
///
/// - SeeAlso: S. Klein et al., "elastix: a toolbox for intensity-based medical image registration", IEEE Trans Med
///   Imaging 29:196, 2010, doi:10.1109/TMI.2009.2035616.
public struct Elastix: Sendable {
  private let program: ExternalProgram
  /// What moves images; it comes with the program.
  private let mover: ExternalProgram?
  /// What it says of itself, such as `elastix version: 5.0.1`.
  public let version: String

  /// Finds the program among the folders of `PATH`; `nil` if it is not installed.
  public init?() {
    guard let program = ExternalProgram(named: "elastix"), let version = try? program.run(["--version"])
    else {
      return nil
    }
    self.program = program
    self.version = version.trimmingCharacters(in: .whitespacesAndNewlines)
    mover = ExternalProgram(named: "transformix")
  }

  /// The motion from a fixed volume to a moving one, from their first volumes.
  ///
  /// - Throws: ``StudyError/registrationFailed(_:)``, or ``FileError`` if there is no room for the volumes.
  public func motion(
    from fixed: ImageVolumes<Float>, to moving: ImageVolumes<Float>
  ) throws -> RigidMotion {
    let found = try transform(from: [fixed], to: [moving], by: ElastixParameters.rigid)
    guard let motion = found.stages.last.flatMap(RigidMotion.init) else {
      throw StudyError.registrationFailed("it wrote no transform that is understood")
    }
    return motion
  }

  /// Where points of a scan lie in another, as the program writes it down: one text for each stage.
  struct Transform: Sendable, Equatable, Codable {
    var stages: [String]
  }

  /// Where points of fixed volumes lie in moving ones.
  ///
  /// - Parameters:
  ///   - fixed: Volumes on one grid, of which each shows what the moving one at its place does; their first volumes count.
  ///   - moving: As many volumes, on one grid.
  ///   - region: The voxels of the fixed grid that count, axes `[z, y, x]`; all without.
  ///   - start: What is known of the transform, which is refined.
  /// - Throws: ``StudyError/registrationFailed(_:)``, or ``FileError`` if there is no room for the volumes.
  func transform(
    from fixed: [ImageVolumes<Float>], to moving: [ImageVolumes<Float>], within region: NDArray<Bool>? = nil,
    by parameters: ElastixParameters, after start: Transform? = nil
  ) throws -> Transform {
    let scratch = try ScratchFolder(), folder = scratch.path
    defer { scratch.remove() }
    var arguments: [String] = []
    for (flag, images) in [("f", fixed), ("m", moving)] {
      var paths: [String] = []
      for (index, image) in images.enumerated() {
        paths.append("\(folder)/\(flag)\(index).nii")
        let first = image[0].map { $0.isFinite ? $0 : 0 }
        try NIfTIFile.write(ImageVolumes(first, geometry: image.geometry), to: paths[index])
      }
      // Bending looks at no image, but the program wants one for it.
      if parameters.bending > 0 { paths.append(paths[0]) }
      for (index, path) in paths.enumerated() {
        arguments += ["-\(flag)\(paths.count > 1 ? "\(index)" : "")", path]
      }
    }
    if let region {
      let path = "\(folder)/region.nii"
      try NIfTIFile.write(
        ImageVolumes(region.map { $0 ? UInt8(1) : 0 }, geometry: fixed[0].geometry), to: path)
      arguments += ["-fMask", path]
    }
    if let start { arguments += ["-t0", try write(start, to: folder)] }
    try AtomicFile.write(parameters.text, to: "\(folder)/parameters.txt")
    _ = try run(
      program, arguments + ["-p", "\(folder)/parameters.txt", "-out", folder, "-threads", "1"])
    guard let text = try? String(contentsOfFile: "\(folder)/TransformParameters.0.txt", encoding: .utf8)
    else { throw StudyError.registrationFailed("it wrote no transform") }
    return Transform(stages: (start?.stages ?? []) + [text])
  }

  /// A volume of the moving scan as it lies in the fixed one, on whose grid it is returned; zero beyond its own.
  ///
  /// - Parameter nearest: Whether the nearest voxel counts, as for labels; else values are interpolated linearly.
  /// - Throws: ``StudyError/registrationFailed(_:)``, or ``FileError``.
  func moved(
    _ volume: ImageVolumes<Float>, by transform: Transform, nearest: Bool
  ) throws -> ImageVolumes<Float> {
    guard let mover else {
      throw StudyError.registrationFailed("transformix, which comes with it, is not installed")
    }
    let scratch = try ScratchFolder(), folder = scratch.path
    defer { scratch.remove() }
    try NIfTIFile.write(volume, to: "\(folder)/moving.nii")
    var transform = transform
    for stage in transform.stages.indices {
      transform.stages[stage] = transform.stages[stage]
        .replacing(/\(ResultImageFormat "[^"]*"\)/, with: "(ResultImageFormat \"nii\")")
        .replacing(
          /\(FinalBSplineInterpolationOrder [0-9]+\)/,
          with: "(FinalBSplineInterpolationOrder \(nearest ? 0 : 1))")
    }
    let path = try write(transform, to: folder)
    _ = try run(
      mover, ["-in", "\(folder)/moving.nii", "-tp", path, "-out", folder, "-threads", "1"])
    return try NIfTIFile(at: "\(folder)/result.nii").volumes(scaling: .applied)
  }

  /// Writes the stages into a folder, each with the name of that before it.
  ///
  /// - Returns: The file of the last.
  private func write(_ transform: Transform, to folder: String) throws -> String {
    var path = "NoInitialTransform"
    for (index, text) in transform.stages.enumerated() {
      let previous = path
      path = "\(folder)/transform\(index).txt"
      // Later versions of the program have the name without an s.
      let linked = text.replacing(/\((InitialTransformParameters?FileName) "[^"]*"\)/) {
        "(\($0.output.1) \"\(previous)\")"
      }
      try AtomicFile.write(linked, to: path)
    }
    return path
  }

  private func run(_ program: ExternalProgram, _ arguments: [String]) throws(StudyError) -> String {
    do { return try program.run(arguments) } catch { throw .registrationFailed(error.description) }
  }
}
