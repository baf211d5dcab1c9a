import Foundation
import NDArrays
import Numerics
import RawData
import Synchronization
import TestSupport
import Testing

struct OpenFileTests {
  @Test("One file may be opened, read and let go by many threads at once")
  func manyReaders() throws {
    let folder = try TemporaryDirectory()
    let paths = (0..<3).map { folder.path("scan\($0).h5") }
    for (index, path) in paths.enumerated() {
      try SampleScan(Array(repeating: (2, 5, 0), count: 50), seed: UInt64(index)).write(to: path)
    }
    let failures = Mutex<[String]>([])
    Parallelism.forEach(120) { turn in
      do {
        let file = try MRDFile(at: paths[turn % 3])
        let count = Atomic<Int>(0)
        try file.forEachReadout(Array(0..<50)) { _, samples throws(RawDataError) in
          count.add(samples.count, ordering: .relaxed)
        }
        if count.load(ordering: .relaxed) != 50 * 10 { failures.withLock { $0.append("turn \(turn)") } }
      } catch {
        failures.withLock { $0.append("\(error)") }
      }
    }
    #expect(failures.withLock { $0 } == [])
  }

  @Test("A file that is written again is read anew, also while the first reader lives")
  func rewritten() throws {
    let folder = try TemporaryDirectory()
    let path = folder.path("scan.h5")
    try SampleScan([(1, 4, 0)]).write(to: path)
    let first = try MRDFile(at: path)
    try SampleScan([(1, 4, 0), (2, 3, 0)]).write(to: path)
    let second = try MRDFile(at: path)
    #expect(first.acquisitions.count == 1 && second.acquisitions.count == 2)
  }
}
