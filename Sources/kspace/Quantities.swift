import ArgumentParser

/// A number with its unit, as users write it.
private func quantity(_ text: some StringProtocol, _ units: [(name: String, factor: Double)]) -> Double? {
  for unit in units where text.hasSuffix(unit.name) {
    guard let number = Double(text.dropLast(unit.name.count)), number.isFinite else { continue }
    return number * unit.factor
  }
  return nil
}

/// Echo times with their units, such as `3.3ms,6.4ms`.
struct EchoTimes: ExpressibleByArgument {
  let seconds: [Double]

  init?(argument: String) {
    let times = argument.split(separator: ",", omittingEmptySubsequences: false).map {
      quantity($0, [("us", 1e-6), ("ms", 1e-3), ("s", 1)])
    }
    let known = times.compactMap(\.self)
    guard !known.isEmpty, known.count == times.count, known.allSatisfy({ $0 > 0 }),
      zip(known, known.dropFirst()).allSatisfy({ $0 < $1 })
    else { return nil }
    seconds = known
  }
}

/// A field strength with its unit, such as `3T`.
struct FieldStrength: ExpressibleByArgument {
  let tesla: Double

  init?(argument: String) {
    guard let value = quantity(argument, [("mT", 1e-3), ("T", 1)]), value > 0 else { return nil }
    tesla = value
  }
}

/// Three lengths with one unit, such as `256x192x144mm`.
struct Lengths: ExpressibleByArgument {
  let metres: SIMD3<Double>

  init?(argument: String) {
    for (unit, factor) in [("mm", 1e-3), ("cm", 1e-2), ("m", 1)] where argument.hasSuffix(unit) {
      let numbers = argument.dropLast(unit.count).split(separator: "x", omittingEmptySubsequences: false)
        .map { Double($0) ?? 0 }
      guard numbers.count == 3, numbers.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
      metres = SIMD3(numbers[0], numbers[1], numbers[2]) * factor
      return
    }
    return nil
  }
}

/// A time with its unit, such as `30.2ms`.
struct TimeSpan: ExpressibleByArgument {
  let seconds: Double

  init?(argument: String) {
    guard let value = quantity(argument, [("us", 1e-6), ("ms", 1e-3), ("s", 1)]), value > 0 else {
      return nil
    }
    seconds = value
  }
}
