import Files

/// An error that is no failure of what was being made: whoever throws it wants the work to end.
public protocol StopRequest: Error {}
