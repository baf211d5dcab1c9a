/// The number of bytes of an array, or `nil` if extents, which a file may say what it likes about, cannot be counted.
func byteCount(of dimensions: [Int], elementBytes: Int) -> Int? {
  dimensions.reduce(elementBytes) { product, extent -> Int? in
    guard let product else { return nil }
    let (result, overflow) = product.multipliedReportingOverflow(by: extent)
    return overflow ? nil : result
  }
}
