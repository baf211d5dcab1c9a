import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// The magnetic field that a susceptibility distribution causes in a uniform static field.
///
/// ```
/// (B - B0) / B0 = F^-1 [ (1/3 - (k.b)^2 / |k|^2) F chi ]      b: direction of the static field
/// ```
///
/// The sphere of Lorentz is taken into account: inside a homogeneous sphere the field is zero. The value at
/// `k = 0` is zero, so that fields are known up to a constant.
///
/// - SeeAlso: J. P. Marques, R. Bowtell, "Application of a Fourier-based method for rapid calculation of field
///   inhomogeneity due to spatial variation of magnetic susceptibility", Concepts Magn Reson B 25:65, 2005,
///   doi:10.1002/cmr.b.20034.
struct DipoleField {
  /// The distances of neighbouring voxels along `x`, `y` and `z`, in any unit.
  var voxelSize: SIMD3<Double>
  /// The direction of the static field along the voxel axes; unit length.
  var direction: SIMD3<Double>

  /// The field of a distribution that is zero outside its grid, in the unit of the susceptibility.
  ///
  /// Padding with zeros keeps the copies of the object, which a discrete transform implies, at a distance.
  /// Their field is smooth, so that padding is worth its memory only at low resolution:
  ///
  /// ```
  /// field = periodic field on the grid itself
  ///       + (padded field - periodic field) on a grid of twice the voxel size, interpolated
  /// ```
  ///
  /// - Precondition: The extents are multiples of 4.
  func callAsFunction(_ susceptibility: NDArray<Float>) -> NDArray<Float> {
    precondition(
      susceptibility.shape.allSatisfy { $0 % 4 == 0 },
      "extents \(susceptibility.shape) are not multiples of 4")
    var field = periodic(susceptibility)
    let coarse = GridTransfer.voxelMeans(susceptibility)
    let coarseField = DipoleField(voxelSize: 2 * voxelSize, direction: direction)
    var copies = coarseField.padded(coarse)
    let periodic = coarseField.periodic(coarse)
    copies.withUnsafeMutableBufferPointer { copies in
      periodic.withUnsafeBufferPointer { periodic in
        for index in copies.indices { copies[index] -= periodic[index] }
      }
    }
    GridTransfer.addInterpolated(copies, to: &field)
    return field
  }

  /// The field of a distribution in the middle of a grid twice as large.
  func padded(_ susceptibility: NDArray<Float>) -> NDArray<Float> {
    let shape = susceptibility.shape
    let larger = shape.map { 2 * $0 }
    var padded = NDArray<Complex<Float>>(repeating: .zero, shape: larger)
    func row(_ z: Int, _ y: Int) -> Int {
      let start = larger.indices.map { larger[$0] / 2 - shape[$0] / 2 }
      return ((z + start[0]) * larger[1] + y + start[1]) * larger[2] + start[2]
    }
    padded.withUnsafeMutableBufferPointer { padded in
      susceptibility.withUnsafeBufferPointer { source in
        for z in 0..<shape[0] {
          for y in 0..<shape[1] {
            let (from, to) = ((z * shape[1] + y) * shape[2], row(z, y))
            for x in 0..<shape[2] { padded[to + x] = Complex(source[from + x], 0) }
          }
        }
      }
    }
    convolve(&padded)
    return NDArray(uninitializedShape: shape) { target in
      padded.withUnsafeBufferPointer { padded in
        for z in 0..<shape[0] {
          for y in 0..<shape[1] {
            let (to, from) = ((z * shape[1] + y) * shape[2], row(z, y))
            for x in 0..<shape[2] { target.initializeElement(at: to + x, to: padded[from + x].real) }
          }
        }
      }
    }
  }

  /// The field of a distribution that repeats in all directions with the period of its grid.
  func periodic(_ susceptibility: NDArray<Float>) -> NDArray<Float> {
    var field = susceptibility.map { Complex($0, 0) }
    convolve(&field)
    return field.map(\.real)
  }

  private func convolve(_ volume: inout NDArray<Complex<Float>>) {
    let transform = FourierTransform(shape: volume.shape)
    transform.forward(&volume)
    let shape = volume.shape
    func frequencies(_ axis: Int) -> [Double] {
      let extent = shape[2 - axis]
      return (0..<extent).map { Double($0 - extent / 2) / (Double(extent) * voxelSize[axis]) }
    }
    let (kx, ky, kz) = (frequencies(0), frequencies(1), frequencies(2))
    let b = direction
    volume.withUnsafeMutableBufferPointer { samples in
      let samples = SharedBuffer(samples)
      Parallelism.forEach(shape[0]) { z in
        var index = z * shape[1] * shape[2]
        for y in 0..<shape[1] {
          let along = kz[z] * b.z + ky[y] * b.y
          let square = kz[z] * kz[z] + ky[y] * ky[y]
          for x in 0..<shape[2] {
            let projection = kx[x] * b.x + along
            let length = kx[x] * kx[x] + square
            let kernel = length > 0 ? 1 / 3 - projection * projection / length : 0
            let sample = samples[index]
            samples[index] = Complex(sample.real * Float(kernel), sample.imaginary * Float(kernel))
            index += 1
          }
        }
      }
    }
    transform.inverse(&volume)
  }
}
