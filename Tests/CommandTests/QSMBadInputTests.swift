import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// What `kspace qsm` refuses: status 3, one message that says what to do, and nothing left behind.
struct QSMBadInputTests {
  /// How good files are spoilt.
  enum Fault: String, CaseIterable {
    case unknownUnits, constantPhase, noEchoTimes, echoTimesInMilliseconds, tooFewEchoTimes, noFieldStrength
    case otherMask, emptyMask, maskOfTwoVolumes, otherMagnitude, referenceOutside, missingFile, emptyFolder

    /// What the message has to say.
    var words: String {
      switch self {
      case .unknownUnits: "--phase-scale"
      case .constantPhase: "the same everywhere"
      case .noEchoTimes: "--echo-times"
      case .echoTimesInMilliseconds: "milliseconds were probably meant"
      case .tooFewEchoTimes: "3 echo times for 4 echoes"
      case .noFieldStrength: "--field-strength"
      case .otherMask, .otherMagnitude: "the phase has 64x76x28"
      case .emptyMask: "the mask is empty"
      case .maskOfTwoVolumes: "2 volumes"
      case .referenceOutside: "reference region"
      case .missingFile: "nothing.nii"
      case .emptyFolder: "--magnitude and --phase"
      }
    }
  }

  @Test("bad input is refused by name", arguments: Fault.allCases)
  func faults(_ fault: Fault) throws {
    let scene = try QSMScene()
    var times = "4ms,8ms,12ms,16ms", strength = ["--field-strength", "3T"], extra: [String] = []
    var mask = scene.mask
    try scene.write(
      phase: {
        fault == .unknownUnits ? $0.map { 17 * $0 } : fault == .constantPhase ? $0.map { _ in 1 } : $0
      },
      magnitude: {
        fault == .otherMagnitude ? $0.cropped : $0
      })
    let reference = try NIfTIFile(at: scene.mask).volumes(scaling: .applied)
    switch fault {
    case .tooFewEchoTimes: times = "4ms,8ms,12ms"
    case .noFieldStrength: strength = []
    case .otherMask:
      try NIfTIFile.write(reference.cropped, to: scene.folder.path("mask.nii"))
      mask = "mask.nii"
    case .emptyMask:
      try NIfTIFile.write(reference.map { _ in Float(0) }, to: scene.folder.path("mask.nii"))
      mask = "mask.nii"
    case .maskOfTwoVolumes:
      let twice = NDArray(
        reference.voxels.elements + reference.voxels.elements, shape: [2] + reference.geometry.matrix.shape)
      try NIfTIFile.write(
        ImageVolumes(twice, geometry: reference.geometry), to: scene.folder.path("mask.nii"))
      mask = "mask.nii"
    case .referenceOutside:
      try NIfTIFile.write(reference.map { 1 - $0 }, to: scene.folder.path("reference.nii"))
      extra = ["--reference", "reference.nii"]
    case .emptyFolder:
      try FileManager.default.createDirectory(
        at: scene.folder.url.appending(path: "empty"), withIntermediateDirectories: false)
    case .echoTimesInMilliseconds:
      try JSONSerialization.data(withJSONObject: ["EchoTime": [4, 8, 12, 16]]).write(
        to: scene.folder.url.appending(path: "phase.json"))
    default: break
    }
    let input =
      fault == .emptyFolder
      ? ["empty"]
      : ["--phase", fault == .missingFile ? "nothing.nii" : "phase.nii.gz", "--magnitude", "mag.nii.gz"]
    let stated = fault == .noEchoTimes || fault == .echoTimesInMilliseconds ? [] : ["--echo-times", times]
    let before = try names(scene)
    let result = try scene.run(
      input + ["-o", "out", "--mask", mask, "--inversion", "l2"] + stated + strength + extra)
    #expect(result.status == 3, "\(fault): \(result.errors)")
    let message = result.errors.split(separator: "\n").last ?? ""
    #expect(message.hasPrefix("kspace: ") && message.contains(fault.words), "\(result.errors)")
    #expect(result.output.isEmpty)
    #expect(try names(scene) == before)
  }

  @Test("parts of a mask that do not touch are stated, and mapped each by itself")
  func disconnectedMask() throws {
    let scene = try QSMScene()
    try scene.write()
    var mask = try NIfTIFile(at: scene.mask).volumes(scaling: .applied)
    let matrix = mask.geometry.matrix
    mask.voxels.withUnsafeMutableBufferPointer { values in
      for index in values.indices where (30..<34).contains(index % matrix.x) { values[index] = 0 }
    }
    try NIfTIFile.write(mask, to: scene.folder.path("halves.nii"))
    // The last mask prevails.
    let result = try scene.runFast("out", "--mask", "halves.nii")
    #expect(result.status == 0 && result.errors.contains("2 parts that do not touch"), "\(result.errors)")
    #expect(try scene.map("out").allSatisfy(\.isFinite))
  }

  @Test(
    "options that contradict each other are wrong usage",
    arguments: [
      ["--echo-times", "4,8"], ["--phase-scale", "-3"], ["--regularization", "0"],
      ["--inversion", "rts", "--regularization", "1"], ["--background", "pdf", "--background-radius", "5mm"],
      ["--inversion", "tkd", "--edge-weights"], ["--seeds", "0"],
      ["--inversion", "l2", "--expected-deviation", "0.05"],
      ["--fit-weights", "uniform"], ["--field-direction", "0,0,0"],
    ])
  func usage(_ arguments: [String]) throws {
    let scene = try QSMScene()
    let result = try scene.run(["--phase", "a.nii", "-o", "out"] + arguments)
    #expect(result.status == 2, "\(result.errors)")
  }

  @Test(
    "options of stages that an input has behind it are wrong usage",
    arguments: [
      (["--total-field", "f.nii", "--mask", "m.nii", "--unwrapping", "laplacian"], "--unwrapping"),
      (["--total-field", "f.nii", "--magnitude", "m.nii", "--seeds", "3"], "--seeds"),
      (["--local-field", "f.nii", "--mask", "m.nii", "--background", "pdf"], "--background"),
      (["in", "--qsm-ci", "--phase-sign", "negative"], "--ignore-affine"),
      (["in", "--qsm-ci", "--echo-times", "4ms,8ms"], "--ignore-affine"),
      (["in", "--qsm-ci", "--intermediates"], "--intermediates"),
      (["in", "--qsm-ci", "--separate"], "--separate"),
      (["in", "--mask", "m.nii", "--mask-method", "surface"], "--mask-method"),
    ])
  func past(_ arguments: [String], words: String) throws {
    let result = try QSMScene().run(["-o", "out"] + arguments)
    #expect(result.status == 2 && result.errors.contains(words), "\(result.errors)")
  }

  @Test("a file's options that the command line leaves nothing to do are left out")
  func idle() throws {
    let scene = try QSMScene()
    try Data("mask-fraction: 0.4\nunwrapping: laplacian\nbackground: sharp\n".utf8).write(
      to: scene.folder.url.appending(path: "c.yaml"))
    let typed = [
      "--field-unit", "Hz", "--field-strength", "3T", "--mask", "m.nii", "-o", "out", "--config", "c.yaml",
    ]
    // What is missing is the files.
    for field in ["--total-field", "--local-field"] {
      let result = try scene.run([field, "f.nii"] + typed)
      #expect(result.status == 3 && result.errors.contains("f.nii"), "\(result.errors)")
    }
  }

  private func names(_ scene: QSMScene) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: scene.folder.url.path).sorted()
  }
}

extension ImageVolumes<Float> {
  /// The volumes without their last column.
  fileprivate var cropped: ImageVolumes<Float> {
    let matrix = geometry.matrix
    let kept = voxels.elements.enumerated().filter { $0.offset % matrix.x < matrix.x - 1 }.map(\.element)
    let smaller = Extents(x: matrix.x - 1, y: matrix.y, z: matrix.z)
    return ImageVolumes(
      NDArray(kept, shape: [count] + smaller.shape),
      geometry: Geometry(matrix: smaller, voxelSize: geometry.voxelSize))
  }
}
