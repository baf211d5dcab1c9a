import Files
import Foundation
import TestSupport
import Testing

@Suite struct SettingsFileTests {
  private func value(_ text: String) throws -> SettingsFile.Value? {
    let folder = try TemporaryDirectory()
    try Data("name: \(text)\n".utf8).write(to: URL(filePath: folder.path("c.yaml")))
    return try SettingsFile(at: folder.path("c.yaml")).values["name"]
  }

  /// Eight, thirty-one, ninety, ten, false and a date to YAML.
  @Test(arguments: ["010", "0x1F", "1:30", "1_0", "NO", "2020-01-02", "4.0", "yes"])
  func wordsAreTakenAsTheyAreWritten(_ word: String) throws {
    #expect(try value(word)?.words == [word])
    #expect(try value("[\(word), b]")?.words == [word, "b"])
  }

  @Test(arguments: [Data([0x6E, 0x3A, 0x20, 0xE4, 0x0A]), Data([0xFF, 0xFE, 0x6E, 0x00, 0x3A, 0x00])])
  func textsInOtherEncodingsAreNamed(_ content: Data) throws {
    let folder = try TemporaryDirectory(), path = folder.path("c.yaml")
    try content.write(to: URL(filePath: path))
    #expect {
      try SettingsFile(at: path)
    } throws: {
      "\($0)".contains("UTF-8")
    }
  }

  @Test func onlyYesAndNoAreFlags() throws {
    for word in ["true", "Yes", "on", "\"true\""] { #expect(try value(word)?.flag == true) }
    for word in ["false", "NO", "off"] { #expect(try value(word)?.flag == false) }
    for word in ["1", "y", "[true, true]", "010"] { #expect(try value(word)?.flag == nil) }
  }

  @Test(arguments: ["", "~", "null", "{a: b}", "[[1]]"]) func valuesAreNeeded(_ text: String) {
    #expect(throws: InputError.self) { try value(text) }
  }
}
