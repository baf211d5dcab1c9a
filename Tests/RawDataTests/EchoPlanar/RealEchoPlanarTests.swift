import FourierTransforms
import MRIData
import NDArrays
import Numerics
import RawData
import TestSupport
import Testing

@Suite(
  .enabled(if: SharedData.isPresent && Python.isAvailable, "needs the real scans and the Python reference"))
struct RealEchoPlanarTests {
  /// The same in double precision with NumPy and SciPy, from the same formulas and nothing else in common: the gradient
  /// integrated by steps, pseudo-inverses, phases by unwrapping and polynomial fit, the image's refinement by a simplex.
  static let reference = """
    import sys, h5py, numpy as np
    from scipy.optimize import minimize
    data = h5py.File(sys.argv[1], 'r')['dataset/data'][:]
    head = data['head']
    bit = lambda i, n: int(head['flags'][i]) >> (n - 1) & 1
    N, m, up, flat, down, delay, dwell = 160, 80, 160., 240., 160., 32., 3.1
    t = np.arange(0, up + flat + down + .005, .01)
    g = np.clip(np.minimum(t / up, (up + flat + down - t) / down), 0, 1)
    area = np.concatenate([[0], np.cumsum((g[1:] + g[:-1]) / 2) * .01])
    at = lambda s: np.interp(s, t, area)
    k = (at(delay + dwell * (np.arange(N) + .5)) - area[-1] / 2) * N / (at(delay + dwell * N) - at(delay))
    count = int(.98 * N / np.diff(k).max())
    x = np.arange(N // 2 - count // 2, N // 2 - count // 2 + count) - N // 2
    inverse = {s: np.linalg.pinv(np.exp(-2j * np.pi * np.outer(s * k, x) / N) / N ** .5) for s in (1, -1)}
    offset = head['position'][0] @ head['read_dir'][0] / 400.
    excess = k - (np.arange(N) - (N - 1) / 2) * np.diff(k).max()
    keep = abs(x + .5) < m // 2
    def row(i):
        s = -1 if bit(i, 22) else 1
        d = data['data'][i].view(np.complex64).reshape(2, N) * np.exp(-2j * np.pi * s * offset * excess)
        return (d @ inverse[s].T)[:, keep]
    x = x[keep].astype(float)
    navigators = [i for i in range(len(data)) if bit(i, 24)]
    a, b, c = map(row, navigators)
    product = (a + c) * b.conj()
    fits = []
    for p in product:
        inside = abs(p) > 0.2 * abs(p).max()
        fits.append(np.polyfit(x[inside], np.unwrap(np.angle(p[inside])), 1, w=abs(p[inside]) ** .5)[::-1])
    fits = np.array(fits)
    lines = [i for i in range(len(data)) if not bit(i, 24)]
    hybrid, signs = np.zeros((2, 80, m), complex), np.zeros(80)
    for i in lines:
        line = head['idx']['kspace_encode_step_1'][i]
        hybrid[:, line], signs[line] = row(i), -.5 if bit(i, 22) else .5
    def images(extra):
        phase = (fits[:, :1] + extra[0]) + (fits[:, 1:] + extra[1] / 40) * x
        h = hybrid * np.exp(1j * signs[None, :, None] * phase[:, None])
        return np.fft.fftshift(np.fft.ifft(np.fft.ifftshift(h, 1), axis=1, norm='ortho'), 1)
    cost = lambda e: np.sqrt((abs(images(e)) ** 2).sum(0)).sum()
    start = [[0, 0], [.1, 0], [0, .1]]
    best = minimize(cost, [0, 0], method='Nelder-Mead', options=dict(xatol=1e-5, fatol=1e-12, initial_simplex=start))
    np.save(sys.argv[2], images(best.x).astype(np.complex64))
    print(*(fits + best.x / [1, 40]).ravel())
    """

  @Test("The image of a real echo-planar scan is NumPy's, and has no ghost")
  func image() throws {
    let directory = try TemporaryDirectory()
    let path = SharedData.path("mrd/siemens/epi.h5")
    _ = try Python.run(Self.reference, path, directory.path("image.npy"))
    let expected = try NumPyFile.read(directory.path("image.npy"), as: Complex<Float>.self)
    let scan = try KSpace(MRDFile(at: path))
    #expect(scan.samples.shape == [1, 2, 1, 80, 80])
    var images = scan.samples.reshaped(to: expected.shape)
    FourierTransform(shape: expected.shape, axes: [1, 2]).inverse(&images)
    #expect(relativeError(images, expected) < 0.01)
    #expect(Self.ghost(images) < 0.05)
  }

  /// The signal in corners that only ghosts reach over that of the phantom, noise taken off.
  private static func ghost(_ images: NDArray<Complex<Float>>) -> Double {
    func power(_ isWithin: (Double, Double) -> Bool) -> Double {
      var sum = 0.0, count = 0
      for y in 0..<80 {
        for x in 0..<80 where isWithin(Double(y - 40), Double(x - 40)) {
          sum += Double(images[0, y, x].lengthSquared + images[1, y, x].lengthSquared)
          count += 1
        }
      }
      return sum / Double(count)
    }
    func radius(_ y: Double, _ x: Double) -> Double { (y * y + x * x).squareRoot() }
    let noise = power { radius($0, $1) > 42 && radius(40 - abs($0), $1) > 43 }
    let ghost = power { radius($0, $1) > 42 && radius(40 - abs($0), $1) < 34 }
    return (max(0, ghost - noise) / power { radius($0, $1) < 30 }).squareRoot()
  }

  @Test("Navigators are found, whatever else their flags say")
  func findings() throws {
    let layout = try ScanLayout(of: MRDFile(at: SharedData.path("mrd/siemens/epi.h5")))
    #expect(layout.findings.contains { $0.description.contains("3 navigators") })
    #expect(
      layout.findings.contains { $0.problem.contains("ramps of 160 and 160 us about a flat top of 240 us") })
    #expect(!layout.findings.contains { $0.problem.contains("beyond the 160 points") })
  }
}
