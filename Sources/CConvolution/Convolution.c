#include "CConvolution.h"

#include "Path.h"

convolution_path convolution_best_path(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw"))
    return convolution_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return convolution_avx2;
#endif
  return convolution_baseline;
}

static const convolution_kernels *kernels(convolution_path path) {
#if defined(__x86_64__)
  if (path == convolution_avx512) return &convolution_kernels_avx512;
  if (path == convolution_avx2) return &convolution_kernels_avx2;
#endif
  return &convolution_kernels_baseline;
}

int64_t convolution_stride(int64_t channels) { return (channels + 15) / 16 * 16; }

int64_t convolution_hidden_size(int64_t inputs, int64_t outputs) {
  return 36 * 4 * inputs * convolution_stride(outputs);
}

int64_t convolution_hidden_tiles(convolution_grid grid) { return (grid.z + 3) / 4 * ((grid.y + 3) / 4); }

int64_t convolution_hidden_block(convolution_path path, int64_t inputs, int64_t outputs) {
  return kernels(path)->tiles;
}

int64_t convolution_hidden_scratch(convolution_path path, int64_t inputs, int64_t outputs) {
  return kernels(path)->hidden_scratch(inputs, outputs);
}

void convolution_hidden_pack(
    convolution_path path, const float *weights, int64_t inputs, int64_t outputs, float *packed) {
  kernels(path)->hidden_pack(weights, inputs, outputs, packed);
}

void convolution_hidden(
    convolution_path path, convolution_grid grid, convolution_layer layer, convolution_window source,
    convolution_window target, convolution_range tiles, convolution_range x, float *scratch) {
  // The channels of a window's voxel lie together.
  int64_t in = convolution_stride(layer.inputs), out = convolution_stride(layer.outputs);
  float *sources[in / 16], *targets[out / 16];
  for (int64_t block = 0; block < in / 16; block++) sources[block] = source.values + 16 * block;
  for (int64_t block = 0; block < out / 16; block++) targets[block] = target.values + 16 * block;
  kernels(path)->hidden(
      grid, &layer, (convolution_layout){sources, source.slices, source.pitch, in},
      (convolution_layout){targets, target.slices, target.pitch, out}, tiles, x, scratch);
}

void convolution_hidden_volume(
    convolution_path path, convolution_grid grid, convolution_layer layer, convolution_volume source,
    convolution_volume target, convolution_range tiles, convolution_range x, float *scratch) {
  kernels(path)->hidden(
      grid, &layer, (convolution_layout){source.blocks, grid.x, source.pitch, 16},
      (convolution_layout){target.blocks, grid.x, target.pitch, 16}, tiles, x, scratch);
}

int64_t convolution_taps_size(int64_t inputs, int64_t outputs, int64_t taps) {
  return taps * inputs * convolution_stride(outputs);
}

void convolution_taps_pack(
    convolution_path path, const float *weights, int64_t inputs, int64_t outputs, int64_t taps, float *packed) {
  kernels(path)->taps_pack(weights, inputs, outputs, taps, packed);
}

void convolution_any(
    convolution_path path, convolution_grid from, convolution_grid to, convolution_layer layer, convolution_taps taps,
    convolution_volume source, convolution_volume target, convolution_range rows) {
  kernels(path)->taps(
      from, to, &layer, &taps, (convolution_layout){source.blocks, from.x, source.pitch, 16},
      (convolution_layout){target.blocks, to.x, target.pitch, 16}, rows);
}

int64_t convolution_first_size(int64_t outputs) { return 54 * convolution_stride(outputs); }

int64_t convolution_first_scratch(int64_t length) { return 9 * 2 * (length + 2 + 24); }

void convolution_first_pack(convolution_path path, const float *weights, int64_t outputs, float *packed) {
  kernels(path)->first_pack(weights, outputs, packed);
}

void convolution_first(
    convolution_path path, convolution_grid grid, convolution_layer layer, const float *image,
    convolution_window target, convolution_range rows, convolution_range x, float *scratch) {
  kernels(path)->first(grid, &layer, image, target, rows, x, scratch);
}

int64_t convolution_last_size(int64_t inputs) { return 64 * inputs; }

int64_t convolution_last_scratch(int64_t planes, int64_t length) { return (planes + 2) * 3 * (length + 2) * 64; }

void convolution_last_pack(convolution_path path, const float *weights, int64_t inputs, float *packed) {
  kernels(path)->last_pack(weights, inputs, packed);
}

void convolution_last(
    convolution_path path, convolution_grid grid, convolution_layer layer, convolution_window source, float *image,
    int adds, convolution_range z, convolution_range y, convolution_range x, float *scratch) {
  kernels(path)->last(grid, &layer, source, image, adds, z, y, x, scratch);
}

int64_t convolution_peak(convolution_path path, int64_t iterations) { return kernels(path)->peak(iterations); }

void convolution_direct(convolution_grid grid, convolution_layer layer, const float *source, float *target) {
  for (int64_t z = 0; z < grid.z; z++)
    for (int64_t y = 0; y < grid.y; y++)
      for (int64_t x = 0; x < grid.x; x++)
        for (int64_t o = 0; o < layer.outputs; o++) {
          double sum = layer.bias[o];
          for (int64_t d = 0; d < 27; d++) {
            int64_t zz = z + d / 9 - 1, yy = y + d / 3 % 3 - 1, xx = x + d % 3 - 1;
            if (zz < 0 || zz >= grid.z || yy < 0 || yy >= grid.y || xx < 0 || xx >= grid.x) continue;
            const float *voxel = source + ((zz * grid.y + yy) * grid.x + xx) * layer.inputs;
            for (int64_t c = 0; c < layer.inputs; c++)
              sum += (double)voxel[c] * layer.weights[(o * layer.inputs + c) * 27 + d];
          }
          target[((z * grid.y + y) * grid.x + x) * layer.outputs + o] = (float)(sum > 0 ? sum : layer.slope * sum);
        }
}
