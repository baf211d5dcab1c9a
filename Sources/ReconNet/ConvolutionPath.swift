import CConvolution

/// Which instructions the network's convolutions use on this processor.
public enum ConvolutionPath {
  /// Their name.
  public static var name: String {
    switch convolution_best_path() {
    case convolution_avx512: "AVX-512"
    case convolution_avx2: "AVX2 and FMA"
    default: "baseline"
    }
  }
}
