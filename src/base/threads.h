// threads.h: how many threads a call may use.
//
// Every call that starts threads gets their number, including the caller, as an argument
// (num_threads clauses, blmi_team_new).  Nothing here changes the number of threads that
// other callers in the process get.
#ifndef BLMI_BASE_THREADS_H
#define BLMI_BASE_THREADS_H

#include "blemish/status.h"

enum { BLMI_MAX_THREADS = 1024 };

// The meaning of an option `threads`: 1 or more is itself; 0 is the number of cores (or
// OMP_NUM_THREADS).  BLM_EUSAGE if it is not 0 to BLMI_MAX_THREADS.
blm_status blmi_threads_choose(int asked, int *out, blm_error *err);
// The same for a number that has been checked.
int blmi_threads_of(int asked);

// Inside a parallel region: calls of this thread (to OpenBLAS) start no threads until the
// region ends.  OpenBLAS does that itself, except in a region of one thread.
void blmi_threads_keep_to_one(void);

#endif
