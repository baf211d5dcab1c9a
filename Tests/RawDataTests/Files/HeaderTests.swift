import Foundation
import MRIData
import RawData
import TestSupport
import Testing

struct HeaderTests {
  @Test
  func `values are read in SI units`() throws {
    let header = try MRDHeader(
      xml: """
        <?xml version="1.0"?>
        <m:ismrmrdHeader xmlns:m="http://www.ismrm.org/ISMRMRD">
          <m:measurementInformation><m:patientPosition>HFS</m:patientPosition>
            <m:protocolName>gre &amp; more</m:protocolName></m:measurementInformation>
          <m:acquisitionSystemInformation><m:systemVendor>UIH</m:systemVendor>
            <m:systemFieldStrength_T>2.98</m:systemFieldStrength_T>
            <m:relativeReceiverNoiseBandwidth>0.79</m:relativeReceiverNoiseBandwidth>
            <m:receiverChannels>32</m:receiverChannels></m:acquisitionSystemInformation>
          <m:experimentalConditions><m:H1resonanceFrequency_Hz>126889000</m:H1resonanceFrequency_Hz></m:experimentalConditions>
          <m:encoding>
            <m:encodedSpace><m:matrixSize><m:x>448</m:x><m:y>156</m:y><m:z>35.9996</m:z></m:matrixSize>
              <m:fieldOfView_mm><m:x>448</m:x><m:y>156.5</m:y><m:z>72</m:z></m:fieldOfView_mm></m:encodedSpace>
            <m:encodingLimits><m:kspace_encoding_step_1><m:minimum>0</m:minimum><m:maximum>155</m:maximum>
              <m:center>78</m:center></m:kspace_encoding_step_1></m:encodingLimits>
            <m:trajectory>cartesian</m:trajectory>
            <m:parallelImaging><m:accelerationFactor><m:kspace_encoding_step_1>2</m:kspace_encoding_step_1>
              </m:accelerationFactor><m:calibrationMode>embedded</m:calibrationMode></m:parallelImaging>
          </m:encoding>
          <m:sequenceParameters><m:TR>30.2</m:TR><m:TE>3.3</m:TE><m:TE>6.4</m:TE><m:TE>later</m:TE>
            <m:flipAngle_deg>15</m:flipAngle_deg></m:sequenceParameters>
          <m:userParameters>
            <m:userParameterLong><m:name>segments</m:name><m:value>4</m:value></m:userParameterLong>
            <m:userParameterString><m:name>study</m:name><m:value><![CDATA[a < b]]></m:value></m:userParameterString>
          </m:userParameters>
          <m:vendorSecret>kept</m:vendorSecret>
        </m:ismrmrdHeader>
        """)
    let encoding = try #require(header.encodings.first)
    #expect(encoding.encodedSpace.matrix == [448, 156, 35.9996])
    #expect(encoding.encodedSpace.fieldOfView == [0.448, 0.1565, 0.072])
    #expect(encoding.reconSpace == encoding.encodedSpace)
    #expect(encoding.limits == ["kspace_encoding_step_1": .init(minimum: 0, maximum: 155, center: 78)])
    #expect(encoding.acceleration == [2, 1])
    #expect(encoding.calibrationMode == "embedded")
    #expect(header.echoTimes == [0.0033, 0.0064])
    #expect(header.repetitionTimes == [30.2 / 1000])
    #expect(header.flipAngles == [15 * .pi / 180])
    #expect(header.fieldStrength == 2.98)
    #expect(header.imagingFrequency == 126_889_000)
    #expect(header.receiverChannels == 32)
    #expect(header.relativeNoiseBandwidth == 0.79)
    #expect(header.manufacturer == "UIH")
    #expect(header.model == nil)
    #expect(header.protocolName == "gre & more")
    #expect(header.patientPosition == "HFS")
    #expect(header.userParameters == ["segments": "4", "study": "a < b"])
  }

  @Test
  func `a header that was made says what it was made of`() throws {
    let (made, parameters) = Self.madeHeader()
    let encoding = try #require(made.encodings.first)
    #expect(made.echoTimes == parameters.echoTimes)
    #expect(made.repetitionTimes == [30.2 / 1000])
    #expect(abs(try #require(made.flipAngles.first) - 0.2) < 1e-15)
    #expect(made.fieldStrength == 3)
    #expect(made.imagingFrequency == parameters.imagingFrequency.rounded())
    #expect(made.receiverChannels == 12)
    #expect(made.relativeNoiseBandwidth == 0.793)
    #expect(made.protocolName == "<GRE> & \"co\"")
    #expect(made.patientPosition == "HFS")
    #expect(made.userParameters == ["mask": "poisson <4>"])
    #expect(encoding.encodedSpace.matrix == [320, 192, 47])
    #expect(encoding.reconSpace.matrix == [160, 192, 47])
    #expect(encoding.encodedSpace.fieldOfView == [0.32, 0.192, 0.094])
    #expect(encoding.reconSpace.fieldOfView == [0.16, 0.192, 0.094])
    #expect(encoding.limits["kspace_encoding_step_2"] == .init(minimum: 0, maximum: 46, center: 23))
    #expect(encoding.trajectory == "cartesian")
    #expect(encoding.acceleration == [2, 2])
    #expect(encoding.calibrationMode == "embedded")
  }

  @Test(.enabled(if: Python.isAvailable, "\(Python.absence)"))
  func `a header that was made is what ISMRMRD's schema wants`() throws {
    let (made, _) = Self.madeHeader()
    let edited = try made.edited(
      userParameters: ["a": "1"], acceleration: [4, 1], calibrationMode: "separate")
    let said = try Python.run(
      """
      import sys, ismrmrd
      for text in sys.argv[1:]:
          h = ismrmrd.xsd.CreateFromDocument(text)
          e = h.encoding[0]
          print(list(h.sequenceParameters.TE), h.sequenceParameters.TR, e.encodedSpace.matrixSize.x, e.reconSpace.fieldOfView_mm.z,
                e.encodingLimits.kspace_encoding_step_2.center, e.parallelImaging.accelerationFactor.kspace_encoding_step_1,
                e.parallelImaging.calibrationMode.value, h.measurementInformation.protocolName,
                [(p.name, p.value) for p in h.userParameters.userParameterString])
      """, made.xml, edited.xml)
    let common = #"[3.3, 6.4] [30.2] 320 94.0 23"#
    #expect(
      said == """
        \(common) 2 embedded <GRE> & "co" [('mask', 'poisson <4>')]
        \(common) 4 separate <GRE> & "co" [('mask', 'poisson <4>'), ('a', '1')]

        """)
  }

  @Test
  func `editing leaves everything else in place`() throws {
    let original = try MRDHeader(
      xml: """
        <?xml version="1.0" encoding="UTF-8"?>
        <!-- from the scanner -->
        <v:ismrmrdHeader xmlns:v="http://www.ismrm.org/ISMRMRD" xmlns:w="urn:vendor">
          <v:encoding><v:encodedSpace><v:matrixSize><v:x>4</v:x><v:y>4</v:y></v:matrixSize></v:encodedSpace></v:encoding>
          <w:secret key="1 &lt; 2"><![CDATA[a <b> c]]><!-- inner --></w:secret>
          <v:userParameters>
            <v:userParameterLong><v:name>mask</v:name><v:value>1</v:value></v:userParameterLong>
            <v:userParameterDouble><v:name>kept</v:name><v:value>0.25</v:value></v:userParameterDouble>
          </v:userParameters>
          <v:waveformInformation/>
        </v:ismrmrdHeader>
        """)
    let edited = try original.edited(userParameters: ["mask": "poisson & more"], acceleration: [3.6, 1])
    #expect(edited.userParameters == ["mask": "poisson & more", "kept": "0.25"])
    #expect(edited.encodings.first?.acceleration == [4, 1])
    for piece in [
      "<!-- from the scanner -->", "xmlns:w=\"urn:vendor\"",
      "<w:secret key=\"1 &lt; 2\"><![CDATA[a <b> c]]><!-- inner --></w:secret>",
    ] {
      #expect(edited.xml.contains(piece), "\(edited.xml)")
    }
    #expect(try edited.edited().xml == edited.xml)
  }

  @Test(arguments: [
    "", "   ", "not xml", "<ismrmrdHeader>", "<ismrmrdHeader/><more/>", "<html><body/></html>", "<a",
    "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><html>&b;</html>",
    "<!DOCTYPE a [<!NOTATION n PUBLIC \"x\">]><ismrmrdHeader/>",
    "<a " + (0...1000).map { "b\($0)=\"\" " }.joined() + "/>",
    "<!DOCTYPE a [<!ATTLIST a b CDATA #IMPLIED>]><a/>",
    "<!DOCTYPE a [<!NOTATION n SYSTEM \"x\"><!ENTITY e SYSTEM \"y\" NDATA n>]><a/>",
  ])
  func `XML that is not MRD is named as such`(text: String) throws {
    let error = try #require(throws: RawDataError.self) { try MRDHeader(xml: text, path: "a.h5") }
    #expect(error.kind == .malformed)
    #expect(error.description.hasPrefix("a.h5: the XML header "))
    #expect(error.description.contains("Convert"))
  }

  @Test(arguments: [
    "<?scanner?>", "<?scanner ?>", "<?scanner version 2?>", "<!-- <? --><?scanner?>", "<?a<?scanner?>",
  ])
  func `processing instructions are passed over, those without content as well`(text: String) throws {
    let plain = try MRDHeader(xml: SampleScan.xml)
    for place in ["<encoding>", "<ismrmrdHeader"] {
      let xml = SampleScan.xml.replacing(place, with: "\(text)\(place)")
      guard let header = try? MRDHeader(xml: xml) else {
        // An instruction within another one's name is none.
        #expect(text.hasPrefix("<?a"))
        continue
      }
      #expect(header.encodings == plain.encodings)
      #expect(try header.edited(acceleration: [2, 1]).encodings.first?.acceleration == [2, 1])
    }
  }

  static func madeHeader() -> (MRDHeader, ScanParameters) {
    let parameters = ScanParameters(
      echoTimes: [0.0033, 0.0064], fieldStrength: 3, repetitionTime: 0.0302, flipAngle: 0.2,
      protocolName: "<GRE> & \"co\"", manufacturer: "ACME", model: "One", patientPosition: "HFS")
    let header = MRDHeader(
      describing: parameters,
      geometry: Geometry(matrix: Extents(x: 320, y: 192, z: 47), voxelSize: [0.001, 0.001, 0.002]),
      prescribedMatrix: Extents(x: 160, y: 192, z: 47),
      limits: [
        "kspace_encoding_step_1": .init(minimum: 0, maximum: 191, center: 96),
        "kspace_encoding_step_2": .init(minimum: 0, maximum: 46, center: 23),
        "contrast": .init(minimum: 0, maximum: 1, center: 0),
      ], receiverChannels: 12, relativeNoiseBandwidth: 0.793, acceleration: [2, 2],
      calibrationMode: "embedded",
      userParameters: ["mask": "poisson <4>"])
    return (header, parameters)
  }
}
