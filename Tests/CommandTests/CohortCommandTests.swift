import Foundation
import KSpaceToolkit
import TestSupport
import Testing

struct CohortCommandTests {
  private static let scan = [
    "--matrix", "30x36x24", "--voxel-size", "6x6x4mm", "--channels", "4", "--echoes", "3",
  ]
  private static let study = [
    "-o", "group", "--methods", "zero-filled", "--accelerations", "2", "--reference", "grappa@2",
    "--calibration", "12x12", "--threads", "2",
  ]

  @Test("A simulated cohort is a table; its study gives numbers and a page, and goes on where it stopped")
  func simulated() throws {
    let folder = try TemporaryDirectory()
    let phantom =
      ["phantom", "--cohort", "3", "--ages", "20-70", "--seed", "9", "-o", "cohort"] + Self.scan
    let dry = try Command.run(phantom + ["--dry-run"], in: folder)
    #expect(dry.status == 0 && dry.output.contains("3 subjects of 20 to 70 years"), "\(dry.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    let made = try Command.run(phantom, in: folder)
    #expect(made.status == 0, "\(made.errors)")
    #expect(try Command.run(phantom + ["--dry-run"], in: folder).status == 3)
    #expect(
      try text(folder, "cohort/participants.tsv")
        == "participant_id\tage\tseed\nsub-01\t20\t9\nsub-02\t45\t10\nsub-03\t70\t11\n")
    // The nuclei are too small for these voxels to hold each of them.
    try write("index\tname\n12\tPu\n7\tthalamus\n", to: folder, "names.tsv")
    let names = ["--label-names", "names.tsv"]
    let planned = try Command.run(
      ["study", "--cohort", "cohort", "--dry-run"] + Self.study + names, in: folder)
    #expect(planned.status == 0 && planned.errors.contains("3 subjects, 3 of them simulated, 1 cell each"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("group")))
    let result = try Command.run(["study", "--cohort", "cohort"] + Self.study + names, in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("3 subjects.") && result.output.contains("group/report.html"))
    let lines = try text(folder, "group/results.tsv").split(separator: "\n")
    #expect(lines.count == 1 + 2 * 2 && lines[1].hasPrefix("thalamus\tgrappa-af2\t3\t"))
    // One subject's record is lost: it is made again, to the same bytes.
    let before = try SmallScan.content(of: folder, "group")
    #expect(!before.keys.contains { $0.contains("partial") })
    try FileManager.default.removeItem(atPath: folder.path("group/subjects/sub-02.json"))
    #expect(try Command.run(["study", "--cohort", "cohort"] + Self.study + names, in: folder).status == 0)
    #expect(try SmallScan.content(of: folder, "group") == before)
  }

  @Test("Files of one's own are a cohort as well, and what is wrong with them is said before hours are spent")
  func files() throws {
    let folder = try TemporaryDirectory()
    var table = "participant_id\tage\tfile\tlabels\tmask\ttruth\n"
    for (index, age) in ["31", "52", "68"].enumerated() {
      let made = try Command.run(
        ["phantom", "--seed", "\(index)", "--age", age, "-o", "head\(index).h5"] + Self.scan, in: folder)
      #expect(made.status == 0, "\(made.errors)")
      let truth = "head\(index)_truth"
      table +=
        "sub-0\(index)\t\(age)\thead\(index).h5\t\(truth)/labels.nii.gz\t\(truth)/mask.nii.gz\t\(truth)/chi.nii.gz\n"
    }
    func refused(_ table: String, _ status: Int32, _ message: String) throws {
      try write(table, to: folder, "participants.tsv")
      let result = try Command.run(["study", "--cohort", "participants.tsv"] + Self.study, in: folder)
      #expect(result.status == status && result.errors.contains(message), "\(result.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.path("group/subjects/sub-00.json")))
    }
    try write("index\tname\n12\tPu\n7\tthalamus\n", to: folder, "dseg.tsv")
    let lines = table.split(separator: "\n")
    try refused(table.replacing("head2.h5", with: "gone.h5"), 3, "the file of subject sub-02 is not there")
    try refused(table.replacing("\t52\t", with: "\tn/a\t"), 3, "subject sub-01 has the age \"n/a\"")
    try refused(table.replacing("sub-01", with: "sub-00"), 3, "occurs twice")
    try refused(lines.prefix(3).joined(separator: "\n"), 3, "at least 3 subjects are needed")

    try write(table, to: folder, "participants.tsv")
    let result = try Command.run(["study", "--cohort", "."] + Self.study, in: folder)
    #expect(result.status == 0, "\(result.errors)")
    let values = try text(folder, "group/subjects.tsv").split(separator: "\n").map {
      $0.split(separator: "\t")
    }
    #expect(values.count == 1 + 3 * 2 * 2)
    // The table's truth is that of the phantom.
    let chi = try NIfTIFile(at: folder.path("head1_truth/chi.nii.gz")).volumes(scaling: .applied)[0]
    let labels = try NDArray<Int32>(
      labels: NIfTIFile(at: folder.path("head1_truth/labels.nii.gz")).volumes(scaling: .applied)[0])
    let regions = try RegionStatistics.all(in: chi, labels: labels).filter { [7, 12].contains($0.label) }
    let truths = values.filter { $0[0] == "sub-01" && $0[2] == "grappa-af2" }.compactMap { Double($0[7]) }
    #expect(abs((truths[1] - truths[0]) - 1000 * (regions[1].mean - regions[0].mean)) < 1e-3)
  }

  @Test(
    "A cohort and a single scan are told apart",
    arguments: [
      ["study", "-o", "x"], ["study", "a.h5", "--cohort", "b", "-o", "x"],
      ["study", "--cohort", "b", "-o", "x", "--labels", "c.nii"],
      ["study", "a.h5", "-o", "x", "--keep-images"], ["phantom", "--cohort", "0", "-o", "x"],
      ["phantom", "--cohort", "3", "--ages", "70-20", "-o", "x"],
      ["phantom", "--cohort", "3", "--age", "50", "-o", "x"],
    ])
  func usage(arguments: [String]) throws {
    let result = try Command.run(arguments)
    #expect(result.status == 2 && result.errors.contains("Usage: kspace"), "\(result.errors)")
  }

  private func text(_ folder: TemporaryDirectory, _ name: String) throws -> String {
    try String(contentsOfFile: folder.path(name), encoding: .utf8)
  }

  private func write(_ text: String, to folder: TemporaryDirectory, _ name: String) throws {
    try Data(text.utf8).write(to: folder.url.appending(path: name))
  }
}
