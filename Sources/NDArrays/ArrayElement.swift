import Numerics

/// A type that arrays may hold: trivial, so that blocks are copied as bytes and need no clean-up.
///
/// Conform only types made of plain numbers.
public protocol ArrayElement: Sendable {}

extension Float: ArrayElement {}
extension Double: ArrayElement {}
extension Bool: ArrayElement {}
extension Int: ArrayElement {}
extension Int16: ArrayElement {}
extension Int32: ArrayElement {}
extension UInt8: ArrayElement {}
extension UInt16: ArrayElement {}
extension UInt32: ArrayElement {}
extension Complex: ArrayElement where RealType: ArrayElement {}
