extension ScanLayout {
  /// Refuses a layout that has an error among its findings.
  ///
  /// - Parameter path: The file, as the user named it.
  /// - Throws: ``RawDataError`` with the first of these findings.
  public func check(path: String) throws(RawDataError) {
    if let error = findings.first(where: { $0.severity == .error }) { throw RawDataError(error, in: path) }
  }
}
