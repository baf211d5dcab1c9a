import Files
import MRIData
import NDArrays

extension NIfTIFile {
  /// Writes volumes; the file is packed if its name ends in `.gz`.
  ///
  /// Values are stored as they are, without a scale factor. A single volume makes a file of three axes.
  ///
  /// - Parameters:
  ///   - volumes: The voxels and where they lie.
  ///   - path: The file, which is replaced if it exists.
  ///   - volumeSpacing: The time between volumes, such as the echo spacing [s]; 0 if there is none.
  ///   - displayRange: The values between which viewers should display the file.
  ///   - intentName: What the values are, for viewers that show it; 15 letters at most are kept.
  /// - Throws: ``FileError/cannotWrite(path:reason:)``; then no file is left behind.
  /// - Precondition: No extent is beyond 32767, the format's limit.
  public static func write<Element: NIfTIElement>(
    _ volumes: ImageVolumes<Element>, to path: String, volumeSpacing: Double = 0,
    displayRange: ClosedRange<Double>? = nil, intentName: String = ""
  ) throws(FileError) {
    precondition(
      volumes.voxels.shape.allSatisfy { (1...Int(Int16.max)).contains($0) },
      "NIfTI-1 cannot hold volumes of shape \(volumes.voxels.shape)")
    let header = NIfTIHeader(
      dataType: Element.dataType, geometry: volumes.geometry, volumes: volumes.count,
      volumeSpacing: volumeSpacing, displayRange: displayRange, intentName: intentName
    ).bytes
    let file = try AtomicFile(path)
    try volumes.voxels.withUnsafeBufferPointer { (voxels) throws(FileError) in
      let voxels = UnsafeRawBufferPointer(voxels)
      if path.hasSuffix(".gz") {
        let result = header.withUnsafeBytes { header in
          Result { () throws(FileError) in try GzipWriter.append([header, voxels], to: file) }
        }
        try result.get()
      } else {
        try file.append(header)
        try file.append(voxels)
      }
    }
    try file.commit()
  }
}
