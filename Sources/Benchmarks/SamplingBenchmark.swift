import Foundation
import MRIData
import Sampling

/// Poisson-disk masks against SigPy's and BART's, all on one core.
///
/// Peers are timed where they are found: `bart` on the search path, and SigPy in the interpreter that the variable
/// `KSPACE_PEER_PYTHON` names. SigPy compiles on its first call, which is not counted. The three take turns.
func benchmarkSampling() {
  for (lines, partitions, rounds) in [(300, 72, 5), (512, 512, 1)] {
    var ours: [Double] = [], sigpy: [Double] = [], bart: [Double] = []
    let pattern = PoissonDisk(acceleration: 4, calibrationExtent: 24)
    for round in 0..<rounds {
      for repeated in 0..<11 {
        let seed = UInt64(11 * round + repeated)
        ours.append(
          seconds { _ = try? pattern.mask(lines: lines, partitions: partitions, seed: seed) })
      }
      if let time = secondsOfSigPy(lines, partitions, seed: round) { sigpy.append(time) }
      if let time = secondsOfBART(lines, partitions, seed: round) { bart.append(time) }
    }
    var text = "Poisson disks \(lines)x\(partitions), AF 4: \(milliseconds(median(ours)))"
    for (name, times) in [("SigPy", sigpy), ("BART", bart)] where !times.isEmpty {
      let ratio = String(format: "%.0f", median(times) / median(ours))
      text += ", \(name) \(milliseconds(median(times))) (\(ratio)x)"
    }
    print(text)
  }
}

private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

private func milliseconds(_ seconds: Double) -> String { String(format: "%.1f ms", 1000 * seconds) }

private func seconds(_ work: () -> Void) -> Double { ContinuousClock().measure(work) / .seconds(1) }

private func secondsOfSigPy(_ lines: Int, _ partitions: Int, seed: Int) -> Double? {
  guard let python = ProcessInfo.processInfo.environment["KSPACE_PEER_PYTHON"] else { return nil }
  let script = """
    import time, warnings; warnings.filterwarnings('ignore')
    from sigpy.mri import poisson
    poisson((32, 32), 2, calib=(8, 8), seed=1)
    start = time.perf_counter()
    poisson((\(partitions), \(lines)), 4, calib=(24, 24), crop_corner=False, seed=\(seed))
    print(time.perf_counter() - start)
    """
  return output(of: python, ["-c", script]).flatMap {
    Double($0.trimmingCharacters(in: .whitespacesAndNewlines))
  }
}

private func secondsOfBART(_ lines: Int, _ partitions: Int, seed: Int) -> Double? {
  let target = FileManager.default.temporaryDirectory.appending(path: "kspace-benchmark-poisson").path
  let start = ContinuousClock.now
  // A density of 1 / 4 outside the box; BART has no way to ask for a net acceleration.
  let result = output(
    of: "/usr/bin/env",
    ["bart", "poisson", "-Y\(lines)", "-Z\(partitions)", "-y2", "-z2", "-C24", "-s\(seed + 1)", target])
  let time = (ContinuousClock.now - start) / .seconds(1)
  for suffix in [".cfl", ".hdr"] { try? FileManager.default.removeItem(atPath: target + suffix) }
  return result == nil ? nil : time
}

/// The standard output of a program, on one thread; `nil` if it is absent or fails.
private func output(of program: String, _ arguments: [String]) -> String? {
  let process = Process(), pipe = Pipe()
  process.executableURL = URL(filePath: program)
  process.arguments = arguments
  process.environment = ProcessInfo.processInfo.environment.merging(["OMP_NUM_THREADS": "1"]) { $1 }
  process.standardOutput = pipe
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return nil }
  let data = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
}
