import Foundation
import MRIData
import NDArrays
import TestSupport
import Testing

@testable import QSM

@Suite struct IntravoxelDephasingTests {
  private static let grid = Geometry(matrix: Extents(x: 5, y: 6, z: 4), voxelSize: [1e-3, 1e-3, 2e-3])
  private static let times = (0..<8).map { 3.3e-3 + 3.1e-3 * Double($0) }

  private static func volume(_ value: (Int, Int, Int) -> Float) -> ImageVolumes<Float> {
    var values: [Float] = []
    for z in 0..<4 { for y in 0..<6 { for x in 0..<5 { values.append(value(x, y, z)) } } }
    return ImageVolumes(NDArray(values, shape: [4, 6, 5]), geometry: grid)
  }

  /// The rate that a weighted line through the logarithm of the mean of spins in a voxel has, found without any formula for them.
  private static func fitted(_ rate: Double, across differences: [Double]) -> Double {
    let parts = (0..<400).map { (Double($0) + 0.5) / 400 - 0.5 }
    var sums = (w: 0.0, t: 0.0, l: 0.0, tt: 0.0, tl: 0.0)
    for time in times {
      let signal = differences.reduce(exp(-rate * time)) { signal, difference in
        signal * abs(parts.reduce(0) { $0 + cos(2 * .pi * difference * time * $1) }) / 400
      }
      let (w, l) = (signal * signal, log(signal))
      sums = (
        sums.w + w, sums.t + w * time, sums.l + w * l, sums.tt + w * time * time, sums.tl + w * time * l
      )
    }
    return -(sums.w * sums.tl - sums.t * sums.l) / (sums.w * sums.tt - sums.t * sums.t)
  }

  @Test func `What a gradient adds to the rate is taken away, at the mask's rim as well`() throws {
    let truth = 22.0, differences = [9.0, -6.0, 12.0]
    let measured = Self.fitted(truth, across: differences)
    #expect(measured > truth + 5)
    let field = Self.volume { 9 * Float($0) - 6 * Float($1) + 12 * Float($2) + 40 }
    let mask = Self.volume { x, _, _ in x > 0 ? 1 : 0 }.map { UInt8($0) }
    let rates = Self.volume { _, _, _ in Float(measured) }
    let found = try IntravoxelDephasing()(rates, field: field, mask: mask, echoTimes: Self.times).rates[0]
    for (z, y, x) in [(2, 3, 2), (0, 0, 1), (3, 5, 4)] {
      #expect(abs(Double(found[z, y, x]) - truth) < 0.5, "\(found[z, y, x])")
    }
    #expect(found[1, 1, 0] == Float(measured))
  }

  @Test func `A flat field changes no bit, and a rate that is lost is not told`() throws {
    let rates = Self.volume { x, y, z in Float(10 + x + y + z) },
      all = Self.volume { _, _, _ in 1 }.map { UInt8($0) }
    let flat = try IntravoxelDephasing()(
      rates, field: Self.volume { _, _, _ in 70 }, mask: all, echoTimes: Self.times)
    #expect(flat.rates.voxels.elements == rates.voxels.elements)
    #expect(flat.trust.voxels.elements.allSatisfy { $0 == 1 })
    let steep = try IntravoxelDephasing()(
      rates, field: Self.volume { x, _, _ in 40 * Float(x) }, mask: all, echoTimes: Self.times)
    #expect(steep.rates.voxels.elements.allSatisfy { $0.isNaN })
    #expect(steep.trust.voxels.elements.allSatisfy { $0 == 0 })
    let single = try IntravoxelDephasing()(
      rates, field: Self.volume { x, _, _ in 40 * Float(x) }, mask: all, echoTimes: [0.02])
    #expect(single.rates.voxels.elements == rates.voxels.elements)
  }
}
