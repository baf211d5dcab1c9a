// The functions of one instruction set.
#pragma once

#include "CConvolution.h"

// Slices of a volume: channel `c` of voxel `(z, y, x)` is
// `blocks[c / 16][(z * grid.y + y) * pitch + (x % slices) * stride + c % 16]`.
typedef struct convolution_layout {
  float *const *blocks;
  int64_t slices, pitch, stride;
} convolution_layout;

typedef struct convolution_kernels {
  int64_t tiles;
  int64_t (*hidden_scratch)(int64_t inputs, int64_t outputs);
  void (*hidden_pack)(const float *weights, int64_t inputs, int64_t outputs, float *packed);
  void (*hidden)(
      convolution_grid grid, const convolution_layer *layer, convolution_layout source, convolution_layout target,
      convolution_range tiles, convolution_range x, float *scratch);
  void (*taps_pack)(const float *weights, int64_t inputs, int64_t outputs, int64_t taps, float *packed);
  void (*taps)(
      convolution_grid from, convolution_grid to, const convolution_layer *layer, const convolution_taps *taps,
      convolution_layout source, convolution_layout target, convolution_range range);
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
