// swift-tools-version: 6.2

// Coverage-guided fuzzing of the parsers, a package of its own: `make fuzz` builds it with libFuzzer and the address sanitizer.

import PackageDescription

func module(_ name: String) -> Target.Dependency { .product(name: name, package: "KSpaceToolkit") }

let package = Package(
  name: "Fuzzing",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "KSpaceToolkit", path: "../.."),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
  ],
  targets: [
    .target(name: "CFuzzer", path: "CFuzzer"),
    .executableTarget(
      name: "FuzzParsers",
      dependencies: [
        "CFuzzer", module("Files"), module("ImageFiles"), module("NDArrays"), module("RawData"),
        module("ReconNet"),
        module("Sampling"), module("ScanExchange"), module("ScannerServer"), module("VolumeNetworks"),
        module("KSpaceToolkit"),
        .product(name: "Numerics", package: "swift-numerics"),
      ],
      path: ".", sources: ["Driver", "Parsers"]),
  ]
)
