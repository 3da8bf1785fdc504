// team.h: threads for loops so short that waiting would take longer than the work.
//
// The caller works through a loop itself, and helpers take tasks from it.  At the end the
// caller waits for tasks that a helper has begun, but never for a helper that has not
// begun one.  So if other programs hold the cores, a loop does not wait for their time
// slices.  (OpenMP's loops end only when every thread has taken part.)
#ifndef BLMI_BASE_TEAM_H
#define BLMI_BASE_TEAM_H

#include "blemish/status.h"

// A team has one caller at a time, which may be any thread.
typedef struct blmi_team blmi_team;

// threads: including the caller, 1 or more.  The system may start fewer.
blm_status blmi_team_new(int threads, blmi_team **out, blm_error *err);
void blmi_team_free(blmi_team *team);         // NULL allowed
int blmi_team_threads(const blmi_team *team); // as asked for; of NULL: 1

// task(context, i, thread) runs for i = 0 .. count - 1, in any order.  thread is 0 for
// the caller and less than blmi_team_threads; a thread has one task at a time.  If team
// is NULL, the caller does all tasks.
typedef void blmi_team_task(const void *context, int i, int thread);
void blmi_team_each(
    blmi_team *team, int count, blmi_team_task *task, const void *context);

#endif
