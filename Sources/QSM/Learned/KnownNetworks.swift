/// Published networks whose files are known: how they are called, told by their fingerprint, and used.
///
/// Weights are their authors'; none is fetched. Constants are those of the authors' inference code, as the exports that
/// QSM.rs lists (https://github.com/astewartau/QSM.rs, `src/models/registry.rs`, September 2026) take and give them.
struct KnownNetwork {
  /// The name of the file without its ending.
  let file: String
  /// The fingerprint of the file that is known.
  let digest: String
  let description: NetworkDescription

  /// The network of a name or a fingerprint.
  static func find(file: String, digest: String) -> KnownNetwork? {
    all.first { $0.digest == digest } ?? all.first { $0.file == file }
  }

  private static let all = [
    KnownNetwork(
      "ir2qsm", "IR2QSM", "dcaf7a26d6633900f339f94be16d580ccea6147bbf6da26eacb9a5e1acdc0c53",
      "none stated; ask the authors (https://github.com/YangGaoUQ/IR2QSM)", "doi:10.1002/mp.17747",
      multiple: 8),
    KnownNetwork(
      "xqsm", "xQSM", "81854ec2ca85bba25c2f9aae05efdcac299d0efffb03fe6a0e6797019e46b487",
      "none stated; ask the authors (https://github.com/sunhongfu/xQSM)", "doi:10.1002/nbm.4461", multiple: 8),
    KnownNetwork(
      "qsmnet", "QSMnet", "8fd1d79b7a9258a262a2faab9e8469757ae7735f3da6212e431acfb207c21b54", snu,
      "doi:10.1016/j.neuroimage.2018.06.030", deviations: (0.01, 0.0317), voxelSize: [1, 1, 1]),
    KnownNetwork(
      "qsmnet-plus", "QSMnet+", "0ed31f9a1b66f75fee4a96022b6bc3838b91bc5b819714dade5ca87cd331683d", snu,
      "doi:10.1016/j.neuroimage.2020.116579", deviations: (0.0205, 0.0734), voxelSize: [1, 1, 1]),
    KnownNetwork(
      "lpcnn", "LPCNN", "831f2a161f6ab8ee7bf64cc2dd8bca532fc971d0083cf5729d6302d3ed31625d",
      "none stated; ask the authors (https://github.com/Sulam-Group/LPCNN)",
      "doi:10.1007/978-3-030-59713-9_13",
      means: [-0.00024724603], deviations: [0.028365555],
      NetworkDescription.Unrolling(iterations: 3, stepSize: 3.7188206)),
    KnownNetwork(
      "modl-qsm", "MoDL-QSM", "1f8da7d39eaaa4c3f0f9e67298fba5f14230e769cfd6349c81d0b74a6f800c57",
      "none stated; ask the authors (https://github.com/AMRI-Lab/MoDL-QSM)",
      "doi:10.1016/j.neuroimage.2021.118376", means: [-0.0022565327, -0.00048529144],
      deviations: [0.026075, 0.0040822751],
      NetworkDescription.Unrolling(iterations: 3, stepSize: 1.1019064, channels: 2), voxelSize: [1, 1, 1]),
  ]

  private static let snu =
    "academic, by Seoul National University (https://github.com/SNU-LIST/QSMnet, LICENSE)"

  /// A network that maps the field, which all of these were trained on along z.
  private init(
    _ file: String, _ name: String, _ digest: String, _ licence: String, _ reference: String,
    deviations: (Double, Double) = (1, 1), multiple: Int = 16, voxelSize: SIMD3<Double>? = nil
  ) {
    self.file = file
    self.digest = digest
    var description = NetworkDescription()
    (description.name, description.licence, description.reference) = (name, licence, reference)
    (description.inputDeviation, description.outputDeviation) = ([deviations.0], [deviations.1])
    (description.multiple, description.axes, description.voxelSize) = (multiple, .xyz, voxelSize)
    description.fieldDirection = [0, 0, 1]
    self.description = description
  }

  /// A network within an iteration.
  private init(
    _ file: String, _ name: String, _ digest: String, _ licence: String, _ reference: String, means: [Double],
    deviations: [Double], _ unrolling: NetworkDescription.Unrolling, voxelSize: SIMD3<Double>? = nil
  ) {
    self.file = file
    self.digest = digest
    var description = NetworkDescription()
    (description.name, description.licence, description.reference) = (name, licence, reference)
    (description.inputMean, description.inputDeviation) = (means, deviations)
    (description.outputMean, description.outputDeviation) = (means, deviations)
    (description.multiple, description.axes, description.voxelSize) = (1, .xyz, voxelSize)
    description.unrolling = unrolling
    self.description = description
  }
}
