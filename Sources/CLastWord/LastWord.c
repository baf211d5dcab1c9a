#define _GNU_SOURCE
#include "CLastWord.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

// In a handler nothing may be allocated or locked: all memory is here, and whoever writes it takes turns with others.
enum { LONGEST = 1024, MOST = 64 };
static char command_line[LONGEST];
static char activities[2][2 * LONGEST];
static _Atomic int shown;
static char removals[MOST][LONGEST];
static _Atomic char is_used[MOST];
// Whether something unfinished found no place above.
static _Atomic int is_beyond;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static const int faults[] = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
enum { COUNT = sizeof faults / sizeof *faults };
static struct sigaction earlier[COUNT];
static _Atomic int is_ending;

static void say(const char *text) {
  size_t length = strlen(text);
  while (length > 0) {
    ssize_t done = write(STDERR_FILENO, text, length);
    if (done < 0 && errno != EINTR) return;
    if (done > 0) { text += done; length -= (size_t)done; }
  }
}

static const char *name(int number) {
  switch (number) {
    case SIGILL: case SIGTRAP: return "a check that failed";
    case SIGSEGV: case SIGBUS: return "memory that is not there";
    case SIGFPE: return "impossible arithmetic";
    default: return "an abort";
  }
}

#ifdef __linux__
struct entry {
  unsigned long long number;
  long long offset;
  unsigned short length;
  unsigned char type;
  char name[];
};

// Removes what a folder holds, without the C library's own readers of folders, which allocate.
static void clear(int folder, int depth) {
  _Alignas(8) char block[4096];
  long count;
  while ((count = syscall(SYS_getdents64, folder, block, sizeof block)) > 0) {
    int removed = 0;
    for (long place = 0; place < count;) {
      struct entry *found = (struct entry *)(block + place);
      place += found->length;
      if (!strcmp(found->name, ".") || !strcmp(found->name, "..")) continue;
      if (unlinkat(folder, found->name, 0) == 0) { removed = 1; continue; }
      if (depth == 0) continue;
      int inner = openat(folder, found->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (inner < 0) continue;
      clear(inner, depth - 1);
      close(inner);
      if (unlinkat(folder, found->name, AT_REMOVEDIR) == 0) removed = 1;
    }
    // Where entries go, places in the list shift.
    if (removed) lseek(folder, 0, SEEK_SET);
  }
}
#endif

static void clear_away(void) {
  for (int index = 0; index < MOST; index++) {
    if (!is_used[index]) continue;
    if (unlink(removals[index]) == 0) continue;
#ifdef __linux__
    int folder = open(removals[index], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) continue;
    clear(folder, 8);
    close(folder);
    rmdir(removals[index]);
#endif
  }
}

static void end(int number, siginfo_t *information, void *context) {
  (void)context;
  int code = errno;
  // Of threads that fail together, one speaks; a fault in here ends the process at once.
  if (atomic_exchange(&is_ending, 1) == 0) {
    say("\nkspace: this is a fault of the program, not of yours (");
    say(name(number));
    say("). It happened in: ");
    say(command_line);
    const char *activity = activities[shown];
    if (*activity) {
      say("; the last that it began was ");
      say(activity);
    }
    clear_away();
    say(is_beyond ? "." : ". Nothing half-written was left.");
    say(" Please report it, with the file if you may.\n");
  }
  for (int index = 0; index < COUNT; index++) {
    if (faults[index] != number) continue;
    // Who started the program may have had the signal ignored; after what was cleared away it must not go on.
    if (earlier[index].sa_handler == SIG_IGN) earlier[index].sa_handler = SIG_DFL;
    sigaction(number, &earlier[index], NULL);
  }
  errno = code;
  // What the processor found happens again on return, and ends the process as it would have; what was sent does not.
  if (information == NULL || information->si_code <= 0) raise(number);
}

void last_word_install(const char *command) {
  strncpy(command_line, command, LONGEST - 1);
  // The stack itself may be what has run out.
  static _Alignas(16) char space[65536];
  stack_t stack = {.ss_sp = space, .ss_size = sizeof space};
  sigaltstack(&stack, NULL);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = end;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  sigset_t all;
  sigemptyset(&all);
  for (int index = 0; index < COUNT; index++) {
    sigaction(faults[index], &action, &earlier[index]);
    sigaddset(&all, faults[index]);
  }
  // Threads of many programs block signals, and what they start inherits that.
  pthread_sigmask(SIG_UNBLOCK, &all, NULL);
}

void last_word_note(const char *activity, const char *path) {
  pthread_mutex_lock(&turn);
  int next = 1 - shown;
  strncpy(activities[next], activity, 64);
  activities[next][64] = 0;
  strcat(activities[next], " ");
  strncat(activities[next], path, LONGEST);
  shown = next;
  pthread_mutex_unlock(&turn);
}

void last_word_will_remove(const char *path) {
  if (strlen(path) >= LONGEST) {
    is_beyond = 1;
    return;
  }
  pthread_mutex_lock(&turn);
  int index = 0;
  while (index < MOST && is_used[index]) index++;
  if (index < MOST) {
    strcpy(removals[index], path);
    is_used[index] = 1;
  } else {
    is_beyond = 1;
  }
  pthread_mutex_unlock(&turn);
}

void last_word_will_keep(const char *path) {
  pthread_mutex_lock(&turn);
  for (int index = 0; index < MOST; index++) {
    if (is_used[index] && !strcmp(removals[index], path)) is_used[index] = 0;
  }
  pthread_mutex_unlock(&turn);
}
