import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// DICOM as pydicom reads it and as dcm2niix turns it into NIfTI.
@Suite(
  .enabled(
    if: Python.isAvailable && DICOMConverter.isInstalled, "dcm2niix or the Python environment is absent"))
struct DICOMTests {
  /// Axes that a scan may have: read, phase and slice direction, LPS.
  enum Orientation: String, CaseIterable {
    case axial, sagittal, coronal, oblique, leftHanded

    var axes: [SIMD3<Double>] {
      switch self {
      case .axial: return [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
      case .sagittal: return [[0, 1, 0], [0, 0, -1], [-1, 0, 0]]
      case .coronal: return [[1, 0, 0], [0, 0, -1], [0, 1, 0]]
      case .leftHanded: return [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
      case .oblique:
        // Turned about the patient's long axis, then about the new read axis.
        let (a, b) = (0.31, -0.47)
        let read: SIMD3<Double> = [cos(a), sin(a), 0]
        return [
          read, [-sin(a) * cos(b), cos(a) * cos(b), sin(b)], [sin(a) * sin(b), -cos(a) * sin(b), cos(b)],
        ]
      }
    }
  }

  /// Maps with values that tell every voxel from its neighbours.
  private func maps(_ orientation: Orientation) -> EchoMaps {
    let axes = orientation.axes
    let geometry = Geometry(
      matrix: Extents(x: 12, y: 15, z: 7), voxelSize: [1.1e-3, 0.9e-3, 2.3e-3],
      center: [0.0123, -0.0234, 0.0345],
      readDirection: axes[0], phaseDirection: axes[1], sliceDirection: axes[2])
    func volumes(_ count: Int, _ scale: Float, _ seed: UInt64) -> ImageVolumes<Float> {
      ImageVolumes(
        testPattern([count] + geometry.matrix.shape, seed: seed).map { $0.real * scale }, geometry: geometry)
    }
    return EchoMaps(
      magnitude: volumes(2, 0.0031, 1).map(abs), phase: volumes(2, .pi, 2),
      field: FieldMap(volumes(1, 150, 3), stage: .wrapped(period: 322)), r2Star: volumes(1, 90, 4).map(abs),
      parameters: ScanParameters(
        echoTimes: [0.004, 0.0071], fieldStrength: 3, repetitionTime: 0.0302, flipAngle: 0.26,
        protocolName: "gre", manufacturer: "SIEMENS", model: "Model", patientPosition: "HFS"),
      geometry: geometry)
  }

  @Test("Values and affine survive the way through DICOM", arguments: Orientation.allCases)
  func roundTrip(orientation: Orientation) throws {
    let folder = try TemporaryDirectory()
    let maps = maps(orientation)
    let field = try #require(maps.field)
    let series =
      ResultSeries.all(of: maps) + [ResultSeries(susceptibility: field.values.map { $0 / 150 * 0.4 })]
    var exam = Exam()
    (exam.patientName, exam.patientID, exam.sex) = ("Doe^Jane", "4711", "F")
    try DICOMResults(
      in: folder.url.path, study: DICOMStudy(exam: exam, parameters: maps.parameters),
      parameters: maps.parameters,
      isMultislice: false
    ).write(series, derivation: "test")
    for part in series {
      for index in 0..<part.volumes.count {
        try NIfTIFile.write(
          ImageVolumes(part.volumes[index], geometry: maps.geometry),
          to: folder.path("\(part.kind.rawValue)_\(index).nii"))
      }
    }
    let report = try Python.run(
      """
      import glob, subprocess, sys
      import numpy as np, nibabel as nib, pydicom
      root = sys.argv[1]
      folders = sorted(glob.glob(root + '/0*_*'))
      rows = [line.split('\\t') for line in open(root + '/series.tsv').read().splitlines()]
      scales = {row[0].split('_')[1]: float(row[3]) for row in rows[1:]}
      assert scales['susceptibility'] == 1000 and scales['phase'] == 1 and scales['magnitude'] == 1e6
      instances, seen = set(), []
      for folder in folders:
          kind = folder.split('_')[-1]
          files = sorted(glob.glob(folder + '/*.dcm'))
          for name in files:
              d = pydicom.dcmread(name)
              assert d.PatientName == 'Doe^Jane' and d.PatientID == '4711' and d.Modality == 'MR'
              assert d.ImageType[0] == 'DERIVED' and d.BurnedInAnnotation == 'NO'
              assert d.pixel_array.min() >= 1
              instances.add(d.SOPInstanceUID)
              for program in (['dcmdump', '-q'], ['dciodvfy']):
                  try:
                      run = subprocess.run(program + [name], capture_output=True, text=True)
                  except FileNotFoundError:
                      continue
                  assert run.returncode == 0 and 'Error' not in run.stderr, run.stderr
          subprocess.run(['dcm2niix', '-z', 'n', '-f', kind + '_%e', '-o', root + '/out', folder]
                         if __import__('os').makedirs(root + '/out', exist_ok=True) is None else [],
                         check=True, capture_output=True)
          made = sorted(glob.glob(f'{root}/out/{kind}_*.nii'))
          truths = sorted(glob.glob(f'{root}/{kind}_*.nii'))
          assert len(made) == len(truths), (kind, made)
          for one, other in zip(made, truths):
              a, b = nib.as_closest_canonical(nib.load(one)), nib.as_closest_canonical(nib.load(other))
              assert np.allclose(a.affine, b.affine, atol=1e-4), (kind, a.affine, b.affine)
              scale = scales[kind]
              error = np.abs(a.get_fdata() - scale * b.get_fdata()).max()
              step = float(d.RescaleSlope)
              assert error <= 0.51 * step + 1e-6 * np.abs(a.get_fdata()).max(), (kind, error, step)
          seen.append(kind)
      assert len(instances) == 7 * 7
      print(*seen)
      """, folder.url.path)
    #expect(report == "magnitude phase field r2star susceptibility\n")
  }

  @Test func `A template of the same exam gives patient and study, and nothing of its own image`() throws {
    let folder = try TemporaryDirectory()
    let maps = maps(.axial)
    _ = try Python.run(
      """
      import sys, pydicom
      from pydicom.dataset import FileDataset, FileMetaDataset
      from pydicom.uid import ExplicitVRLittleEndian
      meta = FileMetaDataset()
      meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = '1.2.840.10008.5.1.4.1.1.4', '1.2.3.4'
      meta.TransferSyntaxUID = ExplicitVRLittleEndian
      d = FileDataset(sys.argv[1], {}, file_meta=meta, preamble=bytes(128))
      d.SpecificCharacterSet, d.PatientName, d.PatientID = 'ISO_IR 192', 'Müller^Änne', 'P1'
      d.StudyInstanceUID, d.SeriesInstanceUID, d.SOPInstanceUID = '1.2.3', '1.2.3.1', '1.2.3.4'
      d.FrameOfReferenceUID, d.SeriesNumber, d.StudyDate = '1.2.9', 5, '20261129'
      d.ImageComments, d.WindowCenter = 'not ours', 77
      d.save_as(sys.argv[1])
      """, folder.path("template.dcm"))
    let results = folder.url.appending(path: "out")
    try FileManager.default.createDirectory(at: results, withIntermediateDirectories: false)
    try DICOMResults(
      in: results.path, study: DICOMStudy(template: folder.path("template.dcm")), parameters: maps.parameters,
      isMultislice: true
    ).write(ResultSeries.all(of: maps), derivation: "test")
    let report = try Python.run(
      """
      import sys, pydicom
      d = pydicom.dcmread(sys.argv[1] + '/02_phase/00003.dcm')
      print(d.PatientName, d.PatientID, d.StudyInstanceUID, d.FrameOfReferenceUID, d.SeriesNumber, d.StudyDate,
            d.MRAcquisitionType, d.SeriesInstanceUID == '1.2.3.1', 'ImageComments' in d, d.WindowCenter)
      """, results.path)
    #expect(report == "Müller^Änne P1 1.2.3 1.2.9 502 20261129 2D False False 0\n")
  }

  /// Sequences of undefined length, each of one item that holds the next.
  @Test func `A template whose sequences lie too deep within each other is refused`() throws {
    let folder = try TemporaryDirectory()
    let level: [UInt8] = [
      0x08, 0x00, 0x40, 0x11, 0x53, 0x51, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF,
      0xFF, 0xFF,
    ]
    let deep = Array(repeating: UInt8(0), count: 128) + Array("DICM".utf8)
    let content = Data(deep + (0..<20000).flatMap { _ in level })
    try content.write(to: URL(filePath: folder.path("deep.dcm")))
    #expect {
      try DICOMStudy(template: folder.path("deep.dcm"))
    } throws: {
      "\($0)".contains("too deep")
    }
  }

  @Test func `A template that is none is refused`() throws {
    let folder = try TemporaryDirectory()
    try Data("no DICOM".utf8).write(to: URL(filePath: folder.path("notes.txt")))
    #expect(throws: FileError.self) { try DICOMStudy(template: folder.path("notes.txt")) }
    #expect(throws: FileError.missing(path: "absent.dcm")) { try DICOMStudy(template: "absent.dcm") }
  }
}

/// The program that turns DICOM into NIfTI.
enum DICOMConverter {
  static let isInstalled = ExternalProgram(named: "dcm2niix") != nil
}
