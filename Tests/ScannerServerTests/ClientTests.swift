import Foundation
import TestSupport
import Testing

/// The server against a client of other authors, and against the command's own results from a file.
@Suite(.enabled(if: Python.isAvailable, "\(Python.absence)"))
struct ClientTests {
  /// A small head as a stream, and what `kspace reconstruct` and `kspace qsm` make of it.
  private static let scan = Result {
    let folder = try TemporaryDirectory()
    for arguments in [
      [
        "phantom", "-o", "head.mrd", "--matrix", "40x50x24", "--voxel-size", "4.7x4.7x6.3mm", "--channels",
        "4",
        "--echoes", "3", "--tilt", "17deg", "--seed", "5",
      ],
      [
        "undersample", "head.mrd", "--acceleration", "2", "--calibration", "12x12", "--seed", "3", "-o",
        "af2.mrd",
      ],
      ["reconstruct", "head.mrd", "-o", "head"], ["qsm", "head", "-o", "head-qsm", "--intermediates"],
      ["reconstruct", "af2.mrd", "-o", "af2", "--method", "grappa"],
    ] {
      let result = try Command.run(arguments, in: folder)
      guard result.status == 0 else {
        throw ProcessFailure(description: result.errors, status: result.status)
      }
    }
    return folder
  }

  private let folder: TemporaryDirectory

  init() throws {
    folder = try Self.scan.get()
    // A server that has refused a scan takes no more of it.
    signal(SIGPIPE, SIG_IGN)
  }

  @Test func `Images that go back equal those from a file in every bit, and lie where the NIfTI files do`()
    throws
  {
    let server = try ServerProcess(in: folder, ["--values", "float"])
    let report = try Client.run(
      """
      port, root = int(sys.argv[1]), sys.argv[2]
      for name, folder, parameters in [('head', 'head', None), ('af2', 'af2', {'method': 'grappa'})]:
          images, texts = talk(port, f'{root}/{name}.mrd', 'qsm', parameters)
          assert not [t for t in texts if t.startswith('ERR')], texts
          anat = f'{root}/{folder}/sub-01/anat/'
          wanted = {'magnitude': [f'*echo-{e}_part-mag_*.nii.gz' for e in (1, 2, 3)],
                    'phase': [f'*echo-{e}_part-phase_*.nii.gz' for e in (1, 2, 3)],
                    'field_map': ['*wrapped_fieldmap.nii.gz'], 'R2*': ['*R2starmap.nii.gz']}
          found = {series[0][1]['SeriesDescription']: series for series in images.values()}
          assert list(images) == [1, 2, 3, 4, 5, 6], list(images)
          for title, patterns in wanted.items():
              stack = volumes(found[title], len(patterns))
              for volume, pattern in zip(stack, patterns):
                  file = nifti(anat + pattern)
                  assert volume.dtype == np.float32
                  assert np.array_equal(volume, np.asarray(file.dataobj).T), (name, title)
          if name == 'head':
              for title, pattern in [('QSM', '*Chimap.nii.gz'), ('SWI', '*swi.nii.gz')]:
                  file = nifti(f'{root}/head-qsm/sub-01/anat/' + pattern)
                  image, truth = volumes(found[title], 1)[0], np.asarray(file.dataobj).T
                  assert np.array_equal(image, truth), title
          lps = np.diag([-1, -1, 1, 1])
          for series in images.values():
              for number, (head, meta, data) in enumerate(series):
                  size, fov = np.array(head.matrix_size[:]), np.array(head.field_of_view[:])
                  axes = np.array([head.read_dir[:], head.phase_dir[:], head.slice_dir[:]]).T
                  affine = lps @ file.affine
                  assert np.allclose(axes * fov / size, affine[:3, :3], atol=1e-4)
                  voxel = [size[0] // 2, size[1] // 2, head.slice, 1]
                  assert np.allclose(head.position[:], (affine @ voxel)[:3], atol=1e-3)
                  assert head.image_index == number + 1 and head.slice == number % file.shape[2]
                  assert head.contrast == (number // file.shape[2] if len(series) > file.shape[2] else head.contrast)
                  assert int(meta['Keep_image_geometry']) == 1 and 'IceMiniHead' not in meta
          print(name, len(images))
      """, "\(server.port)", folder.url.path)
    #expect(report == "head 6\naf2 6\n")
    #expect(server.stop() == 128 + SIGTERM)
  }

  @Test func `Codes are those that scanners take, and give the values back within a code`() throws {
    let kept = folder.path("kept")
    try FileManager.default.createDirectory(atPath: kept, withIntermediateDirectories: false)
    let server = try ServerProcess(in: folder, ["--once", "--save", "kept"])
    let report = try Client.run(
      """
      port, root = int(sys.argv[1]), sys.argv[2]
      images, texts = talk(port, f'{root}/head.mrd', 'qsm')
      found = {series[0][1]['SeriesDescription']: series for series in images.values()}
      anat, maps = f'{root}/head/sub-01/anat/', f'{root}/head-qsm/sub-01/anat/'
      for title, pattern, role, scale, slope in [
              ('magnitude', anat + '*echo-1_part-mag_*.gz', ['Image'], None, 1),
              ('phase', anat + '*echo-1_part-phase_*.gz', ['Image', 'Quantitative'], 4096 / np.pi, 2),
              ('field_map', anat + '*wrapped_fieldmap.nii.gz', ['Image', 'Quantitative'], 1, None),
              ('R2*', anat + '*R2starmap.nii.gz', ['Image', 'Quantitative'], 1, 0.1),
              ('QSM', maps + '*Chimap.nii.gz', ['Image', 'Quantitative'], 1000, 1)]:
          series, truth = found[title], np.asarray(nifti(pattern).dataobj).T
          meta = series[0][1]
          values = volumes(series, 3 if title in ('magnitude', 'phase') else 1)[0]
          assert values.dtype == np.uint16 and values.min() >= 1 and values.max() <= 4095, title
          step, start = float(meta['RescaleSlope']), float(meta['RescaleIntercept'])
          scale = scale or float(meta['StoredPerUnit'])
          assert slope is None or step == slope
          assert (meta['DataRole'] if isinstance(meta['DataRole'], list) else [meta['DataRole']]) == role
          assert str(int(meta['WindowCenter'])) == meta['WindowCenter'] and int(meta['WindowWidth']) > 1
          inside = (truth * scale > start + step) & (truth * scale < start + 4095 * step)
          assert inside.mean() > (0.5 if title == 'R2*' else 0.99), (title, inside.mean())
          error = np.abs(values * step + start - truth * scale)[inside].max()
          assert error < 0.501 * step, (title, error, step)
      print('good')
      """, "\(server.port)", folder.url.path)
    #expect(report == "good\n")
    #expect(server.wait() == 0)
    // What was kept is the scan.
    let names = try FileManager.default.contentsOfDirectory(atPath: kept)
    #expect(names.count == 1 && names[0].hasSuffix(".mrd"))
    #expect(try Command.run(["reconstruct", "kept/\(names[0])", "-o", "again"], in: folder).status == 0)
    let image = "/sub-01/anat/sub-01_rec-zerofilled_echo-2_part-phase_MEGRE.nii.gz"
    #expect(
      try Data(contentsOf: URL(filePath: folder.path("again" + image)))
        == Data(contentsOf: URL(filePath: folder.path("head" + image))))
  }

  @Test func `Echoes go back as complex numbers where they are asked for`() throws {
    let server = try ServerProcess(in: folder, ["--once"])
    let report = try Client.run(
      """
      images, texts = talk(int(sys.argv[1]), f'{sys.argv[2]}/head.mrd', 'reconstruct', {'values': 'complex'})
      (head, meta, data) = images[1][0]
      assert data.dtype == np.complex64 and head.image_type == 5 and len(images) == 3, images.keys()
      anat = sys.argv[2] + '/head/sub-01/anat/'
      magnitude = np.asarray(nifti(anat + '*echo-3_part-mag_*.gz').dataobj).T
      phase = np.asarray(nifti(anat + '*echo-3_part-phase_*.gz').dataobj).T
      echo = volumes(images[1], 3)[2]
      assert np.allclose(echo, magnitude * np.exp(1j * phase), rtol=1e-5, atol=1e-5 * magnitude.max())
      print('good')
      """, "\(server.port)", folder.url.path)
    #expect(report == "good\n")
    #expect(server.wait() == 0)
  }

  @Test func `Configurations are names of files that the server was started with, never paths`() throws {
    let secret = folder.path("secret.yaml")
    try Data("method: grappa\nseries: magnitude\nprewhitening: no\n".utf8).write(to: URL(filePath: secret))
    let server = try ServerProcess(in: folder, ["--config", "mine=secret.yaml"])
    let report = try Client.run(
      """
      port, root = int(sys.argv[1]), sys.argv[2]
      for name in ['../secret.yaml', f'{root}/secret.yaml', 'secret.yaml', 'secret', 'mine/../mine']:
          images, texts = talk(port, f'{root}/head.mrd', name)
          assert not images and texts[-1].startswith('ERR') and 'mine' in texts[-1], texts
      for parameters in [{'method': 'magic'}, {'maskmethod': '/etc/passwd'}]:
          images, texts = talk(port, f'{root}/head.mrd', 'mine', parameters)
          assert not images and 'not possible' in texts[-1], texts
      # Files of the server's machine cannot be named.
      images, texts = talk(port, f'{root}/head.mrd', 'mine', {'mask': f'{root}/secret.yaml', 'weights': '/etc/passwd'})
      assert list(images) == [1] and images[1][0][1]['ImageProcessingHistory'][1] == 'GRAPPA', texts
      print('good')
      """, "\(server.port)", folder.url.path)
    #expect(report == "good\n")
    _ = server.stop()
  }

  @Test func `Scans that come at once and one after another leave neither files nor threads`() throws {
    let server = try ServerProcess(in: folder, [])
    let script = """
      from concurrent.futures import ThreadPoolExecutor
      port, root = int(sys.argv[1]), sys.argv[2]
      def one(_):
          images, texts = talk(port, f'{root}/head.mrd', 'reconstruct', {'series': 'magnitude'})
          return b''.join(image[2].tobytes() for image in images[1])
      with ThreadPoolExecutor(4) as pool:
          results = list(pool.map(one, range(6)))
      assert len(set(results)) == 1
      print('good')
      """
    #expect(try Client.run(script, "\(server.port)", folder.url.path) == "good\n")
    while server.text.matches(of: /is closed/).count < 6 { usleep(10_000) }
    let before = (server.count("fd"), server.count("task"))
    #expect(try Client.run(script, "\(server.port)", folder.url.path) == "good\n")
    while server.text.matches(of: /is closed/).count < 12 { usleep(10_000) }
    usleep(100_000)
    #expect(server.count("fd") <= before.0 && server.count("task") <= before.1 + 1)
    _ = server.stop()
  }

  @Test func `Standard streams carry the same as a connection, and a scan in vain ends with status 3`() throws
  {
    let bytes = try Data(contentsOf: folder.url.appending(path: "head.mrd"))
    let run = { (arguments: [String], input: Data) in
      let process = Process(), output = Pipe(), feed = Pipe()
      process.executableURL = URL(filePath: Command.path)
      process.arguments = ["serve", "--stdio"] + arguments
      process.standardInput = feed
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      let writer = Thread {
        try? feed.fileHandleForWriting.write(contentsOf: input)
        try? feed.fileHandleForWriting.close()
      }
      writer.start()
      let answer = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return (process.terminationStatus, Peer.Answer([UInt8](answer)))
    }
    let (status, answer) = try run(["--series", "magnitude,field"], bytes)
    #expect(status == 0 && answer.images == 3 * 24 + 24 && answer.isClosed && answer.error == nil)
    let (failure, refusal) = try run([], bytes.prefix(5000))
    #expect(failure == 3 && refusal.images == 0 && refusal.error != nil && refusal.isClosed)
  }
}
