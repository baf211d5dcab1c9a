import MRIData
import NDArrays
import Numerics

/// The samples and sensitivities of a scan, in the arrangement in which planes are solved.
///
/// Calibration lines that were measured within the scan are data like others. A two-dimensional scan is a single
/// plane of its readout and its phase encoding, so that what is known of images in a plane (how their spectrum falls,
/// that few wavelets describe them) holds there too; all others are planes `(ky, kz)` at each readout position.
package struct SENSEProblem {
  package let scan: CompactKSpace
  /// The sets of sensitivities, on the grid of ``scan``.
  let sensitivities: [CoilSensitivities]
  /// The grid of the scan as it was given.
  let geometry: Geometry

  package init(_ scan: CompactKSpace, _ source: SensitivitySource) throws(ParallelImagingError) {
    let scan = scan.withEmbeddedCalibration
    let sets = try source.sensitivities(for: scan)
    geometry = scan.geometry
    guard scan.geometry.matrix.isPlanar else {
      self.scan = scan
      sensitivities = sets
      return
    }
    let turned = CompactKSpace(KSpace(scan).turned)
    self.scan = turned
    sensitivities = sets.map { set in
      CoilSensitivities(
        set.maps.turned(), geometry: turned.geometry, assumptions: set.assumptions)
    }
  }

  /// Volumes `[..., z, y, x]` as the scan was given.
  func restored(_ volumes: NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    geometry.matrix.isPlanar ? volumes.turnedBack(to: geometry.matrix) : volumes
  }

  /// The lattice of an echo's mask, if it is one.
  func lattice(of samples: HybridSamples) -> SamplingLattice? {
    SamplingLattice(samples.positions, lines: scan.lines, partitions: scan.partitions)
  }
}

extension SENSEProblem {
  /// ESPIRiT [s per voxel and squared number of channels].
  private static let sensitivityCost = 1.5e-8
  /// The model of the scan and its adjoint [s per voxel, channel, echo and iteration].
  package static let iterationCost = 1.2e-8

  /// What sensitivities take, one echo's acquired samples in hybrid space, of one slice, and the images of all echoes.
  package static func needs(for size: ScanSize) -> MethodNeeds {
    let channels = size.usualVirtualChannels
    return MethodNeeds(
      memory: size.sensitivityBytes + size.acquiredBytes / Double(size.echoes * size.slices)
        + size.channelBytes,
      seconds: sensitivityCost * size.voxels * channels * channels)
  }
}

extension ScanSize {
  /// The memory of the sensitivities of one slice [bytes].
  package var sensitivityBytes: Double { kSpaceBytes / Double(echoes * slices) }

  /// The virtual channels that images of many channels are solved in, at most.
  package var usualVirtualChannels: Double { Double(min(channels, 16)) }

  /// How much of a memory for all channels is taken for virtual ones.
  package var virtualShare: Double { channels > 12 ? 16 / Double(channels) : 1 }
}

extension KSpace {
  /// A planar scan with the readout as its second phase-encoding axis.
  fileprivate var turned: KSpace {
    var grid = geometry
    grid.matrix = geometry.matrix.turned
    let size = geometry.voxelSize
    grid.voxelSize = lines == 1 ? [size.y, size.x, size.z] : [size.z, size.y, size.x]
    let masks = masks.map { mask in
      var turned = SamplingMask(lines: grid.matrix.y, partitions: grid.matrix.z, isAcquired: false)
      for column in readoutRange {
        for place in 0..<lines * partitions where mask.isAcquired[place / lines, place % lines] {
          if lines == 1 {
            turned[line: column, partition: place] = true
          } else {
            turned[line: place, partition: column] = true
          }
        }
      }
      return turned
    }
    return KSpace(
      samples: samples.turned(), masks: masks, parameters: parameters, geometry: grid, noise: noise,
      assumptions: assumptions)
  }
}
