import ArgumentParser
import Foundation
import KSpaceToolkit

/// `kspace view`: a page that scrolls through images.
struct ViewImages: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "view",
    abstract: "Write one page that scrolls through images in a browser, and compares two.",
    discussion: """
      Takes NIfTI files, and folders of them, such as those of reconstruct, qsm and study. Three planes with a linked crosshair, \
      windows, a curtain between two images and their difference. The page holds the images and asks the network for nothing.

        kspace view head-af4 head-af4-qsm -o view.html
      """)

  @Argument(help: "Images (.nii or .nii.gz), or folders that hold some.")
  var images: [String]

  @Option(name: .shortAndLong, help: "The page to write.")
  var output: String

  @Flag(help: "Replace an existing page.")
  var force = false

  func validate() throws {
    guard ["html", "htm"].contains(URL(filePath: output).pathExtension.lowercased()) else {
      throw ValidationError("--output \(output): the page's name must end in .html.")
    }
  }

  func run() throws {
    try OutputPath.check(output, replacing: force, inputs: images)
    var page = ViewerPage(title: images.map { URL(filePath: $0).lastPathComponent }.joined(separator: ", "))
    for path in images { try page.add(imagesAt: path, namingFolder: images.count > 1) }
    try page.write(to: output)
    print("\(output): open it in a browser")
  }
}

extension ViewImages: ReadingCommand {
  var inputs: [String] { images }
}
