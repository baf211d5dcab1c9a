import Foundation

/// What elastix is told of a registration.
struct ElastixParameters: Sendable {
  /// What a transform may do.
  enum Kind: Sendable {
    /// Turn and shift about the middle of the grid.
    case rigid
    /// Also stretch and shear; from the centres of gravity, or from what is known.
    case affine(fromCentres: Bool)
    /// Bend, by cubic splines between knots of a distance [m].
    case splines(spacing: Double)
  }

  /// How a pair of images is compared.
  enum Metric: Sendable {
    /// Mutual information of 32 bins, for different contrasts.
    case mutualInformation
    /// The correlation of values, for equal contrasts.
    case correlation
  }

  var kind: Kind
  var resolutions = 3
  var iterations = 400
  /// How many places are compared in each iteration.
  var samples = 5000
  /// How each pair of images is compared; all weigh alike.
  var metrics: [Metric] = [.mutualInformation]
  /// The weight of bending beside all comparisons; splines alone bend.
  var bending = 0.0

  /// The motion of a head between two scans.
  static let rigid = ElastixParameters(kind: .rigid)

  /// The parameters as the program reads them.
  var text: String {
    var names = metrics.map {
      $0 == .correlation ? "AdvancedNormalizedCorrelation" : "AdvancedMattesMutualInformation"
    }
    var weights = [Double](repeating: 1 / Double(metrics.count), count: metrics.count)
    if bending > 0 {
      names.append("TransformBendingEnergyPenalty")
      weights.append(bending)
    }
    func line(_ name: String, _ values: [String]) -> String {
      "(\(name) \(values.map { "\"\($0)\"" }.joined(separator: " ")))"
    }
    func each(_ name: String, _ value: String) -> String { line(name, names.map { _ in value }) }
    let method = names.count > 1 ? "MultiMetricMultiResolution" : "MultiResolution"
    let lines = [
      "(FixedImageDimension 3)", "(MovingImageDimension 3)",
      line("FixedInternalImagePixelType", ["float"]), line("MovingInternalImagePixelType", ["float"]),
      line("UseDirectionCosines", ["true"]), line("Registration", ["\(method)Registration"]),
      each("Interpolator", "LinearInterpolator"), line("ResampleInterpolator", ["FinalBSplineInterpolator"]),
      "(FinalBSplineInterpolationOrder 1)", line("Resampler", ["DefaultResampler"]),
      each("FixedImagePyramid", "FixedSmoothingImagePyramid"),
      each("MovingImagePyramid", "MovingSmoothingImagePyramid"),
      line("Optimizer", ["AdaptiveStochasticGradientDescent"]), line("Metric", names),
      line("AutomaticScalesEstimation", ["true"]), line("HowToCombineTransforms", ["Compose"]),
      "(NumberOfHistogramBins 32)", "(NumberOfResolutions \(resolutions))",
      "(MaximumNumberOfIterations \(iterations))", each("ImageSampler", "RandomCoordinate"),
      "(NumberOfSpatialSamples \(samples))", line("NewSamplesEveryIteration", ["true"]),
      line("CheckNumberOfSamples", ["false"]), line("ErodeFixedMask", ["false"]), "(RandomSeed 121212)",
      "(DefaultPixelValue 0)", line("WriteResultImage", ["false"]), line("ResultImageFormat", ["nii"]),
      line("ResultImagePixelType", ["float"]),
    ]
    let all = lines + weights.indices.map { "(Metric\($0)Weight \(weights[$0]))" } + transform
    return all.map { $0 + "\n" }.joined()
  }

  private var transform: [String] {
    switch kind {
    case .rigid:
      return ["(Transform \"EulerTransform\")", "(AutomaticTransformInitialization \"false\")"]
    case .affine(let fromCentres):
      return [
        "(Transform \"AffineTransform\")", "(AutomaticTransformInitialization \"\(fromCentres)\")",
        "(AutomaticTransformInitializationMethod \"CenterOfGravity\")",
      ]
    case .splines(let spacing):
      let schedule = (0..<resolutions).reversed().map { "\(1 << $0)" }.joined(separator: " ")
      return [
        "(Transform \"BSplineTransform\")", "(FinalGridSpacingInPhysicalUnits \(1e3 * spacing))",
        "(GridSpacingSchedule \(schedule))",
      ]
    }
  }
}
