import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// A study that is killed at random moments and started again.
struct StudyKillTests {
  private static let arguments = [
    "study", "head.h5", "-o", "study", "--methods", "zero-filled,grappa", "--accelerations", "2,3",
    "--calibration", "12x8", "--labels", "head_truth/labels.nii.gz", "--mask", "head_truth/mask.nii.gz",
  ]

  @Test("Ten kills at random moments leave no trace in any file of a study")
  func kills() throws {
    let scan = try SmallScan("head.h5", "--matrix", "32x40x16", "--voxel-size", "6x6x9mm")
    let whole = try Self.whole(scan)
    var random = SeededGenerator(seed: 20261128)
    var duration = whole.duration
    for _ in 0..<5 {
      // Two kills for each study, the second of them while it continues. Where one came too late, the machine is
      // faster than it was: the study starts anew, and kills come sooner.
      func survives() throws -> Bool { try !kill(scan, after: random.uniform(in: 0..<duration)) }
      while try survives() || survives() {
        duration *= 0.8
        try FileManager.default.removeItem(atPath: scan.folder.path("study"))
      }
      let last = try scan.run(Self.arguments)
      #expect(last.status == 0, "\(last.errors)")
      let files = try scan.files(in: "study")
      #expect(Set(files.keys) == Set(whole.files.keys))
      for (path, data) in whole.files { #expect(files[path] == data, "\(path)") }
      try FileManager.default.removeItem(atPath: scan.folder.path("study"))
    }
  }

  /// The files of a study that nobody disturbed, and how long it took [s].
  private static func whole(_ scan: SmallScan) throws -> (files: [String: Data], duration: Double) {
    let start = ContinuousClock.now
    let result = try scan.run(arguments)
    let duration = (ContinuousClock.now - start) / .seconds(1)
    #expect(result.status == 0, "\(result.errors)")
    let files = try scan.files(in: "study")
    #expect(files["report.html"] != nil && files["cells/grappa-af3/susceptibility.nii.gz"] != nil)
    try FileManager.default.removeItem(atPath: scan.folder.path("study"))
    return (files, duration)
  }

  /// Starts the study and kills it; whether it was still at work.
  private func kill(_ scan: SmallScan, after seconds: Double) throws -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: Command.path)
    process.arguments = Self.arguments
    process.currentDirectoryURL = scan.folder.url
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    Thread.sleep(forTimeInterval: seconds)
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    return process.terminationReason == .uncaughtSignal
  }
}
