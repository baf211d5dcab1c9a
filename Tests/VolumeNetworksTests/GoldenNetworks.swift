import Foundation
import NDArrays
import TestSupport

@testable import VolumeNetworks

/// A network that PyTorch exported, with an input and PyTorch's result; see make_goldens.py.
struct GoldenNetwork {
  static let folder = SharedData.packageRoot.appending(path: "Tests/VolumeNetworksTests/Goldens")
  /// The names of all networks.
  static let names: [String] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(".onnx") }.map { String($0.dropLast(5)) }.sorted()
  }()

  let path: String
  let input: NDArray<Float>
  let result: NDArray<Float>

  init(_ name: String) throws {
    path = Self.folder.appending(path: "\(name).onnx").path
    let data = try Data(contentsOf: Self.folder.appending(path: "\(name).bin"))
    var position = 0
    func next<Number>(_ type: Number.Type) -> Number {
      defer { position += MemoryLayout<Number>.size }
      return data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: Number.self) }
    }
    func array() -> NDArray<Float> {
      let shape = (0..<next(Int32.self)).map { _ in Int(next(Int32.self)) }
      return NDArray((0..<shape.reduce(1, *)).map { _ in next(Float.self) }, shape: shape)
    }
    input = array()
    result = array()
  }
}

/// The largest difference over the largest magnitude of the second.
func largestDifference(_ first: NDArray<Float>, _ second: NDArray<Float>) -> Float {
  let largest = second.elements.map(abs).max() ?? 0
  return (zip(first.elements, second.elements).map { abs($0 - $1) }.max() ?? 0) / largest
}
