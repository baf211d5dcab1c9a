import MRIData
import Numerics

extension EchoMaps {
  /// The same maps with lengths, directions and frequencies as files hold them: headers have single precision, sidecars
  /// ten digits.
  ///
  /// Voxel sizes are whole nanometres, directions have six decimals and everything else eight digits, so that a number
  /// which went through a file and one that did not are equal. The axes turn with the field's direction where that was
  /// stated otherwise than by the orientation; the images do not change.
  var inFilePrecision: EchoMaps {
    var result = self
    for axis in 0..<3 {
      result.geometry.voxelSize[axis] = (geometry.voxelSize[axis] * 1e9).rounded() / 1e9
    }
    var direction = SIMD3<Double>.zero
    for axis in 0..<3 { direction[axis] = (fieldDirection[axis] * 1e6).rounded() / 1e6 }
    direction /= (direction * direction).sum().squareRoot()
    result.geometry.turn(fieldDirection: direction)
    result.fieldDirection = direction
    result.parameters.fieldStrength = parameters.fieldStrength.toEightDigits
    if case .wrapped(let period)? = field?.stage {
      result.field?.stage = .wrapped(period: period.toEightDigits)
    }
    result.magnitude?.geometry = result.geometry
    result.phase?.geometry = result.geometry
    result.field?.values.geometry = result.geometry
    result.field?.noise?.geometry = result.geometry
    result.r2Star?.geometry = result.geometry
    return result
  }
}

extension Double {
  /// The nearest number of eight significant digits.
  fileprivate var toEightDigits: Double {
    guard isFinite, self != 0 else { return self }
    let scale = Double.pow(10, 7 - Double.log10(magnitude).rounded(.down))
    return (self * scale).rounded() / scale
  }
}

extension Geometry {
  /// Turns the axes so that the static field points along a direction of theirs.
  ///
  /// The images do not change; where they lie in the patient is no longer what the file says.
  ///
  /// - Precondition: The direction has unit length.
  mutating func turn(fieldDirection b: SIMD3<Double>) {
    // Any rotation whose third row is b will do.
    let helper: SIMD3<Double> = abs(b.x) < 0.9 ? [1, 0, 0] : [0, 1, 0]
    func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
      [a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x]
    }
    var first = helper - b * (helper * b).sum()
    first /= (first * first).sum().squareRoot()
    let second = cross(b, first)
    readDirection = [first.x, second.x, b.x]
    phaseDirection = [first.y, second.y, b.y]
    sliceDirection = [first.z, second.z, b.z]
  }
}
