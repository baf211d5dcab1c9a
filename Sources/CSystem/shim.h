// What Swift's modules of the C library leave out.
#ifndef CSYSTEM_SHIM_H
#define CSYSTEM_SHIM_H

#include <errno.h>
#ifdef __linux__
#include <features.h>
#endif
#ifdef __GLIBC__
#include <malloc.h>
#endif

// Gives memory that was freed back to the system, where the C library keeps it.
static inline void give_back_memory(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

#include <stdint.h>
#include <sys/resource.h>

// What the limits of this process leave it of the machine's memory [bytes].
static inline uint64_t memory_limit(void) {
  uint64_t least = UINT64_MAX;
  const int resources[] = {RLIMIT_AS, RLIMIT_DATA};
  for (int i = 0; i < 2; i++) {
    struct rlimit found;
    if (getrlimit(resources[i], &found) == 0 && found.rlim_cur != RLIM_INFINITY && found.rlim_cur < least)
      least = found.rlim_cur;
  }
  return least;
}

#ifdef __linux__
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Exchanges two names in one step; 0, or -1 with errno.
static inline int exchange_names(const char *first, const char *second) {
#ifdef SYS_renameat2
  return (int)syscall(SYS_renameat2, AT_FDCWD, first, AT_FDCWD, second, 2 /* RENAME_EXCHANGE */);
#else
  errno = ENOSYS;
  return -1;
#endif
}
#else
#include <stdio.h>

static inline int exchange_names(const char *first, const char *second) {
#ifdef RENAME_SWAP
  return renamex_np(first, second, RENAME_SWAP);
#else
  errno = ENOSYS;
  return -1;
#endif
}
#endif
#endif
