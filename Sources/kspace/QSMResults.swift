import Foundation
import KSpaceToolkit

/// Writes maps, sidecars and previews into a BIDS derivative data set.
struct QSMResults {
  let dataset: DerivativeDataset
  let subject: String

  /// Writes the susceptibility and, if asked for, what it was found from.
  func write(_ outcome: QSMOutcome, of scan: QSMScan, intermediates: Bool) throws {
    try FileManager.default.createDirectory(
      atPath: dataset.folder + "/figures", withIntermediateDirectories: true)
    let known = outcome.local.mask[0].map { $0 != 0 }, inside = outcome.mask[0].map { $0 != 0 }
    let chi = Montage(window: .range(-0.15...0.15))
    try write(outcome.map.susceptibility, "Chimap", nil, .partsPerMillion, scan, preview: chi, within: known)
    {
      $0["ReferenceMean"] = .number(outcome.map.referenceValue)
      $0["ReferenceRegion"] = "mean of zero, whole map unless another region was named"
    }
    let outline = Montage(slices: 12, window: .percentiles(0, 99.5))
    try PNGFile.write(
      outline.picture(of: scan.wrapped.magnitude ?? QSMSource.combined(scan.magnitude), within: inside),
      to: "\(dataset.folder)/figures/mask.png")
    let field = Montage(window: .symmetric(percentile: 99))
    if !intermediates {
      try preview(outcome.totalField, field, within: inside, as: "total-field")
      try preview(outcome.local.field, field, within: known, as: "local-field")
      return
    }
    try write(outcome.totalField, "fieldmap", "unwrapped", .hertz, scan, preview: field, within: inside)
    try write(outcome.local.field, "fieldmap", "local", .hertz, scan, preview: field, within: known)
    try writeMask(outcome.mask, "brain", scan)
    try writeMask(outcome.local.mask, "localfield", scan)
    if let relaxation = outcome.relaxation {
      try write(
        relaxation, "R2starmap", nil, .perSecond, scan, preview: Montage(window: .range(0...60)),
        within: inside)
    }
    try Interruption.check()
    try writeWeighted(outcome, scan)
  }

  /// The susceptibility-weighted image of the echo nearest to 20 ms at 3 T, and its projection.
  private func writeWeighted(_ outcome: QSMOutcome, _ scan: QSMScan) throws {
    let wanted = 0.06 / scan.wrapped.fieldStrength
    guard
      let echo = scan.echoTimes.indices.min(by: {
        abs(scan.echoTimes[$0] - wanted) < abs(scan.echoTimes[$1] - wanted)
      })
    else { return }
    // The phase of the echo, from the field where there was none: MDI's echoes have no other.
    let time = Float(2 * Double.pi * scan.echoTimes[echo])
    let magnitude = scan.magnitude[echo], field = scan.wrapped.field
    let phase = scan.phase?[echo] ?? field[0].map { $0 * time }
    let images = NDArray(
      zip(magnitude.elements, phase.elements).map {
        $0.isFinite && $1.isFinite ? Complex(length: abs($0), phase: $1) : .zero
      },
      shape: magnitude.shape)
    let weighted = SusceptibilityWeightedImage()(ImageVolumes(images, geometry: scan.geometry))
    let projected = MinimumIntensityProjection()(weighted)
    let grey = Montage(slices: 6)
    try write(weighted, "swi", nil, .arbitrary, scan, preview: grey, within: nil) {
      $0["EchoTime"] = .number(scan.echoTimes[echo])
    }
    try write(
      projected, "minIP", nil, .arbitrary, scan, preview: grey, within: outcome.mask[0].map { $0 != 0 })
  }

  private func write(
    _ volume: ImageVolumes<Float>, _ suffix: String, _ description: String?, _ units: ImageUnits,
    _ scan: QSMScan,
    preview montage: Montage, within mask: NDArray<Bool>?,
    _ complete: (inout [String: JSONValue]) -> Void = { _ in }
  ) throws {
    var sidecar = Sidecar(parameters: scan.parameters, geometry: scan.geometry, units: units)
    complete(&sidecar.extra)
    let name = try BIDSName(subject: subject, describing: description, suffix: suffix)
    // Where voxels lie is what the files say; the direction of the field is in the sidecar.
    try dataset.write(ImageVolumes(volume.voxels, geometry: scan.fileGeometry), as: name, sidecar: sidecar)
    let title = [suffix, description].compactMap(\.self).joined(separator: "-")
    try preview(volume, montage, within: mask, as: title)
  }

  private func writeMask(_ mask: ImageVolumes<UInt8>, _ description: String, _ scan: QSMScan) throws {
    let name = try BIDSName(subject: subject, describing: description, suffix: "mask")
    try dataset.write(
      ImageVolumes(mask.voxels, geometry: scan.fileGeometry), as: name,
      sidecar: Sidecar(parameters: scan.parameters, geometry: scan.geometry))
  }

  private func preview(
    _ volume: ImageVolumes<Float>, _ montage: Montage, within mask: NDArray<Bool>?, as name: String
  ) throws {
    try PNGFile.write(montage.picture(of: volume, within: mask), to: "\(dataset.folder)/figures/\(name).png")
  }

  /// What was written, for the user.
  func summary(of outcome: QSMOutcome, in folder: String, intermediates: Bool) -> String {
    let findings = outcome.findings
    let percentiles = findings.percentiles.map { String(format: "%.3f", $0) }.joined(separator: ", ")
    return """
      \(folder)/sub-\(subject)/anat: Chimap [ppm]\(intermediates ? ", mask, fields, R2*, SWI and its projection" : "")
      \(folder)/figures: previews as PNG
      \(folder)/provenance.json: settings, inputs, and what was assumed
      Mask of \(String(format: "%.0f", findings.maskVolume)) ml; susceptibility at 1, 50 and 99 %: \(percentiles) ppm, \
      relative to a reference of \(String(format: "%.4f", findings.referenceValue)) ppm.
      """
  }
}
