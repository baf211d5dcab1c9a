import Foundation
import KSpaceToolkit
import TestSupport
import Testing

struct CompareTests {
  /// What `kspace compare --json` prints, as far as it is looked at here.
  struct Report: Decodable {
    struct Score: Decodable {
      let key: String
      let value: Double?
      let note: String?
    }
    struct Region: Decodable {
      let name: String?
      let image, reference: RegionStatistics
      let difference: Double
      let percentDifference: Double?
    }
    struct Volume: Decodable {
      let dataRange: Double?
      let scale: [Double]?
      let scores: [Score]
      let regions: [Region]?
      let regionCorrelation: PearsonCorrelation?

      func value(_ key: String) -> Double? { scores.first { $0.key == key }?.value }
    }
    let voxels: Int
    let volumes: [Volume]
  }

  private let folder: TemporaryDirectory
  private let geometry = Geometry(matrix: Extents(x: 12, y: 13, z: 11), voxelSize: [1e-3, 1e-3, 2e-3])
  private let image: NDArray<Float>
  private let reference: NDArray<Float>
  private let mask: NDArray<Bool>

  init() throws {
    folder = try TemporaryDirectory()
    reference = testPattern([2, 11, 13, 12]).map { 0.1 * $0.real }
    let noise = testPattern([2, 11, 13, 12], seed: 5).elements
    image = NDArray(zip(reference.elements, noise).map { 0.9 * $0 + 0.01 * $1.real }, shape: reference.shape)
    mask = NDArray((0..<11 * 13 * 12).map { $0 % 7 < 5 }, shape: [11, 13, 12])
    try write(image, "image.nii.gz")
    try write(reference, "reference.nii.gz")
    try write(mask.map { $0 ? 1 : 0 }, "mask.nii.gz")
  }

  private func write(_ voxels: NDArray<Float>, _ name: String, _ other: Geometry? = nil) throws {
    try NIfTIFile.write(ImageVolumes(voxels, geometry: other ?? geometry), to: folder.path(name))
  }

  private func run(_ arguments: String...) throws -> ExternalProcess.Result {
    try Command.run(["compare"] + arguments, in: folder)
  }

  private func report(_ arguments: String...) throws -> Report {
    let result = try Command.run(["compare"] + arguments + ["--json"], in: folder)
    guard result.status == 0 else { throw ProcessFailure(description: result.errors, status: result.status) }
    return try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
  }

  @Test("The command prints what the library computes, for every volume")
  func values() throws {
    let report = try report("image.nii.gz", "reference.nii.gz", "--mask", "mask.nii.gz", "--range", "0.2")
    #expect(report.volumes.count == 2 && report.voxels == mask.elements.count(where: \.self))
    for (index, volume) in report.volumes.enumerated() {
      let (image, reference) = (image.part(at: index), reference.part(at: index))
      for metric: any ImageMetric in [
        SSIM.matlab(dataRange: 0.2), XSIM(), PSNR(peak: 0.2), NRMSE(), NRMSE(.scaled), NRMSE(.demeaned),
        NRMSE(.detrended), HFEN(),
      ] {
        #expect(try volume.value(metric.key) == metric.value(of: image, against: reference, within: mask))
      }
      #expect(volume.dataRange == 0.2 && volume.scale == nil && volume.regions == nil)
    }
  }

  @Test("Without --range, it is that of the reference within the mask, which the table states")
  func range() throws {
    let values = reference.part(at: 0).elements
    let counted = mask.elements.indices.filter { mask.elements[$0] }.map { values[$0] }
    let range = Double(counted.max() ?? 0) - Double(counted.min() ?? 0)
    let report = try report("image.nii.gz", "reference.nii.gz", "--mask", "mask.nii.gz")
    #expect(report.volumes[0].dataRange == range)
    let table = try run("image.nii.gz", "reference.nii.gz", "--mask", "mask.nii.gz").output
    #expect(table.contains("SSIM (L = \(Float(range)))") && table.contains("volume 2 of 2"))
    #expect(try run("image.nii.gz", "reference.nii.gz").output.contains("all of the volume"))
  }

  @Test("Equal images have an infinite PSNR, which JSON cannot hold and says in words")
  func equality() throws {
    let report = try report("reference.nii.gz", "reference.nii.gz", "--ssim", "scikit-image")
    #expect(report.volumes[0].value("ssim") == 1 && report.volumes[0].value("nrmse") == 0)
    let score = report.volumes[0].scores.first { $0.key == "psnr" }
    #expect(score?.value == nil && score?.note?.hasPrefix("infinite") == true)
  }

  @Test("Regions are named, compared and correlated")
  func regions() throws {
    try write(reference.part(at: 0).map { ($0 / 0.05).rounded() + 3 }, "labels.nii.gz")
    try Data("index\tname\n1\tlow\n3\tmiddle\n".utf8).write(to: URL(filePath: folder.path("names.tsv")))
    let report = try report(
      "image.nii.gz", "reference.nii.gz", "--labels", "labels.nii.gz", "--label-names", "names.tsv")
    let regions = try #require(report.volumes[0].regions)
    #expect(regions.map(\.image.label) == [1, 2, 3, 4, 5])
    #expect(regions.map(\.name) == ["low", nil, "middle", nil, nil])
    for region in regions {
      #expect(region.difference == region.image.mean - region.reference.mean)
      #expect(region.image.count == region.reference.count)
    }
    #expect((report.volumes[0].regionCorrelation?.r ?? 0) > 0.99)
    let table = try run("image.nii.gz", "reference.nii.gz", "--labels", "labels.nii.gz").output
    #expect(table.contains("means of 5 regions: r = "))
  }

  @Test("Phases are compared around the circle")
  func phase() throws {
    let phase = reference.map { 31 * $0 }
    try write(phase, "phase.nii.gz")
    try write(phase.map { Float(remainder(Double($0) + 0.5, 2 * .pi)) }, "turned.nii.gz")
    let volume = try report("turned.nii.gz", "phase.nii.gz", "--phase").volumes[1]
    #expect(abs((volume.value("phase_error") ?? 0) - 0.5) < 1e-6)
    #expect((volume.value("phase_error_offset_removed") ?? 1) < 1e-6)
  }

  @Test("Regions of phases have their means around the circle, wherever phases wrap")
  func phaseRegions() throws {
    let shape = [11, 13, 12], pattern = testPattern(shape).map { 0.2 * $0.real }
    func wrapped(_ offset: Float) -> NDArray<Float> {
      pattern.map { Float(remainder(Double($0 + offset), 2 * .pi)) }
    }
    try write(wrapped(.pi), "phase.nii.gz")
    try write(wrapped(.pi + 0.3), "turned.nii.gz")
    try write(NDArray((0..<11 * 13 * 12).map { Float(1 + $0 % 3) }, shape: shape), "labels.nii.gz")
    let arguments = ["turned.nii.gz", "phase.nii.gz", "--phase", "--labels", "labels.nii.gz"]
    let result = try Command.run(["compare"] + arguments + ["--json"], in: folder)
    let volume = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8)).volumes[0]
    let regions = try #require(volume.regions)
    #expect(regions.count == 3 && volume.regionCorrelation == nil)
    for region in regions {
      #expect(abs(abs(region.reference.mean) - .pi) < 0.1, "\(region.reference.mean)")
      #expect(abs(region.difference - 0.3) < 1e-6 && region.percentDifference == nil)
      #expect(region.reference.maximum - region.reference.minimum < 1)
      #expect((region.reference.standardDeviation ?? 9) < 0.5)
    }
  }

  @Test("The best factor is applied where it is asked for, and stated")
  func scale() throws {
    try write(reference.map { 4 * $0 }, "fourfold.nii.gz")
    let volume = try report("fourfold.nii.gz", "reference.nii.gz", "--scale").volumes[0]
    #expect(abs((volume.scale?[0] ?? 0) - 0.25) < 1e-12)
    #expect((volume.value("nrmse") ?? 1) < 1e-7)
  }

  @Test("Complex images are compared with their phases")
  func complex() throws {
    let reference = testPattern([11, 13, 12])
    for (name, factor) in [("a.nii", Complex<Float>(0, 2)), ("b.nii", .one)] {
      try NIfTIFile.write(
        ImageVolumes(reference.map { $0 * factor }, geometry: geometry), to: folder.path(name))
    }
    let plain = try report("a.nii", "b.nii").volumes[0],
      scaled = try report("a.nii", "b.nii", "--scale").volumes[0]
    #expect(abs((plain.value("nrmse") ?? 0) - 5.0.squareRoot()) < 1e-6)
    #expect((scaled.value("nrmse") ?? 1) < 1e-6 && scaled.value("ssim") ?? 0 > 0.999999)
    #expect(try run("a.nii", "reference.nii.gz").status == 3)
  }

  @Test("Results and pictures are written, and replaced only by --force")
  func outputs() throws {
    try write(reference.part(at: 0).map { _ in 2 }, "labels.nii.gz")
    let arguments = ["image.nii.gz", "reference.nii.gz", "--labels", "labels.nii.gz", "-o", "out"]
    #expect(try Command.run(["compare"] + arguments, in: folder).status == 0)
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path("out")).sorted()
    #expect(
      names == [
        "figures", "figures/difference.png", "figures/image.png", "figures/reference.png", "regions.tsv",
        "results.json", "results.tsv",
      ])
    let table = try String(contentsOfFile: folder.path("out/results.tsv"), encoding: .utf8)
    let rows = table.split(separator: "\n").map { $0.split(separator: "\t") }
    #expect(rows.count == 3 && Set(rows.map(\.count)).count == 1 && rows[0][2] == "ssim")
    let report = try report("image.nii.gz", "reference.nii.gz")
    #expect(Double(rows[2][2]) == report.volumes[1].value("ssim"))
    let refused = try Command.run(["compare"] + arguments, in: folder)
    #expect(refused.status == 3 && refused.errors.contains("--force"))
    #expect(try Command.run(["compare"] + arguments + ["--force"], in: folder).status == 0)
  }

  @Test("Images on other grids, elsewhere, or with other echoes are refused with both facts")
  func grids() throws {
    var other = geometry
    other.center.x += 5e-3
    try write(image, "shifted.nii.gz", other)
    let shifted = try run("shifted.nii.gz", "reference.nii.gz")
    #expect(
      shifted.status == 3 && shifted.errors.contains("5 mm") && shifted.errors.contains("--ignore-affine"))
    #expect(try run("shifted.nii.gz", "reference.nii.gz", "--ignore-affine").status == 0)

    let small = Geometry(matrix: Extents(x: 12, y: 13, z: 1), voxelSize: geometry.voxelSize)
    try write(NDArray(repeating: 1, shape: [1, 13, 12]), "small.nii.gz", small)
    let size = try run("small.nii.gz", "reference.nii.gz", "--ignore-affine")
    #expect(size.status == 3 && size.errors.contains("12x13x1,") && size.errors.contains("12x13x11"))
    #expect(try run("image.nii.gz", "reference.nii.gz", "--mask", "small.nii.gz").status == 3)

    try write(image.part(at: 0), "one.nii.gz")
    #expect(try run("one.nii.gz", "reference.nii.gz").errors.contains("1 volume"))
    #expect(try run("one.nii.gz", "reference.nii.gz").status == 3)
  }

  @Test("What cannot be compared is refused with what to do")
  func badInput() throws {
    var holes = image
    holes.withUnsafeMutableBufferPointer { $0[5] = .nan }
    try write(holes, "holes.nii.gz")
    let result = try run("holes.nii.gz", "reference.nii.gz")
    #expect(result.status == 3 && result.errors.contains("NaN") && result.errors.contains("mask"))
    // Voxel 5 lies outside of the mask.
    #expect(
      try run("holes.nii.gz", "reference.nii.gz", "--mask", "mask.nii.gz", "--outside", "zeroed").status == 0)
    let seen = try run("holes.nii.gz", "reference.nii.gz", "--mask", "mask.nii.gz")
    #expect(seen.status == 0 && seen.errors.contains("1 value outside of the mask is NaN"), "\(seen.errors)")
    try write(reference.map { _ in 0.25 }, "even.nii.gz")
    let constant = try run("image.nii.gz", "even.nii.gz")
    #expect(constant.status == 3 && constant.errors.contains("even.nii.gz: The reference is constant"))

    try write(reference.part(at: 0).map { _ in 0 }, "zero.nii.gz")
    #expect(try run("image.nii.gz", "reference.nii.gz", "--mask", "zero.nii.gz").errors.contains("no voxel"))
    try write(reference.part(at: 0), "fractions.nii.gz")
    #expect(
      try run("image.nii.gz", "reference.nii.gz", "--labels", "fractions.nii.gz").errors.contains(
        "whole number"))
    #expect(try run("absent.nii.gz", "reference.nii.gz").status == 3)
    for wrong in [
      ["--range", "0"], ["--phase", "--scale"], ["--ssim", "mine"], ["--label-names", "x"],
      ["--phase", "--ssim", "matlab"], ["--phase", "--outside", "seen"], ["--phase", "--range", "1"],
    ] {
      let usage = try Command.run(["compare", "image.nii.gz", "reference.nii.gz"] + wrong, in: folder)
      #expect(usage.status == 2)
    }
  }

  @Test("Metrics without an answer say so and leave the others their say")
  func undefined() throws {
    try write(reference.map { _ in 0.25 }, "flat.nii.gz")
    let report = try report("flat.nii.gz", "reference.nii.gz", "--range", "1")
    let score = report.volumes[0].scores.first { $0.key == "nrmse_detrended" }
    #expect(score?.value == nil && score?.note?.contains("constant") == true)
    #expect(report.volumes[0].value("nrmse_demeaned") != nil)
  }
}
