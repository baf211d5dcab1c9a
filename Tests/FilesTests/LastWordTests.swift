import Foundation
import Testing

@testable import Files

struct LastWordTests {
  @Test func `Nothing half-written is said to be left only where all could be removed`() async throws {
    let all = await #expect(processExitsWith: .signal(SIGABRT), observing: [\.standardErrorContent]) {
      LastWord.prepare(command: "test")
      for index in 0..<64 { LastWord.willRemove("/nowhere/\(index)") }
      abort()
    }
    let many = await #expect(processExitsWith: .signal(SIGABRT), observing: [\.standardErrorContent]) {
      LastWord.prepare(command: "test")
      for index in 0..<65 { LastWord.willRemove("/nowhere/\(index)") }
      abort()
    }
    let long = await #expect(processExitsWith: .signal(SIGABRT), observing: [\.standardErrorContent]) {
      LastWord.prepare(command: "test")
      LastWord.willRemove("/nowhere/" + String(repeating: "a", count: 1024))
      abort()
    }
    for (result, isSaid) in [(all, true), (many, false), (long, false)] {
      let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
      #expect(text.contains("a fault of the program") && text.contains("Please report it"), "\(text)")
      #expect(text.contains("Nothing half-written") == isSaid, "\(text)")
    }
  }
}
