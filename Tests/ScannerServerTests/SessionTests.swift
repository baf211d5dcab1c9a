import Foundation
import KSpaceToolkit
import TestSupport
import Testing

struct SessionTests {
  @Test func `Whoever only asks whether a server is there is answered quietly`() throws {
    for bytes in [[], Message.close, Message.configuration("x") + Message.close, Message.configuration("x")] {
      let (answer, isGood) = try Peer.talk(.plain, bytes)
      #expect(answer.texts.isEmpty && answer.isClosed && isGood)
    }
  }

  @Test func `Parameters and the configuration's name reach the recipes, JSON's own name first`() throws {
    let requests = Recorder<RecipeRequest>()
    let setting = ScannerSession.Setting { request in
      requests.note(request)
      throw InputError("test", "nothing is made", remedy: "Go on")
    }
    let json =
      #"{"parameters": {"config": "other", "customconfig": "", "method": "grappa", "flag": true, "count": 3}}"#
    let (answer, isGood) = try Peer.talk(
      setting, Message.configuration("first"), Message.header(), Message.text(json), Message.acquisition(),
      Message.close)
    #expect(answer.error == "ERR test: nothing is made. Go on." && answer.isClosed && !isGood)
    var expected = RecipeRequest()
    expected.name = "other"
    expected.parameters = ["method": "grappa", "flag": "true", "count": "3"]
    #expect(requests.all == [expected])
    _ = try Peer.talk(setting, Message.text("<gadgets/>", as: 2), Message.header(), Message.close)
    #expect(requests.all.last?.text == "<gadgets/>")
  }

  @Test func `What cannot be reconstructed ends with a reason and the closing message, and is kept`() throws {
    let folder = try TemporaryDirectory()
    var setting = ScannerSession.Setting.plain
    setting.folder = folder.url.path
    for bytes in [
      Message.header("no XML") + Message.acquisition(), Message.header(),
      Message.header() + Message.acquisition() + Message.acquisition(channels: 2),
    ] {
      let whole = Message.configuration("x") + bytes + Message.close
      let (answer, isGood) = try Peer.talk(setting, whole)
      #expect(answer.error != nil && answer.isClosed && !isGood)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
      #expect(names.count == 1)
      let path = folder.path(names[0])
      #expect(try [UInt8](Data(contentsOf: URL(filePath: path))) == whole)
      try FileManager.default.removeItem(atPath: path)
    }
  }

  @Test func `A connection that breaks keeps what came, and says so`() throws {
    let folder = try TemporaryDirectory(), lines = Recorder<String>()
    var setting = ScannerSession.Setting.plain
    setting.folder = folder.url.path
    setting.log = { lines.note($0) }
    let whole = Message.configuration("x") + Message.header() + Message.acquisition()
    let (answer, isGood) = try Peer.talk(setting, Array(whole.dropLast(5)))
    #expect(answer.error?.contains("ended within a message") == true && answer.isClosed && !isGood)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
    #expect(names.count == 1 && !names[0].hasPrefix("."))
    #expect(try [UInt8](Data(contentsOf: URL(filePath: folder.path(names[0])))) == whole.dropLast(5))
    #expect(lines.all.contains { $0.contains(names[0]) && $0.hasSuffix("cut") })
  }

  @Test func `A cut connection in every state leaves no file behind without a folder to keep it`() throws {
    let whole =
      Message.configuration("x") + Message.header() + Message.text("hello") + Message.acquisition()
      + Message.close
    for length in stride(from: 0, to: whole.count, by: 97) {
      let (answer, _) = try Peer.talk(.plain, Array(whole[..<length]))
      #expect(answer.isClosed)
    }
  }

  /// Messages that no scan holds, and words of the reason.
  private static let absurdities: [([UInt8], String)] = {
    let ones = { (count: Int) -> [UInt8] in [UInt8](repeating: 255, count: count) }
    let after = { (message: Int, body: [UInt8]) -> [UInt8] in
      Message.header() + Message.number(message, 2) + body
    }
    var all: [([UInt8], String)] = []
    all.append((Message.number(4711, 2), "4711"))
    all.append((Message.number(2, 2) + ones(4), "4294967295 bytes"))
    all.append((Message.acquisition(), "the configuration was expected"))
    all.append((Message.configuration("x") + Message.configuration("y"), "the header was expected"))
    all.append((Message.header() + Message.header(), "acquisitions were expected"))
    all.append(
      (Message.header() + Message.acquisition(samples: 65535, channels: 65535, data: 0), "65535 channels"))
    all.append((after(1022, ones(198) + [UInt8](repeating: 0, count: 8)), "unknown type"))
    all.append((after(1022, [0, 0, 5, 0] + ones(202)), "beyond any"))
    all.append((after(1030, [5, 0, 1, 0, 255, 255]), "128 axes"))
    all.append((after(1030, [5, 0, 1, 0, 2, 0] + ones(16)), "beyond any"))
    return all
  }()

  @Test("What no scan holds is refused before anything is made for it", arguments: absurdities)
  func absurd(bytes: [UInt8], reason: String) throws {
    let (answer, isGood) = try Peer.talk(.plain, bytes)
    #expect(answer.error?.contains(reason) == true, "\(answer.texts)")
    #expect(answer.isClosed && !isGood)
  }

  @Test func `Limits hold for counts, lengths and time`() throws {
    var setting = ScannerSession.Setting.plain
    setting.limits.acquisitions = 3
    let lines = (0..<4).flatMap { _ in Message.acquisition() }
    #expect(try Peer.talk(setting, Message.header(), lines).answer.error?.contains("after 3 others") == true)
    setting = .plain
    setting.limits.scanLength = 1000
    #expect(try Peer.talk(setting, Message.header(), lines).answer.error?.contains("1000 bytes") == true)
    setting = .plain
    setting.openingTime = .milliseconds(50)
    let slow = try Peer(setting)
    slow.send(Array(Message.configuration("x").prefix(100)))
    usleep(150_000)
    #expect(slow.finish().answer.error?.contains("too long") == true)
    setting = .plain
    setting.limits.messageTime = .milliseconds(50)
    let stuck = try Peer(setting)
    stuck.send(Message.header() + Message.acquisition().prefix(30))
    usleep(150_000)
    #expect(stuck.finish().answer.error?.contains("too long") == true)
  }

  @Test("Random bytes end every session", arguments: 0..<40)
  func random(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    func bytes(_ count: Int) -> [UInt8] {
      (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }
    let openings = [
      [], Message.configuration("x"), Message.header(), Message.header() + Message.acquisition(),
      Message.number([1, 2, 3, 5, 1008, 1022, 1026, 1030][seed % 8], 2),
    ]
    var setting = ScannerSession.Setting.plain
    setting.limits.messageTime = .seconds(2)
    let (answer, isGood) = try Peer.talk(setting, openings[seed % openings.count], bytes(3000))
    #expect(answer.isClosed && !isGood)
  }

  @Test func `A peer's words do not move the cursor of the server's terminal`() throws {
    let lines = Recorder<String>()
    var setting = ScannerSession.Setting.plain
    setting.log = { lines.note($0) }
    _ = try Peer.talk(
      setting, Message.header(), Message.acquisition(), Message.text("\u{1B}[2Jgone\r\nnext"), Message.close)
    #expect(lines.all.contains { $0.contains("gone") })
    #expect(!lines.all.contains { $0.contains("\u{1B}") || $0.contains("\n") })
  }
}
