import Foundation
import TestSupport
import Testing

/// The module for python-ismrmrd-server, with a connection that does what the server's does.
@Suite(.enabled(if: Python.isAvailable, "\(Python.absence)"))
struct FIREModuleTests {
  private static let module = SharedData.packageRoot.appending(path: "Sources/ScannerServer/FIRE/kspace.py")
    .path

  private func run(_ folder: TemporaryDirectory, _ body: String) throws -> String {
    try Python.run(
      """
      import importlib.util, os, sys
      from ismrmrd.serialization import ProtocolDeserializer
      import ismrmrd
      os.environ['KSPACE'], os.environ['KSPACE_CONFIG'] = sys.argv[2], 'reconstruct'
      spec = importlib.util.spec_from_file_location('kspace', sys.argv[1])
      module = importlib.util.module_from_spec(spec)
      spec.loader.exec_module(module)
      items = list(ProtocolDeserializer(sys.argv[3]).deserialize())

      class Connection:
          def __init__(self): self.images, self.texts, self.closed = [], [], 0
          def __iter__(self): yield from items[1:]; yield None
          def send_image(self, image): self.images.append(image)
          def send_text(self, text): self.texts.append(text)
          def send_close(self): self.closed += 1
      connection = Connection()
      """ + "\n" + body, Self.module, Command.path, folder.path("head.mrd"))
  }

  @Test func `A scan goes through the module and comes back as images, parameters included`() throws {
    let folder = try TemporaryDirectory()
    _ = try Command.run(
      [
        "phantom", "-o", "head.mrd", "--matrix", "32x32x8", "--voxel-size", "6x6x12mm", "--channels", "2",
        "--echoes", "3",
      ],
      in: folder)
    let report = try run(
      folder,
      """
      module.process(connection, {'parameters': {'config': 'kspace', 'series': 'magnitude,field'}}, items[0])
      print(len(connection.images), connection.closed, [t for t in connection.texts if t[:3] == 'ERR'])
      connection = Connection()
      module.process(connection, 'kspace', 'no header')
      print(len(connection.images), connection.closed, [t[:3] for t in connection.texts])
      """)
    #expect(report.hasPrefix("32 1 []\n0 1 ['ERR'"), "\(report)")
  }
}
