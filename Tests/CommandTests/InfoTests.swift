import Foundation
import TestSupport
import Testing

struct InfoTests {
  @Test(
    "Every real file is described, in text and in JSON",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
    arguments: [
      "11_02_GRE_3echoes_sorted", "11_03_GRE_3echoes_bipolar_sorted", "aspire7T_32ch_2echo_2slice",
      "brain8ch_R3_acs24", "brain8ch_full", "brain8ch_plane_full", "ge_phantom8ch_7slices", "grappa2_1rep",
      "semi3d_6ch_3echo", "siemens/11_02_GRE_3echoes", "siemens/epi", "siemens/gre",
    ])
  func realFiles(name: String) throws {
    let path = SharedData.path("mrd/\(name).h5")
    let text = try Command.run(["info", path])
    #expect(text.status == 0)
    #expect(text.errors.isEmpty)
    #expect(text.output.contains("Acceleration"))
    #expect(text.output.contains("ERROR") == (name == "siemens/11_02_GRE_3echoes"))
    let json = try Command.run(["info", path, "--json"])
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    #expect((report["sampling"] as? [Any])?.isEmpty == false)
    #expect(report["findings"] != nil)
  }

  @Test(
    "The lying header is settled by the options that its diagnosis names",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func override() throws {
    let path = SharedData.path("mrd/siemens/11_02_GRE_3echoes.h5")
    let result = try Command.run(["info", path, "--matrix", "256x1", "--echo-times", "4ms,0.009s,15000us"])
    #expect(result.status == 0)
    #expect(!result.output.contains("ERROR"))
    #expect(result.output.contains("3, TE 4, 9, 15 ms"))
    #expect(result.output.contains("256 x 256 x 1 encoded"))
  }

  @Test("Files that are none end with status 3 and one line that names them")
  func badFiles() throws {
    let directory = try TemporaryDirectory()
    let text = directory.path("notes.h5")
    try Data("not a scan".utf8).write(to: URL(filePath: text))
    for path in [text, directory.path("absent.h5")] {
      let result = try Command.run(["info", path])
      #expect(result.status == 3)
      #expect(result.output.isEmpty)
      #expect(result.errors.contains(path))
      #expect(result.errors.split(separator: "\n").count == 1)
    }
  }

  @Test("What does not arrive at the standard output ends with status 3")
  func fullOutput() throws {
    let scan = try SmallScan()
    let result = try ExternalProcess.result(
      "/bin/sh", ["-c", "\"$0\" info head.h5 > /dev/full", Command.path], directory: scan.folder)
    #expect(result.status == 3)
    #expect(result.errors.contains("standard output: it cannot be written"))
  }

  @Test("Groups can be chosen, and streams that were cut accepted")
  func readingOptions() throws {
    let scan = try SmallScan("head.mrd")
    let url = scan.folder.url.appending(path: "head.mrd")
    let bytes = try Data(contentsOf: url)
    try bytes.prefix(bytes.count / 2).write(to: url)
    let refused = try scan.run("info", "head.mrd")
    #expect(refused.status == 3 && refused.errors.contains("--accept-truncated"))
    let accepted = try scan.run("info", "head.mrd", "--accept-truncated")
    #expect(accepted.status == 0 && accepted.output.contains("WARNING  the stream was cut"))
    let grouped = try scan.run("info", "head.mrd", "--accept-truncated", "--group", "other")
    #expect(grouped.status == 3 && grouped.errors.contains("no group other. Leave --group out"))
    // Nobody who makes something of it is left without that.
    for arguments in [
      ["reconstruct", "head.mrd", "-o", "out", "--method", "zero-filled", "--dry-run"],
      ["convert", "head.mrd", "-o", "out.npy"], ["mask", "recover", "head.mrd", "-o", "mask.npy"],
    ] {
      let made = try scan.run(arguments + ["--accept-truncated"])
      #expect(
        made.status == 0 && made.errors.contains("warning: the stream was cut"),
        "\(arguments): \(made.errors)")
    }
    let whole = try SmallScan()
    #expect(try whole.run("info", "head.h5", "--group", "dataset").status == 0)
    let absent = try whole.run("info", "head.h5", "--group", "other")
    #expect(absent.status == 3 && absent.errors.contains("Choose one of dataset with --group"))
  }

  @Test(
    "Values without a unit, or out of range, are wrong usage",
    arguments: [
      ["--echo-times", "3.3,6.4"], ["--echo-times", "6ms,3ms"], ["--echo-times", "-1ms"],
      ["--matrix", "256"],
      ["--matrix", "0x4"], ["--matrix", "1x2x3x4"], ["--matrix", "65536x1024"], ["--field-strength", "3"],
      ["--field-strength", "-3T"],
      ["--field-of-view", "256x256mm"], ["--field-of-view", "256x256x3"], ["--phase-sign", "up"],
    ])
  func values(arguments: [String]) throws {
    let result = try Command.run(["info", "scan.h5"] + arguments)
    #expect(result.status == 2)
    #expect(result.errors.contains(arguments[0]))
  }

  @Test("An angle is at most a whole turn", arguments: ["-1e308deg", "361deg", "20"])
  func angles(text: String) throws {
    let result = try Command.run(["phantom", "--tilt", text, "-o", "head.h5", "--dry-run"])
    #expect(result.status == 2 && result.errors.contains("--tilt"))
  }
}
