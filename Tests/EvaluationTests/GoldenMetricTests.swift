import Evaluation
import NDArrays
import Testing

/// Metrics equal scikit-image and SciPy.
@Suite struct GoldenMetricTests {
  struct Record: Decodable {
    let shape: [Int]
    let psnr, nrmse, scaled, demeaned, detrended, hfen, matlab, xsim: Double
    let psnrMasked, nrmseMasked, scaledMasked, demeanedMasked, detrendedMasked: Double
    let hfenMasked, matlabMasked, xsimMasked: Double
    let wang, wangMasked, box, slices: Double?
  }

  static let records = (try? Golden.read("metrics.json", as: [Record].self)) ?? []

  /// Maps hold single precision: each voxel is off by at most half a unit of 2^-23, and so is their mean.
  private func equals(_ value: Double, _ expected: Double, within tolerance: Double = 6e-8) -> Bool {
    abs(value - expected) <= tolerance * max(1, abs(expected))
  }

  @Test func thereAreRecords() { #expect(Self.records.count == 6) }

  @Test(arguments: records.indices) func errorsEqual(_ index: Int) throws {
    let record = Self.records[index], images = GoldenImages(record.shape)
    func value(_ metric: any ImageMetric, _ mask: NDArray<Bool>? = nil) throws -> Double {
      try metric.value(of: images.image, against: images.reference, within: mask)
    }
    // Sums of a few thousand terms in double precision.
    let pairs = [
      (try value(PSNR(peak: 0.8)), record.psnr), (try value(PSNR(peak: 0.8), images.mask), record.psnrMasked),
      (try value(NRMSE()), record.nrmse), (try value(NRMSE(), images.mask), record.nrmseMasked),
      (try value(NRMSE(.scaled)), record.scaled),
      (try value(NRMSE(.scaled), images.mask), record.scaledMasked),
      (try value(NRMSE(.demeaned)), record.demeaned),
      (try value(NRMSE(.demeaned), images.mask), record.demeanedMasked),
      (try value(NRMSE(.detrended)), record.detrended),
      (try value(NRMSE(.detrended), images.mask), record.detrendedMasked),
      (try value(HFEN()), record.hfen), (try value(HFEN(), images.mask), record.hfenMasked),
    ]
    for (value, expected) in pairs { #expect(equals(value, expected, within: 1e-11)) }
  }

  @Test(arguments: records.indices) func similaritiesEqual(_ index: Int) throws {
    let record = Self.records[index], images = GoldenImages(record.shape)
    func value(_ metric: any ImageMetric, _ mask: NDArray<Bool>? = nil) throws -> Double {
      try metric.value(of: images.image, against: images.reference, within: mask)
    }
    #expect(equals(try value(SSIM.matlab(dataRange: 0.8)), record.matlab))
    #expect(equals(try value(SSIM.matlab(dataRange: 0.8), images.mask), record.matlabMasked))
    #expect(equals(try value(XSIM()), record.xsim))
    #expect(equals(try value(XSIM(), images.mask), record.xsimMasked))
    let box = SSIM.Window.uniform(width: 7)
    if let wang = record.wang, let masked = record.wangMasked, let expected = record.box {
      #expect(equals(try value(SSIM.scikitImage(dataRange: 0.8)), wang))
      #expect(equals(try value(SSIM.scikitImage(dataRange: 0.8), images.mask), masked))
      let uniform = SSIM.scikitImage(dataRange: 0.8, window: box, usesSampleCovariance: true)
      #expect(equals(try value(uniform), expected))
    } else {
      #expect(throws: EvaluationError.smallerThanWindow(shape: record.shape, window: 11)) {
        try value(SSIM.scikitImage(dataRange: 0.8))
      }
    }
    if let slices = record.slices {
      let inPlane = SSIM.scikitImage(
        dataRange: 0.8, window: box, usesSampleCovariance: true, dimensions: .inPlane)
      #expect(equals(try value(inPlane), slices))
    }
  }
}
