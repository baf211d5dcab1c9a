import Files

/// One of several equal parts of a study, for as many processes.
public struct StudyShard: Sendable, Equatable, CustomStringConvertible {
  /// Which part, from 0.
  public let index: Int
  /// The number of parts.
  public let count: Int

  /// Names a part.
  ///
  /// - Precondition: `index` is one of `count`.
  public init(_ index: Int, of count: Int) {
    precondition((0..<count).contains(index), "part \(index) of \(count)")
    self.index = index
    self.count = count
  }

  /// Reads `3/8`, the third of eight parts; `nil` for anything else.
  public init?(_ text: String) {
    let words = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard words.count == 2, words[0] >= 1, words[0] <= words[1] else { return nil }
    self.init(words[0] - 1, of: words[1])
  }

  /// The part of a process that an engine has started: a task of a Slurm array, or a rank of MPI or of `srun`.
  ///
  /// - Throws: ``InputError`` if the environment names none, or an array with gaps, whose tasks do not know their places.
  public init(environment: [String: String]) throws(InputError) {
    func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }
    if let task = number("SLURM_ARRAY_TASK_ID"), let count = number("SLURM_ARRAY_TASK_COUNT") {
      let step = max(1, number("SLURM_ARRAY_TASK_STEP") ?? 1)
      let offset = task - (number("SLURM_ARRAY_TASK_MIN") ?? 0)
      guard offset >= 0, offset % step == 0, offset / step < count else {
        throw InputError(
          "task \(task) of a Slurm array of \(count)",
          "the array has gaps, so that tasks do not know their places",
          remedy: "Name the part (`shard: 3/8`), or submit the whole array: what is there is not made again")
      }
      self.init(offset / step, of: count)
      return
    }
    for (rank, size) in [
      ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("PMI_RANK", "PMI_SIZE"),
      ("SLURM_PROCID", "SLURM_NTASKS"),
    ] {
      if let rank = number(rank), let size = number(size), (0..<size).contains(rank) {
        self.init(rank, of: size)
        return
      }
    }
    throw InputError(
      "the environment", "it names no task of a Slurm array (SLURM_ARRAY_TASK_ID) and no rank of MPI",
      remedy: "Name the part (`shard: 3/8`)")
  }

  /// Whether a thing among many is of this part; parts are runs of neighbours.
  public func contains(_ index: Int, among total: Int) -> Bool { index * count / max(1, total) == self.index }

  /// Whether a member of a group is of this part: whole groups, where there are enough of them.
  ///
  /// What a group has in common, such as its scan, is then read by one process alone.
  func contains(member: Int, of members: Int, inGroup group: Int, of groups: Int) -> Bool {
    count <= groups
      ? contains(group, among: groups) : contains(group * members + member, among: groups * members)
  }

  /// `3/8`.
  public var description: String { "\(index + 1)/\(count)" }
}
