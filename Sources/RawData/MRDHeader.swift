import MRIData

/// The XML header of an MRD file: what reconstruction needs as values, and the whole text.
///
/// Read tolerantly: an element that is absent or unreadable is `nil`, never a guess.
public struct MRDHeader: Sendable, Equatable {
  /// The XML text; elements that this type does not know survive in it.
  public var xml: String
  /// The encodings, in the order of the file.
  public var encodings: [Encoding] = []
  /// The echo times [s].
  public var echoTimes: [Double] = []
  /// The repetition times [s].
  public var repetitionTimes: [Double] = []
  /// The flip angles [rad].
  public var flipAngles: [Double] = []
  /// The static field [T].
  public var fieldStrength: Double?
  /// The Larmor frequency of protons [Hz].
  public var imagingFrequency: Double?
  /// The number of receive channels.
  public var receiverChannels: Int?
  /// The noise bandwidth of the receivers relative to the sampling rate.
  public var relativeNoiseBandwidth: Double?
  /// The make of the scanner.
  public var manufacturer: String?
  /// The model of the scanner.
  public var model: String?
  /// The name of the protocol.
  public var protocolName: String?
  /// How the patient lay, such as `HFS`.
  public var patientPosition: String?
  /// The user parameters, as text.
  public var userParameters: [String: String] = [:]

  /// One encoding: the grids, the range of the counters and the acceleration that the header states.
  public struct Encoding: Sendable, Equatable {
    /// The grid in k-space.
    public var encodedSpace: Space
    /// The grid that images are meant to have.
    public var reconSpace: Space
    /// The ranges of the counters by their XML names, such as `kspace_encoding_step_1`.
    public var limits: [String: Limit] = [:]
    /// The kind of trajectory.
    public var trajectory: String?
    /// The acceleration along `ky` and `kz`.
    public var acceleration: SIMD2<Double>?
    /// How parallel imaging was calibrated, such as `embedded` or `separate`.
    public var calibrationMode: String?
    /// The number of slices that were excited and read out at once.
    public var multibandFactor: Double?
    /// How lines are read out, for echo-planar scans.
    public var trajectoryDescription: TrajectoryDescription?
  }

  /// The named numbers of a trajectory, in the units of whoever wrote them.
  public struct TrajectoryDescription: Sendable, Equatable {
    /// What kind of trajectory it is, such as `ConventionalEPI`.
    public var identifier: String
    /// The numbers.
    public var parameters: [String: Double]

    /// Creates a description.
    public init(identifier: String, parameters: [String: Double]) {
      self.identifier = identifier
      self.parameters = parameters
    }
  }

  /// A grid of the header; matrices of some converters are not whole numbers.
  ///
  /// Zeros stand for a grid that the header does not state.
  public struct Space: Sendable, Equatable {
    /// The number of points along `x`, `y`, `z`.
    public var matrix: SIMD3<Double>
    /// The field of view [m]; 0 where the header does not state it.
    public var fieldOfView: SIMD3<Double>

    /// A grid that is not stated.
    static let unknown = Space(matrix: .zero, fieldOfView: .zero)
  }

  /// The range of one counter.
  public struct Limit: Sendable, Equatable {
    /// The smallest value.
    public var minimum: Int
    /// The largest value.
    public var maximum: Int
    /// The value at the centre of k-space.
    public var center: Int

    /// Creates a range.
    public init(minimum: Int, maximum: Int, center: Int) {
      self.minimum = minimum
      self.maximum = maximum
      self.center = center
    }
  }
}
