import Foundation
import NDArrays
import TestSupport
import Testing

@testable import Files
@testable import Study

@Suite struct CohortTableTests {
  private func rows(_ text: String) throws -> [CohortTable.Row] {
    try CohortTable.rows(
      of: Table(text: text, path: "p.tsv", needing: ["participant_id", "age"]), path: "p.tsv")
  }

  @Test func `A table may have other columns, foreign line ends and missing values`() throws {
    let rows = try rows(
      "\u{FEFF}age\tsex\tparticipant_id\tmask\r\n44.5\tF\tsub-01\tn/a\r\n\r\n18\tM\tsub-02\tm.nii\r\n")
    #expect(rows.map(\.name) == ["sub-01", "sub-02"] && rows.map(\.age) == [44.5, 18])
    #expect(rows[0].values == ["sex": "F"] && rows[1].values["mask"] == "m.nii")
  }

  @Test(arguments: [
    (
      "participant_id\tage\nsub-01\tn/a\n",
      CohortError.badValue(subject: "sub-01", column: "age", value: "n/a", path: "p.tsv")
    ),
    (
      "participant_id\tage\nsub-01\t-3\n",
      .badValue(subject: "sub-01", column: "age", value: "-3", path: "p.tsv")
    ),
    (
      "participant_id\tage\n../x\t30\n",
      .badValue(subject: "in line 2", column: "participant_id", value: "../x", path: "p.tsv")
    ),
    (
      "participant_id\tage\nsub-01\t30\nsub-01\t31\n",
      .duplicate("sub-01", column: "participant_id", path: "p.tsv")
    ),
    (
      "participant_id\tage\tfile\nsub-01\t30\ta.h5\nsub-02\t31\ta.h5\n",
      .duplicate("a.h5", column: "file", path: "p.tsv")
    ),
  ])
  func `What would make statistics wrong is refused`(_ text: String, error: CohortError) {
    #expect(throws: error) { try rows(text) }
  }

  @Test func `A table without a needed column is refused by its file`() throws {
    let folder = try TemporaryDirectory()
    try Data("participant_id\tfile\nsub-01\ta.h5\n".utf8).write(
      to: folder.url.appending(path: "participants.tsv"))
    let error = try #require(throws: CohortError.self) { try CohortTable(at: folder.url.path) }
    #expect(error.description.contains("\"age\" is missing"))
  }

  @Test func `Files come from the table, else from the subject's folder, and must be there and alone`() throws
  {
    let folder = try TemporaryDirectory()
    let files = FileManager.default
    func touch(_ path: String) throws {
      let full = folder.url.appending(path: path)
      try files.createDirectory(at: full.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data().write(to: full)
    }
    #expect(throws: CohortError.missingTable(path: folder.url.path)) { try CohortTable(at: folder.url.path) }
    for path in ["sub-01/raw/a.h5", "sub-01/anat/a_dseg.nii.gz", "b.mrd", "b.nii.gz", "sub-03/c.h5"] {
      try touch(path)
    }
    let table =
      "participant_id\tage\tfile\tlabels\nsub-01\t20\tn/a\tn/a\nsub-02\t30\tb.mrd\tb.nii.gz\nsub-03\t40\tn/a\tn/a\nsub-04\t40\tz.h5\tb.nii.gz\n"
    try Data(table.utf8).write(to: folder.url.appending(path: "participants.tsv"))
    let cohort = try CohortTable(at: folder.url.path)
    let root = cohort.folder
    let first = try cohort.files(of: cohort.rows[0])
    #expect(first.raw == "\(root)/sub-01/raw/a.h5" && first.labels == "\(root)/sub-01/anat/a_dseg.nii.gz")
    #expect(try cohort.files(of: cohort.rows[1]).raw == "\(root)/b.mrd" && first.mask == nil)
    #expect(
      throws: CohortError.missingFile(
        subject: "sub-03", what: "labels", path: "\(root)/sub-03/*_dseg.nii.gz")
    ) { try cohort.files(of: cohort.rows[2]) }
    #expect(
      throws: CohortError.missingFile(subject: "sub-04", what: "file", path: "\(root)/z.h5")
    ) { try cohort.files(of: cohort.rows[3]) }
    try touch("sub-01/raw/b.h5")
    #expect(
      throws: CohortError.ambiguousFile(
        subject: "sub-01", what: "file", candidates: ["raw/a.h5", "raw/b.h5"])
    ) { try cohort.files(of: cohort.rows[0]) }
  }

  @Test func `Regions of one name are one, and those without a name are left out`() throws {
    let labels = LabelVolume(
      NDArray([0, 11, 50, 3, 12, 12], shape: [1, 2, 3]), regions: [11: "Ca", 50: "Ca", 12: "Pu"])
    #expect(labels.regions == ["Ca", "Pu"])
    let values = try labels.values(of: NDArray([9, 1, 3, 100, 4, 6], shape: [1, 2, 3]))
    #expect(values.map(\.name) == ["Ca", "Pu"] && values.map(\.mean) == [2, 5])
    #expect(LabelVolume(NDArray([0, 7], shape: [1, 1, 2]), regions: [:]).regions == ["7"])
  }
}
