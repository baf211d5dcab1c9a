extension WorkingGrid {
  /// Says that the mask is too thin for a background to be told from what lies inside; empty for other masks.
  ///
  /// The field in a layer of one voxel is whatever sources above and below make it; of three layers, one has neighbours
  /// on both sides.
  var slabWarnings: [String] {
    let extents = [box.x, box.y, box.z]
    guard let axis = extents.indices.min(by: { extents[$0] < extents[$1] }), extents[axis] < 4 else {
      return []
    }
    let thickness = extents[axis] == 1 ? "1 voxel" : "\(extents[axis]) voxels"
    return [
      "The mask is \(thickness) thick along \(["x", "y", "z"][axis]): sources outside explain nearly any field in so thin a "
        + "slab, so that hardly anything of the local field is left. Map more slices, or give a field whose background was "
        + "removed with more of them (`localField`)."
    ]
  }
}
