// The functions of one instruction set.
#pragma once

#include "CConvolution.h"

typedef struct convolution_kernels {
  int64_t tiles;
  int64_t (*hidden_scratch)(int64_t inputs, int64_t outputs);
  void (*hidden_pack)(const float *weights, int64_t inputs, int64_t outputs, float *packed);
  void (*hidden)(
      convolution_grid grid, const convolution_layer *layer, convolution_window source, convolution_window target,
      convolution_range tiles, convolution_range x, float *scratch);
  void (*first_pack)(const float *weights, int64_t outputs, float *packed);
  void (*first)(
      convolution_grid grid, const convolution_layer *layer, const float *image, convolution_window target,
      convolution_range rows, convolution_range x, float *scratch);
  void (*last_pack)(const float *weights, int64_t inputs, float *packed);
  void (*last)(
      convolution_grid grid, const convolution_layer *layer, convolution_window source, float *image, int adds,
      convolution_range z, convolution_range y, convolution_range x, float *scratch);
  int64_t (*peak)(int64_t iterations);
} convolution_kernels;

extern const convolution_kernels convolution_kernels_baseline;
#if defined(__x86_64__)
extern const convolution_kernels convolution_kernels_avx2;
extern const convolution_kernels convolution_kernels_avx512;
#endif
