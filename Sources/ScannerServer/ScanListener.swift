import Files
import Foundation
import NDArrays
import RawData
import Synchronization

/// Listens for scanners, and serves each over a connection of its own.
///
///     let server = try ScanListener(port: 9002, setting: setting)
///     server.run()
public final class ScanListener: Sendable {
  /// The port, also where the system chose it.
  public let port: Int
  private let descriptor: Int32
  private let setting: ScannerSession.Setting
  private let most: Int
  private let isStopped = Atomic<Bool>(false)
  private let sessions = Mutex(0)

  /// Listens.
  ///
  /// - Parameters:
  ///   - address: The address of this machine at which to listen; the loopback is not reached from elsewhere.
  ///   - port: The port; 0 for any that is free.
  ///   - most: How many scans may come at a time.
  ///   - setting: What is made of scans.
  /// - Throws: ``InputError`` if the address is none, or cannot be listened at.
  public init(
    address: String = "127.0.0.1", port: Int = 9002, most: Int = 8, setting: ScannerSession.Setting
  ) throws(InputError) {
    func refused(_ problem: String, remedy: String) -> InputError {
      InputError("\(address), port \(port)", problem, remedy: remedy)
    }
    var hints = addrinfo(), found: UnsafeMutablePointer<addrinfo>?
    hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE | AI_NUMERICSERV
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    guard getaddrinfo(address, "\(port)", &hints, &found) == 0, let found else {
      throw refused(
        "this is no address of a machine",
        remedy: "Give numbers (`bind: 127.0.0.1`), and a port of 0 to 65535")
    }
    defer { freeaddrinfo(found) }
    descriptor = socket(
      found.pointee.ai_family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard descriptor >= 0, bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0,
      listen(descriptor, 16) == 0
    else {
      let reason = String(cString: strerror(errno))
      if descriptor >= 0 { close(descriptor) }
      throw refused(
        "nobody can listen there (\(reason))", remedy: "Choose another `port`, or end what uses it")
    }
    self.port = Self.port(of: descriptor) ?? port
    self.most = most
    self.setting = setting
  }

  deinit { close(descriptor) }

  /// Ends the server as soon as may be; sessions tell their peers.
  public func stop() { isStopped.store(true, ordering: .relaxed) }

  /// Whether the server ends.
  public var isStopping: Bool { isStopped.load(ordering: .relaxed) || setting.isStopping() }

  /// Serves until the server is stopped, or one scan is done.
  ///
  /// - Parameter once: Whether to end after the first connection.
  /// - Returns: Whether the last session ended well.
  @discardableResult
  public func run(once: Bool = false) -> Bool {
    let succeeds = Mutex(true)
    var number = 0
    while !isStopping {
      var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&request, 1, 250) > 0 else { continue }
      let connection = accept(descriptor, nil, nil)
      guard connection >= 0 else {
        // Too many open files: room comes when a session ends.
        if errno == EMFILE || errno == ENFILE { usleep(100_000) }
        continue
      }
      _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
      number += 1
      let name = "connection \(number)"
      guard admits() else {
        refuse(connection, name)
        continue
      }
      serve(connection, name) { good in succeeds.withLock { $0 = good } }
      if once { break }
    }
    // Nobody is left behind: sessions see that the server ends.
    while sessions.withLock({ $0 }) > 0 { usleep(20_000) }
    return succeeds.withLock { $0 }
  }

  /// Counts another session, if there is room for it; one that has answered may need a moment to end.
  private func admits() -> Bool {
    let deadline = ContinuousClock.now + .seconds(5)
    while true {
      let isAdmitted = sessions.withLock { count in
        guard count < most else { return false }
        count += 1
        return true
      }
      if isAdmitted || isStopping || .now >= deadline { return isAdmitted }
      usleep(20_000)
    }
  }

  private func serve(_ connection: Int32, _ name: String, _ done: @escaping @Sendable (Bool) -> Void) {
    var setting = setting
    setting.isStopping = { [weak self] in self?.isStopping ?? true }
    let threads = Parallelism.threads
    let thread = Thread { [self, setting] in
      Parallelism.withThreads(threads) {
        done(Self.session(connection, name, setting))
      }
      FreedMemory.giveBack()
      sessions.withLock { $0 -= 1 }
    }
    thread.stackSize = 8 << 20
    thread.start()
  }

  private static func session(_ connection: Int32, _ name: String, _ setting: ScannerSession.Setting) -> Bool
  {
    // Small messages go at once.
    var yes: Int32 = 1
    setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    let stream = DescriptorStream(input: connection, output: connection, isStopping: setting.isStopping)
    setting.log("\(name) begins")
    let isGood = ScannerSession(stream, name: name, setting: setting).run()
    stream.finish(within: .seconds(2))
    setting.log("\(name) is closed")
    return isGood
  }

  private func refuse(_ connection: Int32, _ name: String) {
    setting.log("\(name): refused, as \(most) scans are coming already")
    let stream = DescriptorStream(input: connection, output: connection, patience: .milliseconds(100))
    let sender = StreamSender(stream)
    try? sender.send(text: "\(LogLevel.error.rawValue) \(most) scans are coming already; try again")
    try? sender.close()
    stream.finish(within: .milliseconds(200))
  }

  private static func port(of descriptor: Int32) -> Int? {
    var address = sockaddr_in6(), length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let isKnown = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
    }
    // The port lies at the same place for both families.
    return isKnown ? Int(UInt16(bigEndian: address.sin6_port)) : nil
  }
}
