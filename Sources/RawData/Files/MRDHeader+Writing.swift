import Foundation
import MRIData

extension MRDHeader {
  /// A header for a scan with one encoding; its ``xml`` is valid by the schema of ISMRMRD.
  ///
  /// What the schema cannot hold is left out: a protocol's name without the patient's position, fractions of an
  /// acceleration and of the Larmor frequency.
  ///
  /// - Parameters:
  ///   - parameters: What the scanner was told.
  ///   - geometry: The encoded grid.
  ///   - prescribedMatrix: The grid that images are meant to have, of the same voxel size; the encoded grid
  ///     unless given.
  ///   - limits: The ranges of the counters by their XML names, such as `kspace_encoding_step_1`.
  ///   - receiverChannels: The number of channels.
  ///   - relativeNoiseBandwidth: The noise bandwidth of the receivers relative to the sampling rate.
  ///   - acceleration: The acceleration along `ky` and `kz`.
  ///   - calibrationMode: How parallel imaging is calibrated: `embedded`, `interleaved`, `separate`, `external`
  ///     or `other`.
  ///   - readoutGradient: The gradient of an echo-planar readout.
  ///   - userParameters: Anything else.
  public init(
    describing parameters: ScanParameters, geometry: Geometry, prescribedMatrix: Extents? = nil,
    limits: [String: Limit] = [:], receiverChannels: Int, relativeNoiseBandwidth: Double? = nil,
    acceleration: SIMD2<Double>? = nil, calibrationMode: String? = nil,
    readoutGradient: ReadoutTrapezoid? = nil, userParameters: [String: String] = [:]
  ) {
    var text = HeaderText()
    text.group("ismrmrdHeader", attributes: " xmlns=\"http://www.ismrm.org/ISMRMRD\"") { text in
      if let patientPosition = parameters.patientPosition {
        text.group("measurementInformation") {
          $0.element("patientPosition", patientPosition)
          $0.element("protocolName", parameters.protocolName)
        }
      }
      text.group("acquisitionSystemInformation") {
        $0.element("systemVendor", parameters.manufacturer)
        $0.element("systemModel", parameters.model)
        $0.element(
          "systemFieldStrength_T", parameters.fieldStrength.isFinite ? parameters.fieldStrength : nil)
        $0.element("relativeReceiverNoiseBandwidth", relativeNoiseBandwidth)
        $0.element("receiverChannels", receiverChannels)
      }
      text.group("experimentalConditions") {
        // The schema demands a number; 0 stands for none.
        let frequency = parameters.imagingFrequency
        $0.element("H1resonanceFrequency_Hz", Int(exactly: frequency.rounded()) ?? 0)
      }
      text.group("encoding") {
        $0.space("encodedSpace", geometry.matrix, geometry.voxelSize)
        $0.space("reconSpace", prescribedMatrix ?? geometry.matrix, geometry.voxelSize)
        $0.limits(limits)
        $0.element("trajectory", readoutGradient == nil ? "cartesian" : "epi")
        $0.trajectoryDescription(readoutGradient)
        $0.parallelImaging(acceleration, calibrationMode)
      }
      text.group("sequenceParameters") { text in
        if let repetitionTime = parameters.repetitionTime { text.element("TR", repetitionTime * 1000) }
        for echoTime in parameters.echoTimes { text.element("TE", echoTime * 1000) }
        if let flipAngle = parameters.flipAngle { text.element("flipAngle_deg", flipAngle * 180 / .pi) }
      }
      if !userParameters.isEmpty {
        text.group("userParameters") { text in
          for (name, value) in userParameters.sorted(by: { $0.key < $1.key }) {
            text.group("userParameterString") {
              $0.element("name", name)
              $0.element("value", value)
            }
          }
        }
      }
    }
    do throws(RawDataError) {
      try self.init(xml: text.text)
    } catch {
      preconditionFailure("a header that was just written cannot be read: \(error)")
    }
  }
}

/// XML that is being written.
private struct HeaderText {
  private(set) var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
  private var indentation = ""

  mutating func group(_ name: String, attributes: String = "", _ content: (inout HeaderText) -> Void) {
    text += "\(indentation)<\(name)\(attributes)>\n"
    indentation += "  "
    content(&self)
    indentation.removeLast(2)
    text += "\(indentation)</\(name)>\n"
  }

  mutating func element(_ name: String, _ value: String?) {
    guard let value else { return }
    text += "\(indentation)<\(name)>\(value.escapedForXML)</\(name)>\n"
  }

  mutating func element(_ name: String, _ value: Int) { element(name, "\(value)") }

  /// Fifteen digits: what a conversion of units adds beyond them is not the number's.
  mutating func element(_ name: String, _ value: Double?) {
    element(name, value.map { String(format: "%.15g", $0) })
  }

  mutating func space(_ name: String, _ matrix: Extents, _ voxelSize: SIMD3<Double>) {
    group(name) { text in
      text.group("matrixSize") {
        $0.element("x", matrix.x)
        $0.element("y", matrix.y)
        $0.element("z", matrix.z)
      }
      text.group("fieldOfView_mm") {
        $0.element("x", Double(matrix.x) * voxelSize.x * 1000)
        $0.element("y", Double(matrix.y) * voxelSize.y * 1000)
        $0.element("z", Double(matrix.z) * voxelSize.z * 1000)
      }
    }
  }

  mutating func limits(_ limits: [String: MRDHeader.Limit]) {
    group("encodingLimits") { text in
      for (name, limit) in limits.sorted(by: { $0.key < $1.key }) {
        text.group(name) {
          $0.element("minimum", limit.minimum)
          $0.element("maximum", limit.maximum)
          $0.element("center", limit.center)
        }
      }
    }
  }

  mutating func trajectoryDescription(_ gradient: ReadoutTrapezoid?) {
    guard let gradient else { return }
    let numbers = gradient.parameters.sorted { $0.key < $1.key }
    func parameters(_ kind: String, _ isKind: (Double) -> Bool, _ text: inout HeaderText) {
      for (name, value) in numbers where isKind(value) {
        text.group(kind) {
          $0.element("name", name)
          $0.element("value", value)
        }
      }
    }
    group("trajectoryDescription") { text in
      text.element("identifier", "ConventionalEPI")
      parameters("userParameterLong", { Int(exactly: $0) != nil }, &text)
      parameters("userParameterDouble", { Int(exactly: $0) == nil }, &text)
    }
  }

  mutating func parallelImaging(_ acceleration: SIMD2<Double>?, _ calibrationMode: String?) {
    guard acceleration != nil || calibrationMode != nil else { return }
    let factors = acceleration ?? [1, 1]
    group("parallelImaging") { text in
      text.group("accelerationFactor") {
        $0.element("kspace_encoding_step_1", max(1, Int(exactly: factors.x.rounded()) ?? 1))
        $0.element("kspace_encoding_step_2", max(1, Int(exactly: factors.y.rounded()) ?? 1))
      }
      text.element("calibrationMode", calibrationMode)
    }
  }
}

extension String {
  /// The text with XML's own characters replaced; control characters, which XML cannot hold, are dropped.
  var escapedForXML: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\t", "\n", " "...: result.unicodeScalars.append(scalar)
      default: break
      }
    }
    return result
  }
}
