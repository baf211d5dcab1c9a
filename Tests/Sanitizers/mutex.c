// Tells the thread sanitizer of locks that were waited for.
//
// Swift's Mutex takes a free lock in code of the program's own, which is instrumented; a lock that is held is waited for within
// libswiftSynchronization, which is not. Every such wait would look like a race. `make sanitize` preloads this library, whose
// functions stand before the two of that one.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

// Processes that are not sanitized, such as `swift test` itself, have none.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

typedef SWIFT void (*lock_function)(unsigned owner, SELF void *handle);
typedef SWIFT void (*unlock_function)(SELF void *handle);

SWIFT void lock_slow(unsigned owner, SELF void *handle) __asm__(LOCK);
SWIFT void unlock_slow(SELF void *handle) __asm__(UNLOCK);

SWIFT void lock_slow(unsigned owner, SELF void *handle) {
  ((lock_function)dlsym(RTLD_NEXT, LOCK))(owner, handle);
  if (__tsan_acquire != NULL) __tsan_acquire(handle);
}

SWIFT void unlock_slow(SELF void *handle) {
  if (__tsan_release != NULL) __tsan_release(handle);
  ((unlock_function)dlsym(RTLD_NEXT, UNLOCK))(handle);
}
