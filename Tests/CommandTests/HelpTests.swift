import Foundation
import TestSupport
import Testing

struct HelpTests {
  private static let commands = [
    ["info"], ["phantom"], ["mask"], ["mask", "poisson"], ["mask", "uniform"], ["mask", "caipi"],
    ["mask", "random"], ["mask", "convert"], ["mask", "recover"], ["mask", "check"], ["undersample"],
    ["reconstruct"], ["qsm"], ["compare"], ["study"], ["time"],
  ]

  @Test("Every help shows how the command is used, by an example", arguments: commands)
  func examples(command: [String]) throws {
    let help = try Command.run(command + ["--help"]).output
    let before = try #require(help.components(separatedBy: "USAGE:").first)
    #expect(before.contains("kspace \(command.joined(separator: " ")) "), "\(before)")
  }

  @Test("Help lists the options of its own kind of mask alone, and states defaults")
  func kinds() throws {
    func help(_ words: String...) throws -> String { try Command.run(words + ["--help"]).output }
    for other in ["--acceleration", "--density-slope", "--metric", "--width", "--basis", "--seed"] {
      #expect(try !help("mask", "uniform").contains(other), "\(other)")
      #expect(try !help("mask", "caipi").contains(other), "\(other)")
    }
    #expect(try !help("mask", "random").contains("--metric") && help("mask", "random").contains("--width"))
    #expect(try !help("mask", "poisson").contains("--width") && help("mask", "poisson").contains("--metric"))
    for command in [["mask", "poisson"], ["undersample"], ["study"]] {
      let text = try Command.run(command + ["--help"]).output.replacing(/\s+/, with: " ")
      #expect(text.contains("24x24 unless given, or less where the grid is smaller"), "\(command)")
    }
  }

  @Test("An unknown method is answered with those that are known")
  func methods() throws {
    for arguments in [
      ["study", "a.h5", "-o", "x", "--methods", "grappa,magic"],
      ["study", "a.h5", "-o", "x", "--reference", "magic@2"],
      ["reconstruct", "a.h5", "-o", "x", "--method", "magic"],
    ] {
      let result = try Command.run(arguments)
      #expect(result.status == 2 && result.errors.contains("magic") && result.errors.contains("l1-sense"))
    }
  }

  @Test("The version tells the build, the libraries and the processor")
  func version() throws {
    let result = try Command.run(["--version"])
    #expect(result.status == 0)
    for word in [
      "kspace 0.", "build ", "fftw-3", "OpenBLAS 0.", "HDF5        1.", "libpng", "processor",
      "convolutions by",
    ] {
      #expect(result.output.contains(word), "\(word): \(result.output)")
    }
  }
}

struct StudyChoicesTests {
  private static let arguments = [
    "study", "head.h5", "-o", "study", "--methods", "grappa", "--accelerations", "2", "--calibration", "12x8",
    "--no-susceptibility",
  ]

  @Test("A study with another seed replaces nothing unless it is forced to, and a dry run says what it takes")
  func seeds() throws {
    let scan = try SmallScan("head.h5", "--matrix", "24x30x16", "--voxel-size", "8x8x9mm")
    let plan = try scan.run(Self.arguments + ["--dry-run"])
    #expect(plan.status == 0 && plan.output.contains("CPU time") && plan.output.contains("grappa-af2"))
    #expect(try plan.output.contains(" GB") && !scan.names.contains("study"))
    #expect(try scan.run(Self.arguments).status == 0)
    let before = try scan.files(in: "study")
    let other = try scan.run(Self.arguments + ["--seed", "2"])
    #expect(other.status == 3 && other.errors.contains("the seed 1") && other.errors.contains("--force"))
    #expect(try scan.files(in: "study") == before)
    // What is named twice is one cell.
    let twice = Self.arguments.map { $0 == "grappa" ? "grappa,grappa" : $0 == "2" ? "2,2" : $0 }
    #expect(try scan.run(twice).status == 0 && scan.files(in: "study") == before)
    #expect(try scan.run("study", "--status", "study").output.contains("2 units: 2 done"))
    // More methods are no other study.
    let more = Self.arguments.map { $0 == "grappa" ? "grappa,zero-filled" : $0 }
    #expect(try scan.run(more).status == 0)
    let grown = try scan.files(in: "study")
    #expect(grown["cells/grappa-af2/cell.json"] == before["cells/grappa-af2/cell.json"])
    #expect(try scan.run(more + ["--seed", "2", "--force"]).status == 0)
    #expect(try scan.files(in: "study")["report.html"] != grown["report.html"])
  }

  @Test("Accelerations that a scan cannot have are refused before anything is made, by a dry run too")
  func impossible() throws {
    let scan = try SmallScan("head.h5", "--matrix", "16x20x8", "--voxel-size", "12x12x18mm")
    #expect(
      try scan.run(
        "undersample", "head.h5", "--acceleration", "2", "--calibration", "8x6", "-o", "half.h5"
      ).status == 0)
    for (file, acceleration, word) in [
      ("head.h5", "2,30", "Acceleration 30"), ("half.h5", "1.5", "of which the scan lacks"),
    ] {
      for more in [["--dry-run"], []] {
        let result = try scan.run(
          [
            "study", file, "-o", "study", "--methods", "grappa", "--accelerations", acceleration,
            "--calibration", "8x6", "--no-susceptibility",
          ] + more)
        #expect(result.status == 3 && result.errors.contains(word), "\(result.errors)")
        #expect(try !scan.names.contains("study"))
      }
    }
    // Without accelerations, an undersampled scan is compared as it was measured.
    let plan = try scan.run(
      "study", "half.h5", "-o", "study", "--methods", "grappa,zero-filled", "--no-susceptibility", "--dry-run"
    )
    #expect(plan.status == 0 && plan.errors.contains("undersampled already"), "\(plan.errors)")
    #expect(plan.output.contains("grappa-as-measured") && !plan.output.contains("-af"), "\(plan.output)")
    #expect(plan.output.contains("zero-filled-as-measured"), "\(plan.output)")
  }
}
