import Foundation
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
      let errors = try Python.run(
        """
        import json, subprocess, sys, pathlib
        tool = pathlib.Path(sys.executable).parent / "bids-validator-deno"
        text = subprocess.run([tool, sys.argv[1], "--format", "json"], capture_output=True, text=True).stdout
        issues = json.loads(text)["issues"]["issues"]
        print([(i["code"], i.get("subCode"), i["location"]) for i in issues if i["severity"] == "error"])
        """, scan.folder.path(folder))
      #expect(errors == "[]\n", "\(errors)")
    }
  }
}
