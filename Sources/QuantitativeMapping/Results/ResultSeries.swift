import ImageFiles
import MRIData
import NDArrays
import Numerics

/// Images of one kind, as scanners and archives take them: a series.
public struct ResultSeries: Sendable {
  /// What the images show.
  public enum Kind: String, Sendable, CaseIterable {
    /// The magnitude of every echo.
    case magnitude
    /// The phase of every echo [rad].
    case phase
    /// The wrapped off-resonance [Hz].
    case field
    /// R2* [1/s].
    case r2Star = "r2star"
    /// The susceptibility [ppm].
    case susceptibility
    /// The susceptibility-weighted image.
    case weighted = "swi"
  }

  /// What the images show.
  public let kind: Kind
  /// One volume for each echo, or a single map.
  public let volumes: ImageVolumes<Float>
  /// The echo time of each volume [s]; none for maps that come from all echoes.
  public let echoTimes: [Double]
  /// The numbers of the echoes from 0; none for maps that come from all echoes.
  public let echoes: [Int]

  /// The series that maps of a scan make up: echoes, field and R2*, as far as they are there.
  public static func all(of maps: EchoMaps) -> [ResultSeries] {
    let times = maps.parameters.echoTimes, all = Array(times.indices)
    let found: [(Kind, ImageVolumes<Float>?, Bool)] = [
      (.magnitude, maps.magnitude, true), (.phase, maps.phase, true), (.field, maps.field?.values, false),
      (.r2Star, maps.r2Star, false),
    ]
    return found.compactMap { kind, volumes, isEcho in
      volumes.map {
        ResultSeries(kind: kind, volumes: $0, echoTimes: isEcho ? times : [], echoes: isEcho ? all : [])
      }
    }
  }

  /// The series of a susceptibility map [ppm].
  public init(susceptibility: ImageVolumes<Float>) {
    self.init(kind: .susceptibility, volumes: susceptibility, echoTimes: [], echoes: [])
  }

  /// The series of a susceptibility-weighted image; `nil` where there is none.
  public init?(weighted maps: EchoMaps) {
    guard let weighted = maps.susceptibilityWeighted else { return nil }
    self.init(
      kind: .weighted, volumes: weighted.image, echoTimes: [maps.parameters.echoTimes[weighted.echo]],
      echoes: [weighted.echo])
  }

  private init(kind: Kind, volumes: ImageVolumes<Float>, echoTimes: [Double], echoes: [Int]) {
    self.kind = kind
    self.volumes = volumes
    self.echoTimes = echoTimes
    self.echoes = echoes
  }
}

extension ResultSeries {
  /// Who takes the images.
  public enum Receiver: Sendable {
    /// A scanner's image chain: 12 bits, and no fractions that matter.
    case scanner
    /// An archive: 16 bits.
    case archive
  }

  /// How the values become codes.
  ///
  /// Windows of scanners are whole numbers, so that susceptibility is stored in ppb.
  public func coding(for receiver: Receiver) -> PixelCoding {
    let largest = receiver == .scanner ? 4095 : Int(UInt16.max)
    switch kind {
    case .magnitude, .weighted:
      let most = volumes.largest
      if receiver == .scanner { return .arbitrary(upTo: most, largest: largest) }
      // A window has at least one unit; a power of ten keeps the digits.
      let decimals = most > 0 && most < 1000 ? (3 - Double.log10(Double(most))).rounded(.up) : 0
      return .positive(upTo: most, factor: Double.pow(10, decimals), largest: largest)
    case .phase:
      // Scanners store 4096 for half a turn.
      return receiver == .scanner
        ? .signed(step: 2, factor: 4096 / .pi, largest: largest)
        : .signed(step: .pi / 32767, largest: largest)
    case .field:
      let most = Double(volumes.map(abs).largest)
      let steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]
      let step = steps.first { $0 * Double(largest / 2 - 1) >= most } ?? most / Double(largest / 2 - 1)
      return .signed(step: step, largest: largest)
    case .r2Star:
      let step = receiver == .scanner ? 0.1 : 0.01
      return PixelCoding(slope: step, intercept: -step, largest: largest)
    case .susceptibility: return .signed(step: 1, factor: 1000, largest: largest)
    }
  }

  /// The window that shows the images, in stored units: centre and width, whole numbers but for phase in radians.
  public func window(for coding: PixelCoding) -> (center: Double, width: Double) {
    switch kind {
    case .magnitude, .weighted:
      let width = max(1, (Double(volumes.voxels.sorted().ranked(0.995) ?? 0) * coding.factor).rounded())
      return ((width / 2).rounded(), width)
    case .phase: return (0, coding.factor == 1 ? 2 * .pi : 8192)
    case .field:
      let sorted = volumes.voxels.sorted()
      let wide = max(abs(Double(sorted.ranked(0.02) ?? 0)), abs(Double(sorted.ranked(0.98) ?? 0)))
      return (0, max(2, (2 * wide).rounded()))
    case .r2Star: return (40, 80)
    case .susceptibility: return (0, 400)
    }
  }

  /// The unit of what is stored.
  public func storedUnit(for coding: PixelCoding) -> String {
    switch kind {
    case .magnitude, .weighted: "a.u."
    case .phase: coding.factor == 1 ? "rad" : "rad*4096/pi"
    case .field: "Hz"
    case .r2Star: "1/s"
    case .susceptibility: "ppb"
    }
  }

  /// Whether values mean something by themselves, so that nobody may scale them.
  public var isQuantitative: Bool { kind != .magnitude && kind != .weighted }

  /// What the series is called.
  public var title: String {
    switch kind {
    case .magnitude: "magnitude"
    case .phase: "phase"
    case .field: "field map"
    case .r2Star: "R2*"
    case .susceptibility: "QSM"
    case .weighted: "SWI"
    }
  }

  /// How many values lie beyond the codes.
  public func clippedCount(by coding: PixelCoding) -> Int {
    volumes.voxels.withUnsafeBufferPointer { values in values.count { coding.clips($0) } }
  }
}

extension ImageVolumes<Float> {
  /// The largest finite value, or 0.
  fileprivate var largest: Float {
    voxels.withUnsafeBufferPointer { values in values.reduce(0) { $1.isFinite ? max($0, $1) : $0 } }
  }
}
