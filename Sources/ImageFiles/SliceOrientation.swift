import MRIData

/// How slices across one voxel axis lie on the screen.
///
/// By the convention of radiology: axial slices are seen from the feet, coronal ones from the front, sagittal ones
/// from the left. The patient's front is up in axial slices and the head in the others; the patient's right is on
/// the left of the screen, and in sagittal slices the front is. Oblique slices are shown as the nearest of the three.
struct SliceOrientation: Equatable {
  /// The patient's axis that the slice stands across: 0 is sagittal, 1 coronal, 2 axial.
  var plane: Int
  /// The voxel axis that runs from slice to slice, and whether slices are shown in falling order.
  var across: Int, fallsAcross = false
  /// The voxel axis that runs to the right of the screen, and whether it does so in falling order.
  var horizontal: Int, fallsHorizontally = false
  /// The voxel axis that runs down the screen, and whether it does so in falling order.
  var vertical: Int, fallsVertically = false

  /// The orientation of slices across a voxel axis.
  init(_ geometry: Geometry, across: Int) {
    let directions = [geometry.readDirection, geometry.phaseDirection, geometry.sliceDirection]
    let inPlane = [0, 1, 2].filter { $0 != across }
    let normal = cross(directions[inPlane[0]], directions[inPlane[1]])
    let axis = (0..<3).max { abs(normal[$0]) < abs(normal[$1]) } ?? 2
    // In LPS: to the left, to the back, to the head.
    let right: SIMD3<Double> = axis == 0 ? [0, 1, 0] : [1, 0, 0]
    let down: SIMD3<Double> = axis == 2 ? [0, 1, 0] : [0, 0, -1]
    func component(_ voxelAxis: Int, _ direction: SIMD3<Double>) -> Double {
      (directions[voxelAxis] * direction).sum()
    }
    let straight = abs(component(inPlane[0], right)) + abs(component(inPlane[1], down))
    let transposed = abs(component(inPlane[1], right)) + abs(component(inPlane[0], down))
    plane = axis
    self.across = across
    horizontal = straight >= transposed ? inPlane[0] : inPlane[1]
    vertical = straight >= transposed ? inPlane[1] : inPlane[0]
    fallsAcross = directions[across][axis] < 0
    fallsHorizontally = component(horizontal, right) < 0
    fallsVertically = component(vertical, down) < 0
  }

  /// The sides of the patient at the left and the right edge of the screen.
  var marks: (left: String, right: String) { plane == 0 ? ("A", "P") : ("R", "L") }
}
