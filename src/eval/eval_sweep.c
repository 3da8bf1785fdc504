#include "src/eval/eval_sweep.h"

#include <math.h>
#include <stddef.h>

void blmi_sum_add(blmi_sum *sum, double term)
{
    const double rounded = sum->rounded + term;
    if (fabs(sum->rounded) >= fabs(term))
        sum->lost += (sum->rounded - rounded) + term;
    else
        sum->lost += (term - rounded) + sum->rounded;
    sum->rounded = rounded;
}

double blmi_sum_value(const blmi_sum *sum)
{
    return sum->rounded + sum->lost;
}

blm_cut blmi_cut_origin(const blmi_totals *totals)
{
    return (blm_cut){
        .threshold = INFINITY, .overlap = totals->regions > 0 ? 0 : (double)NAN};
}

void blmi_sweep_start(
    blmi_sweep *sweep, const blmi_totals *totals, const double limits[BLM_LIMITS])
{
    *sweep = (blmi_sweep){
        .totals = *totals, .last = blmi_cut_origin(totals), .f1_threshold = NAN};
    for (int i = 0; i < BLM_LIMITS; i++)
        sweep->limits[i] = limits == NULL ? (double)NAN : limits[i];
}

// Adds the area under the line from (x0, y0) to (x1, y1), up to the limit.
static void add_area(
    blmi_sum *area, double x0, double y0, double x1, double y1, double limit)
{
    if (x0 >= limit)
        return;
    if (x1 > limit) {
        y1 = y0 + (y1 - y0) / (x1 - x0) * (limit - x0);
        x1 = limit;
    }
    blmi_sum_add(area, (x1 - x0) * (y0 + y1) / 2);
}

void blmi_sweep_take(void *context, const blm_cut *cut)
{
    blmi_sweep *const s = context;
    const blm_cut *const last = &s->last;
    const double hits = (double)cut->hits, called = hits + (double)cut->false_alarms;
    const double good = (double)s->totals.good, defective = (double)s->totals.defective;
    blmi_sum_add(&s->twice_area, (double)(cut->hits + last->hits) *
                                     (double)(cut->false_alarms - last->false_alarms));
    if (cut->hits > last->hits)
        blmi_sum_add(
            &s->precision, (double)(cut->hits - last->hits) / defective * hits / called);
    const double f1 = 2 * hits / (called + defective);
    if (f1 > s->f1) {
        s->f1 = f1;
        s->f1_threshold = cut->threshold;
    }
    for (int i = 0; i < BLM_LIMITS && s->totals.regions > 0; i++)
        add_area(&s->pro[i], (double)last->false_alarms / good, last->overlap,
            (double)cut->false_alarms / good, cut->overlap, s->limits[i]);
    s->last = *cut;
}

void blmi_sweep_result(const blmi_sweep *s, blm_metrics *out)
{
    const blmi_totals *const t = &s->totals;
    *out = (blm_metrics){.good = t->good,
        .defective = t->defective,
        .regions = t->regions,
        .auroc = NAN,
        .average_precision = NAN,
        .f1_max = NAN,
        .f1_threshold = NAN};
    if (t->defective > 0) {
        out->average_precision = blmi_sum_value(&s->precision);
        out->f1_max = s->f1;
        out->f1_threshold = s->f1_threshold;
    }
    if (t->defective > 0 && t->good > 0)
        out->auroc =
            blmi_sum_value(&s->twice_area) / (2 * (double)t->defective * (double)t->good);
    for (int i = 0; i < BLM_LIMITS; i++)
        out->au_pro[i] = t->regions > 0 && t->good > 0
                             ? blmi_sum_value(&s->pro[i]) / s->limits[i]
                             : (double)NAN;
}
