import FourierTransforms
import MRIData
import NDArrays
import Numerics
import PhaseUnwrapping

/// The susceptibility-weighted image: the magnitude, darkened where the phase says that iron or deoxygenated blood is.
///
/// ```
/// psi  = arg(S conj(L S))            L a low-pass filter in every slice: homodyne high-pass filtering
/// mask = (pi - psi) / pi for psi > 0, 1 elsewhere
/// SWI  = |S| mask^n
/// ```
///
/// With the toolkit's sign paramagnetic matter has positive phase. `L` is a Hann window over the centre of k-space.
///
/// - SeeAlso: E. M. Haacke, Y. Xu, Y.-C. N. Cheng, J. R. Reichenbach, "Susceptibility weighted imaging (SWI)", Magn.
///   Reson. Med. 52(3):612-618, 2004, doi:10.1002/mrm.20198.
public struct SusceptibilityWeightedImage: Sendable {
  /// The number of times that the magnitude is multiplied by the mask.
  public var power: Int
  /// The width of the low-pass filter as a fraction of the grid, 0 to 1.
  public var filterWidth: Double

  /// Creates the method.
  public init(power: Int = 4, filterWidth: Double = 0.25) {
    self.power = power
    self.filterWidth = filterWidth
  }

  /// The image of one echo.
  public func callAsFunction(_ image: ImageVolumes<Complex<Float>>) -> ImageVolumes<Float> {
    let matrix = image.geometry.matrix
    let finite = image[0].map { $0.isFinite ? $0 : .zero }
    let transform = FourierTransform(shape: [matrix.y, matrix.x])
    var smooth = finite
    transform.forward(&smooth)
    let windows = [matrix.x, matrix.y].map { extent in
      (0..<extent).map { index -> Float in
        let position = Double(index - extent / 2) / max(1, filterWidth * Double(extent) / 2)
        return abs(position) < 1 ? Float(0.5 + 0.5 * Double.cos(.pi * position)) : 0
      }
    }
    smooth.withUnsafeMutableBufferPointer { smooth in
      for index in smooth.indices {
        let factor = windows[0][index % matrix.x] * windows[1][index / matrix.x % matrix.y]
        smooth[index] = smooth[index].multiplied(by: factor)
      }
    }
    transform.inverse(&smooth)
    let power = power
    let result = NDArray(uninitializedShape: matrix.shape) { (target: UnsafeMutableBufferPointer<Float>) in
      finite.withUnsafeBufferPointer { image in
        smooth.withUnsafeBufferPointer { smooth in
          for index in target.indices {
            let rest = image[index] * smooth[index].conjugate
            let phase = rest == .zero || !rest.isFinite ? 0 : rest.phase
            let mask = phase > 0 ? max(0, 1 - phase / Turn.half) : 1
            target[index] = (0..<power).reduce(image[index].length) { value, _ in value * mask }
          }
        }
      }
    }
    return ImageVolumes(result, geometry: image.geometry)
  }
}
