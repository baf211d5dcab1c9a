import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import QuantitativeMapping
import TestSupport
import Testing

@testable import Study

@Suite struct AtlasFitTests {
  private static func fit(
    overlap: Double? = 0.95, agreement: Double? = 0.7, proportions: [Double] = [1, 1, 1], scale: Double = 1
  ) -> AtlasFit {
    AtlasFit(
      overlap: overlap, agreement: agreement,
      regions: proportions.enumerated().map { index, proportion in
        AtlasFit.Region(
          name: "region \(index)", volume: scale * proportion, atlasVolume: 1, proportion: proportion,
          voxels: Int(50 * proportion), expectedVoxels: 50)
      })
  }

  @Test func `A good fit passes without a word, a bad one is refused by whichever measure tells`() throws {
    try Self.fit().check("atlas")
    #expect(Self.fit().warnings.isEmpty)
    for (fit, word) in [
      (Self.fit(overlap: 0.7), "overlap by 0.70"), (Self.fit(agreement: 0.2), "agree by 0.20"),
      (Self.fit(scale: 4), "4.00 times"), (Self.fit(scale: 0.2), "0.20 times"),
    ] {
      let error = #expect(throws: InputError.self) { try fit.check("atlas") }
      #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
    }
  }

  @Test func `What is doubtful is told by name`() {
    #expect(Self.fit(overlap: 0.85).warnings.first?.contains("0.85") == true)
    #expect(Self.fit(agreement: 0.6).warnings.first?.contains("0.60") == true)
    #expect(Self.fit(proportions: [1, 2.5, 1]).warnings.first?.contains("region 1 (2.50 times)") == true)
    #expect(Self.fit(proportions: [1, 1, 0.1]).warnings.contains { $0.contains("region 2 (5)") })
  }

  @Test func `Agreement and overlap are those of what lies there`() throws {
    let grid = Geometry(matrix: Extents(x: 12, y: 10, z: 8), voxelSize: [3e-3, 3e-3, 3e-3])
    let folder = try TemporaryDirectory()
    func volume(_ value: (Int, Int, Int) -> Float) -> ImageVolumes<Float> {
      var values: [Float] = []
      for z in 0..<8 { for y in 0..<10 { for x in 0..<12 { values.append(value(x, y, z)) } } }
      return ImageVolumes(NDArray(values, shape: [8, 10, 12]), geometry: grid)
    }
    let isBrain = { (x: Int, y: Int, z: Int) in (1..<11).contains(x) && (1..<9).contains(y) }
    let isNucleus = { (x: Int, y: Int, z: Int) in
      (4..<7).contains(x) && (4..<7).contains(y) && (2..<6).contains(z)
    }
    let labels = volume { isNucleus($0, $1, $2) ? 3 : 0 }
    try NIfTIFile.write(volume { isBrain($0, $1, $2) ? 1 : 0 }, to: folder.path("T1w.nii"))
    try NIfTIFile.write(labels, to: folder.path("dseg.nii"))
    try AtomicFile.write("index\tname\n3\tputamen\n", to: folder.path("dseg.tsv"))
    let atlas = try Atlas(folder: folder.url.path)
    let brain = BrainMask(volume { isBrain($0, $1, $2) ? 1 : 0 }),
      half = BrainMask(volume { x, y, z in isBrain(x, y, z) && x < 6 ? 1 : 0 })
    func fit(_ chi: ImageVolumes<Float>?, _ mask: BrainMask) -> AtlasFit {
      AtlasFit(
        of: atlas, labels: labels[0].map { Int32($0) }, atlasBrain: atlas.brain,
        expected: labels[0].map { $0 / 50 }, on: chi?[0], brain: mask)
    }
    let good = fit(volume { isNucleus($0, $1, $2) ? 0.1 : 0.02 }, brain)
    #expect(good.overlap == 1 && abs((good.agreement ?? 0) - 1) < 1e-6)
    #expect(good.regions.map(\.voxels) == [36] && good.regions[0].proportion == 1)
    #expect(abs((fit(nil, half).overlap ?? 0) - 2 * 5 / 15.0) < 1e-6 && fit(nil, half).agreement == nil)
    #expect((fit(volume { isNucleus($0, $1, $2) ? 0.02 : 0.1 }, brain).agreement ?? 0) < -0.99)
  }
}
