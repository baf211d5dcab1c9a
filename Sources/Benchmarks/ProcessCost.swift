import Foundation

/// What a piece of work costs this process.
enum ProcessCost {
  /// Does a piece of work, and prints its seconds on the clock and those of all its threads together.
  static func print<Result>(_ work: () throws -> Result) rethrows -> Result {
    let start = ContinuousClock.now
    let (result, cpu) = try processors(work)
    let wall = (ContinuousClock.now - start) / .seconds(1)
    Swift.print(String(format: "{\"cpu\": %.3f, \"wall\": %.3f}", cpu, wall))
    return result
  }

  /// Does a piece of work, and returns the seconds of all its threads together with its result.
  static func processors<Result>(_ work: () throws -> Result) rethrows -> (Result, Double) {
    let before = processorSeconds
    let result = try work()
    return (result, processorSeconds - before)
  }

  /// The seconds that all threads have computed, in the program and for it in the kernel.
  private static var processorSeconds: Double {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }
}
