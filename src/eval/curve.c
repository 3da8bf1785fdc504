// Keeps a cut if it is `step` or more away from the last one kept.  If there is no room,
// the step is doubled, and cuts that are now too close are dropped.  A dropped cut is
// within step + step/2 + step/4 ... of one that is kept.
#include "src/eval/curve.h"

#include <math.h>

#include "src/base/error.h"

static double share(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 1;
}

// The distance of two cuts: the largest difference on any axis of any curve, at most 1.
static double distance(const blmi_totals *t, const blm_cut *a, const blm_cut *b)
{
    const double apart[] = {
        share(a->false_alarms, t->good) - share(b->false_alarms, t->good),
        share(a->hits, t->defective) - share(b->hits, t->defective),
        share(a->hits, a->hits + a->false_alarms) -
            share(b->hits, b->hits + b->false_alarms),
        a->overlap - b->overlap};
    double most = 0;
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
        most = fmax(most, fabs(apart[i])); // ignores NaN
    return most;
}

static void coarsen(blmi_curve *c)
{
    c->step = c->step == 0 ? 1 / (double)c->capacity : 2 * c->step;
    size_t kept = 1;
    for (size_t i = 1; i < c->count; i++)
        if (distance(&c->totals, &c->cuts[i], &c->cuts[kept - 1]) >= c->step)
            c->cuts[kept++] = c->cuts[i];
    c->count = kept;
}

blm_status blmi_curve_start(blmi_curve *curve, const blmi_totals *totals, blm_cut *cuts,
    size_t capacity, blm_error *err)
{
    if (capacity < 2)
        return blmi_fail(err, BLM_EUSAGE,
            "room for %zu points of a curve, expected 2 or more", capacity);
    const blm_cut origin = blmi_cut_origin(totals);
    *curve = (blmi_curve){.totals = *totals,
        .cuts = cuts,
        .capacity = capacity,
        .count = 1,
        .last = origin};
    cuts[0] = origin;
    return BLM_OK;
}

void blmi_curve_take(void *context, const blm_cut *cut)
{
    blmi_curve *const c = context;
    c->last = *cut;
    // Ends when the step is above 1, the largest distance, or earlier.
    while (distance(&c->totals, cut, &c->cuts[c->count - 1]) >= c->step) {
        if (c->count < c->capacity) {
            c->cuts[c->count++] = *cut;
            return;
        }
        coarsen(c);
    }
}

size_t blmi_curve_end(blmi_curve *c)
{
    if (c->cuts[c->count - 1].threshold != c->last.threshold) {
        while (c->count == c->capacity)
            coarsen(c);
        c->cuts[c->count++] = c->last;
    }
    return c->count;
}
