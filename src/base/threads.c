#include "src/base/threads.h"

#include <omp.h>

#include "src/base/error.h"

int blmi_threads_of(int asked)
{
    return asked > 0 ? asked : omp_get_max_threads();
}

blm_status blmi_threads_choose(int asked, int *out, blm_error *err)
{
    if (asked < 0 || asked > BLMI_MAX_THREADS)
        return blmi_fail(
            err, BLM_EUSAGE, "threads %d: expected 0 to %d", asked, BLMI_MAX_THREADS);
    *out = blmi_threads_of(asked);
    return BLM_OK;
}

void blmi_threads_keep_to_one(void)
{
    // Inside a parallel region this sets a property of the thread's task, which ends with
    // the region.
    omp_set_num_threads(1);
}
