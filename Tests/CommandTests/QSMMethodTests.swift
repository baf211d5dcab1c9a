import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// `kspace qsm`: every method it offers, its configuration, and what it writes.
struct QSMMethodTests {
  @Test(
    "The static field's direction gives one map and one reliability, whether a header or the user states it")
  func direction() throws {
    let scene = try QSMScene()
    try scene.write()
    let stated = try scene.runFast("header", "--phase-sign", "positive")
    #expect(stated.status == 0, "\(stated.errors)")
    let places = try scene.echoes("mag").geometry
    let straight = Geometry(matrix: places.matrix, voxelSize: places.voxelSize)
    try scene.write(
      phase: { ImageVolumes($0.voxels, geometry: straight) },
      magnitude: { ImageVolumes($0.voxels, geometry: straight) })
    // Along the first axis it may be negative.
    let turned = places.fieldDirection
    #expect(abs(turned.z) < 0.97)
    let text = "\(turned.x),\(turned.y),\(turned.z)"
    try Data("field-direction: [\(text)]\n".utf8).write(to: URL(filePath: scene.folder.path("c.yaml")))
    for (output, more) in [("typed", ["--field-direction", text]), ("file", ["--config", "c.yaml"])] {
      let result = try scene.runFast(output, ["--phase-sign", "positive", "--ignore-affine"] + more)
      #expect(result.status == 0, "\(result.errors)")
      for name in ["Chimap", "reliability"] {
        let path = "sub-01/anat/sub-01_\(name).nii.gz"
        let (own, header) = (try scene.map(output, path), try scene.map("header", path))
        let largest = zip(own, header).map { abs($0 - $1) }.max() ?? 1
        #expect(largest < 2e-3, "\(name) of \(output): \(largest)")
      }
    }
    let opposite = try scene.runFast("opposite", "--ignore-affine", "--field-direction", "-0.6,0,0.8")
    #expect(opposite.status == 0, "\(opposite.errors)")
  }

  @Test("An erosion that leaves nothing of a mask is named with it")
  func erosion() throws {
    let scene = try QSMScene()
    try scene.write()
    let result = try scene.runFast("eroded", "--mask-erosion", "500mm")
    #expect(result.status == 3 && result.errors.contains("leaves nothing of the mask"), "\(result.errors)")
    #expect(result.errors.contains("--mask-erosion"), "\(result.errors)")
    let idle = try scene.runFast("whole", "--mask-erosion", "0.001mm")
    #expect(idle.status == 0 && idle.errors.contains("takes no voxel of the mask away"), "\(idle.errors)")
  }

  @Test("Stages that are told when they are done say how long they took")
  func stages() throws {
    let scene = try QSMScene()
    try scene.write()
    let result = try scene.runFast("out", "--progress", "json")
    let stages = ["unwrapping", "background", "inversion"].map { "\"stage\":\"\($0)\"" }
    let seconds = result.errors.split(separator: "\n").filter { line in stages.contains { line.contains($0) }
    }
    .compactMap { $0.split(separator: ":").last.flatMap { Double($0.dropLast()) } }
    // Of a small scene each takes milliseconds, which one may round away.
    #expect(seconds.count == 3 && seconds.reduce(0, +) > 0, "\(result.errors)")
  }

  @Test("A record names the methods that were used, and no others")
  func record() throws {
    let scene = try QSMScene()
    let chi = scene.head.path("head_truth/field.nii.gz")
    let result = try scene.run(
      "--local-field", chi, "--field-unit", "Hz", "--field-strength", "3T", "--mask", scene.mask,
      "--inversion", "l2", "-o", "out")
    #expect(result.status == 0, "\(result.errors)")
    let record = try String(contentsOfFile: scene.folder.path("out/provenance.json"), encoding: .utf8)
    let methods = try #require(record.range(of: "\"methods\"")).lowerBound
    for name in ["ROMEO", "automatic background", "brain extraction"] {
      #expect(!record[methods...].contains("\"name\" : \"\(name)\""), "\(name)")
    }
    #expect(record[methods...].contains("known voxels"))
  }

  @Test("A field with the magnitude of one echo and the times of all is mapped")
  func fewMagnitudes() throws {
    let scene = try QSMScene()
    let all = try scene.echoes("mag")
    try NIfTIFile.write(
      ImageVolumes(all[0], geometry: all.geometry), to: scene.folder.path("one.nii.gz"))
    let field = scene.head.path("head_truth/field.nii.gz")
    let result = try scene.run(
      "--total-field", field, "--field-unit", "Hz", "--field-strength", "3T", "--mask", scene.mask,
      "--magnitude", "one.nii.gz", "--echo-times", "4ms,8ms,12ms,16ms,20ms", "--inversion", "l2", "-o", "out",
      "--ignore-affine")
    #expect(result.status == 0, "\(result.errors)")
    // A sidecar's echo time that cannot be is said and not used, and one that is typed is refused.
    try FileManager.default.copyItem(atPath: field, toPath: scene.folder.path("f.nii.gz"))
    try Data("{\"EchoTime\": 20}".utf8).write(to: URL(filePath: scene.folder.path("f.json")))
    let nonlinear = try scene.run(
      "--total-field", "f.nii.gz", "--field-unit", "Hz", "--field-strength", "3T", "--mask", scene.mask,
      "--inversion", "nltv", "-o", "nltv")
    #expect(nonlinear.status == 0 && nonlinear.errors.contains("were not used"), "\(nonlinear.errors)")
    let typed = try scene.run(
      "--total-field", "f.nii.gz", "--field-unit", "Hz", "--field-strength", "3T", "--mask", scene.mask,
      "--echo-times", "20s", "-o", "typed")
    #expect(typed.status == 3 && typed.errors.contains("milliseconds"), "\(typed.errors)")
  }

  @Test(
    "every method gives a finite map that resembles the truth",
    arguments: [
      "background vsharp, background-radius 15.0mm, inversion tv, reweightings 1",
      "background resharp, unwrapping romeo2", "background pdf, unwrapping romeo3",
      "background lbv, unwrapping romeo6", "background tfi, inversion tv",
      "background ismv, background-radius 8.0mm, unwrapping laplacian",
      "background sharp, unwrapping bestpath, seeds 1, inversion tv, expected-deviation 0.0",
      "inversion nltv, relaxation arlo",
      "inversion tkd, regularization 0.2, field mcpc3ds, fit-weights phaseSNR",
      "inversion rts, field mcpc3ds, fit-weights uniform",
    ])
  func methods(_ settings: String) throws {
    let scene = try QSMScene()
    let pairs = settings.split(separator: ", ").map { $0.split(separator: " ").map(String.init) }
    try scene.write()
    let result = try scene.run(
      [
        "--phase", "phase.nii.gz", "--magnitude", "mag.nii.gz", "-o", "out", "--mask", scene.mask,
        "--echo-times",
        "4ms,8ms,12ms,16ms", "--field-strength", "3T", "--inversion", "l2", "--phase-sign", "positive",
      ] + pairs.flatMap { ["--" + $0[0], $0[1]] })
    #expect(result.status == 0, "\(result.errors)")
    let chi = try scene.map("out")
    #expect(chi.allSatisfy { $0.isFinite })
    let truth = likeness(chi, try scene.truth())
    // Voxels of 45 mm^3 blur a cortex of 3 mm: the best methods reach 0.45.
    #expect(truth.correlation > 0.25, "\(truth)")
    // The command says in its record what it did.
    let record = try String(contentsOfFile: scene.folder.path("out/provenance.json"), encoding: .utf8)
    for pair in pairs { #expect(record.contains("\"\(pair[0])\" : \"\(pair[1])\"")) }
  }

  @Test(
    "a configuration in YAML stands for options, the command line prevails, and a record is a configuration")
  func configuration() throws {
    let scene = try QSMScene()
    try scene.write()
    let yaml = """
      phase: [phase.nii.gz]
      magnitude: phase.nii.gz
      echo-times: [4ms, 8ms, 12ms, 16ms]
      field_strength: 3T
      mask: \(scene.mask)
      background: sharp
      background-radius: 8mm
      inversion: tv
      edge-weights: false
      intermediates: true
      """
    try yaml.write(toFile: scene.folder.path("steps.yaml"), atomically: true, encoding: .utf8)
    let result = try scene.run("--config", "steps.yaml", "-o", "file", "--magnitude", "mag.nii.gz")
    #expect(result.status == 0, "\(result.errors)")
    let options = try scene.run(
      "--phase", "phase.nii.gz", "--magnitude", "mag.nii.gz", "-o", "options", "--mask", scene.mask,
      "--echo-times", "4ms,8ms,12ms,16ms", "--field-strength", "3T", "--background", "sharp",
      "--background-radius",
      "8mm", "--inversion", "tv", "--no-edge-weights")
    #expect(options.status == 0, "\(options.errors)")
    let map = try scene.map("file")
    #expect(try map == scene.map("options"))
    #expect(FileManager.default.fileExists(atPath: scene.folder.path("file/sub-01/anat/sub-01_swi.nii.gz")))
    let record = try Data(contentsOf: URL(filePath: scene.folder.path("file/provenance.json")))
    let content = try #require(try JSONSerialization.jsonObject(with: record) as? [String: Any])
    let inputs = try #require(content["inputs"] as? [[String: String]])
    #expect(inputs.map { $0["path"] } == ["phase.nii.gz", "mag.nii.gz", scene.mask, "steps.yaml"])
    #expect(inputs.allSatisfy { $0["sha256"]?.count == 64 })
    try JSONSerialization.data(withJSONObject: content["configuration"] ?? [:]).write(
      to: scene.folder.url.appending(path: "again.json"))
    let again = try scene.run(
      "--config", "again.json", "-o", "again", "--phase", "phase.nii.gz", "--magnitude", "mag.nii.gz")
    #expect(again.status == 0, "\(again.errors)")
    #expect(try map == scene.map("again"))
  }

  @Test("a configuration that says nothing, or what no option does, is refused")
  func badConfiguration() throws {
    let scene = try QSMScene()
    for (text, status) in [
      ("- a\n- b", 3), ("a: [", 3), ("output: x", 3), ("sharpness: 3", 2), ("mask-method: off", 2),
      ("regularization: no", 2), ("two-pas: false", 2), ("two-pass: perhaps", 2),
    ] as [(String, Int32)] {
      try text.write(toFile: scene.folder.path("bad.yaml"), atomically: true, encoding: .utf8)
      let result = try scene.run("--config", "bad.yaml", "-o", "out", "--phase", "a.nii")
      #expect(result.status == status, "\(text): \(result.errors)")
    }
    for (text, key) in [
      ("sharpness: 3", "sharpness"), ("background: shrap", "background"), ("5: b", "5"),
      ("mask: m.nii\nreweightings: 99999999999999999999", "reweightings"),
    ] {
      try text.write(toFile: scene.folder.path("bad.yaml"), atomically: true, encoding: .utf8)
      let result = try scene.run("--config", "bad.yaml", "-o", "out", "--phase", "a.nii")
      #expect(result.status == 2 && result.errors.contains("bad.yaml: key \(key): "), "\(result.errors)")
    }
  }

  @Test("without a mask the brain is found in a surface, without a magnitude the phase's quality does")
  func automaticMasks() throws {
    let scene = try QSMScene()
    try scene.write()
    let images = ["--phase", "phase.nii.gz", "--echo-times", "4ms,8ms,12ms,16ms", "--field-strength", "3T"]
    let fast = ["--inversion", "l2", "--background", "sharp", "--intermediates"]
    let truth = try scene.truth("mask")
    for (name, extra, least) in [
      ("brain", ["--magnitude", "mag.nii.gz", "--reference", "csf"], 0.95),
      ("surface", ["--magnitude", "mag.nii.gz", "--mask-method", "surface"], 0.93),
      ("threshold", ["--magnitude", "mag.nii.gz", "--mask-method", "threshold"], 0.6), ("quality", [], 0.7),
    ] {
      let result = try scene.run(images + fast + extra + ["-o", name])
      #expect(result.status == 0 && result.errors.contains("The mask was made here"), "\(result.errors)")
      let mask = try scene.map(name, "sub-01/anat/sub-01_desc-brain_mask.nii.gz")
      let common = zip(mask, truth).count { $0 > 0 && $1 > 0 }
      let dice = 2 * Double(common) / Double(mask.count { $0 > 0 } + truth.count { $0 > 0 })
      #expect(dice > least, "\(name): Dice \(dice)")
    }
  }

  @Test(
    "readouts in both directions: MCPC-3D-S and MDI take their phase out, and qsm is told by the sidecars")
  func bipolar() throws {
    let scene = try QSMScene()
    try scene.write(phase: { phase in
      var phase = phase
      let matrix = phase.geometry.matrix
      phase.voxels.withUnsafeMutableBufferPointer { values in
        for index in values.indices where index / matrix.count % 2 == 1 {
          let shifted = values[index] + 0.5 + 0.01 * Float(index % matrix.x - matrix.x / 2)
          values[index] = shifted - 2 * .pi * (shifted / (2 * .pi)).rounded()
        }
      }
      return phase
    })
    var fields: [String: [Float]] = [:]
    for (name, extra) in [
      ("plain", []), ("mdi", ["--bipolar"]), ("mcpc3ds", ["--bipolar", "--field", "mcpc3ds"]),
    ] {
      let result = try scene.runFast(name, ["--phase-sign", "positive", "--intermediates"] + extra)
      #expect(result.status == 0, "\(result.errors)")
      fields[name] = try scene.map(name, "sub-01/anat/sub-01_desc-unwrapped_fieldmap.nii.gz")
    }
    // Each leaves out other voxels for their noise: those that all know are compared.
    let truth = try scene.truth("field")
    let known = truth.indices.filter { index in fields.values.allSatisfy { $0[index] != 0 } }
    let correlations = fields.mapValues { field in
      likeness(known.map { field[$0] }, known.map { truth[$0] }).correlation
    }
    // What the readout adds is a plane, which the field of a whole head hides well: what is left unexplained tells.
    let rest = correlations.mapValues { 1 - $0 * $0 }, plain = try #require(rest["plain"])
    #expect(
      (rest["mdi"] ?? 1) < 0.85 * plain && (rest["mcpc3ds"] ?? 1) < 0.9 * plain, "\(correlations)")
  }

  @Test("channels combined by MCPC-3D-S give echoes whose field is MDI's")
  func mcpc3ds() throws {
    let scene = try QSMScene()
    let result = try Command.run(
      ["reconstruct", scene.head.path("head.h5"), "-o", "recon", "--combine", "mcpc3ds", "--channels"],
      in: scene.folder)
    #expect(result.status == 0, "\(result.errors)")
    let files = try FileManager.default.contentsOfDirectory(atPath: scene.folder.path("recon/sub-01/anat"))
    #expect(files.count { $0.contains("_coil-") && $0.hasSuffix(".nii.gz") } == 4 * 4 * 2)
    #expect(!files.contains { $0.contains("fieldmap") })
    for (name, folder) in [("mcpc3ds", "recon"), ("mdi", scene.head.path("recon"))] {
      let result = try scene.run(
        [folder, "-o", name, "--mask", scene.mask, "--inversion", "l2", "--intermediates"]
          + (name == "mdi" ? [] : ["--field", name]))
      #expect(result.status == 0, "\(result.errors)")
    }
    let name = "sub-01/anat/sub-01_desc-unwrapped_fieldmap.nii.gz"
    let same = likeness(try scene.map("mcpc3ds", name), try scene.map("mdi", name))
    // Beside the sinuses the two end on other turns in some voxels.
    #expect(same.correlation > 0.97 && abs(same.slope - 1) < 0.02, "\(same)")
    let refused = try scene.run(scene.head.path("recon"), "-o", "no", "--field", "mcpc3ds")
    #expect(refused.status == 3 && refused.errors.contains("--combine mcpc3ds"), "\(refused.errors)")
  }
}
