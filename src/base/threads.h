// threads.h: how many threads a call may use.
//
// Whoever starts threads is told how many, with the caller: num_threads clauses,
// blmi_team_new.  Nothing here, and nothing that uses it, changes how many another caller
// in the process gets.
#ifndef BLMI_BASE_THREADS_H
#define BLMI_BASE_THREADS_H

#include "blemish/status.h"

enum { BLMI_MOST_THREADS = 1024 };

// What an option called threads means: itself, or as many as there are cores (or as
// OMP_NUM_THREADS says) for 0.  BLM_EUSAGE if it is not 0 to BLMI_MOST_THREADS.
blm_status blmi_threads_choose(int asked, int *out, blm_error *err);
// The same for a number that has been checked.
int blmi_threads_of(int asked);

// Inside a parallel region: what this thread calls until the region ends (OpenBLAS)
// starts no threads.  OpenBLAS sees to that by itself, but in a region of one thread.
void blmi_threads_keep_to_one(void);

#endif
