import Foundation

/// What holds for all outputs, files and folders.
public enum OutputPath {
  /// Whether a path names nothing that could be made: it is empty, or the working or the root folder.
  public static func isNameless(_ path: String) -> Bool {
    let url = URL(filePath: path).standardizedFileURL
    let working = URL(filePath: FileManager.default.currentDirectoryPath).standardizedFileURL
    return path.isEmpty || url.path == "/" || url.path == working.path
      || working.path.hasPrefix(url.path + "/")
  }

  /// Refuses an output that exists and may not be replaced, that would take one of its inputs with it, whose folder is
  /// not there, or that is a device.
  public static func check(_ path: String, replacing: Bool, inputs: [String] = []) throws(InputError) {
    let url = URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath()
    for input in inputs where input != "-" {
      let source = URL(filePath: input).standardizedFileURL.resolvingSymlinksInPath()
      if source.path == url.path || source.path.hasPrefix(url.path + "/") {
        throw InputError(
          path, "the output would replace its own input, \(input)", remedy: "Choose another `output`")
      }
    }
    var status = stat()
    if stat(path, &status) == 0 {
      guard [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) else {
        throw InputError(
          path, "this is a device or a pipe, which a result would replace", remedy: "Choose another `output`")
      }
      guard replacing else {
        throw InputError(
          path, "the output exists",
          remedy: "Choose another `output`, or allow it to be replaced (`replacing`)")
      }
    } else if !FileManager.default.isWritableFile(atPath: url.deletingLastPathComponent().path) {
      throw InputError(
        path, "its folder does not exist or may not be written to",
        remedy: "Create the folder first, or choose another `output`")
    }
  }
}
