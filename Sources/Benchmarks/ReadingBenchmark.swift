import CISMRMRD
import Foundation
import KSpaceToolkit
import Numerics

/// Reading the readouts of an HDF5 file into a sorted array, against h5py's bulk read and libismrmrd's loop.
///
/// Two files of the same 5,120 readouts of 32 channels and 256 samples (335 MB): one written by libismrmrd, which
/// makes a chunk of every readout, and one written by `MRDWriter`.
func benchmarkReading() throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "kspace-reading-\(getpid())")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let scan = ReadingScan()
  let files = [
    ("libismrmrd's file", folder.appending(path: "libismrmrd.h5").path, scan.writeWithLibrary),
    ("MRDWriter's file", folder.appending(path: "toolkit.h5").path, scan.write),
  ]
  print("reading \(scan.lines) readouts of \(scan.channels) channels x \(scan.samples) samples; medians of 5")
  for (name, path, write) in files {
    let clock = ContinuousClock()
    print("\(name): written in \(try clock.measure { try write(path) })")
    // The peer goes first: it cannot open a file that this process holds open without locks.
    let library = try median { scan.readWithLibrary(path) }
    let peak = try peakMemory {
      var sorted = scan.sortedArray()
      try scan.readSorted(path, into: &sorted)
    }
    var sorted = scan.sortedArray()
    let ours = try median { try scan.readSorted(path, into: &sorted) }
    let bulk = try h5pyMedian(path)
    let ratio = bulk.map { String(format: ", %.2f of h5py's bulk read (%.3f s)", ours / $0, $0) } ?? ""
    print(
      String(
        format:
          "  MRDFile %.3f s, %.1f times as fast as libismrmrd's loop (%.3f s)%@; peak memory %.2f of the array",
        ours, library / ours, library, ratio, Double(peak) / Double(scan.bytes)))
  }
}

/// The median of the seconds that five runs take, after one that warms the caches.
private func median(_ body: () throws -> Void) throws -> Double {
  try body()
  let clock = ContinuousClock()
  let times = try (0..<5).map { _ in try clock.measure(body) / .seconds(1) }
  return times.sorted()[2]
}

/// The largest resident memory during a run [bytes], as Linux counts it.
private func peakMemory(_ body: () throws -> Void) throws -> Int {
  try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
  try body()
  let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
  let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
  return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
}

/// The median of the seconds that h5py takes for all rows at once; `nil` without Python.
private func h5pyMedian(_ path: String) throws -> Double? {
  let python = ".venv/bin/python"
  guard FileManager.default.isExecutableFile(atPath: python) else { return nil }
  let process = Process()
  process.executableURL = URL(filePath: python)
  process.arguments = [
    "-c",
    """
    import h5py, sys, time
    times = []
    for _ in range(6):
        start = time.perf_counter()
        with h5py.File(sys.argv[1]) as f: rows = f['dataset/data'][:]
        times.append(time.perf_counter() - start)
        del rows
    print(sorted(times[1:])[2])
    """, path,
  ]
  let output = Pipe()
  process.standardOutput = output
  try process.run()
  let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  return Double(text.trimmingCharacters(in: .whitespacesAndNewlines))
}

/// The scan that is written and read.
private struct ReadingScan {
  let channels = 32
  let samples = 256
  let lines = 5120
  var bytes: Int { channels * samples * lines * MemoryLayout<Complex<Float>>.stride }
  private let header = MRDHeader(
    describing: ScanParameters(echoTimes: [0.005], fieldStrength: 3),
    geometry: Geometry(matrix: Extents(x: 256, y: 1024, z: 5), voxelSize: [0.001, 0.001, 0.001]),
    receiverChannels: 32)

  private func readout(_ line: Int) -> (AcquisitionHeader, [Complex<Float>]) {
    var header = AcquisitionHeader()
    header.scanCounter = UInt32(line)
    header.sampleCount = UInt16(samples)
    header.activeChannels = UInt16(channels)
    header.availableChannels = UInt16(channels)
    header.centerSample = UInt16(samples / 2)
    header.counters.line = UInt16(line % 1024)
    header.counters.partition = UInt16(line / 1024)
    let values = (0..<channels * samples).map { Complex(Float($0), Float(line)) }
    return (header, values)
  }

  func write(_ path: String) throws {
    let writer = try MRDWriter(creating: path, header: header)
    for line in 0..<lines {
      let (header, values) = readout(line)
      try values.withUnsafeBufferPointer { samples throws(RawDataError) in
        try writer.append(header, samples: samples)
      }
    }
    try writer.close()
  }

  /// An array `[channel, line, kx]` for the sorted samples.
  func sortedArray() -> NDArray<Complex<Float>> {
    NDArray(repeating: .zero, shape: [channels, lines, samples])
  }

  /// Reads all readouts into `[channel, line, kx]`.
  func readSorted(_ path: String, into sorted: inout NDArray<Complex<Float>>) throws {
    let file = try MRDFile(at: path)
    try sorted.withUnsafeMutableBufferPointer { sorted throws(RawDataError) in
      let target = SharedBuffer(sorted)
      try file.forEachReadout(Array(file.acquisitions.indices)) { index, values throws(RawDataError) in
        let counters = file.acquisitions[index].counters
        let line = Int(counters.partition) * 1024 + Int(counters.line)
        for channel in 0..<channels {
          let start = (channel * lines + line) * samples
          _ = target[start..<start + samples].update(
            fromContentsOf: values[channel * samples..<(channel + 1) * samples])
        }
      }
    }
    precondition(sorted[channels - 1, lines - 1, samples - 1] == readout(lines - 1).1[channels * samples - 1])
  }

  func writeWithLibrary(_ path: String) {
    withDataset(path, creating: true) { dataset in
      ismrmrd_write_header(dataset, header.xml)
      var acquisition = ISMRMRD_Acquisition()
      ismrmrd_init_acquisition(&acquisition)
      acquisition.head.number_of_samples = UInt16(samples)
      acquisition.head.active_channels = UInt16(channels)
      acquisition.head.available_channels = UInt16(channels)
      ismrmrd_make_consistent_acquisition(&acquisition)
      for line in 0..<lines {
        let (header, values) = readout(line)
        acquisition.head.scan_counter = UInt32(line)
        acquisition.head.idx.kspace_encode_step_1 = header.counters.line
        acquisition.head.idx.kspace_encode_step_2 = header.counters.partition
        UnsafeMutableRawPointer(acquisition.data).copyMemory(
          from: values, byteCount: values.count * MemoryLayout<Complex<Float>>.stride)
        ismrmrd_append_acquisition(dataset, &acquisition)
      }
      ismrmrd_cleanup_acquisition(&acquisition)
    }
  }

  /// Reads all readouts one by one, as programs that use libismrmrd do.
  func readWithLibrary(_ path: String) {
    withDataset(path, creating: false) { dataset in
      var acquisition = ISMRMRD_Acquisition()
      ismrmrd_init_acquisition(&acquisition)
      for line in 0..<ismrmrd_get_number_of_acquisitions(dataset) {
        ismrmrd_read_acquisition(dataset, line, &acquisition)
      }
      ismrmrd_cleanup_acquisition(&acquisition)
    }
  }

  private func withDataset(
    _ path: String, creating: Bool, _ body: (UnsafeMutablePointer<ISMRMRD_Dataset>) -> Void
  ) {
    var dataset = ISMRMRD_Dataset()
    ismrmrd_init_dataset(&dataset, path, "dataset")
    ismrmrd_open_dataset(&dataset, creating)
    body(&dataset)
    ismrmrd_close_dataset(&dataset)
  }
}
