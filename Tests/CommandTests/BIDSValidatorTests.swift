import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// What the command writes, judged by the validator of those who make BIDS, and opened by nibabel.
@Suite(.enabled(if: Python.isAvailable, "\(Python.absence)"))
struct BIDSValidatorTests {
  @Test("Results are valid BIDS derivatives, and viewers are told what to show")
  func valid() throws {
    let scan = try SmallScan()
    #expect(try scan.run("reconstruct", "head.h5", "-o", "out", "--channels").status == 0)
    let maps = try scan.run(
      "qsm", "out", "-o", "maps", "--mask", "head_truth/mask.nii.gz", "--intermediates")
    #expect(maps.status == 0, "\(maps.errors)")
    let ranges = try Python.run(
      """
      import glob, sys, nibabel as nib
      for path in sorted(glob.glob(sys.argv[1] + "/*/sub-01/anat/*.nii.gz")):
          header = nib.load(path).header
          low, high, name = float(header["cal_min"]), float(header["cal_max"]), header["intent_name"].item().decode()
          if "coil" in path: continue
          assert low < high and name, (path, low, high, name)
          print(path.split("/")[-1], round(low, 2), round(high, 2), name)
      """, scan.folder.url.path)
    #expect(ranges.contains("sub-01_Chimap.nii.gz -0.15 0.15 Chimap"), "\(ranges)")
    #expect(ranges.contains("part-phase_MEGRE.nii.gz -3.14 3.14 phase MEGRE"))
  }

  /// What the validator calls errors in a data set, as Python prints a list.
  private func errors(in folder: String) throws -> String {
    try Python.run(
      """
      import json, subprocess, sys, pathlib
      tool = pathlib.Path(sys.executable).parent / "bids-validator-deno"
      text = subprocess.run([tool, sys.argv[1], "--format", "json"], capture_output=True, text=True).stdout
      issues = json.loads(text)["issues"]["issues"]
      print([(i["code"], i.get("subCode"), i["location"]) for i in issues if i["severity"] == "error"])
      """, folder)
  }

  @Test(
    "The BIDS validator has no complaint",
    .enabled(if: Python.has("bids_validator_deno"), "bids-validator-deno is not installed"))
  func validator() throws {
    let scan = try SmallScan()
    #expect(try scan.run("reconstruct", "head.h5", "-o", "out", "--channels").status == 0)
    #expect(
      try scan.run("qsm", "out", "-o", "maps", "--mask", "head_truth/mask.nii.gz", "--intermediates").status
        == 0)
    for folder in ["out", "maps"] {
      let errors = try errors(in: scan.folder.path(folder))
      #expect(errors == "[]\n", "\(errors)")
    }
  }

  @Test(
    "The BIDS App maps raw data and echoes, goes on, and its derivatives are valid",
    .enabled(if: Python.has("bids_validator_deno"), "bids-validator-deno is not installed"))
  func app() throws {
    let scan = try SmallScan()
    let source = scan.folder.path("bids/sourcedata/sub-01/ses-pre"), files = FileManager.default
    let images = scan.folder.path("bids/sub-02/anat")
    try files.createDirectory(atPath: source, withIntermediateDirectories: true)
    try files.createDirectory(atPath: images, withIntermediateDirectories: true)
    try Data("{\"Name\": \"x\", \"BIDSVersion\": \"1.10.0\"}".utf8).write(
      to: URL(filePath: scan.folder.path("bids/dataset_description.json")))
    #expect(try scan.run("reconstruct", "head.h5", "-o", "out", "--subject", "02").status == 0)
    for name in try files.contentsOfDirectory(atPath: scan.folder.path("out/sub-02/anat"))
    where name.contains("MEGRE") {
      try files.copyItem(atPath: scan.folder.path("out/sub-02/anat/\(name)"), toPath: "\(images)/\(name)")
    }
    try files.moveItem(atPath: scan.folder.path("head.h5"), toPath: "\(source)/head.h5")
    func app(_ more: String...) throws -> ExternalProcess.Result {
      try scan.run(["bids", "bids", "derivatives"] + more)
    }
    #expect(try app("group").status == 4)
    let first = try app("participant", "--phase-sign", "positive", "--participant-label", "01")
    #expect(first.status == 0 && first.output.contains("derivatives/sub-01/ses-pre"), "\(first.errors)")
    let all = try app("participant", "--phase-sign", "positive")
    #expect(all.status == 0 && all.errors.contains("sub-01/ses-pre is there"), "\(all.errors)")
    // Whichever way the data set is called.
    for name in ["./bids/", scan.folder.path("bids")] {
      let again = try scan.run("bids", name, "derivatives", "participant", "--phase-sign", "positive")
      #expect(again.status == 0 && again.errors.contains("sub-02 is there"), "\(again.errors)")
    }
    let followed = try String(
      contentsOfFile: scan.folder.path("derivatives/sub-01/ses-pre/provenance.json"), encoding: .utf8)
    #expect(followed.replacing("\\/", with: "/").contains("\"sourcedata/sub-01/ses-pre/head.h5\""))
    #expect(
      try scan.names.isSuperset(of: ["derivatives"])
        && files.fileExists(
          atPath: scan.folder.path("derivatives/sub-01/ses-pre/anat/sub-01_ses-pre_Chimap.nii.gz"))
    )
    #expect(try app("group").status == 0)
    let table = try String(contentsOfFile: scan.folder.path("derivatives/group_maps.tsv"), encoding: .utf8)
    #expect(table.split(separator: "\n").count == 1 + 2 * 2)
    // A file of options counts, and is one of the inputs.
    try Data("background: sharp\nmask-erosion: 4mm\n".utf8).write(
      to: URL(filePath: scan.folder.path("c.yaml")))
    let chosen = try scan.run(
      "bids", "bids", "chosen", "participant", "--config", "c.yaml", "--participant-label", "02")
    #expect(chosen.status == 0, "\(chosen.errors)")
    let record = try String(
      contentsOfFile: scan.folder.path("chosen/sub-02/provenance.json"), encoding: .utf8)
    #expect(record.contains("\"mask-erosion\" : \"4.0mm\"") && record.contains("\"c.yaml\""))
    #expect(record.contains("\"name\" : \"SHARP\""))
    // The sign that the file states is that of raw data, too.
    try Data("phase-sign: negative\nbackground: sharp\ninversion: tkd\n".utf8).write(
      to: URL(filePath: scan.folder.path("n.yaml")))
    try Data("phase-sign: positive\nbackground: sharp\ninversion: tkd\n".utf8).write(
      to: URL(filePath: scan.folder.path("p.yaml")))
    let maps = try ["p", "n"].map { sign in
      let made = try scan.run(
        "bids", "bids", sign, "participant", "--config", "\(sign).yaml", "--participant-label", "01")
      #expect(made.status == 0, "\(made.errors)")
      let path = scan.folder.path("\(sign)/sub-01/ses-pre/anat/sub-01_ses-pre_Chimap.nii.gz")
      return try NIfTIFile(at: path).volumes(scaling: .applied).voxels.elements
    }
    var product = 0.0
    for (positive, negative) in zip(maps[0], maps[1]) { product += Double(positive) * Double(negative) }
    #expect(product < 0)
    // What the maps follow from besides counts as well.
    try FileManager.default.copyItem(
      atPath: scan.folder.path("head_truth/mask.nii.gz"), toPath: scan.folder.path("m.nii.gz"))
    try Data("mask: m.nii.gz\nbackground: sharp\ninversion: tkd\n".utf8).write(
      to: URL(filePath: scan.folder.path("m.yaml")))
    func masked() throws -> ExternalProcess.Result {
      try scan.run(
        "bids", "bids", "masked", "participant", "--config", "m.yaml", "--participant-label", "02")
    }
    let masks = [try masked(), try masked()]
    #expect(masks.allSatisfy { $0.status == 0 } && masks[1].errors.contains("is there"), "\(masks[0].errors)")
    let mask = try NIfTIFile(at: scan.folder.path("m.nii.gz")).volumes(scaling: .applied)
    try NIfTIFile.write(mask.map { UInt8($0 > 0 ? 2 : 0) }, to: scan.folder.path("m.nii.gz"))
    let changed = try masked()
    #expect(changed.status == 4 && changed.errors.contains("--force"), "\(changed.errors)")
    // So does what sidecars say.
    let sidecar = try #require(try files.contentsOfDirectory(atPath: images).first { $0.hasSuffix(".json") })
    var stated = try String(contentsOfFile: "\(images)/\(sidecar)", encoding: .utf8)
    stated.append("\n")
    try Data(stated.utf8).write(to: URL(filePath: "\(images)/\(sidecar)"))
    let corrected = try app("participant", "--phase-sign", "positive", "--participant-label", "02")
    #expect(corrected.status == 4 && corrected.errors.contains("--force"), "\(corrected.errors)")
    // Sessions that are not there are refused.
    for (label, participant) in [("typo", "01"), ("pre", "02")] {
      let absent = try scan.run(
        "bids", "bids", "absent", "participant", "--session-label", label, "--participant-label", participant)
      #expect(absent.status == 3 && absent.errors.contains("no session \(label)"), "\(absent.errors)")
    }
    // Records of earlier versions are those of other choices.
    let old = record.replacing("\"background\" : \"sharp\",", with: "\"background\" : [\"sharp\"],")
    try Data(old.utf8).write(to: URL(filePath: scan.folder.path("chosen/sub-02/provenance.json")))
    let refused = try scan.run(
      "bids", "bids", "chosen", "participant", "--config", "c.yaml", "--participant-label", "02")
    #expect(refused.status == 4 && refused.errors.contains("--force"), "\(refused.errors)")
    // What belongs to one scan alone is refused, not left out.
    try Data("dicom: series\n".utf8).write(to: URL(filePath: scan.folder.path("d.yaml")))
    let dicom = try scan.run("bids", "bids", "other", "participant", "--config", "d.yaml")
    #expect(dicom.status == 3 && dicom.errors.contains("dicom"), "\(dicom.errors)")
    // Other choices are refused, not mixed in.
    let other = try app("participant", "--phase-sign", "negative")
    #expect(other.status == 4 && other.errors.contains("--force"), "\(other.errors)")
    #expect(try app("participant", "--participant-label", "03").status == 3)
    let errors = try errors(in: scan.folder.path("derivatives"))
    #expect(errors == "[]\n", "\(errors)")
  }
}
