/// A closed surface of triangles, at first a sphere: an icosahedron whose faces are divided again and again.
struct SphereMesh {
  /// The positions of the vertices.
  var vertices: [SIMD3<Double>]
  /// The vertices of each triangle, counter-clockwise seen from outside.
  private(set) var triangles: [SIMD3<Int>]
  /// The neighbours of all vertices, one after another; those of vertex `v` are `starts[v]..<starts[v + 1]`.
  private(set) var neighbours: [Int] = []
  private(set) var starts: [Int] = []

  /// A sphere of `10 * 4^divisions + 2` vertices.
  init(center: SIMD3<Double>, radius: Double, divisions: Int) {
    let golden = (1 + 5.0.squareRoot()) / 2
    vertices = [
      [-1, golden, 0], [1, golden, 0], [-1, -golden, 0], [1, -golden, 0], [0, -1, golden], [0, 1, golden],
      [0, -1, -golden], [0, 1, -golden], [golden, 0, -1], [golden, 0, 1], [-golden, 0, -1], [-golden, 0, 1],
    ]
    triangles = [
      [0, 11, 5], [0, 5, 1], [0, 1, 7], [0, 7, 10], [0, 10, 11], [1, 5, 9], [5, 11, 4], [11, 10, 2],
      [10, 7, 6],
      [7, 1, 8], [3, 9, 4], [3, 4, 2], [3, 2, 6], [3, 6, 8], [3, 8, 9], [4, 9, 5], [2, 4, 11], [6, 2, 10],
      [8, 6, 7], [9, 8, 1],
    ]
    for _ in 0..<divisions { divide() }
    vertices = vertices.map { center + $0 * (radius / $0.length) }
    collectNeighbours()
  }

  /// Divides each triangle into four.
  private mutating func divide() {
    var middles: [SIMD2<Int>: Int] = [:]
    var vertices = vertices
    func middle(_ a: Int, _ b: Int) -> Int {
      let edge = SIMD2(min(a, b), max(a, b))
      if let known = middles[edge] { return known }
      let sum = vertices[a] / vertices[a].length + vertices[b] / vertices[b].length
      vertices.append(sum)
      middles[edge] = vertices.count - 1
      return vertices.count - 1
    }
    triangles = triangles.flatMap { corner -> [SIMD3<Int>] in
      let (a, b, c) = (
        middle(corner.x, corner.y), middle(corner.y, corner.z), middle(corner.z, corner.x)
      )
      return [[corner.x, a, c], [corner.y, b, a], [corner.z, c, b], [a, b, c]]
    }
    self.vertices = vertices
  }

  private mutating func collectNeighbours() {
    var lists = [[Int]](repeating: [], count: vertices.count)
    // On a closed surface each edge belongs to two triangles, once in each direction.
    for corner in triangles {
      lists[corner.x].append(corner.y)
      lists[corner.y].append(corner.z)
      lists[corner.z].append(corner.x)
    }
    starts = [0]
    for list in lists {
      neighbours += list
      starts.append(neighbours.count)
    }
  }

  /// The unit normals of the vertices, outwards.
  var normals: [SIMD3<Double>] {
    var normals = [SIMD3<Double>](repeating: .zero, count: vertices.count)
    for corner in triangles {
      let normal = normal(of: corner)
      normals[corner.x] += normal
      normals[corner.y] += normal
      normals[corner.z] += normal
    }
    return normals.map { $0 / max($0.length, .leastNormalMagnitude) }
  }

  /// The mean length of the edges.
  var spacing: Double {
    var sum = 0.0
    for corner in triangles { sum += (vertices[corner.x] - vertices[corner.y]).length }
    return sum / Double(triangles.count)
  }

  /// Whether the surface turns back on itself: neighbouring triangles that face away from each other.
  var isFolded: Bool {
    var seen: [SIMD2<Int>: SIMD3<Double>] = [:]
    for corner in triangles {
      let normal = normal(of: corner)
      for (a, b) in [(corner.x, corner.y), (corner.y, corner.z), (corner.z, corner.x)] {
        let edge = SIMD2(min(a, b), max(a, b))
        guard let other = seen[edge] else {
          seen[edge] = normal
          continue
        }
        if (normal * other).sum() < -0.5 * normal.length * other.length { return true }
      }
    }
    return false
  }

  /// The normal of a triangle, twice its area long.
  private func normal(of corner: SIMD3<Int>) -> SIMD3<Double> {
    let a = vertices[corner.y] - vertices[corner.x], b = vertices[corner.z] - vertices[corner.x]
    return [a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x]
  }
}

extension SIMD3<Double> {
  /// The Euclidean length.
  var length: Double { (self * self).sum().squareRoot() }
}
