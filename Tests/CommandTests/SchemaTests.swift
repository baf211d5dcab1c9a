import Foundation
import TestSupport
import Testing

/// What commands print with `--json` is what the schemas say, nothing more and nothing else.
struct SchemaTests {
  private static let script = """
    import json, sys, jsonschema
    schema = json.load(open(sys.argv[1]))
    jsonschema.Draft202012Validator.check_schema(schema)
    text = open(sys.argv[2]).read()
    for error in jsonschema.Draft202012Validator(schema).iter_errors(json.loads(text)): print(error.json_path, error.message)
    """

  private static func faults(_ output: String, _ schema: String) throws -> String {
    let folder = try TemporaryDirectory()
    try Data(output.utf8).write(to: URL(filePath: folder.path("output.json")))
    return try Python.run(
      script, SharedData.packageRoot.appending(path: "Schemas/\(schema).schema.json").path,
      folder.path("output.json"))
  }

  @Test(.enabled(if: Python.has("jsonschema"), "jsonschema is not installed; `make test` installs it"))
  func `Everything that is printed for programs fits its schema`() throws {
    let scan = try SmallScan()
    let commands: [(String, [String])] = [
      ("info", ["info", "head.h5", "--json"]),
      (
        "mask",
        [
          "mask", "poisson", "--matrix", "58x18", "--acceleration", "3", "--calibration", "8x8", "--tr",
          "30ms",
          "--json", "-o", "mask.npy",
        ]
      ),
      ("info", ["info", "undersampled.h5", "--json"]),
      ("time", ["time", "--mask", "mask.npy", "--tr", "30ms", "--json"]),
      (
        "time",
        [
          "time", SharedData.packageRoot.appending(path: "Protocols/study_parallel_imaging_af2.json").path,
          "--json",
        ]
      ),
      (
        "compare",
        [
          "compare", "head_truth/field.nii.gz", "head_truth/chi.nii.gz", "--mask", "head_truth/mask.nii.gz",
          "--labels", "head_truth/labels.nii.gz", "--label-names", "head_truth/labels.tsv", "--json",
        ]
      ),
    ]
    for (schema, arguments) in commands {
      if arguments.contains("undersampled.h5") {
        let made = try scan.run("undersample", "head.h5", "--mask", "mask.npy", "-o", "undersampled.h5")
        #expect(made.status == 0, "\(made.errors)")
      }
      let result = try scan.run(arguments)
      #expect(result.status == 0, "\(result.errors)")
      #expect(try Self.faults(result.output, schema) == "", "\(arguments)")
    }
    // A field that no schema knows, and one of another kind, are seen.
    #expect(try Self.faults("[{\"name\": 1, \"new\": 2}]", "time") != "")
  }
}
