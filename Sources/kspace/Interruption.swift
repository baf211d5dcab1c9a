import Foundation
import KSpaceToolkit
import Synchronization

/// The end of the program at the wish of the user or the system, without leaving half-written results.
///
/// A signal ends the program at once until results are being written. From then on it is noted, and the next
/// ``check()`` throws, so that the results' folder is removed on the way out. A second signal does not wait.
enum Interruption {
  /// The signal that asked for the end.
  struct Request: StopRequest {
    let signal: Int32

    /// The exit status that shells expect.
    var status: Int32 { 128 + signal }
  }

  private static let requested = Atomic<Int32>(0)
  private static let numbers = [SIGINT, SIGTERM, SIGHUP]

  /// Lets signals through that whoever started the program had blocked.
  ///
  /// Threads of many programs block signals, and what they start inherits that: it could not be ended by asking.
  static func admit() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in numbers { sigaddset(&signals, number) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  private static let hasGrace = Atomic<Bool>(false)

  /// Notes signals from now on; none is lost on the way, as a source of events that starts by ignoring them would.
  ///
  /// - Parameter grace: How long the work may take to notice SIGTERM [s], which engines follow by SIGKILL; then what is at hand is given
  ///   back and the program ends with status 75. `nil` to wait as long as it takes.
  static func postpone(grace: Double? = nil) {
    // Made before a handler needs it, which must not make it.
    _ = (requested.load(ordering: .relaxed), hasGrace.load(ordering: .relaxed))
    if let grace {
      hasGrace.store(true, ordering: .relaxed)
      Thread.detachNewThread {
        while requested.load(ordering: .relaxed) != SIGTERM { Thread.sleep(forTimeInterval: 0.25) }
        Thread.sleep(forTimeInterval: grace)
        AtomicFolder.removeUnfinished()
        WorkClaim.releaseAll()
        _exit(75)
      }
    }
    for number in numbers {
      signal(number) { number in
        let earlier = Interruption.requested.exchange(number, ordering: .relaxed)
        // Engines repeat SIGTERM, which changes nothing while there is grace.
        let isRepeated = number == SIGTERM && Interruption.hasGrace.load(ordering: .relaxed)
        if earlier != 0, !isRepeated { _exit(128 + number) }
      }
    }
  }

  /// Gives way to a signal that has come.
  ///
  /// - Throws: ``Request`` if one has.
  static func check() throws {
    let signal = requested.load(ordering: .relaxed)
    if signal != 0 { throw Request(signal: signal) }
  }
}
