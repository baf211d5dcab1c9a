import Files
import Foundation

/// What OpenRecon must know of a container before it starts it: the label of schema 1.1.0.
///
/// - SeeAlso: The schema as published in neurodesk/neurocontainers, `recipes/OpenReconSchema_1.1.0.json`.
public struct OpenReconLabel: Encodable, Sendable {
  /// A text in the languages of the user interface.
  struct Text: Encodable, Sendable {
    let en: String
  }

  /// A choice that the operator has.
  public struct Choice: Encodable, Sendable {
    struct Value: Encodable, Sendable {
      let id: String
      let name: Text
    }

    let type = "choice"
    let id: String
    let label: Text
    let information: Text
    let values: [Value]
    let `default`: String

    /// Describes a choice.
    ///
    /// - Parameters:
    ///   - id: How it is sent, letters and digits only.
    ///   - label: What the operator reads.
    ///   - information: What it means.
    ///   - values: What can be chosen; the first unless the operator chooses.
    /// - Precondition: The id has letters and digits only, and there is a value.
    public init(id: String, label: String, information: String, values: [String]) {
      precondition(
        !id.isEmpty && id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) } && !values.isEmpty,
        "\(id) is no id of a choice among \(values)")
      self.id = id
      self.label = Text(en: label)
      self.information = Text(en: information)
      self.values = values.map { Value(id: $0, name: Text(en: $0)) }
      self.default = values[0]
    }
  }

  struct General: Encodable, Sendable {
    let name = Text(en: "KSpaceToolkit")
    let version: String
    let vendor = "KSpaceToolkit"
    let information = Text(
      en:
        "Echoes, field, R2* and susceptibility from raw multi-echo gradient echoes. For research, not for diagnosis."
    )
    let id = "KSpaceToolkit"
    let regulatory_information: [String: String]
  }

  struct Reconstruction: Encodable, Sendable {
    let transfer_protocol = ["protocol": "ISMRMRD", "version": "1.4.1"]
    let port: Int
    let emitter = "raw"
    let injector = "image"
    // Noise scans are among the adjustments.
    let can_process_adjustment_data = true
    let can_use_gpu = false
    let min_required_memory: Int
    let min_count_required_cpu_cores: Int
    let content_qualification_type = "RESEARCH"
    let require_readout_filter_off = true
    // A method that works channel by channel needs the channels as they were measured.
    let channel_compression = ["require_state": "off"]
  }

  let general: General
  let reconstruction: Reconstruction
  let parameters: [Choice]

  /// The largest number of parameters that an operator can be shown.
  public static let mostParameters = 14

  /// Describes a container.
  ///
  /// - Parameters:
  ///   - port: Where the server listens.
  ///   - memory: The memory that it needs [MB].
  ///   - cores: The cores that it needs.
  ///   - choices: What the operator may choose.
  /// - Precondition: There are at most ``mostParameters`` choices.
  public init(port: Int = 9002, memory: Int = 16_000, cores: Int = 4, choices: [Choice]) {
    precondition(choices.count <= Self.mostParameters, "\(choices.count) parameters")
    let version = ToolkitVersion.text
    general = General(
      version: version,
      regulatory_information: [
        "device_trade_name": "KSpaceToolkit", "production_identifier": version, "manufacturer_address": "",
        "made_in": "", "manufacture_date": "", "material_number": "KSpaceToolkit_\(version)", "gtin": "",
        "udi": "",
        "safety_advices": "For research, not for diagnosis.",
        "special_operating_instructions": "Multi-echo gradient echoes, Cartesian; channel compression off.",
        "additional_relevant_information": "",
      ])
    reconstruction = Reconstruction(
      port: port, min_required_memory: memory, min_count_required_cpu_cores: cores)
    parameters = choices
  }
}

extension OpenReconLabel {
  /// The label as images carry it: the name that OpenRecon looks for, and the value.
  ///
  /// - Throws: `EncodingError`.
  public var imageLabel: (name: String, value: String) {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return (
        "com.siemens-healthineers.magneticresonance.openrecon.metadata:1.1.0",
        try encoder.encode(self).base64EncodedString()
      )
    }
  }
}
