import ArgumentParser
import Foundation
import KSpaceToolkit

/// Where masks go, and what is printed about them.
struct MaskOutput: ParsableArguments {
  @Option(name: .shortAndLong, help: "The file to write: .npy, .cfl, .csv or .png; none if absent.")
  var output: String?

  @Option(help: "The order of the rows of a .csv file: linear or center-out.")
  var order: AcquisitionOrder = .linear

  @Option(name: .customLong("tr"), help: "The repetition time, such as 30.2ms; adds the time of the samples.")
  var repetitionTime: TimeSpan?

  @Flag(help: "Replace outputs that exist.")
  var force = false

  @Flag(help: "Print JSON.")
  var json = false

  /// Makes the masks of a recipe, writes and describes them.
  func deliver(_ recipe: MaskRecipe) throws {
    let samples = try recipe.diskSamples()
    let masks = try samples.isEmpty ? recipe.masks() : samples.map(\.mask)
    try deliver(masks, recipe: recipe, source: nil, samples: samples)
  }

  /// Refuses a file that would be replaced although nobody named it, unless it is the companion of a mask and may be.
  private func check(_ companion: String, of output: String, _ masks: [SamplingMask]) throws {
    guard FileManager.default.fileExists(atPath: companion) else { return }
    // The same mask in another format has the same sidecar.
    if let known = try? MaskSidecar(ofMaskAt: companion), known.masks.map(\.checksum) == masks.map(\.checksum)
    {
      return
    }
    guard !force || !MaskFile.isCompanion(companion) else { return }
    throw InputError(
      output,
      "\(companion) exists\(force ? " and belongs to something else than a mask" : ""), and would be replaced",
      remedy: "Choose another name for the mask with --output, or move that file away")
  }

  /// Writes and describes masks.
  func deliver(
    _ masks: [SamplingMask], recipe: MaskRecipe?, source: String?, samples: [DiskSample] = []
  ) throws {
    if let output {
      try OutputPath.check(output, replacing: force)
      for companion in MaskFile.companions(of: output) { try check(companion, of: output, masks) }
      try MaskFile.write(masks, to: output, recipe: recipe, source: source, order: order)
    }
    var reports: [MaskReport] = []
    for (index, mask) in masks.enumerated() {
      let sample = samples.isEmpty ? nil : samples[index]
      reports.append(
        try MaskReport(mask, sample: sample, recipe: recipe, repetitionTime: repetitionTime?.seconds))
    }
    guard json else {
      for (index, report) in reports.enumerated() {
        if reports.count > 1 { print("mask \(index + 1) of \(reports.count)") }
        print(report)
      }
      return
    }
    try Terminal.deliver(reports.json())
  }
}

/// What is said of one mask.
struct MaskReport: Encodable, CustomStringConvertible {
  let figures: SamplingFigures
  /// The radius at the centre that a Poisson-disk mask keeps [steps of its metric].
  let radius: Double?
  let keepsRadius: Bool?
  /// Samples times repetition time [s].
  let duration: Double?

  init(_ mask: SamplingMask, sample: DiskSample?, recipe: MaskRecipe?, repetitionTime: Double?) throws {
    let figures = try SamplingFigures(mask, region: recipe?.region)
    self.figures = figures
    radius = sample?.scale
    if let sample, case .poissonDisk(let pattern) = recipe?.pattern {
      keepsRadius = try pattern.keepsDistance(sample)
    } else {
      keepsRadius = nil
    }
    duration = repetitionTime.map { $0 * Double(figures.acquiredCount) }
  }

  var description: String {
    func number(_ value: Double?, _ digits: Int = 3) -> String {
      value.map { String(format: "%.\(digits)f", $0) } ?? "none"
    }
    var lines = [
      "grid           \(figures.extent) (ky x kz), \(figures.acquiredCount) positions acquired",
      "acceleration   \(number(figures.gridAcceleration)) of the grid, "
        + "\(number(figures.shutterAcceleration)) of the shutter (\(figures.shutter)), "
        + "\(number(figures.outerAcceleration)) outside the calibration box",
      "calibration    \(figures.calibration)",
      "min distance   \(number(figures.minimumDistance, 2)) steps of the grid, outside the calibration box"
        + (radius.map {
          String(format: "; radius %.2f at the centre ", $0) + (keepsRadius == true ? "kept" : "NOT kept")
        } ?? ""),
      "largest hole   \(number(figures.largestHole, 2)) steps in radius",
      "point spread   peak sidelobe \(number(figures.peakSidelobe, 4)), "
        + "transform incoherence \(number(figures.transformIncoherence, 4)) (Haar, 3 levels)",
      "checksum       \(figures.checksum)",
    ]
    if let duration {
      lines.append(
        "time           \(AcquisitionTime.text(duration)) for the samples alone (see kspace time for a protocol)"
      )
    }
    return lines.joined(separator: "\n")
  }
}
