import CSystem

/// Memory that was used and is free again.
public enum FreedMemory {
  /// Gives it back to the system, which a C library that expects to need it again would not do by itself.
  ///
  /// For programs that run for long and have just ended something large.
  public static func giveBack() { give_back_memory() }
}
