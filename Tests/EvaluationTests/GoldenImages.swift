import Foundation
import NDArrays

/// The two images and the mask that `golden.py` makes by the same integers.
struct GoldenImages {
  let image: NDArray<Float>
  let reference: NDArray<Float>
  let mask: NDArray<Bool>

  init(_ shape: [Int]) {
    let volume = [Int](repeating: 1, count: 3 - shape.count) + shape
    var image: [Float] = [], reference: [Float] = [], mask: [Bool] = []
    for z in 0..<volume[0] {
      for y in 0..<volume[1] {
        for x in 0..<volume[2] {
          let i = reference.count
          let block = Double((z / 4 + y / 5 + x / 3) % 4) * 0.1 - 0.1
          let truth = block + Double((i * i * 7 + i * 13) % 251) / 251.0 * 0.2
          reference.append(Float(truth))
          image.append(Float(truth * 0.9 + Double((i * 37 + 11) % 101) / 101.0 * 0.05))
          mask.append((z * 3 + y * 5 + x * 7) % 11 < 7)
        }
      }
    }
    self.image = NDArray(image, shape: shape)
    self.reference = NDArray(reference, shape: shape)
    self.mask = NDArray(mask, shape: shape)
  }
}

/// Numbers of other tools, from the folder `Golden`.
enum Golden {
  static func read<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
    return try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: name)))
  }
}
