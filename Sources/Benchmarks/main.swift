// Benchmarks [NAME ...]: all of them, or those named.

let benchmarks: [(name: String, run: () throws -> Void)] = [
  ("fourier", benchmarkFourierTransform),
  ("reading", benchmarkReading),
  ("combination", benchmarkCombination),
  ("sampling", benchmarkSampling),
  ("convolution", benchmarkConvolution),
]

let wanted = Set(CommandLine.arguments.dropFirst())
for benchmark in benchmarks where wanted.isEmpty || wanted.contains(benchmark.name) {
  try benchmark.run()
}
