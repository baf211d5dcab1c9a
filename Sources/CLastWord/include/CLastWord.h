// What a program says and clears away when the system ends it for a fault of its own.
#ifndef CLASTWORD_H
#define CLASTWORD_H

// Takes over the signals of faults; `command` is said as what was run.
void last_word_install(const char *command);

// Says what is being done, such as "reading", and to which file; of all threads, the last to say so counts.
void last_word_note(const char *activity, const char *path);

// A file or folder that is removed if the program ends by a fault, and one that is not any more. Of many at a time, or with
// a very long path, some are not; then the last words do not say that all were.
void last_word_will_remove(const char *path);
void last_word_will_keep(const char *path);

#endif
