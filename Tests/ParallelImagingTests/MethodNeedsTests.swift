import ChannelCombination
import MRIData
import NDArrays
import Operators
import ParallelImaging
import ReconNet
import Testing

@Suite("What methods need")
struct MethodNeedsTests {
  private let complete = ScanSize(matrix: Extents(x: 64, y: 48, z: 32), channels: 8, echoes: 4)
  private var undersampled: ScanSize {
    var size = complete
    size.acquiredShare = 0.25
    return size
  }

  /// A user's own method, which says nothing of its needs.
  private struct Own: Reconstruction {
    let configuration = MethodConfiguration("own", revision: 1)
    func callAsFunction(_ scan: KSpace) -> ChannelImages { ZeroFilled()(scan) }
  }

  @Test func `A method that says nothing takes the whole grid, and a pipeline adds its stages`() {
    #expect(complete.kSpaceBytes == Double(64 * 48 * 32 * 8 * 4 * 8))
    #expect(Own().needs(for: undersampled) == MethodNeeds(memory: complete.kSpaceBytes))
    #expect(Own().needs(for: complete) == MethodNeeds())
    let plain = Pipeline(ZeroFilled(), then: RootSumOfSquares()).needs(for: undersampled)
    #expect(plain.memory > undersampled.acquiredBytes && plain.seconds > 0)
    let sum = Pipeline(Own(), then: MDI()).needs(for: undersampled)
    // The products of four echoes are two and a half volumes of all echoes, four real maps half a one.
    #expect(sum.memory == plain.memory + complete.kSpaceBytes + 3 * complete.channelBytes)
    #expect(sum.seconds == plain.seconds)
  }

  @Test func `Methods need more where there is more to do, and wrappers what their base needs`() throws {
    let methods: [any Reconstruction] = [
      GRAPPA(), SENSE(), L1WaveletSENSE(), SPIRiT(), L1WaveletSPIRiT(), try ReconNet3D(weights: .bundled),
      try ReconNetSENSE(weights: .bundled),
    ]
    var larger = undersampled
    (larger.channels, larger.echoes) = (16, 8)
    for method in methods {
      let few = method.needs(for: undersampled), many = method.needs(for: larger)
      #expect(few.memory > 0 && many.memory > few.memory, "\(method.configuration.name)")
      #expect(few.seconds > 0 && many.seconds > few.seconds, "\(method.configuration.name)")
      #expect(WindowedReconstruction(method, by: .tukey).needs(for: larger) == many)
    }
    #expect(L1WaveletSENSE(iterations: 30).needs(for: larger).seconds < methods[2].needs(for: larger).seconds)
  }
}
