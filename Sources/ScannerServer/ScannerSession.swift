import Files
import Foundation
import MRIData
import RawData

/// One scan over one connection: configuration, header, parameters, readouts; then images, and the end.
///
/// ```
/// opening -> configured -> receiving -> reconstructing -> closed
/// ```
///
/// What goes wrong is told to the peer in a line for its log. Where the stream can still be followed it is taken in, and
/// kept, up to its end, so that the peer reads that line instead of a broken connection.
public final class ScannerSession {
  /// What a session waits for.
  public enum State: String, Sendable {
    /// The configuration.
    case opening
    /// The header.
    case configured
    /// Parameters, readouts, and the end of the scan.
    case receiving
    /// The images.
    case reconstructing
    /// Nothing.
    case closed
  }

  /// What a session is given.
  public struct Setting: Sendable {
    /// Chooses what is made of a scan, or says why nothing is.
    public var recipe: @Sendable (RecipeRequest) throws -> ScanRecipe
    /// The folder that keeps what comes.
    public var folder: String?
    /// What a peer may do.
    public var limits = StreamLimits()
    /// The time until the header must be there.
    public var openingTime = Duration.seconds(60)
    /// Takes lines for the server's log.
    public var log: @Sendable (String) -> Void = { _ in }
    /// Gives settings the names that the user knows.
    public var wording: @Sendable (String) -> String = { $0 }
    /// Lets one reconstruction run at a time.
    public var gate = Gate()
    /// Whether the server ends.
    public var isStopping: @Sendable () -> Bool = { false }

    /// Chooses recipes.
    public init(recipe: @escaping @Sendable (RecipeRequest) throws -> ScanRecipe) { self.recipe = recipe }
  }

  /// What the session waits for.
  public private(set) var state = State.opening
  private let setting: Setting
  private let name: String
  private let receiver: StreamReceiver
  private let sender: StreamSender
  private var request = RecipeRequest()
  /// Why there will be no images; the scan is still taken in.
  private var refusal: (any Error)?
  private var savedPath: String?
  private var spool: StreamSpool?

  /// Prepares a session.
  ///
  /// - Parameters:
  ///   - stream: The way to the peer.
  ///   - name: What messages call the peer.
  ///   - setting: What is made of scans.
  public init(_ stream: any ByteStream, name: String, setting: Setting) {
    self.name = name
    self.setting = setting
    receiver = StreamReceiver(stream, name: name, limits: setting.limits)
    sender = StreamSender(stream)
  }

  /// Serves the peer to the end.
  ///
  /// - Returns: Whether a scan came and its images went back, or no scan was sent at all.
  @discardableResult
  public func run() -> Bool {
    defer { state = .closed }
    do {
      try serve()
      try sender.close()
      return refusal == nil
    } catch {
      // What came is kept, whole or not.
      if let spool {
        do { try spool.keep() } catch { log("\(error)") }
        if let savedPath { log("what came is in \(savedPath), cut") }
      }
      tell(.error, "\(error)")
      try? sender.close()
      return false
    }
  }

  private func serve() throws {
    var deadline = ContinuousClock.now + setting.openingTime
    while true {
      let message = try receiver.next(before: deadline)
      switch (state, message) {
      case (.opening, .configurationName(let name)):
        request.name = name
        state = .configured
      case (.opening, .configurationText(let text)):
        if !request.take(json: text) { request.text = text }
        state = .configured
      // Whoever asks whether a server is there sends no header.
      case (.opening, .end), (.opening, .close), (.configured, .close), (.configured, .end): return
      // Files of streams begin with the header.
      case (.opening, .header(let xml)), (.configured, .header(let xml)):
        try begin(xml)
        deadline = .now + setting.limits.scanTime
      case (.receiving, .text(let text)):
        let isFirst = receiver.acquisitions == 0
        if isFirst, request.take(json: text) { break }
        log("the scanner says: \(text.prefix(200))")
      case (.receiving, .acquisition):
        if receiver.acquisitions == 1 { choose() }
      case (.receiving, .other): break
      case (.receiving, .close): return try finish()
      case (.receiving, .end):
        throw RawDataError(
          .truncated, in: name,
          "the connection ended after \(receiver.acquisitions) acquisitions, without the closing message",
          remedy: "Send the scan again in whole")
      default:
        throw RawDataError(
          .malformed, in: name, "\(message.words) came where \(state.expectation)",
          remedy: "Send configuration, header, acquisitions and the closing message")
      }
    }
  }

  private func begin(_ xml: String) throws {
    savedPath = setting.folder.map { "\($0)/\(Self.fileName)" }
    let spool = try StreamSpool(savingTo: savedPath, name: name)
    self.spool = spool
    try receiver.keep(in: spool)
    state = .receiving
    attempt { _ = try MRDHeader(xml: xml, path: name) }
  }

  private var recipe: ScanRecipe?

  /// Chooses what will be made, as soon as all is known that was asked for: a wrong wish should be told before the scan.
  private func choose() { attempt { recipe = try setting.recipe(request) } }

  private func finish() throws {
    if receiver.acquisitions == 0 { choose() }
    let file: MRDFile?
    do {
      file = try receiver.finish()
    } catch {
      file = nil
      attempt { throw error }
    }
    spool = nil
    if let savedPath { log("kept in \(savedPath)") }
    guard let file, let recipe, refusal == nil else { return }
    state = .reconstructing
    tell(.information, "\(receiver.acquisitions) acquisitions came")
    if setting.gate.isBusy { tell(.information, "waiting for another scan's reconstruction") }
    let stop = setting.isStopping
    let reconstruction = ScanReconstruction(
      recipe: recipe, report: { [weak self] in self?.tell($0, $1) },
      check: { if stop() { throw DescriptorStream.Stopped() } }, deliver: { [sender] in try sender.send($0) })
    attempt { try setting.gate.pass { try reconstruction(file) } }
  }

  /// Does something whose failure ends the hope for images, not the session.
  private func attempt(_ body: () throws -> Void) {
    do {
      try body()
    } catch {
      guard refusal == nil else { return }
      refusal = error
      tell(.error, "\(error)")
    }
  }

  /// Tells the peer and the server's log; a peer that does not listen is told nothing.
  private func tell(_ level: LogLevel, _ text: String) {
    let text = setting.wording(text)
    log("\(level == .warning ? "warning: " : "")\(text)")
    try? sender.send(text: "\(level.rawValue) \(text)")
  }

  /// Writes to the server's log, in which a peer's words must not move the cursor.
  private func log(_ text: String) {
    let visible = text.prefix(2000).map {
      $0.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 } ? $0 : " "
    }
    // Errors name the peer themselves.
    setting.log(visible.starts(with: "\(name): ") ? String(visible) : "\(name): \(String(visible))")
  }

  /// A name that tells the time and that no other scan has.
  private static var fileName: String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "UTC")
    formatter.dateFormat = "yyyyMMdd'T'HHmmss'Z'"
    return "scan-\(formatter.string(from: Date()))-\(UUID().uuidString.prefix(8)).mrd"
  }
}

extension ReceivedMessage {
  fileprivate var words: String {
    switch self {
    case .configurationName, .configurationText: "a configuration"
    case .header: "a header"
    case .text: "a text"
    case .acquisition: "an acquisition"
    case .other: "an image or the like"
    case .close: "the end of the scan"
    case .end: "the end of the connection"
    }
  }
}

extension ScannerSession.State {
  fileprivate var expectation: String {
    switch self {
    case .opening: "the configuration was expected"
    case .configured: "the header was expected"
    case .receiving: "acquisitions were expected"
    case .reconstructing, .closed: "nothing was expected"
    }
  }
}
