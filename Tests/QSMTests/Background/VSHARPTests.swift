import MRIData
import NDArrays
import TestSupport
import Testing

@testable import QSM

@Suite struct VSHARPTests {
  /// An implementation by definition, all with transforms, in double precision.
  @Test(.enabled(if: Python.isAvailable, Comment(rawValue: Python.absence)))
  func equalsNumPys() throws {
    let scene = BackgroundScene(matrix: Extents(x: 21, y: 24, z: 13), voxelSize: [1e-3, 1.1e-3, 2e-3])
    let field = scene.total
    let script = """
      import sys, numpy as np
      n, d = (13, 24, 21), (2.0, 1.1, 1.0)
      f = np.array([float(v) for v in sys.argv[1].split()]).reshape(n)
      m = np.array([float(v) for v in sys.argv[2].split()]).reshape(n)
      def fast(k):
          r = k
          for p in (2, 3, 5, 7):
              while r % p == 0: r //= p
          return k if r == 1 and k % 2 == 0 else fast(k + 1)
      # The box around the mask, with zeros as wide as the largest ball.
      i = np.argwhere(m)
      low, high = i.min(0), i.max(0) + 1
      pad = [(0, fast(b - a + int(np.ceil(5 / s))) - (b - a)) for a, b, s in zip(low, high, d)]
      box = tuple(slice(a, b) for a, b in zip(low, high))
      f, m = np.pad((f * m)[box], pad), np.pad(m[box], pad)
      r2 = sum(x**2 for x in np.meshgrid(*[np.fft.fftfreq(k, 1 / (k * s)) for k, s in zip(f.shape, d)], indexing='ij'))
      F, M = np.fft.fftn(f), np.fft.fftn(m)
      h, known = np.zeros_like(f), np.zeros(f.shape, bool)
      for r in (5, 4, 3, 2):
          ball = (r2 <= r * r * (1 + 1e-9)) * 1.0
          ball /= ball.sum()
          support = np.fft.fftn(ball)
          # The second moments are made alike, in squared voxels.
          i = np.meshgrid(*[np.fft.fftfreq(k, 1 / k) for k in f.shape], indexing='ij')
          m2 = [(ball * j * j).sum() for j in i]
          for axis in (0, 1):
              c = (m2[axis] - m2[2] * d[2]**2 / d[axis]**2) / 2
              if m2[axis] == 0: continue
              for shift in (1, -1): ball[tuple(shift if a == axis else 0 for a in range(3))] -= c
              ball[0, 0, 0] += 2 * c
          S = np.fft.fftn(ball)
          inside = np.fft.ifftn(support * M).real > 1 - 1e-8
          if r == 5: kernel = 1 - S
          new = inside & ~known
          h[new] = (f - np.fft.ifftn(S * F).real)[new]
          known |= inside
      H = np.fft.fftn(h)
      ok = abs(kernel) >= 0.05
      local = np.fft.ifftn(np.where(ok, H / np.where(ok, kernel, 1), 0)).real * known
      for values in (local, known * 1):
          whole = np.zeros(n)
          whole[box] = values[tuple(slice(0, b - a) for a, b in zip(low, high))]
          print(*whole.ravel())
      """
    let lines = try Python.run(
      script, field.voxels.elements.map { "\($0)" }.joined(separator: " "),
      scene.mask.voxels.elements.map { "\($0)" }.joined(separator: " ")
    ).split(separator: "\n")
    func numbers(_ line: Substring) -> NDArray<Float> {
      NDArray(line.split(separator: " ").compactMap { Float($0) }, shape: [1] + scene.matrix.shape)
    }
    let local = try VSHARP(radii: [2e-3, 5e-3, 4e-3, 3e-3])(field, mask: scene.mask)
    #expect(local.mask.voxels.map { Float($0) } == numbers(lines[1]))
    // Division by at least 0.05 amplifies the rounding of single precision.
    #expect(relativeError(local.field.voxels, numbers(lines[0])) < 1e-4)
  }

  @Test func removesWhatIsHarmonicAndKeepsWhatIsLocal() throws {
    let scene = BackgroundScene(matrix: Extents(x: 63, y: 70, z: 31), voxelSize: [1e-3, 1e-3, 2e-3])
    let method = VSHARP()
    let background = try method(scene.background, mask: scene.mask)
    let inside = background.mask
    #expect(scene.norm(background.field, in: inside) < 0.03 * scene.norm(scene.background, in: inside))
    let local = try method(scene.total, mask: scene.mask)
    let error = scene.difference(local.field, scene.local, in: inside)
    #expect(error < 0.35 * scene.norm(scene.local, in: inside))
  }

  @Test func isLinear() throws {
    let scene = BackgroundScene(matrix: Extents(x: 31, y: 33, z: 20), voxelSize: [1e-3, 1.2e-3, 2e-3])
    let once = try VSHARP(radii: [4e-3, 2e-3])(scene.total, mask: scene.mask)
    let scaled = try VSHARP(radii: [4e-3, 2e-3])(scene.total.map { -8 * $0 }, mask: scene.mask)
    #expect(relativeError(scaled.field.voxels, once.field.voxels.map { -8 * $0 }) < 1e-6)
  }

  @Test func ballDoesNotDependOnTheRoundingOfVoxelSizes() {
    let exact = Ball(radius: 6, voxelSize: [3, 1.5, 2]), count = exact.count
    for rounding in [-1e-7, 1e-7] {
      #expect(Ball(radius: 6, voxelSize: [3 + rounding, 1.5 + rounding, 2 + rounding]).count == count)
    }
    #expect(Ball(radius: 5.99, voxelSize: [3, 1.5, 2]).count < count)
  }

  @Test func defaultRadiiStopAtTheLongestSideOfAVoxel() {
    #expect(
      VSHARP.defaultRadii(voxelSize: [0.8e-3, 0.8e-3, 2e-3]) == (2...12).reversed().map { Double($0) * 1e-3 })
    #expect(VSHARP.defaultRadii(voxelSize: [1e-3, 1e-3, 1e-3]).last == 1e-3)
    #expect(VSHARP.defaultRadii(voxelSize: [1e-3, 1e-3, 15e-3]) == [15e-3])
    #expect(
      VSHARP.defaultRadii(voxelSize: [0.8e-3, 0.8e-3, 4e-3], largest: 6.5e-3) == [6.5e-3, 6e-3, 5e-3, 4e-3])
  }
}
