import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators

/// The images that SENSE found, and how it got there.
public struct SENSESolution: Sendable {
  /// A set of sensitivities with what was found for it.
  public struct Component: Sendable {
    /// The image of every echo, axes `[echo, z, y, x]`.
    public let images: ImageVolumes<Complex<Float>>
    /// The sensitivities, axes `[channel, z, y, x]`.
    public let sensitivities: CoilSensitivities
  }

  /// One component per set of sensitivities; what channels see is the sum of all.
  public let components: [Component]
  /// The largest relative residual of a plane before each iteration and after the last, for each echo, as the solver
  /// measures it.
  public let histories: [[Double]]
  /// What the images leave unexplained of each echo: the root mean square of the moduli of the samples' deviations.
  ///
  /// Noise whose real and imaginary parts have the standard deviation `s` gives somewhat less than `s sqrt(2)`, for
  /// some of the noise is explained too. Far more says that sensitivities or samples are wrong.
  public let misfits: [Double]
  /// Whether each echo was unfolded exactly, without iterations.
  public let isUnfolded: [Bool]

  /// The number of missing positions, over all echoes, with no acquired one within the reach of sensitivities.
  ///
  /// What they hold comes from the prior alone.
  public let unsupported: Int

  /// The image of every echo for the first set of sensitivities, axes `[echo, z, y, x]`.
  public var images: ImageVolumes<Complex<Float>> { components[0].images }
  /// The first set of sensitivities, axes `[channel, z, y, x]`.
  public var sensitivities: CoilSensitivities { components[0].sensitivities }
  /// The largest number of iterations that a plane of each echo took.
  public var iterations: [Int] { histories.map { max(0, $0.count - 1) } }
  /// The largest last residual of a plane of each echo.
  public let residuals: [Double]
  /// The virtual channels in which planes were solved, one mix for each of them; `nil` if in the receiver's.
  public let mix: ChannelMix?
}

extension SENSEProblem {
  /// How far sensitivities spread a sample of the image's spectrum: the kernels that they are learned from.
  private static let sensitivityReach = KernelExtents(lines: 5, partitions: 5)

  /// Solves all echoes, one group after the other.
  ///
  /// - Parameters:
  ///   - extent: In how many channels planes are solved; unless given, in those that hold nearly all where there are many.
  ///   - together: How many echoes with gaps are solved together, at most.
  ///   - prepare: Makes the solver of all echoes from the samples of the first.
  package func solution(
    keeping extent: CoilCompression.Extent?, together: Int = 1, prepare: (HybridSamples) -> SENSEEcho.Solver
  ) -> SENSESolution {
    let matrix = scan.geometry.matrix
    // There and back in some twenty iterations.
    let transform = FourierTransform(
      shape: [matrix.z, matrix.y],
      planning: .suited(toElements: 40 * scan.echoes * scan.channels * matrix.count))
    let sets = sensitivities.count
    // A plane that holds the readout sees all channels, and is soon solved.
    let hasMany = scan.channels > 12 && !geometry.matrix.isPlanar
    let automatic = hasMany ? CoilCompression.Extent.energy(0.99, atMost: 16) : nil
    let channels = PlaneChannels(scan, sensitivities, keeping: extent ?? automatic)
    var images = NDArray<Complex<Float>>(repeating: .zero, shape: [sets, scan.echoes] + matrix.shape)
    // Diagnostics are kept, images have their place.
    let nowhere = NDArray<Complex<Float>>(repeating: .zero, shape: [0])
    var solutions = Array(repeating: SENSEEcho.Solution(images: nowhere), count: scan.echoes)
    var solver: SENSEEcho.Solver?
    for group in scan.masks.groupedEchoes(ofAtMost: together) {
      let echoes = group.map { index in
        let samples = HybridSamples(scan, echo: index)
        solver = solver ?? prepare(samples)
        return SENSEEcho(
          samples: channels.samples(samples), channels: channels, sets: sets, transform: transform,
          lattice: lattice(of: samples), count: matrix.x)
      }
      for (index, var solution) in zip(group, solver?(echoes) ?? []) {
        images.setVolumes(of: index, to: solution.images, matrix)
        solution.images = nowhere
        solutions[index] = solution
      }
    }
    let misfits = solutions.indices.map { index in
      let count = max(scan.table.positions[index].count * channels.count * matrix.x, 1)
      return (solutions[index].squaredMisfit / Double(count)).squareRoot()
    }
    let components = sensitivities.indices.map { set in
      SENSESolution.Component(
        images: ImageVolumes(restored(images.part(at: set)), geometry: geometry),
        sensitivities: CoilSensitivities(
          restored(sensitivities[set].maps), geometry: geometry,
          assumptions: sensitivities[set].assumptions))
    }
    return SENSESolution(
      components: components, histories: solutions.map(\.history), misfits: misfits,
      isUnfolded: solutions.map(\.isUnfolded),
      unsupported: scan.masks.reduce(0) { $0 + $1.positionsOutOfReach(of: Self.sensitivityReach) },
      residuals: solutions.map(\.residual), mix: channels.mix)
  }
}

extension NDArray<Complex<Float>> {
  /// Puts planes `[x, set, z, y]` into the volumes `[set, echo, z, y, x]` of an echo.
  fileprivate mutating func setVolumes(of echo: Int, to planes: NDArray, _ matrix: Extents) {
    let (sets, echoes) = (shape[0], shape[1]), rows = matrix.y * matrix.z
    withUnsafeMutableBufferPointer { volumes in
      planes.withUnsafeBufferPointer { planes in
        let volumes = SharedBuffer(volumes), planes = SharedConstants(planes)
        Parallelism.forEach(sets * matrix.z) { index in
          let (set, z) = index.quotientAndRemainder(dividingBy: matrix.z)
          for y in 0..<matrix.y {
            let row = z * matrix.y + y
            let start = ((set * echoes + echo) * rows + row) * matrix.x
            for x in 0..<matrix.x { volumes[start + x] = planes[(x * sets + set) * rows + row] }
          }
        }
      }
    }
  }
}

extension [SamplingMask] {
  /// The indices of echoes that are solved together, ascending: neighbours among those with gaps, and complete ones alone.
  fileprivate func groupedEchoes(ofAtMost most: Int) -> [[Int]] {
    let complete = indices.filter { self[$0].isFullySampled },
      gaps = indices.filter { !self[$0].isFullySampled }
    // Groups differ by one echo at most.
    let groups = (gaps.count + most - 1) / most
    let parts = (0..<groups).map { $0 * gaps.count / groups..<($0 + 1) * gaps.count / groups }
    return (complete.map { [$0] } + parts.map { [Int](gaps[$0]) }).sorted { $0[0] < $1[0] }
  }
}

extension SENSESolution {
  private var assumptions: [String] {
    sensitivities.assumptions + (mix.map { [$0.account(of: "Images were solved for in")] } ?? [])
  }

  /// The images as every channel sees them, sensitivity times image, computed channel by channel.
  package func channelImages(of scan: CompactKSpace) -> ChannelImages {
    let voxels = scan.geometry.matrix.count
    return ChannelImages(
      channels: scan.channels, parameters: scan.parameters, geometry: scan.geometry, noise: .shared,
      assumptions: scan.assumptions + assumptions, diagnostics: diagnostics(noise: scan.noise)
    ) { channel in
      var sum = NDArray<Complex<Float>>(repeating: .zero, shape: images.voxels.shape)
      sum.withUnsafeMutableBufferPointer { sum in
        for component in components {
          component.images.voxels.withUnsafeBufferPointer { images in
            component.sensitivities.maps.withUnsafeBufferPointer { maps in
              for first in stride(from: 0, to: sum.count, by: voxels) {
                for voxel in 0..<voxels {
                  sum[first + voxel] += maps[channel * voxels + voxel] * images[first + voxel]
                }
              }
            }
          }
        }
      }
      return sum
    }
  }
}

extension [CoilSensitivities] {
  /// The sensitivities at one readout position, axes `[set, channel, z, y]`.
  func plane(_ x: Int) -> NDArray<Complex<Float>> {
    let shape = self[0].maps.shape, length = shape[3], block = self[0].maps.count / length
    return NDArray(uninitializedShape: [count] + shape.dropLast()) { target in
      for (set, sensitivities) in enumerated() {
        sensitivities.maps.withUnsafeBufferPointer { maps in
          for index in 0..<block {
            target.initializeElement(at: set * block + index, to: maps[index * length + x])
          }
        }
      }
    }
  }
}
