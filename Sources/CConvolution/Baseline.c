#include "Path.h"

#define WIDTH 4
#define MOST_COLUMNS 2
#define SUFFIX baseline
#include "Kernels.h"
