import MRIData
import NDArrays

/// How numbers become the whole numbers that scanners and archives take as an image.
///
/// ```
/// value factor = code slope + intercept,   1 <= code <= largest
/// ```
///
/// Code 0 is kept for voxels without a value: correction of distortions fills with it what comes from outside.
public struct PixelCoding: Sendable, Equatable {
  /// The units that are stored for one of the value's.
  public var factor: Double
  /// The step from one code to the next, in stored units.
  public var slope: Double
  /// What code 0 would stand for, in stored units.
  public var intercept: Double
  /// The largest code.
  public var largest: Int

  /// Creates a coding.
  ///
  /// - Precondition: The largest code fits into 16 bits, and the slope is positive.
  public init(factor: Double = 1, slope: Double, intercept: Double, largest: Int) {
    precondition((2...Int(UInt16.max)).contains(largest) && slope > 0, "codes to \(largest), slope \(slope)")
    self.factor = factor
    self.slope = slope
    self.intercept = intercept
    self.largest = largest
  }

  /// The code of a value: 0 for one that is not finite, the nearest end of the range for one beyond it.
  public func code(of value: Float) -> UInt16 {
    guard value.isFinite else { return 0 }
    let code = ((Double(value) * factor - intercept) / slope).rounded()
    return UInt16(min(max(code, 1), Double(largest)))
  }

  /// The value that a code stands for.
  public func value(of code: UInt16) -> Double { (Double(code) * slope + intercept) / factor }

  /// Whether a value lies beyond the range.
  public func clips(_ value: Float) -> Bool {
    let code = ((Double(value) * factor - intercept) / slope).rounded()
    return value.isFinite && !(1...Double(largest)).contains(code)
  }

  /// Codes for values from 0 to the largest of an image; `factor` stored units are one of the value's.
  public static func positive(upTo most: Float, factor: Double = 1, largest: Int) -> PixelCoding {
    let slope = Double(most > 0 && most.isFinite ? most : 1) * factor / Double(largest - 1)
    return PixelCoding(factor: factor, slope: slope, intercept: -slope, largest: largest)
  }

  /// Codes for values from 0 to the largest of an image, one unit each: what is stored has an arbitrary scale.
  public static func arbitrary(upTo most: Float, largest: Int) -> PixelCoding {
    let factor = Double(largest - 1) / Double(most > 0 && most.isFinite ? most : 1)
    return PixelCoding(factor: factor, slope: 1, intercept: -1, largest: largest)
  }

  /// Codes for values on both sides of 0, which is the middle code; `factor` stored units are one of the value's.
  public static func signed(step: Double, factor: Double = 1, largest: Int) -> PixelCoding {
    PixelCoding(factor: factor, slope: step, intercept: -step * Double((largest + 1) / 2), largest: largest)
  }
}
