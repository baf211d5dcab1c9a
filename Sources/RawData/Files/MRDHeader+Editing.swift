import Foundation
import FoundationXML

extension MRDHeader {
  /// A copy in which user parameters are set and, where given, the acceleration is stated anew.
  ///
  /// Everything else in the document stays as it is, elements that this type does not know included.
  ///
  /// - Parameters:
  ///   - userParameters: Parameters to set, as text; others of other names stay.
  ///   - acceleration: The acceleration along `ky` and `kz`, rounded to whole numbers as the schema demands.
  ///   - calibrationMode: How parallel imaging is calibrated, such as `embedded`.
  /// - Throws: ``RawDataError`` of kind `malformed` if ``xml`` is not MRD.
  public func edited(
    userParameters: [String: String] = [:], acceleration: SIMD2<Double>? = nil, calibrationMode: String? = nil
  ) throws(RawDataError) -> MRDHeader {
    let document: XMLDocument
    do {
      document = try XMLDocument(
        data: Data(xml.utf8), options: [.nodePreserveAll, .nodeLoadExternalEntitiesNever])
    } catch {
      throw RawDataError(
        .malformed, in: "XML header", "the header is not XML", remedy: "Convert the scan again")
    }
    guard let root = document.rootElement() else {
      throw RawDataError(
        .malformed, in: "XML header", "the header is empty", remedy: "Convert the scan again")
    }
    if !userParameters.isEmpty {
      let group = root.child("userParameters") ?? root.add("userParameters", before: ["waveformInformation"])
      for (name, value) in userParameters.sorted(by: { $0.key < $1.key }) { group.setParameter(name, value) }
    }
    for encoding in root.all("encoding") where acceleration != nil || calibrationMode != nil {
      let imaging = encoding.child("parallelImaging") ?? encoding.add("parallelImaging")
      let factors =
        imaging.child("accelerationFactor")
        ?? imaging.add("accelerationFactor", before: ["calibrationMode", "interleavingDimension"])
      for (axis, name) in ["kspace_encoding_step_1", "kspace_encoding_step_2"].enumerated() {
        let factor = factors.child(name)
        guard factor == nil || acceleration != nil else { continue }
        (factor ?? factors.add(name)).stringValue = "\(max(1, Int((acceleration?[axis] ?? 1).rounded())))"
      }
      if let calibrationMode {
        (imaging.child("calibrationMode") ?? imaging.add("calibrationMode", before: ["interleavingDimension"]))
          .stringValue = calibrationMode
      }
    }
    return try MRDHeader(xml: String(decoding: document.xmlData(options: .nodePreserveCDATA), as: UTF8.self))
  }
}

extension XMLElement {
  /// The prefix of the namespace, with its colon; new elements take it on.
  fileprivate var prefixWithColon: String {
    let parts = (name ?? "").split(separator: ":")
    return parts.count > 1 ? "\(parts[0]):" : ""
  }

  fileprivate var bareName: String { (name ?? "").split(separator: ":").last.map(String.init) ?? "" }

  fileprivate func all(_ name: String) -> [XMLElement] {
    (children ?? []).compactMap { $0 as? XMLElement }.filter { $0.bareName == name }
  }

  fileprivate func child(_ name: String) -> XMLElement? { all(name).first }

  /// Adds an element, before the first of those that the schema puts after it.
  fileprivate func add(_ name: String, before followers: [String] = []) -> XMLElement {
    let element = XMLElement(name: prefixWithColon + name)
    let position = (children ?? []).firstIndex {
      ($0 as? XMLElement).map { followers.contains($0.bareName) } ?? false
    }
    if let position { insertChild(element, at: position) } else { addChild(element) }
    return element
  }

  /// Sets the parameter of a name, in place of one of any type.
  fileprivate func setParameter(_ name: String, _ value: String) {
    let kinds = ["userParameterLong", "userParameterDouble", "userParameterString", "userParameterBase64"]
    for old in kinds.flatMap(all) where old.child("name")?.stringValue == name { old.detach() }
    let parameter = add("userParameterString", before: ["userParameterBase64"])
    parameter.add("name").stringValue = name
    parameter.add("value").stringValue = value
  }
}
