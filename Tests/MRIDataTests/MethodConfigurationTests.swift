import Foundation
import MRIData
import Testing

struct MethodConfigurationTests {
  private let method = MethodConfiguration("total variation", revision: 3)
    .with("regularization", 1e-4, "ppm mm").with("radii", [12, 11.5], "mm").with("weight", nil as Double?)
    .with("edges", true).with("solver", "automatic").with("noise", 1).with(
      "inner", MethodConfiguration("mask", revision: 1)
    )
    .with("none", nil as MethodConfiguration?)

  @Test func `A configuration comes back from JSON as it went, with all its values`() throws {
    let data = try JSONEncoder().encode(method)
    #expect(try JSONDecoder().decode(MethodConfiguration.self, from: data) == method)
  }

  @Test func `A configuration reads as values with units`() {
    #expect(
      method.description
        == "total variation (revision 3): regularization 0.0001 ppm mm, radii 12, 11.5 mm, weight automatic, edges yes, "
        + "solver automatic, noise 1, inner mask, none none")
    #expect(!method.description.contains("Optional"))
  }

  @Test func `Another revision or value is another configuration`() {
    var other = method
    other.revision = 4
    #expect(other != method && method.with("more", 1) != method)
  }
}
