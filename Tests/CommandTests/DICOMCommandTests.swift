import Foundation
import KSpaceToolkit
import TestSupport
import Testing

@Suite(.enabled(if: Python.isAvailable, "\(Python.absence)"))
struct DICOMCommandTests {
  @Test func `Reconstruction and susceptibility are written as DICOM of one study, and keep their values`()
    throws
  {
    let scan = try SmallScan()
    let first = try scan.run("reconstruct", "head.h5", "-o", "head", "--dicom", "images")
    #expect(first.status == 0 && first.output.contains("images: magnitude, phase, field map, R2* as DICOM"))
    let second = try scan.run(
      "qsm", "head", "-o", "maps", "--mask", "head_truth/mask.nii.gz", "--dicom", "maps-dicom", "--template",
      "images/01_magnitude/00001.dcm")
    #expect(second.status == 0, "\(second.errors)")
    let report = try Python.run(
      """
      import sys, glob, numpy as np, nibabel as nib, pydicom
      root = sys.argv[1]
      first = pydicom.dcmread(root + '/images/01_magnitude/00001.dcm')
      chi = np.asarray(nib.load(root + '/maps/sub-01/anat/sub-01_Chimap.nii.gz').dataobj)
      worst, known = 0, 0
      for name in glob.glob(root + '/maps-dicom/01_susceptibility/*.dcm'):
          d = pydicom.dcmread(name)
          assert (d.StudyInstanceUID, d.FrameOfReferenceUID) == (first.StudyInstanceUID, first.FrameOfReferenceUID)
          value = d.pixel_array * float(d.RescaleSlope) + float(d.RescaleIntercept)
          worst = max(worst, np.abs(value.T - 1000 * chi[:, :, d.InstanceNumber - 1]).max())
          known += (value != 0).sum()
      assert worst <= 0.5 + 1e-3 and known > 1000, (worst, known)
      print(len(glob.glob(root + '/images/*/*.dcm')))
      """, scan.folder.url.path)
    #expect(report == "\(18 * (3 + 3 + 1 + 1))\n")
    // What is there is kept, and strangers are never replaced.
    #expect(try scan.run("reconstruct", "head.h5", "-o", "again", "--dicom", "images").status == 3)
    #expect(
      try scan.run("reconstruct", "head.h5", "-o", "again", "--dicom", "head_truth", "--force").status == 3)
    #expect(try scan.names == ["head.h5", "head_truth", "head", "images", "maps", "maps-dicom"])
    #expect(try scan.run("reconstruct", "head.h5", "-o", "head", "--dicom", "images", "--force").status == 0)
  }

  @Test(
    "Susceptibility from DICOM is that of the same echoes as NIfTI",
    .enabled(if: ExternalProgram(named: "dcm2niix") != nil, "dcm2niix is absent"))
  func input() throws {
    let scan = try SmallScan()
    #expect(try scan.run("reconstruct", "head.h5", "-o", "head", "--dicom", "images").status == 0)
    let mask = ["--mask", "head_truth/mask.nii.gz"]
    func echoes(_ part: String) -> [String] {
      (1...3).map { "head/sub-01/anat/sub-01_rec-zerofilled_echo-\($0)_part-\(part)_MEGRE.nii.gz" }
    }
    let files = ["--magnitude"] + echoes("mag") + ["--phase"] + echoes("phase")
    #expect(try scan.run(["qsm", "-o", "nifti"] + files + mask).status == 0)
    let result = try scan.run(["qsm", "images", "-o", "dicom"] + mask)
    #expect(
      result.status == 0 && result.errors.contains("3 phase files, 3 magnitude files"), "\(result.errors)")
    let report = try Python.run(
      """
      import sys, numpy as np, nibabel as nib
      one, other = [nib.as_closest_canonical(nib.load(f'{sys.argv[1]}/{name}/sub-01/anat/sub-01_Chimap.nii.gz'))
                    for name in ('nifti', 'dicom')]
      assert np.allclose(one.affine, other.affine, atol=1e-4)
      a, b = one.get_fdata(), other.get_fdata()
      known = a != 0
      assert known.sum() > 1000 and np.array_equal(known, b != 0)
      # The phases differ by half a code, 5e-5 rad, which iterations of the background's removal make more of.
      print(np.corrcoef(a[known], b[known])[0, 1] > 0.99, np.median(np.abs(a - b)[known]) < 0.05 * a[known].std())
      """, scan.folder.url.path)
    #expect(report == "True True\n")
    // The record names the files that the user has.
    let record = try String(contentsOfFile: scan.folder.path("dicom/provenance.json"), encoding: .utf8)
    #expect(record.contains("01_magnitude") && !record.contains("kspace-dicom-"))
    try FileManager.default.removeItem(atPath: scan.folder.path("images/02_phase"))
    let refused = try scan.run(["qsm", "images", "-o", "none"] + mask)
    #expect(refused.status == 3 && refused.errors.contains("no phase image"), "\(refused.errors)")
  }

  @Test(
    "DICOM options that do not go together are wrong usage",
    arguments: [["--template", "a.dcm"], ["--dicom", "out/dicom"], ["--dicom", "out"], ["--dicom", "."]])
  func usage(options: [String]) throws {
    #expect(try Command.run(["reconstruct", "head.h5", "-o", "out"] + options).status == 2)
  }
}
