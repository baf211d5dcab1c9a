/// What the numbers of a scan can be; everything else is a slip of whoever wrote them.
package enum ScanLimits {
  /// The side of a voxel in a direction that is encoded [m].
  package static let voxelSize = 1e-5...30e-3
  /// The thickness of a slice or a slab [m].
  package static let thickness = 1e-5...1.0
  /// An echo time [s].
  package static let echoTime = 1e-5...2.0
  /// The static field [T].
  package static let fieldStrength = 0.01...25.0
  /// A repetition time [s].
  package static let repetitionTime = 1e-4...100.0
  /// A flip angle [rad].
  package static let flipAngle = 0.0...(2 * Double.pi)
}
