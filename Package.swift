// swift-tools-version: 6.2

import PackageDescription

let numerics: Target.Dependency = .product(name: "Numerics", package: "swift-numerics")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

// A target that imports a module only through the umbrella's re-export is not always rebuilt with that module;
// executables and tests of the whole therefore name them all.
let modules: [Target.Dependency] = [
  "NDArrays", "FourierTransforms", "LinearAlgebra", "MRIData", "Operators", "RawData", "ImageFiles",
  "Sampling",
  "ParallelImaging", "CoilCombination", "Phantoms", numerics,
]

let package = Package(
  name: "KSpaceToolkit",
  products: [
    .library(name: "KSpaceToolkit", targets: ["KSpaceToolkit"]),
    .executable(name: "kspace", targets: ["kspace"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
  ],
  targets: [
    // MARK: - C libraries, each with exactly one importing target
    .systemLibrary(name: "CFFTW", pkgConfig: "fftw3f", providers: [.apt(["libfftw3-dev"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev", "liblapacke-dev"])]),
    .systemLibrary(
      name: "CISMRMRD", pkgConfig: "hdf5", providers: [.apt(["libismrmrd-dev", "libhdf5-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),

    // MARK: - Foundations
    .target(name: "NDArrays", dependencies: [numerics]),
    .target(name: "FourierTransforms", dependencies: ["NDArrays", "CFFTW"]),
    .target(name: "LinearAlgebra", dependencies: ["NDArrays", "COpenBLAS"]),
    .target(name: "MRIData", dependencies: ["NDArrays"]),
    .target(name: "Operators", dependencies: ["MRIData", "FourierTransforms", "LinearAlgebra"]),

    // MARK: - Files
    .target(
      name: "RawData", dependencies: ["MRIData", "FourierTransforms", "LinearAlgebra", "CISMRMRD"]),
    .target(name: "ImageFiles", dependencies: ["MRIData", "CZlib", "CPNG"]),

    // MARK: - Methods
    .target(name: "Sampling", dependencies: ["MRIData", "FourierTransforms", "ImageFiles"]),
    .target(name: "ParallelImaging", dependencies: ["Operators"]),
    .target(name: "CoilCombination", dependencies: ["MRIData", "LinearAlgebra"]),
    .target(name: "Phantoms", dependencies: ["MRIData", "FourierTransforms", "LinearAlgebra"]),

    // MARK: - What users import and run
    .target(name: "KSpaceToolkit", dependencies: modules),
    .executableTarget(name: "kspace", dependencies: modules + ["KSpaceToolkit", arguments]),
    .executableTarget(name: "Benchmarks", dependencies: modules + ["KSpaceToolkit", "CFFTW", "CISMRMRD"]),

    // MARK: - Tests
    .target(name: "TestSupport", dependencies: ["NDArrays", numerics], path: "Tests/TestSupport"),
    .testTarget(name: "NDArraysTests", dependencies: ["NDArrays", "TestSupport"]),
    .testTarget(name: "FourierTransformsTests", dependencies: ["FourierTransforms", "TestSupport"]),
    .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra", "TestSupport"]),
    .testTarget(name: "MRIDataTests", dependencies: ["MRIData", "TestSupport"]),
    .testTarget(name: "LawTests", dependencies: ["Operators", "LinearAlgebra", "TestSupport"]),
    .testTarget(name: "RawDataTests", dependencies: ["RawData", "Operators", "TestSupport"]),
    .testTarget(name: "ImageFilesTests", dependencies: ["ImageFiles", "TestSupport"]),
    .testTarget(
      name: "ParallelImagingTests", dependencies: ["ParallelImaging", "RawData", "ImageFiles", "TestSupport"]),
    .testTarget(name: "CoilCombinationTests", dependencies: ["CoilCombination", "TestSupport"]),
    .testTarget(
      name: "PhantomsTests", dependencies: ["Phantoms", "CoilCombination", "Operators", "TestSupport"]),
    .testTarget(name: "SamplingTests", dependencies: ["Sampling", "TestSupport"]),
    .testTarget(name: "CommandTests", dependencies: modules + ["kspace", "KSpaceToolkit", "TestSupport"]),
  ]
)
