/* starter_body: the program of a process that runs from memory, read out for the agent: the host has no file
 * of it. A piece at a time, so that jobs go on meanwhile. Part of the starter; see starter_link.h for the
 * words. */
#ifndef ASSAY_STARTER_BODY_H
#define ASSAY_STARTER_BODY_H

#include <stddef.h>

/* Writes all of it to the agent, or ends us. starter.c has it. */
void say(const char* bytes, size_t size);

/* Whether one is being read out; then no other may be begun. */
int body_busy(void);
/* Of `pid`, if it is no larger than `max` bytes; else, or if it cannot be read, tells its end at once. */
void body_begin(unsigned id, int pid, unsigned max);
/* The next piece. */
void body_go_on(void);

#endif
