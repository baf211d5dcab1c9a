import Foundation

/// A browser without a window.
public enum Chromium {
  /// Where it is, if it is.
  public static let path = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
    .first(where: FileManager.default.isExecutableFile(atPath:))

  /// Renders a page in a frame of some width: what the console said, and how wide the page became [pixels].
  ///
  /// A window cannot be narrower than 500 pixels, hence the frame; the page around it measures it and tells by its title.
  public static func show(_ page: String, width: Int) throws -> (complaints: [String], scrollWidth: Int) {
    let folder = try TemporaryDirectory()
    try Data(page.utf8).write(to: URL(filePath: folder.path("page.html")))
    let frame = """
      <iframe id="frame" src="page.html" style="width: \(width)px; height: 900px; border: 0"></iframe>
      <script>
      const frame = document.getElementById("frame")
      frame.onload = () => { document.title = "width " + frame.contentDocument.documentElement.scrollWidth }
      </script>
      """
    try Data(frame.utf8).write(to: URL(filePath: folder.path("frame.html")))
    let (dump, complaints) = try open(folder.path("frame.html"), in: folder)
    let width = dump.firstMatch(of: /<title>width (\d+)/).flatMap { Int($0.1) }
    return (complaints, width ?? 0)
  }

  /// The page as its script leaves it, and what the console said.
  public static func run(_ page: String) throws -> (document: String, complaints: [String]) {
    let folder = try TemporaryDirectory()
    try Data(page.utf8).write(to: URL(filePath: folder.path("page.html")))
    return try open(folder.path("page.html"), in: folder)
  }

  private static func open(
    _ file: String, in folder: TemporaryDirectory
  ) throws -> (document: String, complaints: [String]) {
    let result = try ExternalProcess.result(
      path ?? "",
      [
        "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(folder.path("profile"))",
        "--enable-logging=stderr", "--allow-file-access-from-files", "--dump-dom",
        "--virtual-time-budget=5000", "file://\(file)",
      ])
    return (
      result.output, result.errors.split(separator: "\n").filter { $0.contains("CONSOLE") }.map(String.init)
    )
  }
}
