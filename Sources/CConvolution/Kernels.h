// The kernels, compiled once for each instruction set: WIDTH floats to a vector, at most MOST_COLUMNS vectors of
// outputs at a time, SUFFIX for the names.

typedef float vector __attribute__((vector_size(4 * WIDTH)));
typedef int32_t mask __attribute__((vector_size(4 * WIDTH)));
typedef float loose __attribute__((vector_size(4 * WIDTH), aligned(4)));
typedef float eight __attribute__((vector_size(32), aligned(4)));

#define INLINE static inline __attribute__((always_inline))
#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define UNROLL _Pragma("clang loop unroll(full)")

INLINE vector load(const float *p) { return *(const vector *)p; }
INLINE void store(float *p, vector v) { *(vector *)p = v; }
// Unlike 0 + v, v - 0 is v whatever its sign, and costs nothing.
INLINE vector all(float v) { return v - (vector){}; }
INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
INLINE int64_t stride_of(int64_t channels) { return (channels + 15) / 16 * 16; }
INLINE vector activated(vector v, vector slope) {
  vector scaled = slope * v;
  mask positive = v > (vector){};
  return (vector)(((mask)v & positive) | ((mask)scaled & ~positive));
}

// Rows of a product whose accumulators fill the registers, by the number of its vectors of columns.
#if MOST_COLUMNS == 4
#define ROWS(columns) (24 / (columns))
#else
#define ROWS(columns) 6
#endif

// MARK: - Hidden layers

// Winograd's F(4x4, 3x3) over (z, y), with interpolation points 0, +-A, +-B and infinity, times F(2, 3) along x.
// Points with A B = 1 lose the fewest digits.
#define A 0.70710678118654752
#define B 1.41421356237309505

#define TILES 12
#define PAIRS 2
#define SLICES (2 * PAIRS + 2)
#define MOST_ROWS (TILES * PAIRS)

// One dimension of the transform of inputs: 6 values to 6.
#define TRANSFORM_INPUT(o, d)                                        \
  do {                                                               \
    vector e1 = d[4] - (float)(B * B) * d[2], f1 = d[3] - (float)(B * B) * d[1]; \
    vector e2 = d[4] - (float)(A * A) * d[2], f2 = d[3] - (float)(A * A) * d[1]; \
    o[0] = (float)(A * A * B * B) * d[0] + (d[4] - (float)(A * A + B * B) * d[2]); \
    o[1] = e1 + (float)A * f1;                                       \
    o[2] = e1 - (float)A * f1;                                       \
    o[3] = e2 + (float)B * f2;                                       \
    o[4] = e2 - (float)B * f2;                                       \
    o[5] = (float)(A * A * B * B) * d[1] + (d[5] - (float)(A * A + B * B) * d[3]); \
  } while (0)

// One dimension of the transform of outputs: 6 values to 4.
#define TRANSFORM_OUTPUT(o, m)                                            \
  do {                                                                    \
    vector s1 = m[1] + m[2], t1 = m[1] - m[2];                            \
    vector s2 = m[3] + m[4], t2 = m[3] - m[4];                            \
    o[0] = m[0] + (s1 + s2);                                              \
    o[1] = (float)A * t1 + (float)B * t2;                                 \
    o[2] = (float)(A * A) * s1 + (float)(B * B) * s2;                     \
    o[3] = (float)(A * A * A) * t1 + ((float)(B * B * B) * t2 + m[5]);    \
  } while (0)

typedef struct hidden_scratch {
  float *inputs, *outputs, *rows, *zeros;
  // From one of the 36 points to the next; odd numbers of cache lines, lest all points share a few sets.
  int64_t input_stride, output_stride;
} hidden_scratch;

INLINE hidden_scratch hidden_parts(int64_t inputs, int64_t outputs, float *memory, int64_t *size) {
  int64_t in = stride_of(inputs);
  int64_t columns = least(stride_of(outputs), MOST_COLUMNS * WIDTH);
  hidden_scratch parts;
  parts.input_stride = SLICES * TILES * in + 16;
  parts.output_stride = 2 * MOST_ROWS * columns + 16;
  parts.inputs = memory;
  parts.outputs = parts.inputs + 36 * parts.input_stride;
  parts.rows = parts.outputs + 36 * parts.output_stride;
  parts.zeros = parts.rows + MOST_ROWS * in;
  *size = parts.zeros + in - memory;
  return parts;
}

static int64_t hidden_scratch_size(int64_t inputs, int64_t outputs) {
  int64_t in = stride_of(inputs), columns = least(stride_of(outputs), MOST_COLUMNS * WIDTH);
  return 36 * (SLICES * TILES * in + 16) + 36 * (2 * MOST_ROWS * columns + 16) + MOST_ROWS * in + in;
}

// Packed weights: [columns, point, phase, input, column].
static void hidden_pack(const float *weights, int64_t inputs, int64_t outputs, float *packed) {
  const double a = A, b = B, sa = 1 / (2 * a * a * (a * a - b * b)), sb = 1 / (2 * b * b * (b * b - a * a));
  const double g[6][3] = {{1 / (a * a * b * b), 0, 0}, {sa, sa * a, sa * a * a}, {sa, -sa * a, sa * a * a},
                          {sb, sb * b, sb * b * b},    {sb, -sb * b, sb * b * b}, {0, 0, 1}};
  // The phases in the order of their products: d1 + d2, d2 - d1, d0 - d2, d3 - d1.
  const double h[4][3] = {{0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {1, 0, 0}, {0, 0, 1}};
  int64_t padded = stride_of(outputs);
  for (int64_t first = 0; first < padded; first += MOST_COLUMNS * WIDTH) {
    int64_t columns = least(padded - first, MOST_COLUMNS * WIDTH);
    for (int64_t column = 0; column < columns; column++)
      for (int64_t input = 0; input < inputs; input++) {
        const float *w = first + column < outputs ? weights + ((first + column) * inputs + input) * 27 : 0;
        for (int point = 0; point < 36; point++)
          for (int phase = 0; phase < 4; phase++) {
            double sum = 0;
            for (int d = 0; w && d < 27; d++)
              sum += g[point / 6][d / 9] * g[point % 6][d / 3 % 3] * h[phase][d % 3] * w[d];
            packed[((point * 4 + phase) * inputs + input) * columns + column] = (float)sum;
          }
      }
    packed += 36 * 4 * inputs * columns;
  }
}

// Adds the product of rows with a phase's weights to two outputs along x; see `h` above:
// y0 = p + q + r0, y1 = p - q + r3.
INLINE void hidden_product(
    const int rows, const int columns, const int phase, const float *a, int64_t stride, const float *w, int64_t inputs,
    float *y0, float *y1) {
  const int width = columns * WIDTH;
  vector sum[24][4];
  UNROLL for (int r = 0; r < rows; r++)
    UNROLL for (int c = 0; c < columns; c++) {
      if (phase == 2) sum[r][c] = load(y0 + r * width + c * WIDTH);
      else if (phase == 3) sum[r][c] = load(y1 + r * width + c * WIDTH);
      else sum[r][c] = (vector){};
    }
  for (int64_t k = 0; k < inputs; k++) {
    vector v[4];
    UNROLL for (int c = 0; c < columns; c++) v[c] = load(w + k * width + c * WIDTH);
    UNROLL for (int r = 0; r < rows; r++) {
      vector value = all(a[r * stride + k]);
      UNROLL for (int c = 0; c < columns; c++) sum[r][c] += value * v[c];
    }
  }
  UNROLL for (int r = 0; r < rows; r++)
    UNROLL for (int c = 0; c < columns; c++) {
      float *p0 = y0 + r * width + c * WIDTH, *p1 = y1 + r * width + c * WIDTH;
      if (phase == 1) {
        vector p = load(p0);
        store(p0, p + sum[r][c]);
        store(p1, p - sum[r][c]);
      } else {
        store(phase == 3 ? p1 : p0, sum[r][c]);
      }
    }
}

#define PRODUCTS(columns, phase)                                                                      \
  for (int64_t r = 0; r < rows; r += ROWS(columns))                                                   \
    hidden_product(                                                                                   \
        ROWS(columns), columns, phase, a + r * in, in, w, inputs, y + r * (columns) * WIDTH,           \
        y + (rows_stride + r) * (columns) * WIDTH)

#define DEFINE_PRODUCTS(columns)                                                                           \
  static __attribute__((noinline)) void products_##columns(                                                \
      int phase, const float *a, int64_t rows, int64_t rows_stride, int64_t in, const float *w, int64_t inputs, float *y) { \
    switch (phase) {                                                                                       \
      case 0: PRODUCTS(columns, 0); break;                                                                 \
      case 1: PRODUCTS(columns, 1); break;                                                                 \
      case 2: PRODUCTS(columns, 2); break;                                                                 \
      default: PRODUCTS(columns, 3); break;                                                                \
    }                                                                                                      \
  }

DEFINE_PRODUCTS(2)
#if MOST_COLUMNS == 4
DEFINE_PRODUCTS(1)
DEFINE_PRODUCTS(3)
DEFINE_PRODUCTS(4)
#endif

INLINE void products(
    int columns, int phase, const float *a, int64_t rows, int64_t rows_stride, int64_t in, const float *w, int64_t inputs, float *y) {
  switch (columns) {
#if MOST_COLUMNS == 4
    case 1: products_1(phase, a, rows, rows_stride, in, w, inputs, y); break;
    case 3: products_3(phase, a, rows, rows_stride, in, w, inputs, y); break;
    case 4: products_4(phase, a, rows, rows_stride, in, w, inputs, y); break;
#endif
    default: products_2(phase, a, rows, rows_stride, in, w, inputs, y); break;
  }
}

// Transforms 6 x 6 voxels of one slice and 16 channels; `v` is where point 0 goes. Voxel `(i, j)` is at
// `corner + i plane + j line`, or, for a tile at the edge of the volume, at `corner + offsets[6 i + j]`, where a negative
// offset is a zero.
INLINE void hidden_input(
    const int within, const float *corner, int64_t plane, int64_t line, const int64_t *offsets, const float *zeros,
    float *v, int64_t stride) {
  for (int64_t c = 0; c < 16; c += WIDTH) {
    vector half[6][6];
    UNROLL for (int j = 0; j < 6; j++) {
      vector d[6], o[6];
      UNROLL for (int i = 0; i < 6; i++) {
        int64_t offset = within ? i * plane + j * line : offsets[6 * i + j];
        d[i] = load((within || offset >= 0 ? corner + offset : zeros) + c);
      }
      TRANSFORM_INPUT(o, d);
      UNROLL for (int i = 0; i < 6; i++) half[i][j] = o[i];
    }
    UNROLL for (int i = 0; i < 6; i++) {
      vector o[6];
      TRANSFORM_INPUT(o, half[i]);
      UNROLL for (int j = 0; j < 6; j++) store(v + (6 * i + j) * stride + c, o[j]);
    }
  }
}

// Transforms the voxels of a tile with its rim for slices `x`; slice `x` goes to `v + (x + shift) % SLICES * slab`.
static void hidden_inputs(
    convolution_grid grid, convolution_layout source, int64_t tile, convolution_range x, int64_t shift, int64_t in,
    const float *zeros, float *v, int64_t slab, int64_t stride) {
  int64_t across = (grid.y + 3) / 4, z = 4 * (tile / across) - 1, y = 4 * (tile % across) - 1;
  int64_t plane = grid.y * source.pitch, corner = z * plane + y * source.pitch;
  int within = z >= 0 && z + 6 <= grid.z && y >= 0 && y + 6 <= grid.y;
  for (int64_t i = x.first; i < x.end; i++) {
    int64_t offsets[36], voxel = i % source.slices * source.stride;
    float *slice = v + (i + shift) % SLICES * slab;
    if (!within)
      for (int k = 0; k < 36; k++) {
        int64_t zz = z + k / 6, yy = y + k % 6;
        int inside = zz >= 0 && zz < grid.z && yy >= 0 && yy < grid.y;
        offsets[k] = inside ? zz * plane + yy * source.pitch + voxel : -1;
      }
    for (int64_t c = 0; c < in; c += 16) {
      const float *block = source.blocks[c / 16];
      if (within) hidden_input(1, block + corner + voxel, plane, source.pitch, 0, 0, slice + c, stride);
      else hidden_input(0, block, 0, 0, offsets, zeros, slice + c, stride);
    }
  }
}

// Transforms a row of products back to 4 x 4 voxels.
INLINE void hidden_output(
    convolution_grid grid, const convolution_layer *layer, convolution_layout target, int64_t tile, int64_t x,
    int64_t first, int columns, const float *m, int64_t stride) {
  int64_t across = (grid.y + 3) / 4, z = 4 * (tile / across), y = 4 * (tile % across);
  int64_t offset = x % target.slices * target.stride;
  vector slope = all(layer->slope);
  for (int column = 0; column < columns; column++) {
    int64_t c = column * WIDTH;
    vector half[4][6], bias = load(layer->bias + first + c);
    UNROLL for (int j = 0; j < 6; j++) {
      vector d[6], o[4];
      UNROLL for (int i = 0; i < 6; i++) d[i] = load(m + (6 * i + j) * stride + c);
      TRANSFORM_OUTPUT(o, d);
      UNROLL for (int i = 0; i < 4; i++) half[i][j] = o[i];
    }
    for (int i = 0; i < 4; i++) {
      if (z + i >= grid.z) break;
      vector o[4];
      TRANSFORM_OUTPUT(o, half[i]);
      float *p = target.blocks[(first + c) / 16] + ((z + i) * grid.y + y) * target.pitch + offset + (first + c) % 16;
      UNROLL for (int j = 0; j < 4; j++)
        if (y + j < grid.y) store(p + j * target.pitch, activated(o[j] + bias, slope));
    }
  }
}

static void hidden(
    convolution_grid grid, const convolution_layer *layer, convolution_layout source, convolution_layout target,
    convolution_range tiles, convolution_range x, float *memory) {
  static const int operands[4][2] = {{1, 2}, {2, 1}, {0, 2}, {3, 1}};
  int64_t size, inputs = layer->inputs, in = stride_of(inputs), out = stride_of(layer->outputs);
  hidden_scratch scratch = hidden_parts(inputs, layer->outputs, memory, &size);
  int64_t count = tiles.end - tiles.first, slab = count * in;
  int64_t base = 0, known = x.first - 1;
  for (int64_t start = x.first; start < x.end; start += 2 * PAIRS) {
    int64_t pairs = least(PAIRS, (x.end - start + 1) / 2);
    // Slice start - 1 + i is at place (base + i) % SLICES; two slices are known from the step before.
    int64_t shift = base + 1 - start + SLICES * start;
    convolution_range fresh = {most(known, 0), least(start + 2 * pairs, least(x.end, grid.x - 1)) + 1};
    for (int64_t tile = 0; tile < count; tile++)
      hidden_inputs(
          grid, source, tiles.first + tile, fresh, shift, in, scratch.zeros, scratch.inputs + tile * in, slab,
          scratch.input_stride);
    for (; known <= start + 2 * pairs; known++) {
      if (known >= fresh.first && known < fresh.end) continue;
      float *slice = scratch.inputs + (known + shift) % SLICES * slab;
      for (int point = 0; point < 36; point++)
        for (int64_t c = 0; c < slab; c += WIDTH) store(slice + point * scratch.input_stride + c, (vector){});
    }
    const float *w = layer->weights;
    for (int64_t first = 0; first < out; first += MOST_COLUMNS * WIDTH) {
      int columns = (int)least((out - first) / WIDTH, MOST_COLUMNS), step = MOST_COLUMNS == 4 ? 24 / columns : 6;
      int64_t rows = (pairs * count + step - 1) / step * step;
      for (int point = 0; point < 36; point++)
        for (int phase = 0; phase < 4; phase++) {
          const float *v = scratch.inputs + point * scratch.input_stride;
          for (int64_t pair = 0; pair < pairs; pair++) {
            const float *d = v + (base + 2 * pair + operands[phase][0]) % SLICES * slab;
            const float *e = v + (base + 2 * pair + operands[phase][1]) % SLICES * slab;
            float *a = scratch.rows + pair * slab;
            if (phase == 0) for (int64_t c = 0; c < slab; c += WIDTH) store(a + c, load(d + c) + load(e + c));
            else for (int64_t c = 0; c < slab; c += WIDTH) store(a + c, load(d + c) - load(e + c));
          }
          products(
              columns, phase, scratch.rows, rows, MOST_ROWS, in, w, inputs,
              scratch.outputs + point * scratch.output_stride);
          w += inputs * columns * WIDTH;
        }
      for (int64_t tile = 0; tile < count; tile++)
        for (int64_t i = 0; i < least(2 * pairs, x.end - start); i++) {
          int64_t row = i % 2 * MOST_ROWS + i / 2 * count + tile;
          hidden_output(
              grid, layer, target, tiles.first + tile, start + i, first, columns,
              scratch.outputs + row * columns * WIDTH, scratch.output_stride);
        }
    }
    base = (base + 2 * PAIRS) % SLICES;
  }
}

// MARK: - Any kernel

// Groups of voxels whose sums are kept while the weights of a tap are at hand.
#define GROUPS 8

// Packed weights: [columns, tap, input, column].
static void taps_pack(const float *weights, int64_t inputs, int64_t outputs, int64_t taps, float *packed) {
  int64_t padded = stride_of(outputs);
  for (int64_t first = 0; first < padded; first += MOST_COLUMNS * WIDTH) {
    int64_t columns = least(padded - first, MOST_COLUMNS * WIDTH);
    for (int64_t tap = 0; tap < taps; tap++)
      for (int64_t input = 0; input < inputs; input++)
        for (int64_t column = 0; column < columns; column++, packed++)
          *packed = first + column < outputs ? weights[((first + column) * inputs + input) * taps + tap] : 0;
  }
}

// Adds what one tap gives to the sums of some voxels along x, of which the first is at `at` of the source; the tap's row
// lies within the volume.
INLINE void taps_product(
    const int columns, convolution_grid grid, int64_t inputs, convolution_layout source, convolution_grid at,
    int64_t stride, int64_t valid, const float *w, float *sums) {
  const int rows = ROWS(columns), width = columns * WIDTH;
  _Alignas(64) float gathered[24 * 16];
  int direct = stride == 1 && valid >= rows && at.x >= 0 && at.x + rows <= grid.x;
  int64_t line = (at.z * grid.y + at.y) * source.pitch;
  vector sum[24][4];
  UNROLL for (int r = 0; r < rows; r++)
    UNROLL for (int c = 0; c < columns; c++) sum[r][c] = load(sums + r * width + c * WIDTH);
  for (int64_t first = 0; first < inputs; first += 16) {
    const float *a = source.blocks[first / 16] + line + at.x * 16;
    if (!direct) {
      for (int r = 0; r < rows; r++) {
        int64_t x = at.x + r * stride;
        int known = r < valid && x >= 0 && x < grid.x;
        for (int c = 0; c < 16; c += WIDTH)
          store(gathered + r * 16 + c, known ? load(a + r * stride * 16 + c) : (vector){});
      }
      a = gathered;
    }
    int64_t channels = least(16, inputs - first);
    for (int64_t k = 0; k < channels; k++) {
      vector v[4];
      UNROLL for (int c = 0; c < columns; c++) v[c] = load(w + k * width + c * WIDTH);
      UNROLL for (int r = 0; r < rows; r++) {
        vector value = all(a[r * 16 + k]);
        UNROLL for (int c = 0; c < columns; c++) sum[r][c] += value * v[c];
      }
    }
    w += channels * width;
  }
  UNROLL for (int r = 0; r < rows; r++)
    UNROLL for (int c = 0; c < columns; c++) store(sums + r * width + c * WIDTH, sum[r][c]);
}

INLINE void taps_columns(
    const int columns, convolution_grid from, convolution_grid to, const convolution_layer *layer,
    const convolution_taps *taps, convolution_layout source, convolution_layout target, convolution_range range,
    int64_t first, const float *weights) {
  const int rows = ROWS(columns), width = columns * WIDTH;
  _Alignas(64) float sums[GROUPS * 24 * 16];
  int64_t across = (taps->count.x + rows - 1) / rows, end = range.end * across;
  vector slope = all(layer->slope);
  for (int64_t start = range.first * across; start < end; start += GROUPS) {
    int64_t groups = least(GROUPS, end - start);
    for (int64_t i = 0; i < groups * rows; i++)
      UNROLL for (int c = 0; c < columns; c++)
        store(sums + i * width + c * WIDTH, load(layer->bias + first + c * WIDTH));
    const float *w = weights;
    for (int64_t tap = 0; tap < taps->taps; tap++, w += layer->inputs * width)
      for (int64_t group = 0; group < groups; group++) {
        int64_t row = (start + group) / across, x = (start + group) % across * rows;
        convolution_grid at = {
            row / taps->count.y * taps->stride.z + taps->offsets[tap].z,
            row % taps->count.y * taps->stride.y + taps->offsets[tap].y, x * taps->stride.x + taps->offsets[tap].x};
        if (at.z < 0 || at.z >= from.z || at.y < 0 || at.y >= from.y) continue;
        taps_product(
            columns, from, layer->inputs, source, at, taps->stride.x, taps->count.x - x, w, sums + group * rows * width);
      }
    for (int64_t group = 0; group < groups; group++) {
      int64_t row = (start + group) / across, x = (start + group) % across * rows;
      int64_t z = taps->first.z + row / taps->count.y * taps->step.z;
      int64_t y = taps->first.y + row % taps->count.y * taps->step.y;
      for (int64_t r = 0; r < rows && x + r < taps->count.x; r++) {
        int64_t voxel = (z * to.y + y) * target.pitch + (taps->first.x + (x + r) * taps->step.x) * 16;
        for (int c = 0; c < width; c += WIDTH)
          store(
              target.blocks[(first + c) / 16] + voxel + (first + c) % 16,
              activated(load(sums + (group * rows + r) * width + c), slope));
      }
    }
  }
}

#define DEFINE_TAPS(columns)                                                                                        \
  static __attribute__((noinline)) void taps_##columns(                                                             \
      convolution_grid from, convolution_grid to, const convolution_layer *layer, const convolution_taps *taps,     \
      convolution_layout source, convolution_layout target, convolution_range range, int64_t first, const float *w) { \
    taps_columns(columns, from, to, layer, taps, source, target, range, first, w);                                  \
  }

DEFINE_TAPS(2)
#if MOST_COLUMNS == 4
DEFINE_TAPS(1)
DEFINE_TAPS(3)
DEFINE_TAPS(4)
#endif

static void taps(
    convolution_grid from, convolution_grid to, const convolution_layer *layer, const convolution_taps *taps,
    convolution_layout source, convolution_layout target, convolution_range range) {
  int64_t out = stride_of(layer->outputs);
  const float *w = layer->weights;
  for (int64_t first = 0; first < out; first += MOST_COLUMNS * WIDTH) {
    int columns = (int)least((out - first) / WIDTH, MOST_COLUMNS);
    switch (columns) {
#if MOST_COLUMNS == 4
      case 1: taps_1(from, to, layer, taps, source, target, range, first, w); break;
      case 3: taps_3(from, to, layer, taps, source, target, range, first, w); break;
      case 4: taps_4(from, to, layer, taps, source, target, range, first, w); break;
#endif
      default: taps_2(from, to, layer, taps, source, target, range, first, w); break;
    }
    w += taps->taps * layer->inputs * columns * WIDTH;
  }
}

// MARK: - The first layer

// Packed weights: [columns, row of taps, (tap along x, channel), column].
static void first_pack(const float *weights, int64_t outputs, float *packed) {
  int64_t padded = stride_of(outputs);
  for (int64_t first = 0; first < padded; first += MOST_COLUMNS * WIDTH) {
    int64_t columns = least(padded - first, MOST_COLUMNS * WIDTH);
    for (int row = 0; row < 9; row++)
      for (int k = 0; k < 6; k++)
        for (int64_t column = 0; column < columns; column++, packed++)
          *packed = first + column < outputs ? weights[((first + column) * 2 + k % 2) * 27 + row * 3 + k / 2] : 0;
  }
}

INLINE void first_product(
    const int rows, const int columns, const float *a, int64_t pitch, const float *w, const float *bias, vector slope,
    float *const *targets, int64_t valid) {
  vector sum[24][4];
  UNROLL for (int r = 0; r < rows; r++)
    UNROLL for (int c = 0; c < columns; c++) sum[r][c] = load(bias + c * WIDTH);
  for (int row = 0; row < 9; row++)
    for (int k = 0; k < 6; k++) {
      vector v[4];
      UNROLL for (int c = 0; c < columns; c++) v[c] = load(w + (row * 6 + k) * columns * WIDTH + c * WIDTH);
      UNROLL for (int r = 0; r < rows; r++) {
        vector value = all(a[row * pitch + 2 * r + k]);
        UNROLL for (int c = 0; c < columns; c++) sum[r][c] += value * v[c];
      }
    }
  UNROLL for (int r = 0; r < rows; r++)
    if (r < valid)
      UNROLL for (int c = 0; c < columns; c++) store(targets[r] + c * WIDTH, activated(sum[r][c], slope));
}

static void first(
    convolution_grid grid, const convolution_layer *layer, const float *image, convolution_window target,
    convolution_range rows, convolution_range x, float *scratch) {
  int64_t out = stride_of(layer->outputs), length = x.end - x.first, pitch = 2 * (length + 2 + 24);
  vector slope = all(layer->slope);
  for (int64_t row = rows.first; row < rows.end; row++) {
    int64_t z = row / grid.y, y = row % grid.y;
    for (int tap = 0; tap < 9; tap++) {
      int64_t zz = z + tap / 3 - 1, yy = y + tap % 3 - 1;
      float *line = scratch + tap * pitch;
      int inside = zz >= 0 && zz < grid.z && yy >= 0 && yy < grid.y;
      const float *source = image + (zz * grid.y + yy) * grid.x * 2;
      for (int64_t i = 0; i < length + 2; i++) {
        int64_t xx = x.first - 1 + i;
        int known = inside && xx >= 0 && xx < grid.x;
        line[2 * i] = known ? source[2 * xx] : 0;
        line[2 * i + 1] = known ? source[2 * xx + 1] : 0;
      }
    }
    float *base = target.values + row * target.pitch;
    const float *w = layer->weights;
    for (int64_t first = 0; first < out; first += MOST_COLUMNS * WIDTH) {
      int columns = (int)least((out - first) / WIDTH, MOST_COLUMNS), step = MOST_COLUMNS == 4 ? 24 / columns : 6;
      for (int64_t i = 0; i < length; i += step) {
        float *targets[24];
        for (int r = 0; r < step; r++) targets[r] = base + (x.first + i + r) % target.slices * out + first;
        const float *a = scratch + 2 * i, *bias = layer->bias + first;
        switch (columns) {
#if MOST_COLUMNS == 4
          case 1: first_product(ROWS(1), 1, a, pitch, w, bias, slope, targets, length - i); break;
          case 3: first_product(ROWS(3), 3, a, pitch, w, bias, slope, targets, length - i); break;
          case 4: first_product(ROWS(4), 4, a, pitch, w, bias, slope, targets, length - i); break;
#endif
          default: first_product(ROWS(2), 2, a, pitch, w, bias, slope, targets, length - i); break;
        }
      }
      w += 54 * columns * WIDTH;
    }
  }
}

// MARK: - The last layer

// Every voxel is multiplied with all 27 taps of both outputs at once; then shifted products are added. Packed weights:
// [columns, input, column], columns are (row of taps, tap along x, output), padded from 54 to 64.
#define LAST_COLUMNS (MOST_COLUMNS * WIDTH)

static void last_pack(const float *weights, int64_t inputs, float *packed) {
  for (int64_t first = 0; first < 64; first += LAST_COLUMNS)
    for (int64_t input = 0; input < inputs; input++)
      for (int64_t column = first; column < first + LAST_COLUMNS; column++, packed++)
        *packed = column < 54 ? weights[(column % 2 * inputs + input) * 27 + column / 2] : 0;
}

INLINE void last_product(const int rows, const float *const *a, int64_t ahead, const float *w, int64_t inputs, float *products) {
  vector sum[24][4];
  UNROLL for (int r = 0; r < rows; r++)
    UNROLL for (int c = 0; c < MOST_COLUMNS; c++) sum[r][c] = (vector){};
  for (int64_t k = 0; k < inputs; k++) {
    // Each voxel is read once, too briefly for the hardware to see it coming.
    if (k % 16 == 0) UNROLL for (int r = 0; r < rows; r++) __builtin_prefetch(a[r] + ahead + k);
    vector v[4];
    UNROLL for (int c = 0; c < MOST_COLUMNS; c++) v[c] = load(w + k * LAST_COLUMNS + c * WIDTH);
    UNROLL for (int r = 0; r < rows; r++) {
      vector value = all(a[r][k]);
      UNROLL for (int c = 0; c < MOST_COLUMNS; c++) sum[r][c] += value * v[c];
    }
  }
  UNROLL for (int r = 0; r < rows; r++)
    UNROLL for (int c = 0; c < MOST_COLUMNS; c++) *(loose *)(products + r * 64 + c * WIDTH) = sum[r][c];
}

// The products of row (z, y) for slices `x.first - 1 ... x.end`; zeros outside of the volume.
static void last_row(
    convolution_grid grid, const convolution_layer *layer, convolution_window source, int64_t row, convolution_range x,
    float *products) {
  int64_t in = stride_of(layer->inputs), length = x.end - x.first + 2, i = 0;
  const float *base = source.values + row * source.pitch;
  for (; x.first - 1 + i < 0; i++) for (int c = 0; c < 64; c++) products[i * 64 + c] = 0;
  int64_t known = least(length, grid.x - x.first + 1);
  for (int64_t j = known; j < length; j++) for (int c = 0; c < 64; c++) products[j * 64 + c] = 0;
  const int step = ROWS(MOST_COLUMNS);
  for (int64_t j = i; j < known; j += step) {
    // The last rows are computed again rather than beyond the end, or one by one where there are too few.
    int64_t first = known - j >= step ? j : known - step;
    const float *a[6];
    if (first >= i) {
      for (int r = 0; r < step; r++) a[r] = base + (x.first - 1 + first + r) % source.slices * in;
      for (int block = 0; block < 64 / LAST_COLUMNS; block++)
        last_product(
            6, a, 6 * in, layer->weights + block * LAST_COLUMNS * layer->inputs, layer->inputs,
            products + first * 64 + block * LAST_COLUMNS);
    } else {
      for (int64_t r = j; r < known; r++) {
        a[0] = base + (x.first - 1 + r) % source.slices * in;
        for (int block = 0; block < 64 / LAST_COLUMNS; block++)
          last_product(
              1, a, in, layer->weights + block * LAST_COLUMNS * layer->inputs, layer->inputs,
              products + r * 64 + block * LAST_COLUMNS);
      }
    }
  }
}

static void last(
    convolution_grid grid, const convolution_layer *layer, convolution_window source, float *image, int adds,
    convolution_range z, convolution_range y, convolution_range x, float *scratch) {
  int64_t length = x.end - x.first, row_size = (length + 2) * 64;
  int64_t planes = z.end - z.first + 2;
#define PRODUCTS_AT(zz, yy) (scratch + (((yy) + 3) % 3 * planes + ((zz)-z.first + 1)) * row_size)
  for (int64_t yy = most(y.first - 1, 0); yy <= y.end; yy++) {
    if (yy < grid.y)
      for (int64_t zz = most(z.first - 1, 0); zz < least(z.end + 1, grid.z); zz++)
        last_row(grid, layer, source, zz * grid.y + yy, x, PRODUCTS_AT(zz, yy));
    // With row yy, the outputs of row yy - 1 are complete.
    int64_t done = yy - 1;
    if (done < y.first) continue;
    for (int64_t zz = z.first; zz < z.end; zz++) {
      const float *rows[9];
      int count = 0;
      for (int tap = 0; tap < 9; tap++) {
        int64_t zt = zz + tap / 3 - 1, yt = done + tap % 3 - 1;
        if (zt >= 0 && zt < grid.z && yt >= 0 && yt < grid.y) rows[count++] = PRODUCTS_AT(zt, yt) + tap * 6;
      }
      float *target = image + ((zz * grid.y + done) * grid.x + x.first) * 2;
      // Sums of the rows of taps at slices i - 1, i and i + 1.
      eight sums[3];
      for (int64_t i = 0; i < length + 2; i++) {
        eight sum = *(const eight *)(rows[0] + i * 64);
        for (int tap = 1; tap < count; tap++) sum += *(const eight *)(rows[tap] + i * 64);
        sums[0] = sums[1];
        sums[1] = sums[2];
        sums[2] = sum;
        if (i < 2) continue;
        float *voxel = target + (i - 2) * 2;
        for (int c = 0; c < 2; c++) {
          float value = layer->bias[c] + (sums[0][c] + sums[1][2 + c] + sums[2][4 + c]);
          voxel[c] = adds ? voxel[c] + value : value;
        }
      }
    }
  }
}

// MARK: - The machine

static int64_t peak(int64_t iterations) {
  vector sum[12], a = all(0.999f), b = all(1e-9f);
  UNROLL for (int i = 0; i < 12; i++) sum[i] = all((float)i);
  for (int64_t n = 0; n < iterations; n++) {
    UNROLL for (int i = 0; i < 12; i++) sum[i] = sum[i] * a + b;
    __asm__ volatile("" ::: "memory");
  }
  float total = 0;
  UNROLL for (int i = 0; i < 12; i++) total += sum[i][0];
  // A sum that depends on the loop keeps it.
  return 2 * 12 * WIDTH * iterations + (total == 1.0f);
}

const convolution_kernels JOIN(convolution_kernels, SUFFIX) = {
    .tiles = TILES,
    .hidden_scratch = hidden_scratch_size,
    .hidden_pack = hidden_pack,
    .hidden = hidden,
    .taps_pack = taps_pack,
    .taps = taps,
    .first_pack = first_pack,
    .first = first,
    .last_pack = last_pack,
    .last = last,
    .peak = peak,
};
