import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// `kspace qsm`: files of other tools, and what they leave open.
struct QSMInputTests {
  @Test("per-echo files with a scanner's sidecars and integers give the map of the field map's own folder")
  func otherTools() throws {
    let scene = try QSMScene()
    // The noise is known to the one and estimated by the other: their weights would differ.
    let own = try scene.run(
      scene.head.path("recon"), "-o", "own", "--mask", scene.mask, "--no-data-weights")
    #expect(own.status == 0, "\(own.errors)")
    try scene.writeBIDS {
      ["EchoTime": scene.echoTimes[$0], "MagneticFieldStrength": 3, "Units": "arbitrary"]
    }
    let result = try scene.run("bids", "-o", "other", "--mask", scene.mask, "--no-data-weights")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains("integers from 0 to 4095, 2048 for zero"))
    #expect(result.errors.contains("No sidecar says where the static field points"))
    #expect(result.errors.contains("tissue of fast decay has +"))
    let same = likeness(try scene.map("other"), try scene.map("own"))
    #expect(same.correlation > 0.98 && abs(same.slope - 1) < 0.05, "\(same)")
    let truth = likeness(try scene.map("own"), try scene.truth())
    #expect(truth.correlation > 0.3, "\(truth)")
  }

  @Test("one file of all echoes, its echo times in a list beside it or on the command line, is the same")
  func fourDimensional() throws {
    let scene = try QSMScene()
    try scene.write()
    #expect(try scene.runFast("option").status == 0)
    let keys: [String: Any] = ["EchoTime": scene.echoTimes, "MagneticFieldStrength": 3, "Units": "rad"]
    try JSONSerialization.data(withJSONObject: keys).write(
      to: scene.folder.url.appending(path: "phase.json"))
    let result = try scene.run(
      "--phase", "phase.nii.gz", "--magnitude", "mag.nii.gz", "-o", "list", "--mask", scene.mask,
      "--inversion",
      "l2", "--background", "sharp")
    #expect(result.status == 0, "\(result.errors)")
    #expect(try scene.map("list") == scene.map("option"))
  }

  @Test(
    "the units of phase are recognized, said aloud, and make no difference",
    arguments: [
      (.pi, 1, "radians from 0 to 2 pi"), (4096, 0, "4096 for pi"),
      (1000 * .pi, 0, "thousandths of radians"), (180, 0, "degrees"),
    ] as [(Float, Float, String)])
  func units(half: Float, shift: Float, words: String) throws {
    let scene = try QSMScene()
    try scene.write()
    #expect(try scene.runFast("radians", "--phase-scale", "radians").status == 0)
    // Integers cannot hold pi itself.
    try scene.write(phase: {
      $0.map { min(half * ($0 / .pi).rounded(toHalf: half), half * 0.9998) + half * shift }
    })
    let result = try scene.runFast("units")
    #expect(result.status == 0 && result.errors.contains(words), "\(result.errors)")
    let same = likeness(try scene.map("units"), try scene.map("radians"))
    #expect(same.correlation > 0.99 && abs(same.slope - 1) < 0.02, "\(same)")
  }

  @Test(
    "phase of the other sign is turned when told, never by itself, and doubted aloud where the map speaks against it"
  )
  func sign() throws {
    let scene = try QSMScene()
    try scene.write()
    #expect(try scene.runFast("right").status == 0)
    let right = try scene.map("right")
    try scene.write(phase: { $0.map { -$0 } })
    let doubted = try scene.runFast("doubted")
    #expect(doubted.errors.contains("warning: Tissue of fast decay is diamagnetic"), "\(doubted.errors)")
    #expect(doubted.errors.contains("--phase-sign"), "\(doubted.errors)")
    #expect(likeness(try scene.map("doubted"), right).correlation < -0.999)
    #expect(try scene.runFast("told", "--phase-sign", "negative").status == 0)
    #expect(likeness(try scene.map("told"), right).correlation > 0.999)
    let kept = try scene.runFast("kept", "--phase-sign", "positive")
    #expect(kept.status == 0 && kept.errors.contains("the phase may have the other sign"))
    #expect(likeness(try scene.map("kept"), right).correlation < -0.999)
  }

  @Test("an oblique field is taken from the orientation, a sidecar or an option; without any, along z")
  func oblique() throws {
    let scene = try QSMScene()
    try scene.write()
    #expect(try scene.runFast("affine").status == 0)
    let oblique = try scene.map("affine")
    let field = try scene.echoes("phase").geometry.fieldDirection
    #expect(abs(field.y) > 0.3 && abs(field.z) < 0.95)
    func straight(_ volumes: ImageVolumes<Float>) -> ImageVolumes<Float> {
      ImageVolumes(
        volumes.voxels,
        geometry: Geometry(matrix: volumes.geometry.matrix, voxelSize: volumes.geometry.voxelSize))
    }
    try scene.write(phase: straight, magnitude: straight)
    // The mask stays where it was: that is said, unless the places are to be ignored.
    let elsewhere = try scene.runFast("elsewhere")
    #expect(elsewhere.status == 3 && elsewhere.errors.contains("do not lie at the same places"))
    #expect(elsewhere.errors.contains("--ignore-affine"), "\(elsewhere.errors)")
    let lost = try scene.runFast("lost", "--ignore-affine")
    #expect(lost.status == 0 && lost.errors.contains("(0.000, 0.000, 1.000)"), "\(lost.errors)")
    let other = likeness(try scene.map("lost"), oblique)
    #expect(other.correlation < 0.99, "\(other)")
    let direction = "\(field.x),\(field.y),\(field.z)"
    #expect(try scene.runFast("option", "--field-direction", direction, "--ignore-affine").status == 0)
    #expect(likeness(try scene.map("option"), oblique).correlation > 0.9999)
    try JSONSerialization.data(withJSONObject: ["B0_dir": [field.x, field.y, field.z]]).write(
      to: scene.folder.url.appending(path: "phase.json"))
    let stated = try scene.runFast("sidecar", "--ignore-affine")
    #expect(stated.errors.contains("20.0 degrees from"), "\(stated.errors)")
    #expect(likeness(try scene.map("sidecar"), oblique).correlation > 0.9999)
  }

  @Test("one echo, and values that are not finite, are stated and give a finite map")
  func assumptions() throws {
    let scene = try QSMScene()
    try scene.write(
      phase: {
        var phase = $0
        for index in 0..<phase.voxels.count where index % 97 == 0 { phase.voxels.setNaN(index) }
        return phase
      },
      magnitude: {
        var magnitude = $0
        magnitude.voxels.setNaN(magnitude.voxels.count / 2)
        return magnitude
      })
    let result = try scene.runFast("holes", "--intermediates")
    #expect(
      result.status == 0 && result.errors.contains("not finite were taken for no signal"), "\(result.errors)")
    for name in ["Chimap", "desc-local_fieldmap", "desc-unwrapped_fieldmap", "R2starmap", "swi", "minIP"] {
      #expect(try scene.map("holes", "sub-01/anat/sub-01_\(name).nii.gz").allSatisfy(\.isFinite), "\(name)")
    }
    let last = try scene.echoes("phase"), bright = try scene.echoes("mag")
    try NIfTIFile.write(ImageVolumes(last[3], geometry: last.geometry), to: scene.folder.path("one.nii"))
    try NIfTIFile.write(
      ImageVolumes(bright[3], geometry: last.geometry), to: scene.folder.path("one-mag.nii"))
    let one = try scene.run(
      "--phase", "one.nii", "--magnitude", "one-mag.nii", "--echo-times", "16ms", "--field-strength", "3T",
      "--mask",
      scene.mask, "-o", "one", "--phase-sign", "positive")
    #expect(one.status == 0 && one.errors.contains("There is one echo"), "\(one.errors)")
    let chi = try scene.map("one")
    #expect(chi.allSatisfy { $0.isFinite })
    #expect(likeness(chi, try scene.truth()).correlation > 0.2)
  }
}

extension NDArray<Float> {
  fileprivate mutating func setNaN(_ index: Int) { withUnsafeMutableBufferPointer { $0[index] = .nan } }
}

extension Float {
  /// The fraction of a range, rounded to what an integer scale of that half range holds.
  fileprivate func rounded(toHalf half: Float) -> Float { half > 100 ? (self * half).rounded() / half : self }
}
