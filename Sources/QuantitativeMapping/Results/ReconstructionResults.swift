import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import Numerics
import ParallelImaging

/// A map as it is written beside the echoes.
private struct WrittenMap {
  /// The BIDS suffix.
  let suffix: String
  /// What tells the map from others of the same suffix.
  var describing: String?
  let units: ImageUnits
  let volume: ImageVolumes<Float>
  /// How the preview shows it.
  let preview: Montage

  /// How people call it.
  var name: String { [suffix, describing.map { "(\($0))" }].compactMap(\.self).joined(separator: " ") }
}

extension EchoMaps {
  /// The maps that are written beside the echoes.
  fileprivate var written: [WrittenMap] {
    var maps: [WrittenMap] = []
    if let field, let period = field.period {
      let half = Float(period / 2)
      maps.append(
        WrittenMap(
          suffix: "fieldmap", describing: "wrapped", units: .hertz, volume: field.values,
          preview: Montage(window: .range(-half...half), colors: .cyclic)))
      if let noise = field.noise {
        maps.append(
          WrittenMap(
            suffix: "fieldmap", describing: "noise", units: .hertz, volume: noise,
            preview: Montage(window: .percentiles(1, 95))))
      }
    }
    if let r2Star {
      maps.append(
        WrittenMap(
          suffix: "R2starmap", units: .perSecond, volume: r2Star, preview: Montage(window: .range(0...80))))
    }
    return maps
  }

  /// Where there is signal: above a tenth of the first echo's brightest hundredth.
  ///
  /// Previews of maps show only this.
  fileprivate var object: NDArray<Bool>? {
    guard let first = magnitude?[0] else { return nil }
    let bright = first.sorted().ranked(0.99) ?? 0
    return first.map { $0 > 0.1 * bright }
  }
}

/// Writes images, maps, sidecars and previews into a BIDS derivative data set.
public struct ReconstructionResults: Sendable {
  /// The results that a folder of this kind holds.
  public static let kind = SusceptibilityResults.kind

  let dataset: DerivativeDataset
  let subject: String
  /// The label of the BIDS entity `rec`.
  let reconstruction: String
  /// Whether slices were encoded one by one.
  let isMultislice: Bool
  /// The acceleration of each echo: full grid over acquired positions.
  let accelerations: [Double?]

  /// Prepares to write.
  ///
  /// - Parameters:
  ///   - dataset: Where to write.
  ///   - subject: The participant's label.
  ///   - reconstruction: The label of the BIDS entity `rec`.
  ///   - stack: The scan.
  public init(dataset: DerivativeDataset, subject: String, reconstruction: String, of stack: SliceStack) {
    self.dataset = dataset
    self.subject = subject
    self.reconstruction = reconstruction
    isMultislice = stack.slices.count > 1
    accelerations = stack.slices[0].masks.map { $0.acceleration() }
  }

  /// Writes the complex images of one channel, axes `[echo, z, y, x]`, as magnitude and phase of every echo.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``.
  public func writeChannel(_ channel: Int, _ images: NDArray<Complex<Float>>, of scan: ChannelImages) throws {
    for echo in 0..<images.shape[0] {
      let volume = ImageVolumes(images.part(at: echo), geometry: scan.geometry)
      for (part, values) in [
        (BIDSName.Part.magnitude, volume.map(\.length)),
        (.phase, volume.map { $0 == .zero ? 0 : $0.phase }),
      ] {
        let name = try BIDSName(
          subject: subject, channel: channel + 1, echo: echo + 1, part: part, suffix: "MEGRE")
        try dataset.write(
          values, as: name, sidecar: sidecar(of: scan.parameters, scan.geometry, echo: echo, part: part),
          displayRange: Self.display(part).displayRange(of: values))
      }
    }
  }

  /// Writes combined echoes and maps.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``.
  public func write(_ maps: EchoMaps) throws {
    for (part, volumes) in [(BIDSName.Part.magnitude, maps.magnitude), (.phase, maps.phase)] {
      guard let volumes else { continue }
      // One range for all echoes, so that viewers show how signals decay.
      let range = Self.display(part).displayRange(of: volumes)
      for echo in 0..<volumes.count { try write(volumes, echo, part, maps, range) }
    }
    try FileManager.default.createDirectory(
      atPath: dataset.folder + "/figures", withIntermediateDirectories: true)
    if let magnitude = maps.magnitude { try write(Self.display(.magnitude), of: magnitude, as: "magnitude") }
    if let phase = maps.phase { try write(Self.display(.phase), of: phase, as: "phase") }
    let object = maps.object
    for map in maps.written {
      var sidecar = Sidecar(parameters: maps.parameters, geometry: maps.geometry, units: map.units)
      complete(&sidecar, maps)
      let name = try BIDSName(
        subject: subject, reconstruction: reconstruction, describing: map.describing, suffix: map.suffix)
      try dataset.write(
        map.volume, as: name, sidecar: sidecar,
        displayRange: map.preview.displayRange(of: map.volume, within: object))
      let title = [map.suffix, map.describing].compactMap(\.self).joined(separator: "-")
      try write(map.preview, of: map.volume, within: object, as: title)
    }
  }

  /// Writes the g factor and the noise of every echo.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``.
  public func write(_ noise: NoiseMaps, of scan: EchoMaps) throws {
    for (volumes, name) in [(noise.gFactor, "gfactor"), (noise.standardDeviation, "noise")] {
      for echo in 0..<volumes.count {
        var sidecar = Sidecar(
          parameters: scan.parameters, geometry: scan.geometry, echo: echo, units: .arbitrary)
        if isMultislice { sidecar.acquisitionType = "2D" }
        sidecar.extra["AccelerationGrid"] = .number(noise.accelerations[echo])
        sidecar.extra["Description"] = .string(noise.account)
        let file = try BIDSName(
          subject: subject, reconstruction: reconstruction, echo: echo + 1, describing: name, suffix: "MEGRE")
        try dataset.write(
          ImageVolumes(volumes[echo], geometry: volumes.geometry), as: file, sidecar: sidecar,
          displayRange: name == "gfactor"
            ? 0...3 : Montage(window: .percentiles(1, 95)).displayRange(of: volumes))
      }
    }
    try write(Montage(slices: 6, window: .range(0...3)), of: noise.gFactor, as: "gfactor")
  }

  private func write(
    _ volumes: ImageVolumes<Float>, _ echo: Int, _ part: BIDSName.Part, _ maps: EchoMaps,
    _ range: ClosedRange<Double>?
  ) throws {
    var sidecar = sidecar(of: maps.parameters, maps.geometry, echo: echo, part: part)
    complete(&sidecar, maps)
    let name = try BIDSName(
      subject: subject, reconstruction: reconstruction, echo: echo + 1, part: part, suffix: "MEGRE")
    try dataset.write(
      ImageVolumes(volumes[echo], geometry: volumes.geometry), as: name, sidecar: sidecar, displayRange: range
    )
  }

  /// How echoes are shown.
  private static func display(_ part: BIDSName.Part) -> Montage {
    part == .phase
      ? Montage(slices: 6, window: .range(-.pi ... .pi), colors: .cyclic)
      : Montage(slices: 6, window: .percentiles(0, 99.5))
  }

  private func sidecar(
    of parameters: ScanParameters, _ geometry: Geometry, echo: Int, part: BIDSName.Part
  ) -> Sidecar {
    var sidecar = Sidecar(
      parameters: parameters, geometry: geometry, echo: echo,
      units: part == .phase ? .radians : .arbitrary)
    if isMultislice { sidecar.acquisitionType = "2D" }
    sidecar.extra["ReadoutPolarity"] = .string(parameters.polarities[echo].rawValue)
    if let acceleration = accelerations[echo] { sidecar.extra["AccelerationGrid"] = .number(acceleration) }
    return sidecar
  }

  private func complete(_ sidecar: inout Sidecar, _ maps: EchoMaps) {
    sidecar.coilCombinationMethod = maps.combination
    if let period = maps.field?.period { sidecar.extra["FieldPeriod"] = .number(period) }
    if maps.field != nil, let deviation = maps.noiseDeviation {
      sidecar.extra["NoiseStandardDeviation"] = .number(deviation)
    }
    if isMultislice { sidecar.acquisitionType = "2D" }
  }

  private func write(
    _ montage: Montage, of volumes: ImageVolumes<Float>, within mask: NDArray<Bool>? = nil, as name: String
  ) throws {
    var montage = montage
    montage.isMarked = true
    // A plane of a volume that was never encoded along the readout is seen across that axis.
    let matrix = volumes.geometry.matrix
    montage.axis = matrix.x == 1 ? 0 : matrix.y == 1 ? 1 : 2
    try PNGFile.write(montage.picture(of: volumes, within: mask), to: "\(dataset.folder)/figures/\(name).png")
  }

  /// What was written, for the user.
  public func summary(of maps: EchoMaps, withNoise: Bool, in folder: String) -> String {
    let names = maps.written.map(\.name) + (withNoise ? ["g factor and noise of every echo"] : [])
    return """
      \(folder)/sub-\(subject)/anat: \(counted(maps.parameters.echoTimes.count, "echo")) as magnitude\
      \(maps.phase == nil ? "" : " and phase")\(names.isEmpty ? "" : ", " + names.joined(separator: ", "))
      \(folder)/figures: previews as PNG
      \(folder)/provenance.json: what was assumed
      """
  }
}
