#include "Path.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define WIDTH 8
#define MOST_COLUMNS 2
#define SUFFIX avx2
#include "Kernels.h"
#pragma clang attribute pop
#endif
