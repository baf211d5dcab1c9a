import Foundation
import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing
import VolumeNetworks

@testable import ReconNet

@Suite("ReconNet3D in ONNX")
struct ExportTests {
  /// What a user does: the inputs by NumPy as the documentation has them, and the graph by ONNX Runtime.
  private static let script = """
    import sys
    import numpy as np
    import onnxruntime
    model, samples, mask, result = sys.argv[1:]
    def matrix(n):
        k = np.arange(n) - n // 2
        return np.exp(-2j * np.pi * np.outer(k, k) / n) / np.sqrt(n)
    samples, mask = np.load(samples), np.load(mask)
    nz, ny, nx = samples.shape
    samples = np.einsum("zyk,kx->zyx", samples, matrix(nx).conj())
    image = np.einsum("zyx,zk,yl->klx", samples, matrix(nz).conj(), matrix(ny).conj())
    scale = np.quantile(np.abs(image), 0.99)
    inputs = {"samples": np.stack([samples.real, samples.imag])[None] / scale, "mask": mask[None, None, :, :, None]}
    for axis, n in ("y", ny), ("z", nz):
        inputs["fourier_%s_real" % axis], inputs["fourier_%s_imaginary" % axis] = matrix(n).real, matrix(n).imag
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    image, = session.run(None, {name: value.astype(np.float32) for name, value in inputs.items()})
    np.save(result, ((image[0, 0] + 1j * image[0, 1]) * scale).astype(np.complex64))
    """

  @Test(
    "gives what the network gives, at any size, by ONNX Runtime",
    .enabled(
      if: Python.has("onnxruntime"), "onnxruntime is absent from .venv; `make test-setup` installs it"),
    arguments: [Extents(x: 31, y: 18, z: 24), Extents(x: 16, y: 25, z: 9)],
    [DataConsistency.noiseless, .weighted(2.5)])
  func parity(matrix: Extents, consistency: DataConsistency) throws {
    let weights = ReconNetWeights.random(features: 12, blocks: 3, consistency: consistency)
    let network = ReconNet3D(weights), folder = try TemporaryDirectory()
    let scan = randomScan(matrix)
    try network.onnxModel.write(to: folder.path("net.onnx"))
    try NumPyFile.write(scan.volume(echo: 0, channel: 0), to: folder.path("samples.npy"))
    try NumPyFile.write(
      scan.masks[0].isAcquired.map { Float($0 ? 1 : 0) }, to: folder.path("mask.npy"))
    _ = try Python.run(
      Self.script,
      arguments: ["net.onnx", "samples.npy", "mask.npy", "result.npy"].map { folder.path($0) })
    let theirs: NDArray<Complex<Float>> = try NumPyFile.read(folder.path("result.npy"))
    let ours = try network(scan).channel(0).part(at: 0)
    #expect(relativeError(ours, theirs) < 1e-5)
  }

  @Test("survives reading, and names its weights")
  func reading() throws {
    let network = ReconNet3D(ReconNetWeights.random(features: 4, blocks: 2, negativeSlope: 0))
    let model = network.onnxModel, again = try ONNXModel(data: model.encoded, path: "again.onnx")
    #expect(again.graph.constants == model.graph.constants)
    #expect(again.metadata["weights SHA-256"]?.count == 64)
    #expect(again.graph.nodes.count(where: { $0.kind == "Conv" }) == 10)
    #expect(again.graph.nodes.count(where: { $0.kind == "Relu" }) == 8)
  }
}
