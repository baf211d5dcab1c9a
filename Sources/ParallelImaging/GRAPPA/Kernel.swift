import MRIData

extension GRAPPA {
  /// The neighbourhood that missing samples are predicted from.
  public struct Kernel: Sendable, Equatable {
    /// The largest distance of a line along `ky` and `kz`, in steps of the encoded grid.
    public var radius: Int
    /// The number of samples along `kx`: the one beside the missing sample, and as many before as after it.
    public var readoutWidth: Int
    /// The largest number of lines: the nearest acquired ones.
    public var lines: Int
    /// The number of lines below which a missing line looks further than ``radius``.
    public var fewestLines: Int

    /// Creates a neighbourhood.
    ///
    /// - Precondition: All numbers are positive, and the readout width is odd.
    public init(radius: Int, readoutWidth: Int, lines: Int, fewestLines: Int = 2) {
      precondition(
        radius > 0 && readoutWidth > 0 && readoutWidth % 2 == 1 && lines > 0 && fewestLines > 0,
        "no kernel has radius \(radius), readout width \(readoutWidth), at most \(lines) and at least "
          + "\(fewestLines) lines")
      self.radius = radius
      self.readoutWidth = readoutWidth
      self.lines = lines
      self.fewestLines = fewestLines
    }
  }
}

extension GRAPPA.Kernel {
  /// The neighbourhood that suits a scan.
  ///
  /// Samples beside the missing one along `kx` are worth having where lines are few; their number is kept to a few
  /// hundred over all channels, the unknowns of every arrangement.
  init(for scan: CompactKSpace, _ region: CalibrationRegion) {
    let isPlane = scan.lines > 1 && scan.partitions > 1
    switch (isPlane, scan.readoutLength > 1) {
    case (false, true): self.init(radius: 4, readoutWidth: 5, lines: 4)
    case (false, false): self.init(radius: 4, readoutWidth: 1, lines: 4)
    case (true, true): self.init(radius: 3, readoutWidth: 3, lines: 7, fewestLines: 3)
    case (true, false): self.init(radius: 4, readoutWidth: 1, lines: 12, fewestLines: 3)
    }
    // A quarter of the region leaves as many positions for the kernel's centre as for its arms.
    radius = min(radius, max(1, region.narrowestExtent(of: scan) / 4))
  }

  /// A neighbourhood for lines that find too few others in this one, as far as the calibration region lets them look.
  func grown(within region: CalibrationRegion, of scan: CompactKSpace) -> Self {
    var wide = self
    wide.fewestLines = 1
    if scan.lines > 1 && scan.partitions > 1 {
      // Twice as far in two dimensions would be four times the covariance; such lines are few and at the rim.
      wide.radius += 2
      wide.readoutWidth = 1
    } else {
      wide.radius *= 2
    }
    wide.radius = max(radius, min(wide.radius, (region.narrowestExtent(of: scan) - 1) / 2))
    return wide
  }
}

extension CalibrationRegion {
  /// The smaller of its extents along the axes that the scan encodes.
  fileprivate func narrowestExtent(of scan: CompactKSpace) -> Int {
    min(scan.lines > 1 ? lines.count : .max, scan.partitions > 1 ? partitions.count : .max)
  }
}
