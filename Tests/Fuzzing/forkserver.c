// Keeps a program loaded and runs its main function in a copy of the process for each request: three quarters of the time of a
// short command go into loading its libraries. Preloaded into `kspace` by running.py; Linux only.
//
// A request on descriptor 198 is its length, four bytes, and texts that end with a zero byte: the folder to work in, the folder
// for temporary files, the files for standard input, output and error, then the words of the command line. The answer on 199 is
// the number of the process, four bytes; and when it has ended its status, four bytes, and its microseconds of the processor,
// eight.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REQUESTS = 198, ANSWERS = 199, SECONDS = 20 };
typedef int (*main_function)(int, char **, char **);
static main_function program;
static char request[1 << 16];

static int take(void *place, size_t count) {
  for (size_t done = 0; done < count;) {
    ssize_t step = read(REQUESTS, (char *)place + done, count - done);
    if (step <= 0) return 0;
    done += (size_t)step;
  }
  return 1;
}

static void redirect(const char *path, int flags, int to) {
  int descriptor = open(path, flags, 0600);
  if (descriptor < 0) _exit(125);
  dup2(descriptor, to);
  close(descriptor);
}

static int begin(size_t length, char **environment) {
  char *words[256];
  int count = 0;
  for (char *place = request; place < request + length && count < 255; place += strlen(place) + 1) words[count++] = place;
  if (count < 6) _exit(125);
  words[count] = NULL;
  setsid();
  if (chdir(words[0]) != 0) _exit(125);
  setenv("TMPDIR", words[1], 1);
  unsetenv("LD_PRELOAD");
  redirect(words[2], O_RDONLY, 0);
  redirect(words[3], O_WRONLY | O_CREAT | O_TRUNC, 1);
  redirect(words[4], O_WRONLY | O_CREAT | O_TRUNC, 2);
  close(REQUESTS);
  close(ANSWERS);
  struct rlimit limit = {SECONDS, SECONDS + 2};
  setrlimit(RLIMIT_CPU, &limit);
  // Swift would read the command line of the process that was loaded.
  void (*replace)(char **, int) = (void (*)(char **, int))dlsym(RTLD_DEFAULT, "_swift_stdlib_overrideUnsafeArgvArgc");
  if (replace == NULL) _exit(125);
  replace(words + 5, count - 5);
  return program(count - 5, words + 5, environment);
}

static int serve(int count, char **words, char **environment) {
  (void)count, (void)words;
  uint32_t length;
  while (take(&length, 4) && length <= sizeof request && take(request, length)) {
    pid_t child = fork();
    if (child == 0) exit(begin(length, environ ? environ : environment));
    int32_t number = child, status = 0;
    struct rusage used;
    if (child < 0 || write(ANSWERS, &number, 4) != 4) return 1;
    if (wait4(child, &status, 0, &used) != child) return 1;
    int64_t time = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000LL + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
    char answer[12];
    memcpy(answer, &status, 4);
    memcpy(answer + 4, &time, 8);
    if (write(ANSWERS, answer, 12) != 12) return 1;
  }
  return 0;
}

int __libc_start_main(main_function main, int count, char **words, void (*begins)(void), void (*ends)(void), void (*unloads)(void), void *stack) {
  program = main;
  int (*next)(main_function, int, char **, void (*)(void), void (*)(void), void (*)(void), void *) = dlsym(RTLD_NEXT, "__libc_start_main");
  return next(serve, count, words, begins, ends, unloads, stack);
}
