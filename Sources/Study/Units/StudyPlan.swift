import Files
import Foundation
import NDArrays
import Sampling

/// All units of a study: what they are made from, how far they are, and what they take.
///
/// Estimates are those of the methods until units have been made; then the same methods are expected to miss them by the
/// same factor.
public struct StudyPlan: Sendable, Codable {
  /// How far a unit is.
  public enum State: String, Sendable, Codable, CaseIterable {
    case done, missing, failed, running
  }

  /// One unit.
  public struct Unit: Sendable, Codable {
    /// The unit's name.
    public var unit: String
    /// The subject, in a group.
    public var subject: String?
    /// The cell's name.
    public var cell: String
    /// The files that it is made from.
    public var inputs: [String]
    /// How far it is.
    public var state: State
    /// Why it failed, or who is making it.
    public var reason: String?
    /// What it takes: what it took, where it is done.
    public var needs: UnitNeeds
  }

  /// The study's folder.
  public let folder: String
  /// The version of the program.
  public let version: String
  /// The units in their order: subject by subject, the reference first.
  public private(set) var units: [Unit]
  /// How many finished units the estimates were corrected by.
  public private(set) var finished = 0

  /// Plans.
  ///
  /// - Parameters:
  ///   - folder: The study's folder, which need not be there.
  ///   - version: The version of the program.
  ///   - units: The units in their order, what they are made from, and what they are expected to take.
  ///   - missing: Those that are not there; `nil` for all, where there is no folder yet.
  public init(
    folder: String, version: String, units: [(unit: StudyUnit, inputs: [String], needs: UnitNeeds)],
    missing: [MissingUnit]?
  ) {
    self.folder = folder
    self.version = version
    let absent = missing ?? units.map { MissingUnit(name: $0.unit.name, reason: .missing) }
    let reasons = Dictionary(absent.map { ($0.name, $0.reason) }) { first, _ in first }
    self.units = units.map { unit, inputs, needs in
      var state = State.done, reason: String?
      // A scan that cannot be read is a failure of all its cells.
      switch reasons[unit.name] ?? unit.subject.flatMap({ reasons[$0] }) {
      case .missing?: state = .missing
      case .failed(let message)?: (state, reason) = (.failed, message)
      case .running(let owner)?: (state, reason) = (.running, owner.description)
      case nil: break
      }
      return Unit(
        unit: unit.name, subject: unit.subject, cell: unit.cell.name, inputs: inputs, state: state,
        reason: reason,
        needs: needs)
    }
    learn(from: WorkFolder(of: folder).entries, methods: units.map(\.unit.cell.method))
  }

  /// Corrects estimates by what units of the same method took.
  private mutating func learn(from entries: [WorkFolder.Entry], methods: [String]) {
    let took = Dictionary(entries.filter { $0.failure == nil }.map { ($0.unit, $0) }) { _, last in last }
    var times: [String: [Double]] = [:], sizes: [String: [Double]] = [:]
    for (unit, method) in zip(units, methods) {
      guard let entry = took[unit.unit] else { continue }
      finished += 1
      times[method, default: []].append(entry.cpuSeconds / max(1e-3, unit.needs.cpuSeconds))
      sizes[method, default: []].append(entry.memory / max(1, unit.needs.memory))
    }
    let anyTime = times.values.flatMap(\.self).sorted().middle, anySize = sizes.values.flatMap(\.self).max()
    for (index, method) in methods.enumerated() {
      units[index].needs.cpuSeconds *= times[method]?.sorted().middle ?? anyTime ?? 1
      units[index].needs.memory *= sizes[method]?.max() ?? anySize ?? 1
      if units[index].state == .done, let entry = took[units[index].unit] {
        units[index].needs.cpuSeconds = entry.cpuSeconds
      }
    }
  }

  /// What one task of many needs, each of which makes one part: the largest memory [bytes], and the longest time of one core [s].
  public func needs(ofPartsOf count: Int) -> (memory: Double, cpuSeconds: Double) {
    var seconds = Array(repeating: 0.0, count: count)
    let subjects = units.map(\.subject).reduce(into: [String?]()) { if $0.last != $1 { $0.append($1) } }
    let places = Dictionary(subjects.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
    let cells = units.count / max(1, subjects.count)
    for (index, unit) in units.enumerated() {
      let part = (0..<count).first {
        StudyShard($0, of: count).contains(
          member: index % max(1, cells), of: cells, inGroup: places[unit.subject] ?? 0, of: subjects.count)
      }
      if let part { seconds[part] += unit.needs.cpuSeconds }
    }
    return (units.map(\.needs.memory).max() ?? 0, seconds.max() ?? 0)
  }

  /// The number of subjects.
  public var subjects: Int { Set(units.map(\.subject)).count }

  /// The number of units in a state.
  public func count(_ state: State) -> Int { units.count { $0.state == state } }

  /// The time of one core that is still to be spent [s].
  public var secondsLeft: Double {
    units.filter { $0.state != .done }.reduce(0) { $0 + $1.needs.cpuSeconds }
  }

  /// The units as a table with state, CPU time, memory and disk of each, and what all take together.
  public var text: String {
    let time = { AcquisitionTime.text(max(1, $0)) }, most = units.map(\.needs.memory).max() ?? 0
    let basis =
      finished > 0
      ? "Estimates are corrected by what \(counted(finished, "unit")) took."
      : "Busy and older machines take two or three times as long."
    return """
      \(table(time: time))

      \(counted(units.count, "unit")): \(states). To do: about \(time(secondsLeft)) minutes of one core, \
      \(time(secondsLeft / Double(Parallelism.threads))) on \(counted(Parallelism.threads, "thread")), and at most \
      \(String(format: "%.2f", most / 1e9)) GB of memory. \(basis)
      """
  }

  private func table(time: (Double) -> String) -> String {
    let header = ["unit", "state", "CPU time", "memory", "disk"]
    let lines = units.map { unit in
      [
        unit.unit, unit.state.rawValue, time(unit.needs.cpuSeconds),
        String(format: "%.2f GB", unit.needs.memory / 1e9), String(format: "%.1f MB", unit.needs.disk / 1e6),
      ]
    }
    let reasons = units.compactMap { unit in unit.reason.map { "\(unit.unit): \($0)" } }
    return ([TextTable.text([header] + lines)] + reasons).joined(separator: "\n")
  }

  /// The counts of all states that there are: `3 done, 2 missing`.
  public var states: String {
    State.allCases.filter { count($0) > 0 }.map { "\(count($0)) \($0.rawValue)" }.joined(separator: ", ")
  }

  /// The plan for programs.
  ///
  /// - Throws: `EncodingError` if an estimate is not finite.
  public func json() throws -> String { try JSONFile.text(of: self) }
}
