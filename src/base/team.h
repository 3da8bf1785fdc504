// team.h: threads for loops so short that they would wait longer than they work.
//
// The caller works through a loop itself, and helpers take tasks of it as they come.  At
// the end it waits for tasks that a helper has begun, never for a helper that has not:
// where other programs hold the cores, a loop takes longer by their share, not by their
// turns.  (OpenMP's loops end when every thread has been there.)
#ifndef BLMI_BASE_TEAM_H
#define BLMI_BASE_TEAM_H

#include "blemish/status.h"

// One caller at a time, which may be any thread.
typedef struct blmi_team blmi_team;

// threads: with the caller, 1 or more.  Where the system gives fewer, there are fewer.
blm_status blmi_team_new(int threads, blmi_team **out, blm_error *err);
void blmi_team_free(blmi_team *team);         // NULL allowed
int blmi_team_threads(const blmi_team *team); // as asked for; of NULL: 1

// task(context, i, thread) for i = 0 .. count - 1, in any order; thread is 0 for the
// caller and below blmi_team_threads, and has one task at a time.  A team of NULL is the
// caller alone.
typedef void blmi_team_task(const void *context, int i, int thread);
void blmi_team_each(
    blmi_team *team, int count, blmi_team_task *task, const void *context);

#endif
