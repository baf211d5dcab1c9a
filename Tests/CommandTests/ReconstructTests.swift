import Foundation
import TestSupport
import Testing

struct ReconstructTests {
  @Test(
    "A simulated scan becomes images that nibabel reads, with the field and R2* that it was made of",
    .enabled(if: Python.isAvailable, "\(Python.absence)"))
  func truth() throws {
    let scan = try SmallScan("head.h5", "--snr", "200", "--tilt", "-15deg")
    let result = try scan.run("reconstruct", "head.h5", "-o", "out")
    #expect(result.status == 0, "\(result.errors)")
    let report = try Python.run(
      """
      import sys, json, numpy as np, nibabel as nib
      root = sys.argv[1]
      name = root + '/out/sub-01/anat/sub-01_rec-zerofilled_'
      truth = {k: nib.load(f'{root}/head_truth/{k}.nii.gz') for k in ('field', 'r2star', 'mask')}
      load = lambda n: nib.load(name + n + '.nii.gz')
      mag, phase = load('echo-2_part-mag_MEGRE'), load('echo-2_part-phase_MEGRE')
      field, r2star = load('desc-wrapped_fieldmap'), load('R2starmap')
      for image in (mag, phase, field, r2star):
        assert image.shape == (48, 58, 18) and image.get_data_dtype() == np.float32
        assert np.allclose(image.affine, truth['field'].affine, atol=1e-3), (image.affine, truth['field'].affine)
        assert np.isfinite(image.get_fdata()).all()
      side = json.load(open(name + 'echo-2_part-phase_MEGRE.json'))
      assert side['EchoTime'] == 0.0064 and side['EchoNumber'] == 2 and side['Units'] == 'rad'
      assert side['MRAcquisitionType'] == '3D' and side['PhaseSign'] == 'positive'
      tilt = np.radians(15)
      assert np.allclose(np.abs(side['B0_dir']), [0, np.sin(tilt), np.cos(tilt)], atol=1e-6), side['B0_dir']
      R = mag.affine[:3, :3] / np.linalg.norm(mag.affine[:3, :3], axis=0)
      assert np.allclose(R.T @ [0, 0, 1], side['B0_dir'], atol=1e-6), (R.T @ [0, 0, 1], side['B0_dir'])
      assert np.abs(phase.get_fdata()).max() <= np.pi + 1e-6
      # Away from the edges of tissues, where the truth is a mean over a voxel and the signal rings.
      inside = (truth['mask'].get_fdata() > 0) & (mag.get_fdata() > 0.3 * np.percentile(mag.get_fdata(), 99))
      period = 1 / 0.0031
      error = field.get_fdata() - truth['field'].get_fdata()
      error -= period * np.round(error / period)
      relaxation = r2star.get_fdata() - truth['r2star'].get_fdata()
      print(np.median(np.abs(error[inside])), np.median(np.abs(relaxation[inside])), inside.sum())
      """, scan.folder.url.path)
    let numbers = report.split(separator: " ").compactMap { Double($0.trimmingCharacters(in: .newlines)) }
    try #require(numbers.count == 3)
    // Voxels of 128 mm^3 ring and dephase: about 1 Hz and 5 1/s. A wrong sign or echo time would leave tens.
    #expect(numbers[0] < 2, "median field error \(numbers[0]) Hz")
    #expect(numbers[1] < 8, "median R2* error \(numbers[1]) 1/s")
    #expect(numbers[2] > 2000)
  }

  @Test("A stream on standard input gives the same bits as the same scan in HDF5")
  func standardInput() throws {
    let hdf5 = try SmallScan("head.h5", "--seed", "3")
    let stream = try SmallScan("head.mrd", "--seed", "3")
    #expect(try hdf5.run("reconstruct", "head.h5", "-o", "out").status == 0)
    let bytes = try Data(contentsOf: stream.folder.url.appending(path: "head.mrd"))
    let result = try stream.run("reconstruct", "-", "-o", "out", input: bytes)
    #expect(result.status == 0, "\(result.errors)")
    let first = try hdf5.files(in: "out"), second = try stream.files(in: "out")
    #expect(Set(first.keys) == Set(second.keys))
    let images = first.keys.filter { $0.hasSuffix(".nii.gz") }
    #expect(images.count == 9)
    for name in images { #expect(first[name] == second[name], "\(name)") }
  }

  @Test("Results do not depend on the number of threads")
  func threads() throws {
    let scan = try SmallScan()
    for threads in ["1", "2"] {
      #expect(try scan.run("reconstruct", "head.h5", "-o", threads, "--threads", threads).status == 0)
    }
    let first = try scan.files(in: "1"), second = try scan.files(in: "2")
    for name in first.keys where name.hasSuffix(".nii.gz") { #expect(first[name] == second[name], "\(name)") }
  }

  @Test("Per-channel images are written under the names that QSM tools read", arguments: ["mdi", "rss"])
  func perChannel(combination: String) throws {
    let scan = try SmallScan()
    let result = try scan.run("reconstruct", "head.h5", "-o", "out", "--channels", "--combine", combination)
    #expect(result.status == 0, "\(result.errors)")
    let names = try scan.files(in: "out/sub-01/anat").keys.filter { $0.contains("_coil-") }
    #expect(names.count == 4 * 3 * 2 * 2)
    #expect(names.contains("sub-01_rec-uncombined_coil-04_echo-3_part-phase_MEGRE.nii.gz"))
    let ignored = try String(contentsOfFile: scan.folder.path("out/.bidsignore"), encoding: .utf8)
    #expect(ignored.contains("coil-"))
  }

  @Test("An output that exists is kept, unless it may be replaced")
  func existing() throws {
    let scan = try SmallScan()
    #expect(try scan.run("reconstruct", "head.h5", "-o", "out").status == 0)
    let before = try scan.files(in: "out")
    let refused = try scan.run("reconstruct", "head.h5", "-o", "out", "--combine", "rss")
    #expect(refused.status == 3)
    #expect(refused.errors.contains("--force"))
    #expect(try scan.files(in: "out") == before)
    #expect(try scan.run("reconstruct", "head.h5", "-o", "out", "--combine", "rss", "--force").status == 0)
    #expect(try !scan.files(in: "out").keys.contains { $0.contains("fieldmap") })
    #expect(try scan.names == ["head.h5", "head_truth", "out"])
  }

  @Test("A dry run says what would be done and writes nothing")
  func dryRun() throws {
    let scan = try SmallScan()
    let result = try scan.run("reconstruct", "head.h5", "-o", "out", "--dry-run")
    #expect(result.status == 0)
    #expect(result.errors.contains("4 channels, 3 echoes") && result.errors.contains("GB of memory"))
    #expect(result.errors.contains(/GB of memory and \d+ s of one core, on \d+ thread/))
    #expect(try scan.names == ["head.h5", "head_truth"])
  }

  @Test("One echo has no field map: it is combined adaptively, and MDI says why it cannot")
  func singleEcho() throws {
    let scan = try SmallScan("head.h5", "--echo-times", "5ms")
    let result = try scan.run("reconstruct", "head.h5", "-o", "out")
    #expect(result.status == 0 && result.errors.contains("adaptive"))
    let refused = try scan.run("reconstruct", "head.h5", "-o", "maps", "--combine", "mdi")
    #expect(refused.status == 3 && refused.errors.contains("at least two echoes"))
    #expect(try scan.names == ["head.h5", "head_truth", "out"])
  }

  @Test("Progress as JSON is one object per line, and reaches the end of each stage")
  func progress() throws {
    let scan = try SmallScan()
    let result = try scan.run("reconstruct", "head.h5", "-o", "out", "--progress", "json")
    let lines = result.errors.split(separator: "\n").filter { $0.hasPrefix("{") }
    let stages = try lines.compactMap {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
    }.filter { $0["fraction"] as? Double == 1 }.compactMap { $0["stage"] as? String }
    #expect(stages == ["reading", "channels", "writing"])
  }
}
