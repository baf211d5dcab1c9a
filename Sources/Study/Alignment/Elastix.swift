import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays

/// Rigid registration by elastix, a program of its own, where it is installed.
///
/// Mutual information of 32 bins, three resolutions, stochastic gradient descent with a fixed seed on one thread: equal
/// images give equal motions to the last bit.
///
/// - SeeAlso: S. Klein et al., "elastix: a toolbox for intensity-based medical image registration", IEEE Trans Med
///   Imaging 29:196, 2010, doi:10.1109/TMI.2009.2035616.
public struct Elastix: Sendable {
  private let program: ExternalProgram
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
  }

  /// The motion from a fixed volume to a moving one, from their first volumes.
  ///
  /// - Throws: ``StudyError/registrationFailed(_:)``, or ``FileError`` if there is no room for the volumes.
  public func motion(
    from fixed: ImageVolumes<Float>, to moving: ImageVolumes<Float>
  ) throws -> RigidMotion {
    let files = FileManager.default
    let folder = files.temporaryDirectory.appending(path: "kspace-registration-\(UUID().uuidString)").path
    try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? files.removeItem(atPath: folder) }
    for (name, image) in [("fixed", fixed), ("moving", moving)] {
      let first = image[0].map { $0.isFinite ? $0 : 0 }
      try NIfTIFile.write(ImageVolumes(first, geometry: image.geometry), to: "\(folder)/\(name).nii")
    }
    try AtomicFile.write(Self.parameters, to: "\(folder)/parameters.txt")
    do {
      _ = try program.run([
        "-f", "\(folder)/fixed.nii", "-m", "\(folder)/moving.nii", "-p", "\(folder)/parameters.txt", "-out",
        folder, "-threads", "1",
      ])
    } catch {
      throw StudyError.registrationFailed(error.description)
    }
    guard let text = try? String(contentsOfFile: "\(folder)/TransformParameters.0.txt", encoding: .utf8),
      let motion = RigidMotion(elastix: text)
    else { throw StudyError.registrationFailed("it wrote no transform that is understood") }
    return motion
  }

  private static let parameters = """
    (FixedImageDimension 3)
    (MovingImageDimension 3)
    (FixedInternalImagePixelType "float")
    (MovingInternalImagePixelType "float")
    (UseDirectionCosines "true")
    (Registration "MultiResolutionRegistration")
    (Interpolator "LinearInterpolator")
    (ResampleInterpolator "FinalBSplineInterpolator")
    (Resampler "DefaultResampler")
    (FixedImagePyramid "FixedSmoothingImagePyramid")
    (MovingImagePyramid "MovingSmoothingImagePyramid")
    (Optimizer "AdaptiveStochasticGradientDescent")
    (Transform "EulerTransform")
    (Metric "AdvancedMattesMutualInformation")
    (AutomaticScalesEstimation "true")
    (AutomaticTransformInitialization "false")
    (HowToCombineTransforms "Compose")
    (NumberOfHistogramBins 32)
    (NumberOfResolutions 3)
    (MaximumNumberOfIterations 400)
    (ImageSampler "RandomCoordinate")
    (NumberOfSpatialSamples 5000)
    (NewSamplesEveryIteration "true")
    (CheckNumberOfSamples "false")
    (RandomSeed 121212)
    (DefaultPixelValue 0)
    (WriteResultImage "false")

    """
}

extension RigidMotion {
  /// Reads what elastix writes: angles [rad] about `x`, `y`, `z`, translations and the centre in millimetres, LPS.
  init?(elastix text: String) {
    func numbers(_ name: String) -> [Double]? {
      text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("(\(name) ") }?
        .dropFirst(name.count + 2).prefix { $0 != ")" }.split(separator: " ").compactMap { Double($0) }
    }
    guard text.contains("(Transform \"EulerTransform\")"), !text.contains("(ComputeZYX \"true\")"),
      let values = numbers("TransformParameters"), values.count == 6,
      let center = numbers("CenterOfRotationPoint"), center.count == 3
    else { return nil }
    let (sx, sy, sz) = (sin(values[0]), sin(values[1]), sin(values[2]))
    let (cx, cy, cz) = (cos(values[0]), cos(values[1]), cos(values[2]))
    // Rz Rx Ry, the order of ITK's Euler transform.
    self.init(
      rotation: [
        [cz * cy - sz * sx * sy, -sz * cx, cz * sy + sz * sx * cy],
        [sz * cy + cz * sx * sy, cz * cx, sz * sy - cz * sx * cy],
        [-cx * sy, sx, cx * cy],
      ], translation: SIMD3(values[3...]) * 1e-3, center: SIMD3(center) * 1e-3)
  }
}
