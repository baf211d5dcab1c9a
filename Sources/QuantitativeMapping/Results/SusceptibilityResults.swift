import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import QSM

/// Writes susceptibility, and what it was found from, into a BIDS derivative data set.
public struct SusceptibilityResults {
  /// The data set.
  public let dataset: DerivativeDataset
  /// The participant's label.
  public let subject: String

  /// The results that a folder of this kind holds.
  public static let kind = AtomicFolder.Kind(marker: "provenance.json") { name in
    ["provenance.json", "dataset_description.json", ".bidsignore", "figures", "regions.tsv"].contains(name)
      || name.hasPrefix("sub-")
  }

  /// Prepares to write.
  public init(dataset: DerivativeDataset, subject: String) {
    self.dataset = dataset
    self.subject = subject
  }

  /// Writes the susceptibility and, if asked for, what it was found from.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``.
  public func write(_ result: SusceptibilityMaps, of maps: EchoMaps, intermediates: Bool) throws {
    try FileManager.default.createDirectory(
      atPath: dataset.folder + "/figures", withIntermediateDirectories: true)
    let known = result.local.mask[0].map { $0 != 0 }, inside = result.mask.isInside
    let chi = Montage(window: .range(-0.15...0.15))
    try write(result.susceptibility, "Chimap", nil, .partsPerMillion, maps, preview: chi, within: known) {
      $0["ReferenceMean"] = .number(result.map.referenceValue)
      $0["ReferenceRegion"] = .string(result.reference?.origin ?? "whole map")
    }
    let reliability = try result.reliability(of: maps)
    try write(
      reliability, "reliability", nil, .arbitrary, maps, preview: Montage(window: .range(0...1)),
      within: known)
    var outline = Montage(slices: 12, window: .percentiles(0, 99.5))
    outline.isMarked = true
    let seen = maps.combinedMagnitude ?? result.mask.volume.map(Float.init)
    try PNGFile.write(
      outline.picture(of: seen, within: inside), to: "\(dataset.folder)/figures/mask.png")
    if let reference = result.reference {
      try PNGFile.write(
        outline.picture(of: seen, within: reference.isInside), to: "\(dataset.folder)/figures/reference.png")
    }
    let field = Montage(window: .symmetric(percentile: 99))
    if !intermediates {
      if let total = result.totalField { try preview(total, field, within: inside, as: "total-field") }
      try preview(result.local.field, field, within: known, as: "local-field")
      return
    }
    if let total = result.totalField {
      try write(total, "fieldmap", "unwrapped", .hertz, maps, preview: field, within: inside)
    }
    try write(result.local.field, "fieldmap", "local", .hertz, maps, preview: field, within: known)
    try writeMask(result.mask.volume, "brain", maps)
    try writeMask(result.local.mask, "localfield", maps)
    if let reference = result.reference { try writeMask(reference.volume, "reference", maps) }
    if let rates = maps.r2Star {
      try write(
        rates, "R2starmap", nil, .perSecond, maps, preview: Montage(window: .range(0...60)), within: inside)
    }
    try writeWeighted(result, maps)
  }

  /// Writes para- and diamagnetic sources; pictures are brighter where those of their kind are stronger.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``.
  public func write(_ sources: SourceSeparation.Sources, of maps: EchoMaps, within mask: BrainMask) throws {
    // Iron of the nuclei and myelin of white matter.
    for (part, volume, strongest) in [
      (BIDSName.Part.paramagnetic, sources.paramagnetic, 0.15 as Float),
      (.diamagnetic, sources.diamagnetic, -0.06),
    ] {
      let name = try BIDSName(subject: subject, part: part, suffix: "Chimap")
      let range = Double(min(strongest, 0))...Double(max(strongest, 0))
      try dataset.write(
        volume, as: name, sidecar: sidecar(of: maps, .partsPerMillion), displayRange: range,
        isSkullStripped: true)
      try preview(
        strongest < 0 ? volume.map { 0 - $0 } : volume, Montage(window: .range(0...abs(strongest))),
        within: mask.isInside, as: "Chimap-\(part.rawValue)")
    }
  }

  /// Writes regions as BIDS has them, `desc-atlas_dseg`, with the table of their names.
  ///
  /// - Parameters:
  ///   - labels: A number for every voxel, 0 for none.
  ///   - table: The names of the numbers: the columns index and name.
  ///   - picture: The labels on what they lie on, for a look.
  /// - Throws: ``FileError/cannotWrite(path:reason:)``.
  public func write(
    regions labels: ImageVolumes<Int32>, table: String, picture: NDArray<UInt8>, of maps: EchoMaps
  ) throws {
    let name = try BIDSName(subject: subject, describing: "atlas", suffix: "dseg")
    try dataset.write(labels, as: name, sidecar: sidecar(of: maps))
    try AtomicFile.write(table, to: dataset.path(of: name) + ".tsv")
    try PNGFile.write(picture, to: "\(dataset.folder)/figures/atlas.png")
  }

  /// The susceptibility-weighted image, and its projection.
  private func writeWeighted(_ result: SusceptibilityMaps, _ maps: EchoMaps) throws {
    guard let (weighted, echo) = maps.susceptibilityWeighted else { return }
    let projected = MinimumIntensityProjection()(weighted)
    let grey = Montage(slices: 6)
    try write(weighted, "swi", nil, .arbitrary, maps, preview: grey, within: nil) {
      $0["EchoTime"] = .number(maps.parameters.echoTimes[echo])
    }
    try write(projected, "minIP", nil, .arbitrary, maps, preview: grey, within: result.mask.isInside)
  }

  private func write(
    _ volume: ImageVolumes<Float>, _ suffix: String, _ description: String?, _ units: ImageUnits,
    _ maps: EchoMaps, preview montage: Montage, within mask: NDArray<Bool>?,
    _ complete: (inout [String: JSONValue]) -> Void = { _ in }
  ) throws {
    var sidecar = sidecar(of: maps, units)
    complete(&sidecar.extra)
    let name = try BIDSName(subject: subject, describing: description, suffix: suffix)
    try dataset.write(
      volume, as: name, sidecar: sidecar, displayRange: montage.displayRange(of: volume, within: mask),
      isSkullStripped: suffix == "Chimap" || description == "local")
    let title = [suffix, description].compactMap(\.self).joined(separator: "-")
    try preview(volume, montage, within: mask, as: title)
  }

  /// Where voxels lie is what the files say; the direction of the field is in the sidecar.
  private func sidecar(of maps: EchoMaps, _ units: ImageUnits? = nil) -> Sidecar {
    var sidecar = Sidecar(parameters: maps.parameters, geometry: maps.geometry, units: units)
    sidecar.fieldDirection = (0..<3).map { maps.fieldDirection[$0] }
    return sidecar
  }

  private func writeMask(_ mask: ImageVolumes<UInt8>, _ description: String, _ maps: EchoMaps) throws {
    let name = try BIDSName(subject: subject, describing: description, suffix: "mask")
    try dataset.write(mask, as: name, sidecar: sidecar(of: maps), displayRange: 0...1)
  }

  private func preview(
    _ volume: ImageVolumes<Float>, _ montage: Montage, within mask: NDArray<Bool>?, as name: String
  ) throws {
    var montage = montage
    montage.isMarked = true
    try PNGFile.write(montage.picture(of: volume, within: mask), to: "\(dataset.folder)/figures/\(name).png")
  }

  /// What was written, for the user.
  public func summary(of result: SusceptibilityMaps, in folder: String, intermediates: Bool) -> String {
    let findings = result.findings
    let percentiles = findings.percentiles.map { String(format: "%.3f", $0) }.joined(separator: ", ")
    // A mask of a few voxels has a volume, too.
    let volume = String(format: findings.maskVolume < 10 ? "%.1f" : "%.0f", findings.maskVolume)
    return """
      \(folder)/sub-\(subject)/anat: Chimap [ppm], reliability\(intermediates ? ", mask, fields, R2*, SWI and its projection" : "")
      \(folder)/figures: previews as PNG
      \(folder)/provenance.json: settings, inputs, and what was assumed
      Mask of \(volume) ml; susceptibility at 1, 50 and 99 %: \(percentiles) ppm, \
      relative to a reference of \(String(format: "%.4f", findings.referenceValue)) ppm.
      """
  }
}
