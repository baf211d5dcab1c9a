import MRIData
import NDArrays
import QSM

/// Whether a map has the sign of iron: tissue of fast decay is paramagnetic, unless it is calcified.
///
/// The sign of a map is never turned by it: one calcification would turn a whole brain. It is for the user to look at.
struct SignEvidence {
  /// The mean susceptibility of the fastest decaying fiftieth against the median [ppm]; `nil` where nothing tells.
  private let difference: Double?

  init(_ map: ImageVolumes<Float>, r2Star: ImageVolumes<Float>?) {
    guard let r2Star else {
      difference = nil
      return
    }
    let known = map[0].map { $0 != 0 }, size = map.geometry.voxelSize
    // Beside the mask's edge both maps are uncertain: three voxels, or a quarter of the object where it is small.
    let inner = Morphology(voxelSize: size).eroded(known, by: 3 * size.max()).elements
    let chi = map.voxels.elements, rates = r2Star.voxels.elements
    let places = inner.indices.filter { inner[$0] && rates[$0].isFinite }
    guard places.count > 1000 else {
      difference = nil
      return
    }
    let fastest = places.sorted { rates[$0] > rates[$1] }.prefix(places.count / 50)
    // Where nothing decays faster than the rest, the fastest are noise.
    let middle = rates[places.sorted { rates[$0] < rates[$1] }[places.count / 2]]
    let typical = fastest.map { rates[$0] }.sorted()[fastest.count / 2]
    guard typical > 1.3 * middle + 5 else {
      difference = nil
      return
    }
    let mean = fastest.reduce(0) { $0 + Double(chi[$1]) } / Double(fastest.count)
    difference = mean - Double(places.map { chi[$0] }.sorted()[places.count / 2])
  }

  /// What the user must be told; `nil` where the sign is known and the map agrees.
  func remark(isSignKnown: Bool) -> String? {
    guard let difference else {
      return isSignKnown
        ? nil
        : "The sign of the phase is not stated, and nothing in the map tells it: phase was taken to grow with paramagnetic "
          + "matter. Check that veins and deep nuclei are bright, or state the phase sign (`phaseSign`)."
    }
    let value = (difference < 0 ? "" : "+") + "\(difference.rounded(3)) ppm"
    if difference < -0.01 {
      return
        "Tissue of fast decay is diamagnetic in this map (\(value)), which iron is not: the phase may have the other "
        + "sign, unless it is calcified. Look at veins and deep nuclei, and state the phase sign (`phaseSign`)."
    }
    if isSignKnown { return nil }
    let sure = difference > 0.01 ? "" : ", which is no clear sign"
    return
      "Phase was taken to grow with paramagnetic matter, as its sign is not stated (`phaseSign`): tissue of fast decay "
      + "has \(value)\(sure)."
  }
}
