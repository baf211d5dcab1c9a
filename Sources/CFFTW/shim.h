#include <fftw3.h>

// An array of unknown length, which Swift cannot read.
static inline const char *kst_fftwf_version(void) { return fftwf_version; }
