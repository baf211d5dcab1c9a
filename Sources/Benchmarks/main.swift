// Benchmarks [NAME ...]: all of them, or those named.
// Benchmarks chain RECONSTRUCTION SUSCEPTIBILITY TRUTH: folders of the commands against a phantom's truth.
// Benchmarks images RECONSTRUCTION COMPLETE TRUTH: folders of an accelerated and of the complete scan, and the truth.
// Benchmarks peers STEP [KEY=VALUE ...]: one step of the comparison with peers that Peers/ conducts.

let benchmarks: [(name: String, run: () throws -> Void)] = [
  ("fourier", benchmarkFourierTransform),
  ("reading", benchmarkReading),
  ("combination", benchmarkCombination),
  ("sampling", benchmarkSampling),
  ("convolution", benchmarkConvolution),
  ("susceptibility", benchmarkSusceptibility),
  ("unwrapping", benchmarkUnwrapping),
]

let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.first == "chain", arguments.count == 4 {
  try checkChain(reconstruction: arguments[1], susceptibility: arguments[2], truth: arguments[3])
} else if arguments.first == "images", arguments.count == 4 {
  try checkImages(reconstruction: arguments[1], complete: arguments[2], truth: arguments[3])
} else if arguments.first == "peers" {
  try ParallelImagingBenchmark(Array(arguments.dropFirst()))()
} else {
  let wanted = Set(arguments)
  for benchmark in benchmarks where wanted.isEmpty || wanted.contains(benchmark.name) {
    try benchmark.run()
  }
}
