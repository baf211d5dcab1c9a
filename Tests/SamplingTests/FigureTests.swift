import Foundation
import MRIData
import NDArrays
import Sampling
import TestSupport
import Testing

@Suite struct FigureTests {
  @Test(
    "a complete scan has no sidelobes, no holes and no incoherence", arguments: [(16, 12), (15, 7), (9, 1)])
  func complete(lines: Int, partitions: Int) throws {
    let figures = try SamplingFigures(SamplingMask(lines: lines, partitions: partitions))
    // Float rounding of a transform of n samples: a few eps sqrt(n).
    #expect(figures.peakSidelobe < 1e-5)
    #expect(try #require(figures.transformIncoherence) < 1e-5)
    #expect(figures.largestHole == 0)
    #expect(figures.gridAcceleration == 1 && figures.outerAcceleration == nil)
  }

  @Test("a regular pattern has aliases as high as the image")
  func regular() throws {
    let mask = try Lattice(lineStep: 2).mask(lines: 32, partitions: 8)
    let figures = try SamplingFigures(mask)
    #expect(abs(figures.peakSidelobe - 1) < 1e-5)
    #expect(figures.minimumDistance == 1)
    #expect(figures.largestHole == 1)
  }

  @Test("figures agree with NumPy", .enabled(if: Python.isAvailable, "\(Python.absence)"))
  func agreeWithNumPy() throws {
    let folder = try TemporaryDirectory()
    let path = folder.path("mask.npy")
    let region = SamplingRegion(shutter: .ellipse, calibration: GridExtent(lines: 9, partitions: 8))
    let pattern = PoissonDisk(acceleration: 5, region: region)
    let mask = try pattern.mask(lines: 61, partitions: 46, seed: 8)
    try MaskFile.write([mask], to: path)
    let output = try Python.run(
      """
      import sys, numpy as np
      from scipy import ndimage, spatial
      m = np.load(sys.argv[1]); nz, ny = m.shape
      h = np.abs(np.fft.fftn(m)); h /= h.flat[0]; h.flat[0] = 0
      y, z = np.arange(ny) - ny // 2, np.arange(nz) - nz // 2
      inside = (2 * y[None] / ny) ** 2 + (2 * z[:, None] / nz) ** 2 <= 1
      hole = ndimage.distance_transform_edt(~m)[inside].max()
      outer = m.copy(); outer[nz // 2 - 4:nz // 2 + 4, ny // 2 - 4:ny // 2 + 5] = False
      points = np.argwhere(outer)
      distance = spatial.cKDTree(points).query(points, k=2)[0][:, 1].min()
      def haar(n):
          w = np.eye(n); block = n
          for _ in range(3):
              pairs = block // 2; sums = block - pairs; s = np.eye(n)
              s[:block] = 0
              for p in range(pairs):
                  s[p, 2*p] = s[p, 2*p+1] = s[sums+p, 2*p] = .5 ** .5; s[sums+p, 2*p+1] = -.5 ** .5
              if sums > pairs: s[sums-1, block-1] = 1
              yield s; block = sums
      # Both axes are transformed level by level, each level on the sums of the one before.
      steps = list(zip(haar(nz), haar(ny)))
      extents = [(nz, ny)]
      for _ in range(2): extents.append(tuple((e + 1) // 2 for e in extents[-1]))
      def analyse(x):
          for (a, b), (ez, ey) in zip(steps, extents): x = x.copy(); x[:ez, :ey] = (a @ x @ b.T)[:ez, :ey] if (ez, ey) == (nz, ny) else a[:ez, :ez] @ x[:ez, :ey] @ b[:ey, :ey].T
          return x
      def synthesise(x):
          for (a, b), (ez, ey) in reversed(list(zip(steps, extents))): x = x.copy(); x[:ez, :ey] = a[:ez, :ez].T @ x[:ez, :ey] @ b[:ey, :ey]
          return x
      unshifted = np.fft.ifftshift(m); worst = 0
      for ez, ey in extents:
          sz, sy = (ez + 1) // 2, (ey + 1) // 2
          for p, q in [(sz // 2, sy + (ey - sy) // 2), (sz + (ez - sz) // 2, sy // 2), (sz + (ez - sz) // 2, sy + (ey - sy) // 2)]:
              e = np.zeros((nz, ny), complex); e[p, q] = 1
              # Centring along the image axes is a phase that the mask does not see.
              t = np.abs(analyse(np.fft.ifftn(unshifted * np.fft.fftn(synthesise(e)))))
              d = t[p, q]; t[p, q] = 0; worst = max(worst, t.max() / d)
      print(h.max(), hole, distance, worst)
      """, path)
    let expected = output.split(separator: " ").compactMap {
      Double($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    try #require(expected.count == 4)
    let figures = try SamplingFigures(mask, region: region)
    #expect(abs(figures.peakSidelobe - expected[0]) < 1e-5)
    #expect(abs(figures.largestHole - expected[1]) < 1e-9)
    #expect(abs(try #require(figures.minimumDistance) - expected[2]) < 1e-9)
    #expect(abs(try #require(figures.transformIncoherence) - expected[3]) < 1e-4)
  }

  @Test(
    "a mask has one set of figures, whether its region is known or found",
    arguments: [
      SamplingRegion(
        calibration: GridExtent(lines: 12, partitions: 10), partialFourier: .init(lines: 0.75)),
      SamplingRegion(shutter: .ellipse, calibration: GridExtent(lines: 8, partitions: 18)),
    ])
  func found(region: SamplingRegion) throws {
    let mask = try PoissonDisk(acceleration: 3, region: region).mask(lines: 58, partitions: 18, seed: 1)
    let known = try SamplingFigures(mask, region: region), found = try SamplingFigures(mask)
    #expect(found.shutter == known.shutter && found.calibration == known.calibration)
    #expect(found.shutterAcceleration == known.shutterAcceleration)
    #expect(found.outerAcceleration == known.outerAcceleration)
    #expect(mask.acceleration(basis: .shutter) == known.shutterAcceleration)
    #expect(mask.acceleration(basis: .outer) == known.outerAcceleration)
  }

  @Test("partial Fourier at the end of an axis is no hole, and none at either side accelerates")
  func cutShort() throws {
    for lines in [0..<28, 12..<40] {
      var mask = SamplingMask(lines: 40, partitions: 12, isAcquired: false)
      for partition in 0..<12 { for line in lines { mask[line: line, partition: partition] = true } }
      let figures = try SamplingFigures(mask)
      #expect(figures.largestHole == 0)
      #expect(figures.shutterAcceleration == 1 && figures.gridAcceleration == 40.0 / 28)
    }
  }

  @Test("the three accelerations of an elliptical mask")
  func accelerations() throws {
    let region = SamplingRegion(shutter: .ellipse, calibration: GridExtent(lines: 24, partitions: 24))
    let mask = try PoissonDisk(acceleration: 3, region: region).mask(lines: 300, partitions: 72, seed: 1)
    let figures = try SamplingFigures(mask)
    let inside = Double(SamplingShutter.ellipse.count(lines: 300, partitions: 72))
    #expect(figures.shutter == .ellipse && figures.gridAcceleration == 3)
    #expect(figures.shutterAcceleration == inside / 7200)
    #expect(figures.outerAcceleration == (inside - 576) / (7200 - 576))
  }
}
