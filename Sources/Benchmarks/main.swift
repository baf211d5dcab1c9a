// Benchmarks [NAME ...]: all of them, or those named.
// Benchmarks peers STEP [KEY=VALUE ...]: one step of the comparison with peers that Peers/ conducts.

let benchmarks: [(name: String, run: () throws -> Void)] = [
  ("fourier", benchmarkFourierTransform),
  ("reading", benchmarkReading),
  ("combination", benchmarkCombination),
  ("sampling", benchmarkSampling),
  ("convolution", benchmarkConvolution),
  ("susceptibility", benchmarkSusceptibility),
]

if CommandLine.arguments.dropFirst().first == "peers" {
  try ParallelImagingBenchmark(Array(CommandLine.arguments.dropFirst(2)))()
} else {
  let wanted = Set(CommandLine.arguments.dropFirst())
  for benchmark in benchmarks where wanted.isEmpty || wanted.contains(benchmark.name) {
    try benchmark.run()
  }
}
