import TestSupport
import Testing

struct UsageTests {
  @Test("Help and version end with status 0 on standard output")
  func help() throws {
    for arguments in [
      ["--help"], ["help"], ["info", "--help"], ["reconstruct", "--help"], ["phantom", "--help"],
    ] {
      let result = try Command.run(arguments)
      #expect(result.status == 0)
      #expect(result.output.contains("USAGE: kspace"))
      #expect(result.errors.isEmpty)
    }
    #expect(try Command.run(["--version"]).status == 0)
  }

  @Test(
    "Wrong usage ends with status 2 and says how to go on",
    arguments: [
      ["--nonsense"], ["nonsense"], ["info"], ["reconstruct", "a.h5", "--method", "magic", "-o", "x"],
      ["reconstruct", "a.h5", "-o", "x", "--threads", "0"], ["info", "a.h5", "--echo-times", "3.3"],
      ["info", "a.h5", "--matrix", "0x4"], ["serve", "--stdio", "--port", "9002"],
      ["serve", "--stdio", "--once"],
      ["serve", "--port", "70000"], ["serve", "--sessions", "0"],
    ])
  func usage(arguments: [String]) throws {
    let result = try Command.run(arguments)
    #expect(result.status == 2)
    #expect(result.output.isEmpty)
    #expect(result.errors.contains("Usage: kspace"))
  }
}
