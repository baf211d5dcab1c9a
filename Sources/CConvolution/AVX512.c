#include "Path.h"

#if defined(__x86_64__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), apply_to = function)
#define WIDTH 16
#define MOST_COLUMNS 4
#define SUFFIX avx512
#include "Kernels.h"
#pragma clang attribute pop
#endif
