#include "apps/blemish/stress_study.h"

#include <math.h>
#include <stdlib.h>

#include "apps/blemish/batch.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"

enum { CHANGES = STRESS_KINDS * STRESS_STEPS };

// The result of an image after a change.
typedef struct judged {
    int scored;
    double score, calibrated;
    blm_verdict verdict;
} judged;

typedef struct study {
    const cli_stress_options *how;
    const cli_dataset *data;
    size_t *kept; // (kept_count) samples that could be scored unchanged
    size_t kept_count;
    judged *unchanged; // (samples)
    judged *changed;   // (kept_count, CHANGES)
    double *scratch;   // (samples)
    uint8_t *labels;   // (samples) scratch
} study;

// ---- scoring

static judged judged_of(const cli_outcome *outcome)
{
    return outcome->status != BLM_OK ? (judged){0}
                                     : (judged){.scored = 1,
                                           .score = outcome->result.score,
                                           .calibrated = outcome->result.calibrated,
                                           .verdict = outcome->result.verdict};
}

static int keep_unchanged(void *context, const cli_outcome *outcome)
{
    study *s = context;
    s->unchanged[outcome->index] = judged_of(outcome);
    if (outcome->status == BLM_OK)
        s->kept[s->kept_count++] = outcome->index;
    return CLI_EXIT_OK;
}

static int keep_changed(void *context, const cli_outcome *outcome)
{
    study *s = context;
    s->changed[outcome->index] = judged_of(outcome);
    return CLI_EXIT_OK;
}

// Images in a row take opposite directions, so that each direction has half of them.
static blm_status change(void *context, size_t index, blm_image **image, blm_error *err)
{
    const study *s = context;
    const size_t which = index % CHANGES, sample = index / CHANGES;
    const uint64_t kind = which / STRESS_STEPS;
    const uint64_t seed =
        ((s->how->seed * STRESS_KINDS + kind) * 0x9e3779b97f4a7c15u & ~UINT64_C(1)) +
        sample;
    blm_image *changed;
    const blm_status status = stress_corrupt(
        *image, (stress_kind)kind, (int)(which % STRESS_STEPS), seed, &changed, err);
    if (status != BLM_OK)
        return status;
    blm_image_free(*image);
    *image = changed;
    return BLM_OK;
}

static int score_all(study *s, const blm_model *model)
{
    const size_t count = s->data->count;
    const char **paths = cli_alloc(count, sizeof *paths);
    for (size_t i = 0; i < count; i++)
        paths[i] = s->data->items[i].path;
    cli_batch batch = {.paths = paths,
        .count = count,
        .threads = s->how->threads,
        .judge_anyway = s->how->judge_anyway,
        .decode = s->how->decode,
        .talk = s->how->talk,
        .context = s,
        .report = keep_unchanged};
    int code = cli_batch_run(&batch, model);
    const char **copies = cli_alloc(s->kept_count * CHANGES, sizeof *copies);
    s->changed = cli_alloc(s->kept_count * CHANGES, sizeof *s->changed);
    for (size_t i = 0; i < s->kept_count * CHANGES; i++)
        copies[i] = paths[s->kept[i / CHANGES]];
    batch.paths = copies;
    batch.count = s->kept_count * CHANGES;
    batch.change = change;
    batch.report = keep_changed;
    if (code <= CLI_EXIT_INPUT)
        code = cli_worse(code, cli_batch_run(&batch, model));
    free(copies);
    free(paths);
    return code;
}

// ---- counting

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    if (count == 0)
        return NAN;
    qsort(values, count, sizeof *values, compare);
    return 0.5 * (values[(count - 1) / 2] + values[count / 2]);
}

static void count_verdict(blm_verdict verdict, cli_verdicts *out)
{
    out->ng += verdict == BLM_VERDICT_NG;
    out->review += verdict == BLM_VERDICT_REVIEW;
    out->unjudged += verdict == BLM_VERDICT_CANNOT_JUDGE;
    out->all++;
}

// Counts change number `which` of all images; CHANGES: the unchanged ones.
static blm_status count_row(study *s, size_t which, cli_stress_row *out, blm_error *err)
{
    size_t good = 0, count = 0;
    *out = (cli_stress_row){.auroc = NAN, .good_score = NAN};
    for (size_t i = 0; i < s->kept_count; i++) {
        const cli_sample *sample = &s->data->items[s->kept[i]];
        const judged *j = which == CHANGES ? &s->unchanged[s->kept[i]]
                                           : &s->changed[i * CHANGES + which];
        if (!j->scored)
            continue;
        count_verdict(j->verdict, sample->bad ? &out->defective : &out->good);
        if (!sample->bad)
            s->scratch[good++] = j->calibrated;
    }
    out->good_score = median(s->scratch, good);
    for (size_t i = 0; i < s->kept_count; i++) {
        const judged *j = which == CHANGES ? &s->unchanged[s->kept[i]]
                                           : &s->changed[i * CHANGES + which];
        if (!j->scored)
            continue;
        s->labels[count] = (uint8_t)s->data->items[s->kept[i]].bad;
        s->scratch[count++] = j->score;
    }
    if (good == 0 || good == count)
        return BLM_OK;
    blm_metrics metrics;
    const blm_status status =
        blm_image_metrics(s->scratch, s->labels, count, &metrics, err);
    if (status == BLM_OK)
        out->auroc = metrics.auroc;
    return status;
}

// Rise of the share of images, 0 if it is one image only.
static double rise(
    int64_t count, const cli_verdicts *now, int64_t earlier, const cli_verdicts *before)
{
    if (now->all == 0 || before->all == 0)
        return 0;
    const double by =
        (double)count / (double)now->all - (double)earlier / (double)before->all;
    return by * (double)now->all > 1.5 ? by : 0;
}

static int64_t missed(const cli_verdicts *v)
{
    return v->all - v->ng - v->unjudged;
}

// The share that a row has made worse by most, if by more than the allowance.
static cli_stress_cause find_cause(
    const cli_stress_row *row, const cli_stress_row *before, double allow)
{
    const cli_verdicts *good = &row->good, *good_before = &before->good;
    const cli_verdicts *bad = &row->defective, *bad_before = &before->defective;
    const struct {
        cli_stress_cause cause;
        double rise;
    } rises[] = {
        {CLI_STRESS_ALARMS, rise(good->ng, good, good_before->ng, good_before)},
        {CLI_STRESS_MISSES, rise(missed(bad), bad, missed(bad_before), bad_before)},
        {CLI_STRESS_UNJUDGED,
            rise(good->unjudged, good, good_before->unjudged, good_before)},
    };
    size_t worst = 0;
    for (size_t i = 1; i < sizeof rises / sizeof *rises; i++)
        if (rises[i].rise > rises[worst].rise)
            worst = i;
    return rises[worst].rise > allow ? rises[worst].cause : CLI_STRESS_HOLDS;
}

static blm_status count_all(study *s, cli_stress *out, blm_error *err)
{
    blm_status status = count_row(s, CHANGES, &out->unchanged, err);
    for (size_t k = 0; status == BLM_OK && k < STRESS_KINDS; k++) {
        cli_stress_kind *kind = &out->kinds[k];
        kind->holds = STRESS_STEPS;
        for (size_t step = 0; status == BLM_OK && step < STRESS_STEPS; step++) {
            status = count_row(s, k * STRESS_STEPS + step, &kind->rows[step], err);
            const cli_stress_cause cause =
                find_cause(&kind->rows[step], &out->unchanged, out->allow);
            if (cause != CLI_STRESS_HOLDS && kind->holds == STRESS_STEPS) {
                kind->holds = (int)step;
                kind->cause = cause;
            }
        }
    }
    return status;
}

int cli_stress_run(const cli_stress_options *how, const blm_model *model,
    const cli_dataset *data, cli_stress *out)
{
    study s = {.how = how,
        .data = data,
        .kept = cli_alloc(data->count, sizeof *s.kept),
        .unchanged = cli_alloc(data->count, sizeof *s.unchanged),
        .scratch = cli_alloc(data->count, sizeof *s.scratch),
        .labels = cli_alloc(data->count, sizeof *s.labels)};
    blm_error err;
    *out = (cli_stress){.seed = how->seed, .allow = how->allow};
    int code = score_all(&s, model);
    out->failed = data->count - s.kept_count;
    if (code <= CLI_EXIT_INPUT) {
        const blm_status status = count_all(&s, out, &err);
        if (status != BLM_OK)
            code = cli_worse(code, cli_fail(status, &err));
    }
    free(s.kept);
    free(s.unchanged);
    free(s.changed);
    free(s.scratch);
    free(s.labels);
    return code;
}
