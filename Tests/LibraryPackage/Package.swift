// swift-tools-version: 6.2

// The README's programs, as a package of its own: what a user of the library writes.

import PackageDescription

let toolkit: Target.Dependency = .product(name: "KSpaceToolkit", package: "KSpaceToolkit")

let package = Package(
  name: "LibraryPackage",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "KSpaceToolkit", path: "../..")],
  targets: [
    .executableTarget(name: "MapSusceptibility", dependencies: [toolkit]),
    .executableTarget(name: "Evaluate", dependencies: [toolkit]),
    .executableTarget(name: "OwnMethod", dependencies: [toolkit]),
  ]
)
