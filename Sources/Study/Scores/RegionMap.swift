import Evaluation
import MRIData

/// Regions of interest on the grid of a study's images.
public struct RegionMap: Sendable {
  /// The regions.
  public let volume: LabelVolume
  /// How they came here.
  public let remarks: [String]

  /// Brings regions onto the grid of images, by registering what they were drawn on.
  ///
  /// - Throws: ``StudyError`` if a registration is needed and there is no tool, or it failed.
  init(_ volume: LabelVolume, on images: ImageVolumes<Float>, by tool: Elastix?) throws {
    guard let anatomy = volume.anatomy, !anatomy.geometry.coincides(with: images.geometry) else {
      self.volume = volume
      remarks = []
      return
    }
    guard let tool else {
      throw StudyError.noRegistration(purpose: "To use labels of another image than the scan")
    }
    let motion = try tool.motion(from: images, to: anatomy)
    let labels = ImageVolumes(volume.labels.map { Float($0) }, geometry: anatomy.geometry)
      .moved(by: motion, onto: images.geometry, nearest: true)[0].map { Int32($0) }
    self.volume = try LabelVolume(
      labels, names: volume.names, drawnOn: anatomy.moved(by: motion, onto: images.geometry))
    remarks = [
      "Regions were drawn on another image, which was brought onto the reference by \(motion.summary) (\(tool.version))."
    ]
  }

  /// Takes the regions of an atlas that lies on the images.
  init(_ atlas: PlacedAtlas) {
    volume = atlas.labels
    remarks = atlas.remarks + atlas.warnings
  }
}
