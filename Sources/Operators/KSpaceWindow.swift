import Foundation
import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// A weighting of k-space before it becomes an image.
///
/// Without one, a voxel's value is that of the band-limited image at one point: edges ring over many voxels, in magnitude and
/// in phase, and all noise is kept.
///
/// ```
/// w(k) = w(u_x) w(u_y) w(u_z)      u = (k - n / 2) / n, from -1/2 to 1/2
/// ```
public enum KSpaceWindow: String, Sendable, Codable, CaseIterable {
  /// `w(u) = sin(pi u) / (pi u)`: a voxel's value is the mean over the voxel; 0.64 at the rim of every axis.
  ///
  /// What a map that is compared with means over voxels, or with a model drawn on them, should be made of.
  case voxelMean = "voxel-mean"
  /// `w(u) = 1` up to `|u| = 1/4`, then falling to zero as half a cosine: least ringing, and voxels that are effectively larger.
  case tukey

  /// The weights along an axis, whose centre is at `extent / 2`.
  public func weights(extent: Int) -> [Float] {
    (0..<extent).map { index in
      let u = abs(Double(index - extent / 2)) / Double(extent)
      switch self {
      case .voxelMean: return u == 0 ? 1 : Float(sin(.pi * u) / (.pi * u))
      case .tukey: return u <= 0.25 ? 1 : Float((1 + cos(4 * .pi * (u - 0.25))) / 2)
      }
    }
  }

  /// The factor by which white noise becomes smaller.
  public func noiseFactor(_ matrix: Extents) -> Float {
    matrix.shape.reduce(1) { product, extent in
      let weights = weights(extent: extent)
      return product * (weights.reduce(0) { $0 + $1 * $1 } / Float(extent)).squareRoot()
    }
  }
}

extension ChannelImages {
  /// The same images with their k-space weighted; they must not have been cropped.
  public func weighted(by window: KSpaceWindow) -> ChannelImages {
    let kSpace = kSpace ?? transformedBack
    return ChannelImages(
      channels: channels, parameters: parameters, geometry: geometry,
      noise: noise.scaled(by: window.noiseFactor(geometry.matrix)),
      assumptions: assumptions + ["K-space was weighted by the window \(window.rawValue) along all axes."],
      diagnostics: diagnostics, preparing: { try self.prepare($0) },
      transforming: { channel in
        var samples = try kSpace(channel)
        samples.weigh(by: window)
        return samples
      })
  }

  /// The k-space of a channel from its images.
  private var transformedBack: @Sendable (Int) throws -> NDArray<Complex<Float>> {
    let transform = FourierTransform(
      shape: geometry.matrix.shape, planning: .suited(toElements: channels * shape.reduce(1, *)))
    return { channel in
      var images = try self.channel(channel)
      transform.forward(&images)
      return images
    }
  }
}

extension NDArray<Complex<Float>> {
  /// Multiplies k-space `[..., kz, ky, kx]` with a window.
  fileprivate mutating func weigh(by window: KSpaceWindow) {
    let axes = shape.suffix(3).map { window.weights(extent: $0) }
    let (z, y, x) = (axes[0], axes[1], axes[2])
    withUnsafeMutableBufferPointer { samples in
      for row in 0..<samples.count / x.count {
        let factor = y[row % y.count] * z[row / y.count % z.count], start = row * x.count
        for column in x.indices {
          samples[start + column] = samples[start + column].multiplied(by: factor * x[column])
        }
      }
    }
  }
}
