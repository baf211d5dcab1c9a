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

  func validate() throws { try repetitionTime?.checkRepetition() }

  /// Makes the masks of a recipe, writes and describes them.
  func deliver(_ recipe: MaskRecipe) throws {
    let samples = try recipe.diskSamples()
    let masks = try samples.isEmpty ? recipe.masks() : samples.map(\.mask)
    try deliver(masks, recipe: recipe, source: nil, samples: samples)
  }

  /// Writes and describes masks.
  func deliver(
    _ masks: [SamplingMask], recipe: MaskRecipe?, source: String?, samples: [DiskSample] = []
  ) throws {
    if let output {
      try MaskFile.check(output, of: masks, replacing: force)
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
