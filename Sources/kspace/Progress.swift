import ArgumentParser
import Foundation
import Synchronization

/// How a long command tells how far it is.
enum ProgressStyle: String, ExpressibleByArgument, CaseIterable {
  /// A bar that is redrawn in place.
  case bar
  /// One JSON object per line on standard error.
  case json
  /// Nothing.
  case none
}

/// Tells how far a long command is.
///
/// Stages may report from several threads; at most one line in a hundred milliseconds is drawn.
final class Progress: Sendable {
  private struct State {
    var stage = ""
    var drawn = ContinuousClock.now - .seconds(1)
    var started = ContinuousClock.now
    /// When something was reported last, drawn or not.
    var heard = ContinuousClock.now
  }

  private let style: ProgressStyle
  private let state = Mutex(State())

  init(_ style: ProgressStyle?) {
    self.style = style ?? (Terminal.isInteractive ? .bar : .none)
  }

  /// Reports that a stage is done to a fraction between 0 and 1.
  func report(_ stage: String, _ fraction: Double) {
    guard style != .none else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      defer { state.heard = now }
      if stage != state.stage {
        state.stage = stage
        // What is done when it is first heard of began when the last was done.
        state.started = fraction >= 1 ? state.heard : now
      } else if fraction < 1, now - state.drawn < .milliseconds(100) {
        return
      }
      state.drawn = now
      let elapsed = (now - state.started) / .seconds(1)
      switch style {
      case .bar: draw(stage, fraction, elapsed)
      case .json: describe(stage, fraction, elapsed)
      case .none: break
      }
    }
  }

  private func draw(_ stage: String, _ fraction: Double, _ elapsed: Double) {
    let width = 30
    let filled = Int((Double(width) * min(max(fraction, 0), 1)).rounded())
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
    let name = stage.padding(toLength: 24, withPad: " ", startingAt: 0)
    // Nothing is known at the beginning, and nothing is left at the end.
    let left =
      fraction > 0.05 && fraction < 1
      ? String(format: ", about %.0f s left ", elapsed * (1 / fraction - 1))
      : String(repeating: " ", count: 20)
    let line = "\r\(name) [\(bar)] \(String(format: "%3.0f %%  %.1f s", 100 * fraction, elapsed))\(left)"
    FileHandle.standardError.write(Data((line + (fraction >= 1 ? "\n" : "")).utf8))
  }

  private func describe(_ stage: String, _ fraction: Double, _ elapsed: Double) {
    Terminal.report(
      String(format: "{\"stage\":\"%@\",\"fraction\":%.4f,\"seconds\":%.3f}", stage, fraction, elapsed))
  }
}
