import CFuzzer
import Files
import Foundation

/// libFuzzer's loop around one parser: `KSPACE_PARSER=xml FuzzParsers CORPUS -max_total_time=60`.
@main
enum FuzzParsers {
  // Read by a C function, so global and made before the loop begins.
  nonisolated(unsafe) private static var take: (UnsafeRawBufferPointer) -> Void = { _ in }

  static func main() {
    let name = ProcessInfo.processInfo.environment["KSPACE_PARSER"] ?? ""
    if name == "options" {
      take = { takeOptions($0) }
    } else if let parser = Parser(rawValue: name) {
      take = { parser.take($0) }
    } else {
      let names = Parser.allCases.map(\.rawValue) + ["options"]
      FileHandle.standardError.write(Data("KSPACE_PARSER is one of \(names.joined(separator: " "))\n".utf8))
      exit(2)
    }
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    exit(
      LLVMFuzzerRunDriver(&count, &arguments) { data, size in
        FuzzParsers.take(UnsafeRawBufferPointer(start: data, count: size))
        return 0
      })
  }

  /// The options that a YAML file holds.
  private static func takeOptions(_ bytes: UnsafeRawBufferPointer) {
    let path = "/dev/shm/kspace-fuzz-\(getpid()).yaml"
    _ = FileManager.default.createFile(atPath: path, contents: Data(bytes))
    _ = try? SettingsFile(at: path)
    unlink(path)
  }
}
