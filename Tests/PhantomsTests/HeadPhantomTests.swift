import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Testing

@testable import Phantoms

/// Serialized, because one test changes the number of threads.
@Suite("Head phantom", .serialized)
struct HeadPhantomTests {
  static let head = HeadAnatomy(seed: 7, variability: 0)
  static let geometry = Geometry(
    matrix: Extents(x: 45, y: 54, z: 21), voxelSize: [4.4e-3, 4.4e-3, 7e-3])
  static let parameters = ScanParameters.spoiledGradientEcho(echoes: 3)
  static let phantom = HeadPhantom(head, geometry: geometry, parameters: parameters, channels: 3)
  static let noiseless = HeadPhantom(
    head, geometry: geometry, parameters: parameters, channels: 3, signalToNoise: .infinity)

  @Test("Equal seeds give equal bits, with one thread and with many; another seed gives other noise")
  func reproducibility() {
    let geometry = Geometry(matrix: Extents(x: 21, y: 26, z: 9), voxelSize: [9.2e-3, 9e-3, 16e-3])
    func make(seed: UInt64? = nil) -> HeadPhantom {
      HeadPhantom(
        HeadAnatomy(seed: 11), geometry: geometry, parameters: Self.parameters, channels: 2, seed: seed)
    }
    let (one, oneScan, oneNoise) = Parallelism.withThreads(1) {
      let one = make()
      return (one, one.scan(), one.noiseScan(lines: 3, samplesPerLine: 5))
    }
    Parallelism.withThreads(4) {
      let many = make()
      #expect(many.scan().samples == oneScan.samples)
      #expect(many.samples(echo: 2) == oneScan.samples.part(at: 2))
      #expect(many.noiseScan(lines: 3, samplesPerLine: 5) == oneNoise)
      #expect(many.susceptibility.voxels == one.susceptibility.voxels)
      #expect(many.field.voxels == one.field.voxels)
      #expect(many.sensitivities.maps == one.sensitivities.maps)
    }
    let other = make(seed: 12)
    #expect(other.labels.voxels == one.labels.voxels)
    #expect(other.samples(echo: 2) != oneScan.samples.part(at: 2))
  }

  @Test("The scan has the shape of its parameters and is fully sampled")
  func scan() {
    let scan = Self.phantom.scan()
    #expect(scan.samples.shape == [3, 3, 21, 54, 45])
    #expect(scan.isFullySampled)
    #expect(scan.geometry == Self.geometry && scan.parameters == Self.parameters)
    #expect(scan.samples.elements.allSatisfy { $0.isFinite })
  }

  @Test("The nuclei have their susceptibility on the fine grid, to the mean of their texture")
  func regions() {
    let geometry = Geometry(matrix: Extents(x: 48, y: 64, z: 40), voxelSize: [1.6e-3, 1.6e-3, 1.6e-3])
    let maps = HeadMaps(Self.head, on: geometry, parameters: Self.parameters) { _, _ in }
    for nucleus in Tissue.ironRichNuclei {
      var sum = 0.0, count = 0.0
      for (label, chi) in zip(maps.labels.elements, maps.susceptibility.elements)
      where label == nucleus.rawValue {
        sum += Double(chi)
        count += 1
      }
      #expect(count > 10, "\(nucleus)")
      // A texture of 4 ppb whose cells are about (2 pi^(1/2) 1.5 mm)^3 = 150 mm3; 3 standard errors.
      let error = 0.012 / max(count * 4.1 / 150, 1).squareRoot()
      let expected = nucleus.propertiesAt44Years.susceptibility
      #expect(abs(sum / count - expected) < error, "\(nucleus): \(sum / count) instead of \(expected)")
    }
  }

  @Test("The field has no mean in the brain, and stays within what a shimmed head shows at 3 T")
  func fieldRange() {
    let phantom = Self.phantom
    var sum = 0.0, square = 0.0, count = 0.0
    for (inside, value) in zip(phantom.brainMask.voxels.elements, phantom.field.voxels.elements)
    where inside == 1 {
      sum += Double(value)
      square += Double(value) * Double(value)
      count += 1
    }
    let deviation = (square / count).squareRoot()
    #expect(abs(sum / count) < 0.1 * deviation)
    #expect(deviation > 5 && deviation < 40)
  }

  @Test("The phase grows by 2 pi f TE in every channel")
  func phaseEvolution() {
    let phantom = Self.noiseless
    var (first, second) = (phantom.samples(echo: 0), phantom.samples(echo: 1))
    let transform = FourierTransform(shape: Self.geometry.matrix.shape)
    transform.inverse(&first)
    transform.inverse(&second)
    let interval = Self.parameters.echoTimes[1] - Self.parameters.echoTimes[0]
    let labels = phantom.labels.voxels.elements
    var errors: [Double] = []
    for channel in 0..<3 {
      let (one, two) = (first.part(at: channel).elements, second.part(at: channel).elements)
      for voxel in labels.indices where labels[voxel] == Tissue.whiteMatter.rawValue {
        let measured = Double((two[voxel] * one[voxel].conjugate).phase) / (2 * .pi * interval)
        errors.append(abs(measured - Double(phantom.field.voxels.elements[voxel])))
      }
    }
    errors.sort()
    // Voxels of 4 x 4 x 7 mm mix tissues of different fields and ring; the sign and the scale show all the same.
    #expect(errors[errors.count / 2] < 1.5, "median error \(errors[errors.count / 2]) Hz")
  }

  @Test("The signal-to-noise ratio is that of white matter at the first echo")
  func signalToNoise() {
    var images = Self.noiseless.samples(echo: 0)
    FourierTransform(shape: Self.geometry.matrix.shape).inverse(&images)
    let labels = Self.phantom.labels.voxels.elements
    let channels = (0..<3).map { images.part(at: $0).elements }
    var sum = 0.0, count = 0.0
    for voxel in labels.indices where labels[voxel] == Tissue.whiteMatter.rawValue {
      sum += Double(channels.reduce(0) { $0 + $1[voxel].lengthSquared }).squareRoot()
      count += 1
    }
    let noise = Self.phantom.noiseScan(lines: 20, samplesPerLine: 500).elements
    let power = noise.reduce(0) { $0 + Double($1.lengthSquared) } / Double(noise.count)
    // Partial volume and ringing in coarse voxels change the mean signal by a few percent.
    #expect(abs(sum / count / (power / 2).squareRoot() / 60 - 1) < 0.05)
  }

  @Test("The noise scan and the noise of the images have the designed covariance")
  func noiseCovariance() {
    let design = Self.phantom.noiseCovariance
    let scan = Self.phantom.noiseScan(lines: 40, samplesPerLine: 1000)
    let scanNoise = (0..<3).map { c in (0..<40).flatMap { scan.part(at: $0, c).elements } }
    check(scanNoise, design)
    let (noisy, clean) = (Self.phantom.samples(echo: 1), Self.noiseless.samples(echo: 1))
    let noise = (0..<3).map { c in
      zip(noisy.part(at: c).elements, clean.part(at: c).elements).map { $0 - $1 }
    }
    check(noise, design)
    // Echoes, and the noise scan, do not repeat each other.
    let (laterNoisy, laterClean) = (Self.phantom.samples(echo: 2), Self.noiseless.samples(echo: 2))
    let later = zip(laterNoisy.part(at: 0).elements, laterClean.part(at: 0).elements).map { $0 - $1 }
    let independent = NDArray([design[0, 0], .zero, .zero, design[0, 0]], shape: [2, 2])
    check([noise[0], later], independent)
    check([Array(noise[0].prefix(scanNoise[0].count)), scanNoise[0]], independent)
  }

  /// Compares the covariance of samples, and the absence of a pseudo-covariance, with a design: 5 standard errors.
  private func check(_ noise: [[Complex<Float>]], _ design: NDArray<Complex<Double>>) {
    let count = Double(noise[0].count)
    for i in noise.indices {
      for j in 0...i {
        var (sum, pseudo) = (Complex<Double>.zero, Complex<Double>.zero)
        for (a, b) in zip(noise[i], noise[j]) {
          let (a, b) = (
            Complex(Double(a.real), Double(a.imaginary)), Complex(Double(b.real), Double(b.imaginary))
          )
          sum += a * b.conjugate
          pseudo += a * b
        }
        let tolerance = 5 * (design[i, i].real * design[j, j].real / count).squareRoot()
        #expect((sum / Complex(count) - design[i, j]).length < tolerance)
        #expect((pseudo / Complex(count)).length < 2 * tolerance)
      }
    }
  }

  @Test("A sagittal scan shows the same head and the same field as an axial one")
  func orientation() {
    let size = 5e-3
    let axial = Geometry(matrix: Extents(x: 36, y: 46, z: 40), voxelSize: [size, size, size])
    let sagittal = Geometry(
      matrix: Extents(x: 46, y: 40, z: 36), voxelSize: [size, size, size], readDirection: [0, 1, 0],
      phaseDirection: [0, 0, 1], sliceDirection: [1, 0, 0])
    func phantom(_ geometry: Geometry) -> HeadPhantom {
      HeadPhantom(Self.head, geometry: geometry, parameters: Self.parameters, channels: 1)
    }
    let (a, s) = (phantom(axial), phantom(sagittal))
    var labelsDiffer = 0, worst: Float = 0
    for z in 0..<40 {
      for y in 0..<46 {
        for x in 0..<36 {
          labelsDiffer += a.labels.voxels[0, z, y, x] == s.labels.voxels[0, x, z, y] ? 0 : 1
          guard a.brainMask.voxels[0, z, y, x] == 1 else { continue }
          worst = max(worst, abs(a.field.voxels[0, z, y, x] - s.field.voxels[0, x, z, y]))
        }
      }
    }
    // Positions are sums in another order: a voxel on a surface may fall to the other side.
    #expect(labelsDiffer < 10)
    #expect(worst < 2, "fields differ by \(worst) Hz")
  }
}
