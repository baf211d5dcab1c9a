import MRIData

extension MRDHeader {
  /// Reads the XML header of an MRD file.
  ///
  /// Elements are found by name in any namespace; those that are absent or hold no number are `nil`. An
  /// encoding without a matrix keeps its place, which readouts refer to, with a matrix of zeros.
  ///
  /// - Parameters:
  ///   - xml: The text; kept whole in ``xml``.
  ///   - path: The file that it is from, for the error's message.
  /// - Throws: ``RawDataError`` of kind `malformed` if the text is not XML, or is XML of another kind.
  public init(xml: String, path: String = "XML header") throws(RawDataError) {
    let root: HeaderElement
    do throws(HeaderElement.Failure) {
      root = try HeaderElement.root(of: xml)
    } catch {
      throw RawDataError(
        .malformed, in: path,
        error.reason.map { "\($0) (line \(error.line) of the XML header)" }
          ?? (error.isEmpty
            ? "the XML header holds no XML" : "the XML header is broken at its line \(error.line)"),
        remedy: "Convert the scan again")
    }
    guard root.name == "ismrmrdHeader" else {
      throw RawDataError(
        .malformed, in: path,
        "the XML header is not MRD: its outermost element is \(root.name), not ismrmrdHeader",
        remedy: "Convert the scan to MRD (ISMRMRD) first")
    }
    self.init(xml: xml, encodings: root.all("encoding").map(Encoding.init))
    readSequence(root["sequenceParameters"])
    readSystem(root["acquisitionSystemInformation"])
    imagingFrequency = root["experimentalConditions"]?.number("H1resonanceFrequency_Hz")
    let measurement = root["measurementInformation"]
    protocolName = measurement?.string("protocolName")
    patientPosition = measurement?.string("patientPosition")
    for parameter in root["userParameters"]?.children ?? [] {
      if let name = parameter.string("name"), let value = parameter["value"] {
        userParameters[name] = value.text
      }
    }
  }

  private mutating func readSequence(_ sequence: HeaderElement?) {
    echoTimes = sequence?.all("TE").compactMap(\.number).map { $0 / 1000 } ?? []
    repetitionTimes = sequence?.all("TR").compactMap(\.number).map { $0 / 1000 } ?? []
    flipAngles = sequence?.all("flipAngle_deg").compactMap(\.number).map { $0 * .pi / 180 } ?? []
  }

  private mutating func readSystem(_ system: HeaderElement?) {
    fieldStrength = system?.number("systemFieldStrength_T")
    receiverChannels = system?.integer("receiverChannels")
    relativeNoiseBandwidth = system?.number("relativeReceiverNoiseBandwidth")
    manufacturer = system?.string("systemVendor")
    model = system?.string("systemModel")
  }
}

extension MRDHeader.Encoding {
  fileprivate init(_ element: HeaderElement) {
    let encoded = element["encodedSpace"].flatMap(MRDHeader.Space.init)
    let recon = element["reconSpace"].flatMap(MRDHeader.Space.init)
    self.init(
      encodedSpace: encoded ?? recon ?? .unknown, reconSpace: recon ?? encoded ?? .unknown)
    for limit in element["encodingLimits"]?.children ?? [] {
      limits[limit.name] = MRDHeader.Limit(limit)
    }
    trajectory = element.string("trajectory")
    trajectoryDescription = element["trajectoryDescription"].map { description in
      let numbers = description.children.compactMap { parameter -> (String, Double)? in
        guard let name = parameter.string("name"), let value = parameter.number("value") else { return nil }
        return (name, value)
      }
      return MRDHeader.TrajectoryDescription(
        identifier: description.string("identifier") ?? "",
        parameters: Dictionary(numbers, uniquingKeysWith: { first, _ in first }))
    }
    let imaging = element["parallelImaging"]
    if let factors = imaging?["accelerationFactor"] {
      acceleration = [
        factors.number("kspace_encoding_step_1") ?? 1, factors.number("kspace_encoding_step_2") ?? 1,
      ]
    }
    calibrationMode = imaging?.string("calibrationMode")
    multibandFactor = imaging?["multiband"]?["multiband_factor"].map { $0.number ?? .nan }
  }
}

extension MRDHeader.Space {
  fileprivate init?(_ element: HeaderElement) {
    guard let matrix = element["matrixSize"].flatMap({ SIMD3($0, otherwise: 1) }) else { return nil }
    // What is stated and is no number stays one that is none, so that it can be told from what is not stated.
    let lengths = element["fieldOfView_mm"].map { view in
      ["x", "y", "z"].map { axis in view[axis].map { $0.number ?? .nan } ?? 0 }
    }
    self.init(
      matrix: matrix, fieldOfView: lengths.map { SIMD3($0[0], $0[1], $0[2]) / 1000 } ?? .zero)
  }
}

extension SIMD3<Double> {
  fileprivate init?(_ element: HeaderElement, otherwise z: Double) {
    guard let x = element.number("x"), let y = element.number("y") else { return nil }
    self = [x, y, element.number("z") ?? z]
  }
}

extension MRDHeader.Limit {
  fileprivate init?(_ element: HeaderElement) {
    guard let minimum = element.integer("minimum"), let maximum = element.integer("maximum") else {
      return nil
    }
    // Halved before they are added, as a header may state the largest integer there is.
    let middle = minimum / 2 + maximum / 2 + (minimum % 2 + maximum % 2 + 1) / 2
    self.init(minimum: minimum, maximum: maximum, center: element.integer("center") ?? middle)
  }
}
