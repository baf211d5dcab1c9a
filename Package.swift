// swift-tools-version: 6.2

import PackageDescription

let numerics: Target.Dependency = .product(name: "Numerics", package: "swift-numerics")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let yaml: Target.Dependency = .product(name: "Yams", package: "Yams")

// Every target names every module that it imports: one that it sees only through another is not always rebuilt
// when that module's types change, and a stale layout corrupts memory.
let data: [Target.Dependency] = ["MRIData", "NDArrays", numerics]
let libraries = [
  "NDArrays", "Files", "FourierTransforms", "LinearAlgebra", "MRIData", "Operators", "RawData", "ImageFiles",
  "ScanExchange", "Sampling", "ParallelImaging", "VolumeNetworks", "ReconNet", "PhaseUnwrapping",
  "ChannelCombination", "QSM",
  "QuantitativeMapping", "Evaluation", "Study", "Phantoms", "ScannerServer",
]
let modules = libraries.map { Target.Dependency.target(name: $0) } + [numerics]

let package = Package(
  name: "KSpaceToolkit",
  // Developed and tested on Linux. On macOS the C libraries come from Homebrew or the like; nobody has built it there.
  platforms: [.macOS(.v15)],
  products: [.library(name: "KSpaceToolkit", targets: ["KSpaceToolkit"])]
    + libraries.map { .library(name: $0, targets: [$0]) }
    + [.executable(name: "kspace", targets: ["kspace"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
  ],
  targets: [
    // MARK: - C libraries, each with exactly one importing target
    .systemLibrary(name: "CFFTW", pkgConfig: "fftw3f", providers: [.apt(["libfftw3-dev"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev", "liblapacke-dev"])]),
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    // The peer of a benchmark; no user links it.
    .systemLibrary(
      name: "CISMRMRD", pkgConfig: "hdf5", providers: [.apt(["libismrmrd-dev", "libhdf5-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CSystem"),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

    // MARK: - Foundations
    .target(name: "NDArrays", dependencies: [numerics]),
    .target(name: "CLastWord"),
    .target(name: "Files", dependencies: ["CCrypto", "CLastWord", "CSystem", yaml]),
    .target(name: "FourierTransforms", dependencies: ["NDArrays", "CFFTW", numerics]),
    .target(name: "LinearAlgebra", dependencies: ["NDArrays", "COpenBLAS", numerics]),
    .target(name: "MRIData", dependencies: ["NDArrays", numerics]),
    .target(name: "Operators", dependencies: data + ["FourierTransforms"]),

    // MARK: - Files
    .target(
      name: "RawData", dependencies: data + ["Files", "FourierTransforms", "LinearAlgebra", "CHDF5", "CZlib"]),
    // Needs DCMTK, libdcmtk-dev.
    .target(
      name: "CDICOM",
      linkerSettings: [.linkedLibrary("dcmdata"), .linkedLibrary("oflog"), .linkedLibrary("ofstd")]),
    .target(name: "ImageFiles", dependencies: data + ["Files", "CZlib", "CPNG", "CDICOM"]),
    .target(
      name: "ScanExchange",
      dependencies: data + ["Files", "FourierTransforms", "Operators", "RawData", "ImageFiles"]),

    // MARK: - Methods
    .target(name: "Sampling", dependencies: data + ["Files", "FourierTransforms", "ImageFiles"]),
    .target(
      name: "ParallelImaging", dependencies: data + ["Operators", "FourierTransforms", "LinearAlgebra"]),
    .target(name: "CConvolution"),
    .target(name: "VolumeNetworks", dependencies: ["Files", "NDArrays", "CConvolution"]),
    .target(
      name: "ReconNet",
      dependencies: data + [
        "Files", "FourierTransforms", "Operators", "ParallelImaging", "VolumeNetworks", "CConvolution",
      ],
      exclude: ["Training"], resources: [.process("Resources")]),
    .target(name: "PhaseUnwrapping", dependencies: data + ["FourierTransforms"]),
    .target(name: "ChannelCombination", dependencies: data + ["LinearAlgebra", "PhaseUnwrapping"]),
    .target(
      name: "QSM",
      dependencies: data + ["Files", "FourierTransforms", "PhaseUnwrapping", "VolumeNetworks"],
      exclude: ["Training"], resources: [.process("Resources")]),
    // Needs the headers of Boost.Math, libboost-dev.
    .target(name: "CSpecialFunctions"),
    .target(name: "Evaluation", dependencies: data + ["Files", "ImageFiles", "CSpecialFunctions"]),
    .target(
      name: "QuantitativeMapping",
      dependencies: data + [
        "Files", "ImageFiles", "RawData", "Operators", "ParallelImaging", "ReconNet", "PhaseUnwrapping",
        "ChannelCombination", "QSM",
      ]),
    .target(
      name: "Study",
      dependencies: data + [
        "Files", "RawData", "ImageFiles", "Sampling", "ParallelImaging", "ChannelCombination", "QSM",
        "QuantitativeMapping", "Evaluation", "Phantoms",
      ]),
    .target(
      name: "ScannerServer",
      dependencies: data + ["Files", "ImageFiles", "RawData", "QuantitativeMapping"], exclude: ["FIRE"]),
    .target(name: "Phantoms", dependencies: data + ["FourierTransforms", "LinearAlgebra"]),

    // MARK: - What users import and run
    .target(name: "KSpaceToolkit", dependencies: modules),
    .executableTarget(name: "kspace", dependencies: modules + ["KSpaceToolkit", arguments]),
    .executableTarget(
      name: "Benchmarks", dependencies: modules + ["KSpaceToolkit", "CFFTW", "CISMRMRD", "CConvolution"],
      exclude: ["Peers", "convolution_peer.py", "unwrapping_peer.py"]),

    // MARK: - Tests
    .target(name: "TestSupport", dependencies: ["NDArrays", numerics], path: "Tests/TestSupport"),
    .testTarget(name: "FilesTests", dependencies: ["Files", "TestSupport"]),
    .testTarget(name: "NDArraysTests", dependencies: ["NDArrays", "TestSupport", numerics]),
    .testTarget(name: "MRIDataTests", dependencies: data + ["TestSupport"]),
    .testTarget(name: "FourierTransformsTests", dependencies: data + ["FourierTransforms", "TestSupport"]),
    .testTarget(name: "LinearAlgebraTests", dependencies: data + ["LinearAlgebra", "TestSupport"]),
    .testTarget(
      name: "LawTests",
      dependencies: data + ["Operators", "FourierTransforms", "LinearAlgebra", "TestSupport"]),
    .testTarget(
      name: "RawDataTests",
      dependencies: data + [
        "RawData", "Operators", "FourierTransforms", "LinearAlgebra", "CHDF5", "TestSupport",
      ]),
    .testTarget(name: "ImageFilesTests", dependencies: data + ["Files", "ImageFiles", "TestSupport"]),
    .testTarget(
      name: "SamplingTests", dependencies: data + ["Files", "Sampling", "ImageFiles", "TestSupport"]),
    .testTarget(name: "ParallelImagingTests", dependencies: modules + ["TestSupport"]),
    .testTarget(
      name: "ChannelCombinationTests",
      dependencies: data + ["ChannelCombination", "LinearAlgebra", "TestSupport"]),
    .testTarget(
      name: "ReconNetTests", dependencies: modules + ["CConvolution", "TestSupport"], exclude: ["Goldens"]),
    .testTarget(name: "PhaseUnwrappingTests", dependencies: modules + ["TestSupport"]),
    .testTarget(
      name: "VolumeNetworksTests", dependencies: modules + ["CConvolution", "TestSupport"],
      exclude: ["Goldens", "make_goldens.py"]),
    .testTarget(name: "QSMTests", dependencies: modules + ["TestSupport"], exclude: ["Goldens"]),
    .testTarget(
      name: "EvaluationTests", dependencies: data + ["Evaluation", "TestSupport"], exclude: ["Golden"]),
    .testTarget(
      name: "QuantitativeMappingTests", dependencies: modules + ["kspace", "KSpaceToolkit", "TestSupport"]),
    .testTarget(name: "StudyTests", dependencies: modules + ["TestSupport"], exclude: ["Golden"]),
    .testTarget(
      name: "ScannerServerTests", dependencies: modules + ["kspace", "KSpaceToolkit", "TestSupport"],
      exclude: ["hostile.py"]),
    .testTarget(name: "PhantomsTests", dependencies: modules + ["TestSupport"]),
    .testTarget(
      name: "FuzzingTests", dependencies: modules + ["kspace", "KSpaceToolkit", "TestSupport"]),
    .testTarget(name: "CommandTests", dependencies: modules + ["kspace", "KSpaceToolkit", "TestSupport"]),
  ],
  cxxLanguageStandard: .cxx17
)
