import Foundation
import KSpaceToolkit
import Synchronization

/// What a combination of channels yields, as it is written.
struct CombinedImages {
  /// A map beside the echoes.
  struct Map {
    /// The BIDS suffix.
    let suffix: String
    /// What tells the map from others of the same suffix.
    var describing: String?
    let units: ImageUnits
    let volume: ImageVolumes<Float>
    /// How the preview shows it.
    let preview: Montage
  }

  /// The name of the method, for sidecars.
  let method: String
  /// One volume per echo.
  let magnitude: ImageVolumes<Float>
  /// The phase of every echo [rad], wrapped; `nil` where the method keeps none.
  var phase: ImageVolumes<Float>?
  /// Maps from all echoes.
  var maps: [Map] = []
  /// Further keys of the sidecars.
  var extra: [String: JSONValue] = [:]
  /// What was assumed on the way here, one sentence each.
  var assumptions: [String] = []

  init(method: String, magnitude: ImageVolumes<Float>) {
    self.method = method
    self.magnitude = magnitude
  }

  init(method: String, echoes: ImageVolumes<Complex<Float>>, maps: [Map] = []) {
    self.method = method
    magnitude = echoes.map(\.length)
    // The phase of zero is not defined; zero is what viewers expect outside of the object.
    phase = echoes.map { $0 == .zero ? 0 : $0.phase }
    self.maps = maps
  }
}

extension CombinedImages {
  /// Where there is signal: above a tenth of the first echo's brightest hundredth.
  ///
  /// Previews of maps show only this.
  fileprivate var object: NDArray<Bool> {
    let first = magnitude[0]
    let sorted = first.elements.filter(\.isFinite).sorted()
    let bright = sorted.isEmpty ? 0 : sorted[(sorted.count - 1) * 99 / 100]
    return first.map { $0 > 0.1 * bright }
  }
}

/// Writes images, maps, sidecars and previews into a BIDS derivative data set.
struct ReconstructionResults: Sendable {
  let dataset: DerivativeDataset
  let subject: String
  /// The label of the BIDS entity `rec`.
  let reconstruction: String
  /// Whether slices were encoded one by one.
  let isMultislice: Bool
  /// The acceleration of each echo: full grid over acquired positions.
  let accelerations: [Double?]

  /// Writes the complex images of one channel, axes `[echo, z, y, x]`, as magnitude and phase of every echo.
  func writeChannel(_ channel: Int, _ images: NDArray<Complex<Float>>, of scan: ChannelImages) throws {
    for echo in 0..<images.shape[0] {
      let volume = ImageVolumes(images.part(at: echo), geometry: scan.geometry)
      for (part, values) in [
        (BIDSName.Part.magnitude, volume.map(\.length)),
        (.phase, volume.map { $0 == .zero ? 0 : $0.phase }),
      ] {
        let name = try BIDSName(
          subject: subject, channel: channel + 1, echo: echo + 1, part: part, suffix: "MEGRE")
        try dataset.write(values, as: name, sidecar: sidecar(of: scan, echo: echo, part: part))
      }
    }
  }

  /// Writes combined echoes and maps.
  func write(_ combined: CombinedImages, of scan: ChannelImages) throws {
    for echo in 0..<combined.magnitude.count {
      try Interruption.check()
      try write(combined.magnitude, echo, .magnitude, combined, of: scan)
      if let phase = combined.phase { try write(phase, echo, .phase, combined, of: scan) }
    }
    try FileManager.default.createDirectory(
      atPath: dataset.folder + "/figures", withIntermediateDirectories: true)
    let preview = Montage(slices: 6)
    try write(preview, of: combined.magnitude, as: "magnitude")
    if let phase = combined.phase {
      let cyclic = Montage(slices: 6, window: .range(-.pi ... .pi), colors: .cyclic)
      try write(cyclic, of: phase, as: "phase")
    }
    let object = combined.object
    for map in combined.maps {
      var sidecar = Sidecar(parameters: scan.parameters, geometry: scan.geometry, units: map.units)
      complete(&sidecar, combined)
      let name = try BIDSName(
        subject: subject, reconstruction: reconstruction, describing: map.describing, suffix: map.suffix)
      try dataset.write(map.volume, as: name, sidecar: sidecar)
      let title = [map.suffix, map.describing].compactMap(\.self).joined(separator: "-")
      try write(map.preview, of: map.volume, within: object, as: title)
    }
  }

  /// Writes the g factor and the noise of every echo.
  func write(_ noise: NoiseMaps, of scan: ChannelImages) throws {
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
          ImageVolumes(volumes[echo], geometry: volumes.geometry), as: file, sidecar: sidecar)
      }
    }
    try write(Montage(slices: 6, window: .range(0...3)), of: noise.gFactor, as: "gfactor")
  }

  private func write(
    _ volumes: ImageVolumes<Float>, _ echo: Int, _ part: BIDSName.Part, _ combined: CombinedImages,
    of scan: ChannelImages
  ) throws {
    var sidecar = sidecar(of: scan, echo: echo, part: part)
    complete(&sidecar, combined)
    let name = try BIDSName(
      subject: subject, reconstruction: reconstruction, echo: echo + 1, part: part, suffix: "MEGRE")
    try dataset.write(
      ImageVolumes(volumes[echo], geometry: volumes.geometry), as: name, sidecar: sidecar)
  }

  private func sidecar(of scan: ChannelImages, echo: Int, part: BIDSName.Part) -> Sidecar {
    var sidecar = Sidecar(
      parameters: scan.parameters, geometry: scan.geometry, echo: echo,
      units: part == .phase ? .radians : .arbitrary)
    if isMultislice { sidecar.acquisitionType = "2D" }
    sidecar.extra["ReadoutPolarity"] = .string(scan.parameters.polarities[echo].rawValue)
    if let acceleration = accelerations[echo] { sidecar.extra["AccelerationGrid"] = .number(acceleration) }
    return sidecar
  }

  private func complete(_ sidecar: inout Sidecar, _ combined: CombinedImages) {
    sidecar.coilCombinationMethod = combined.method
    sidecar.extra.merge(combined.extra) { own, _ in own }
    if isMultislice { sidecar.acquisitionType = "2D" }
  }

  private func write(
    _ montage: Montage, of volumes: ImageVolumes<Float>, within mask: NDArray<Bool>? = nil, as name: String
  ) throws {
    var montage = montage
    // A plane of a volume that was never encoded along the readout is seen across that axis.
    let matrix = volumes.geometry.matrix
    montage.axis = matrix.x == 1 ? 0 : matrix.y == 1 ? 1 : 2
    try PNGFile.write(montage.picture(of: volumes, within: mask), to: "\(dataset.folder)/figures/\(name).png")
  }

  /// What was written, for the user.
  func summary(of combined: CombinedImages, withNoise: Bool, in folder: String) -> String {
    let maps =
      combined.maps.map {
        [$0.suffix, $0.describing.map { "(\($0))" }].compactMap(\.self).joined(separator: " ")
      } + (withNoise ? ["g factor and noise of every echo"] : [])
    return """
      \(folder)/sub-\(subject)/anat: \(counted(combined.magnitude.count, "echo")) as magnitude\
      \(combined.phase == nil ? "" : " and phase")\(maps.isEmpty ? "" : ", " + maps.joined(separator: ", "))
      \(folder)/figures: previews as PNG
      \(folder)/provenance.json: what was assumed
      """
  }
}
