import MRIData
import QuantitativeMapping
import RawData

/// How serious a line of the log is.
public enum LogLevel: String, Sendable {
  /// For developers.
  case debug = "DBG"
  /// For the user.
  case information = "INF"
  /// Something to look at.
  case warning = "WRN"
  /// Something that failed.
  case error = "ERR"
}
