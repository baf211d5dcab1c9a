import Foundation
import NDArrays
import Numerics

@testable import Files
@testable import ImageFiles
@testable import RawData
@testable import ReconNet
@testable import Sampling
@testable import ScanExchange
@testable import ScannerServer
@testable import VolumeNetworks

/// What takes in files from elsewhere, each given nothing but bytes.
///
/// Errors are what parsers are for; a trap, a hang or memory without bounds is a finding.
enum Parser: String, CaseIterable {
  case xml, stream, hdf5, messages, nifti, array, mask, positions, cfl, sidecar, recipe, `protocol`, table,
    safetensors, facts, network

  /// Takes in bytes.
  func take(_ bytes: UnsafeRawBufferPointer) {
    switch self {
    case .xml: takeHeader(String(decoding: bytes, as: UTF8.self))
    case .stream: withFile(bytes, "mrd", takeScan)
    case .hdf5: withFile(bytes, "h5", takeReadouts)
    case .messages: takeMessages(bytes)
    case .nifti: withFile(bytes, "nii") { path in takeVolumes(path) }
    case .array: withFile(bytes, "npy") { path in _ = try? NumPyArray.read(path) }
    case .mask: withFile(bytes, "npy") { path in _ = try? MaskFile.read(path) }
    case .positions: withFile(bytes, "csv") { path in _ = try? MaskFile.read(path) }
    case .cfl:
      withFile(bytes, "hdr") { path in
        _ = FileManager.default.createFile(atPath: path.dropLast(3) + "cfl", contents: Data(count: 1920))
        _ = try? CFLFile.readScan(path)
        unlink(path.dropLast(3) + "cfl")
      }
    case .sidecar: withFile(bytes, "json") { path in _ = try? Sidecar(at: path) }
    case .recipe: withFile(bytes, "json") { path in _ = try? MaskSidecar(ofMaskAt: path) }
    case .protocol: withFile(bytes, "json") { path in takeProtocol(path) }
    case .table: withFile(bytes, "tsv") { path in _ = try? Table(at: path, needing: ["index", "name"]) }
    case .safetensors: takeWeights(Data(bytes))
    case .network: takeNetwork(Data(bytes))
    case .facts: withFile(bytes, "json") { path in takeArray(String(path.dropLast(5))) }
    }
  }

  private func takeHeader(_ text: String) {
    guard let header = try? MRDHeader(xml: text) else { return }
    // A readout in the middle, so that what follows from the header is worked out as well.
    var readout = AcquisitionHeader()
    readout.sampleCount = 16
    readout.activeChannels = 1
    readout.centerSample = 8
    let layout = ScanLayout(header: header, acquisitions: [readout])
    _ = layout.findings.map(\.description)
  }

  private func takeScan(_ path: String) {
    guard let file = try? MRDFile(at: path) else { return }
    let report = ScanReport(file, skipped: file.skipped)
    _ = report.description
    _ = try? JSONFile.text(of: report)
  }

  private func takeReadouts(_ path: String) {
    guard let file = try? MRDFile(at: path), file.acquisitions.count < 64 else { return }
    try? file.forEachReadout(Array(file.acquisitions.indices)) { _, _ in }
    _ = try? file.trajectory(ofReadout: 0)
    _ = try? JSONFile.text(of: ScanReport(file, skipped: file.skipped))
  }

  private func takeMessages(_ bytes: UnsafeRawBufferPointer) {
    var limits = StreamLimits()
    limits.scanLength = 1 << 20
    let receiver = StreamReceiver(Incoming(Array(bytes)), name: "peer", limits: limits)
    var request = RecipeRequest()
    while let message = try? receiver.next() {
      switch message {
      case .end, .close: return
      case .configurationText(let text), .text(let text): _ = request.take(json: text)
      default: break
      }
    }
  }

  private func takeVolumes(_ path: String) {
    guard let file = try? NIfTIFile(at: path) else { return }
    _ = file.remarks
    _ = try? file.volumes(scaling: .applied)
  }

  private func takeProtocol(_ path: String) {
    guard let file = try? ProtocolFile(at: path), file.scan.matrix.y * file.scan.matrix.z < 1 << 12,
      let masks = try? file.recipe.masks()
    else { return }
    _ = try? AcquisitionTime(file.scan, masks: masks)
  }

  private func takeWeights(_ data: Data) {
    guard let file = try? SafetensorsFile(data: data, path: "weights") else { return }
    _ = try? ReconNetWeights(file)
  }

  /// A network, made ready and run where it is small.
  private func takeNetwork(_ data: Data) {
    guard let model = try? ONNXModel(data: data, path: "network") else { return }
    let network = VolumeNetwork(model, memoryLimit: 1 << 24)
    var inputs: [String: NDArray<Float>] = [:]
    for input in network.inputs {
      let extents = (input.shape ?? [1, 1, 8, 8, 8]).prefix(8).map { $0.map { min(max($0, 0), 64) } ?? 8 }
      guard extents.reduce(1, *) < 1 << 16 else { return }
      inputs[input.name] = NDArray(repeating: 0.5, shape: extents)
    }
    _ = try? network.prepared(for: inputs.mapValues(\.shape))(inputs)
  }

  /// An array of one element in a sidecar's words, and the scan that is made of it.
  private func takeArray(_ base: String) {
    let array = base + ".npy", scan = base + ".scan.mrd"
    defer { for path in [array, scan] { unlink(path) } }
    try? NumPyArray.write(NDArray([Complex<Float>(1, 0)], shape: [1, 1, 1, 1, 1]), to: array)
    try? ScanArray(readingFile: array).writeMRD(to: scan, from: "array")
  }

  /// Puts bytes into a file in memory, whose name tells its kind.
  private func withFile(_ bytes: UnsafeRawBufferPointer, _ ending: String, _ body: (String) -> Void) {
    let path = "\(Self.folder)/kspace-fuzz-\(getpid()).\(ending)"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    _ = write(descriptor, bytes.baseAddress, bytes.count)
    close(descriptor)
    body(path)
    unlink(path)
  }

  private static let folder =
    FileManager.default.fileExists(atPath: "/dev/shm")
    ? "/dev/shm" : FileManager.default.temporaryDirectory.path
}

/// A peer whose bytes are all there.
private final class Incoming: ByteStream, @unchecked Sendable {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  func read(into buffer: UnsafeMutableRawBufferPointer, until deadline: ContinuousClock.Instant) throws -> Int
  {
    let part = rest.prefix(buffer.count)
    buffer.copyBytes(from: part)
    rest = rest.dropFirst(part.count)
    return part.count
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {}
}
