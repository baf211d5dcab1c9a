/// What a method takes of a machine, as it is expected before anything is computed.
///
/// Times are counts of voxels, channels, echoes and usual iterations times seconds that were measured with the numerical
/// head; other hosts, and busy ones, differ by a factor of two or three.
public struct MethodNeeds: Sendable, Equatable {
  /// The memory at the peak [bytes].
  public var memory: Double
  /// The time on one of today's cores [s].
  public var seconds: Double

  /// States needs.
  public init(memory: Double = 0, seconds: Double = 0) {
    self.memory = memory
    self.seconds = seconds
  }

  /// The needs of two methods of which one follows the other and both hold what they need.
  public static func + (first: MethodNeeds, second: MethodNeeds) -> MethodNeeds {
    MethodNeeds(memory: first.memory + second.memory, seconds: first.seconds + second.seconds)
  }
}
