import Foundation
import TestSupport
import Testing

struct OpenReconTests {
  @Test func `The label keeps the schema's rules, and the server takes every value that it offers`() throws {
    let result = try Command.run(["openrecon", "--label"])
    let label = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(Set(label.keys) == ["general", "reconstruction", "parameters"])
    let general = try #require(label["general"] as? [String: Any])
    #expect(
      Set(general.keys) == ["name", "version", "vendor", "information", "id", "regulatory_information"])
    #expect((general["version"] as? String)?.wholeMatch(of: /\d+\.\d+\.\d+/) != nil)
    #expect((general["regulatory_information"] as? [String: String])?.count == 11)
    let reconstruction = try #require(label["reconstruction"] as? [String: Any])
    #expect(reconstruction["emitter"] as? String == "raw" && reconstruction["injector"] as? String == "image")
    #expect((reconstruction["channel_compression"] as? [String: String]) == ["require_state": "off"])
    let parameters = try #require(label["parameters"] as? [[String: Any]])
    #expect((1...14).contains(parameters.count))
    for parameter in parameters {
      #expect(Set(parameter.keys) == ["type", "id", "label", "information", "default", "values"])
      let id = try #require(parameter["id"] as? String)
      #expect(id.wholeMatch(of: /[A-Za-z0-9]+/) != nil)
      let values = try #require(parameter["values"] as? [[String: Any]]).compactMap { $0["id"] as? String }
      #expect(values.contains(parameter["default"] as? String ?? ""))
      for value in values {
        let json = #"{"parameters": {"\#(id)": "\#(value)"}}"#
        let stream =
          Message.configuration("qsm") + Message.header() + Message.text(json) + Message.acquisition()
        let answer = try Command.run(["serve", "--stdio"], input: Data(stream + Message.close))
        #expect(
          !answer.errors.contains("not possible") && !answer.errors.contains("none of this name"),
          "\(id) \(value)")
      }
    }
  }

  @Test func `The container's recipe holds the label, and the settings start what the server says`() throws {
    let label = try Command.run(["openrecon", "--label"]).output
    let recipe = try Command.run(["openrecon", "--dockerfile"]).output
    let encoded = try #require(recipe.firstMatch(of: /metadata:1\.1\.0"="([A-Za-z0-9+\/=]+)"/)).output.1
    let decoded = try #require(Data(base64Encoded: String(encoded)))
    let (one, other) = try (
      JSONSerialization.jsonObject(with: decoded) as? NSDictionary,
      JSONSerialization.jsonObject(with: Data(label.utf8)) as? NSDictionary
    )
    #expect(one != nil && one == other)
    #expect(recipe.contains(#"CMD ["/opt/kspace/kspace", "serve", "--bind", "0.0.0.0", "--port", "9002"]"#))
    let settings = try Command.run(["openrecon", "--fire-ini", "--port", "9010"]).output
    #expect(settings.contains("chroot_search_string = listening at 127.0.0.1, port 9010"))
    #expect(try Command.run(["openrecon"]).status == 2)
  }
}
