import Foundation
import KSpaceToolkit
import Synchronization
import TestSupport
import Testing

/// A client at one end of a pair of sockets, with a session at the other.
final class Peer {
  /// Bytes that arrive, cut into messages.
  struct Answer {
    var texts: [String] = []
    var images = 0
    var isClosed = false

    init(_ bytes: [UInt8]) {
      var rest = bytes[...]
      func number(_ count: Int) -> Int {
        let value = rest.prefix(count).reversed().reduce(0) { $0 << 8 | Int($1) }
        rest = rest.dropFirst(count)
        return value
      }
      while rest.count >= 2 {
        switch number(2) {
        case 4: isClosed = true
        case 5:
          let length = number(4)
          texts.append(String(decoding: rest.prefix(length).prefix { $0 != 0 }, as: UTF8.self))
          rest = rest.dropFirst(length)
        case 1022:
          let header = Array(rest.prefix(198))
          func half(_ at: Int) -> Int { Int(header[at]) | Int(header[at + 1]) << 8 }
          rest = rest.dropFirst(198)
          let attributes = number(8), size = [0, 2, 2, 4, 4, 4, 8, 8, 16][half(2)]
          rest = rest.dropFirst(attributes + half(16) * half(18) * half(20) * half(34) * size)
          images += 1
        default:
          Issue.record("an unknown message came")
          return
        }
      }
      #expect(rest.isEmpty)
    }

    var error: String? { texts.first { $0.hasPrefix("ERR ") } }
  }

  let socket: Int32
  private let done = DispatchSemaphore(value: 0)
  private let outcome = Recorder<Bool>()

  /// Starts a session.
  init(_ setting: ScannerSession.Setting) throws {
    var pair: [Int32] = [0, 0]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
    socket = pair[0]
    let stream = DescriptorStream(input: pair[1], output: pair[1], patience: .seconds(2))
    let thread = Thread { [done, outcome] in
      outcome.note(ScannerSession(stream, name: "peer", setting: setting).run())
      stream.finish(within: .milliseconds(500))
      done.signal()
    }
    thread.stackSize = 8 << 20
    thread.start()
  }

  deinit { close(socket) }

  /// Sends bytes; a session that has ended takes none.
  func send(_ bytes: [UInt8]) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.send(
          socket, $0.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      done += count
    }
  }

  /// Sends nothing more, and reads all that comes until the session has ended.
  func finish() -> (answer: Answer, isGood: Bool) {
    shutdown(socket, Int32(SHUT_WR))
    var bytes: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = read(socket, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
    done.wait()
    return (Answer(bytes), outcome.all == [true])
  }

  /// One session from its first byte to its last.
  static func talk(_ setting: ScannerSession.Setting, _ bytes: [UInt8]...) throws -> (
    answer: Answer, isGood: Bool
  ) {
    let peer = try Peer(setting)
    for part in bytes { peer.send(part) }
    return peer.finish()
  }
}

/// Messages of MRD as bytes.
enum Message {
  static func number(_ value: Int, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(value >> (8 * $0) & 255) }
  }
  static func configuration(_ name: String) -> [UInt8] {
    number(1, 2) + Array(name.utf8) + [UInt8](repeating: 0, count: 1024 - name.utf8.count)
  }
  static func text(_ text: String, as kind: Int = 5) -> [UInt8] {
    number(kind, 2) + number(text.utf8.count + 1, 4) + Array(text.utf8) + [0]
  }
  static func header(_ xml: String = "<ismrmrdHeader/>") -> [UInt8] { text(xml, as: 3) }
  static let close = number(4, 2)
  static func acquisition(samples: Int = 4, channels: Int = 1, data: Int? = nil) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 340)
    for (offset, value) in [(0, 1), (34, samples), (36, channels), (38, channels)] {
      header.replaceSubrange(offset..<offset + 2, with: number(value, 2))
    }
    return number(1008, 2) + header + [UInt8](repeating: 0, count: data ?? 8 * samples * channels)
  }
}

extension ScannerSession.Setting {
  /// Knows one recipe, whatever is asked for.
  static var plain: Self {
    Self { _ in
      ScanRecipe(series: [.magnitude, .phase, .field, .r2Star]) { layout in
        let combination = CombinationMethod(suiting: layout.parameters)
        return ReconstructionChoice(Pipeline(ZeroFilled(), then: combination), name: "zero-filled")
      }
    }
  }
}

/// Keeps what closures are told.
final class Recorder<Value: Sendable>: Sendable {
  private let values = Mutex<[Value]>([])
  func note(_ value: Value) { values.withLock { $0.append(value) } }
  var all: [Value] { values.withLock { $0 } }
}
