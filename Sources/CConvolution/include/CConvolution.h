/// Convolutions over volumes whose channels lie together, zeros outside of the volume; kernels of 3 x 3 x 3 by Winograd's
/// algorithm, and any other kernel, stride and dilation.
///
/// ```
/// y[z, y, x, o] = f(bias[o] + sum_(d, c) w[o, c, d] x[(z, y, x) + d - 1, c])      f(v) = v > 0 ? v : slope v
/// ```
///
/// A block of a network is a first layer (2 channels to many), hidden layers (many to many) and a last layer (many to
/// 2, which are added to the image). Between layers, volumes exist as windows: some consecutive slices along `x`,
/// stored in a ring. All functions work on a part of a layer on the calling thread; parts may run side by side.
///
/// The same numbers come out however a layer is divided, as long as `x` is divided at even indices.
#pragma once

#include <stdint.h>

/// The instructions that a kernel uses.
typedef enum convolution_path {
  convolution_baseline,
  convolution_avx2,
  convolution_avx512,
} convolution_path;

/// The extents of a volume.
typedef struct convolution_grid {
  int64_t z, y, x;
} convolution_grid;

/// A range of indices.
typedef struct convolution_range {
  int64_t first, end;
} convolution_range;

/// Consecutive slices of a layer's output: channel `c` of voxel `(z, y, x)` is
/// `values[(z * grid.y + y) * pitch + (x % slices) * convolution_stride(channels) + c]`.
///
/// `values` is aligned to 64 bytes, `pitch` is a multiple of 16.
typedef struct convolution_window {
  float *_Nonnull values;
  int64_t slices, pitch;
} convolution_window;

/// A layer: its weights as the packing function of its kind wrote them, and what follows the sum.
typedef struct convolution_layer {
  const float *_Nonnull weights;
  const float *_Nonnull bias;
  int64_t inputs, outputs;
  float slope;
} convolution_layer;

/// The best path of this machine.
convolution_path convolution_best_path(void);

/// The number of floats that a voxel with so many channels takes: a multiple of 16.
int64_t convolution_stride(int64_t channels);

// MARK: - Hidden layers

/// The number of floats of a hidden layer's packed weights.
int64_t convolution_hidden_size(int64_t inputs, int64_t outputs);

/// Packs weights `[output, input, z, y, x]`.
void convolution_hidden_pack(
    convolution_path path, const float *_Nonnull weights, int64_t inputs, int64_t outputs, float *_Nonnull packed);

/// The number of tiles of 4 x 4 voxels that cover a plane `[z, y]`.
int64_t convolution_hidden_tiles(convolution_grid grid);

/// The number of tiles that a worker should take at once.
int64_t convolution_hidden_block(convolution_path path, int64_t inputs, int64_t outputs);

/// The number of floats that a worker needs for a block of tiles; they are zero at first.
int64_t convolution_hidden_scratch(convolution_path path, int64_t inputs, int64_t outputs);

/// Computes no more than a block of tiles for a range of `x` that starts at an even index.
///
/// The source holds the slices of the range and one on either side, as far as the grid has them.
void convolution_hidden(
    convolution_path path, convolution_grid grid, convolution_layer layer, convolution_window source,
    convolution_window target, convolution_range tiles, convolution_range x, float *_Nonnull scratch);

// MARK: - Whole volumes

/// A whole volume in blocks of 16 channels: channel `c` of voxel `(z, y, x)` is
/// `blocks[c / 16][(z * grid.y + y) * pitch + x * 16 + c % 16]`.
///
/// Blocks are aligned to 64 bytes, `pitch` is a multiple of 16; an odd multiple, lest rows share a few sets.
typedef struct convolution_volume {
  float *_Nonnull const *_Nonnull blocks;
  int64_t pitch;
} convolution_volume;

/// A hidden layer from one volume to another; see ``convolution_hidden``.
void convolution_hidden_volume(
    convolution_path path, convolution_grid grid, convolution_layer layer, convolution_volume source,
    convolution_volume target, convolution_range tiles, convolution_range x, float *_Nonnull scratch);

/// The taps of a convolution with any kernel, stride and dilation, or those of a transposed convolution that meet one
/// residue of the outputs' indices.
///
/// ```
/// y[first + step n, o] = f(bias[o] + sum_(t, c) w[o, c, t] x[stride n + offsets[t], c])      n = 0 ..< count
/// ```
typedef struct convolution_taps {
  int64_t taps;
  const convolution_grid *_Nonnull offsets;
  convolution_grid stride, first, step, count;
} convolution_taps;

/// The number of floats of packed weights.
int64_t convolution_taps_size(int64_t inputs, int64_t outputs, int64_t taps);

/// Packs weights `[output, input, tap]`.
void convolution_taps_pack(
    convolution_path path, const float *_Nonnull weights, int64_t inputs, int64_t outputs, int64_t taps,
    float *_Nonnull packed);

/// Computes rows `n.z * count.y + n.y` from one volume to another.
void convolution_any(
    convolution_path path, convolution_grid from, convolution_grid to, convolution_layer layer, convolution_taps taps,
    convolution_volume source, convolution_volume target, convolution_range rows);

// MARK: - The first layer

/// The number of floats of the first layer's packed weights.
int64_t convolution_first_size(int64_t outputs);

/// Packs weights `[output, 2, z, y, x]`.
void convolution_first_pack(
    convolution_path path, const float *_Nonnull weights, int64_t outputs, float *_Nonnull packed);

/// The number of floats that a worker needs for `length` slices.
int64_t convolution_first_scratch(int64_t length);

/// Computes rows `z * grid.y + y` for a range of `x` from an image `[z, y, x, 2]`.
void convolution_first(
    convolution_path path, convolution_grid grid, convolution_layer layer, const float *_Nonnull image,
    convolution_window target, convolution_range rows, convolution_range x, float *_Nonnull scratch);

// MARK: - The last layer

/// The number of floats of the last layer's packed weights.
int64_t convolution_last_size(int64_t inputs);

/// Packs weights `[2, input, z, y, x]`.
void convolution_last_pack(
    convolution_path path, const float *_Nonnull weights, int64_t inputs, float *_Nonnull packed);

/// The number of floats that a worker needs for `planes` planes and `length` slices.
int64_t convolution_last_scratch(int64_t planes, int64_t length);

/// Computes a box of the last layer and adds it to the image `[z, y, x, 2]`, or replaces the image by it.
void convolution_last(
    convolution_path path, convolution_grid grid, convolution_layer layer, convolution_window source,
    float *_Nonnull image, int adds, convolution_range z, convolution_range y, convolution_range x,
    float *_Nonnull scratch);

// MARK: - What the others are checked against

/// A whole layer by its definition, sums in double precision, volumes dense `[z, y, x, channel]`.
void convolution_direct(
    convolution_grid grid, convolution_layer layer, const float *_Nonnull source, float *_Nonnull target);

/// The number of operations of a loop of fused multiply-adds in registers, `iterations` times; what a core can reach.
int64_t convolution_peak(convolution_path path, int64_t iterations);
