import LinearAlgebra
import MRIData
import NDArrays
import Numerics

/// Receive sensitivities by Walsh's method: the dominant eigenvector of the channels' local covariance.
///
/// ```
/// R(r) = sum_(q near r) x(q) x(q)^H        s(r) = the eigenvector of R(r) of the largest eigenvalue, of unit length
/// ```
///
/// where `x` are images of low resolution, from Hann-windowed calibration data, and `q` lies within a square of the
/// plane `(z, y)`, or `(y, x)` of a two-dimensional scan. Voxels without sensitivity are those of ``DirectMaps``.
///
/// - SeeAlso: D. O. Walsh, A. F. Gmitro, M. W. Marcellin, "Adaptive reconstruction of phased array MR imagery", Magn.
///   Reson. Med. 43(5):682-690, 2000, doi:10.1002/(SICI)1522-2594(200005)43:5<682::AID-MRM10>3.0.CO;2-G.
public struct WalshMaps: SensitivityEstimation {
  /// The extent of the neighbourhood [voxels], odd.
  public let width: Int

  /// Creates the method.
  ///
  /// - Precondition: The width is odd and positive.
  public init(width: Int = 5) {
    precondition(width > 0 && width % 2 == 1, "a neighbourhood of \(width) voxels has no centre")
    self.width = width
  }

  /// The sensitivities that calibration data tell, a single set.
  ///
  /// - Throws: ``ParallelImagingError/calibrationWithoutSignal``, ``ParallelImagingError/calibrationNotFinite``.
  public func sensitivities(
    of block: CalibrationBlock, geometry: Geometry, noise: NoiseLevel = .unknown
  ) throws(ParallelImagingError) -> [CoilSensitivities] {
    let images = try LowResolutionImages(block, geometry)
    let matrix = geometry.matrix, isPlanar = matrix.isPlanar
    let grid = isPlanar ? matrix.turned : matrix
    var maps = dominant(isPlanar ? images.samples.turned() : images.samples, grid, images.reference)
    if isPlanar { maps = maps.turnedBack(to: matrix) }
    maps.clear(outside: images.support)
    return [CoilSensitivities(maps, geometry: geometry)]
  }

  private func dominant(
    _ images: NDArray<Complex<Float>>, _ matrix: Extents, _ reference: [Complex<Float>]
  ) -> NDArray<Complex<Float>> {
    let channels = images.shape[0], voxels = matrix.count, layout = HermitianPacks(order: channels)
    let arm = width / 2
    return NDArray(uninitializedShape: images.shape) { target in
      let target = SharedBuffer(target)
      images.withUnsafeBufferPointer { images in
        let images = SharedConstants(images)
        Parallelism.forEach(matrix.x * matrix.z) { index in
          let (z, x) = index.quotientAndRemainder(dividingBy: matrix.x)
          withUnsafeTemporaryAllocation(of: Lanes.self, capacity: layout.stride + 2 * channels) { lanes in
            guard let pack = lanes.baseAddress else { return }
            let real = pack + layout.stride, imaginary = real + channels
            for first in stride(from: 0, to: matrix.y, by: HermitianPacks.width) {
              lanes.initialize(repeating: .zero)
              for row in max(0, z - arm)...min(matrix.z - 1, z + arm) {
                for shift in -arm...arm {
                  for channel in 0..<channels {
                    for lane in 0..<HermitianPacks.width {
                      let column = first + lane + shift
                      let isInside = (0..<matrix.y).contains(column)
                      let value =
                        isInside
                        ? images[channel * voxels + (row * matrix.y + column) * matrix.x + x] : .zero
                      real[channel][lane] = value.real
                      imaginary[channel][lane] = value.imaginary
                    }
                  }
                  layout.add(real: real, imaginary: imaginary, to: pack)
                }
              }
              _ = layout.dominantEigenvector(pack, real: real, imaginary: imaginary)
              for lane in 0..<min(HermitianPacks.width, matrix.y - first) {
                let vector = normalized(
                  (0..<channels).map { Complex(real[$0][lane], imaginary[$0][lane]) }, reference)
                let offset = (z * matrix.y + first + lane) * matrix.x + x
                for channel in 0..<channels { target[channel * voxels + offset] = vector[channel] }
              }
            }
          }
        }
      }
    }
  }
}
