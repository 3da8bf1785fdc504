#include "apps/blemish/repeat_study.h"

#include <math.h>
#include <stdlib.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"

// The results of all images.
typedef struct results {
    int *scored;           // (count)
    double *scores;        // (count)
    blm_verdict *verdicts; // (count)
} results;

static int keep(void *context, const cli_outcome *outcome)
{
    results *r = context;
    if (outcome->status != BLM_OK)
        return CLI_EXIT_OK;
    r->scored[outcome->index] = 1;
    r->scores[outcome->index] = outcome->result.score;
    r->verdicts[outcome->index] = outcome->result.verdict;
    return CLI_EXIT_OK;
}

// ---- parts

// Numbers the groups, of which there are `groups` at most, in the order of their first
// scored image; returns their number.
// scored NULL: all are.
static size_t renumber(int32_t *group, size_t groups, const int *scored, size_t count)
{
    int32_t *number = cli_alloc(groups, sizeof *number); // 0: not seen
    int32_t next = 0;
    for (size_t i = 0; i < count; i++) {
        if (scored != NULL && !scored[i])
            continue;
        if (number[group[i]] == 0)
            number[group[i]] = ++next;
        group[i] = number[group[i]] - 1;
    }
    free(number);
    return (size_t)next;
}

static void fill_parts(const results *r, const cli_grouping *grouping,
    const cli_files *files, const int32_t *group, cli_repeat_study *out)
{
    for (size_t i = 0; i < files->count; i++) {
        if (!r->scored[i])
            continue;
        cli_part *part = &out->parts[group[i]];
        if (part->label == NULL) {
            part->label = cli_group_label(grouping, files->items[i].path);
            part->low = part->high = NAN;
        }
        part->images++;
        part->verdicts[r->verdicts[i]]++;
        out->images++;
        if (r->verdicts[i] != BLM_VERDICT_CANNOT_JUDGE) {
            part->low = fmin(part->low, r->scores[i]); // the number, if one is NaN
            part->high = fmax(part->high, r->scores[i]);
            part->place += r->scores[i];
        }
    }
}

int cli_part_changes(const cli_part *part)
{
    size_t kinds = 0;
    for (int v = 0; v < CLI_VERDICTS; v++)
        kinds += part->verdicts[v] > 0;
    return kinds > 1;
}

// The probability that two different images of a part have different verdicts.
static double disagreement(const cli_part *part)
{
    const double n = (double)part->images;
    double same = 0;
    for (int v = 0; v < CLI_VERDICTS; v++)
        same += (double)part->verdicts[v] * ((double)part->verdicts[v] - 1);
    return 1 - same / (n * (n - 1));
}

static void count_flips(cli_repeat_study *out)
{
    double sum = 0;
    for (size_t p = 0; p < out->count; p++) {
        const cli_part *part = &out->parts[p];
        const size_t ok = part->verdicts[BLM_VERDICT_OK];
        const size_t ng = part->verdicts[BLM_VERDICT_NG];
        const size_t review = part->verdicts[BLM_VERDICT_REVIEW];
        const size_t none = part->verdicts[BLM_VERDICT_CANNOT_JUDGE];
        if (part->images < 2)
            continue;
        out->repeated++;
        out->flips += ng > 0 && ok + review > 0;
        out->unsure += ng == 0 && ok > 0 && review > 0;
        out->partly += none > 0 && none < part->images;
        sum += disagreement(part);
    }
    out->disagree = out->repeated > 0 ? sum / (double)out->repeated : NAN;
}

// ---- scores

// The spread of the scores of the images that were judged.
static void measure_scores(const results *r, const int32_t *group, size_t count,
    const blm_model_info *info, cli_repeat_study *out)
{
    double *values = cli_alloc(count, sizeof *values);
    int32_t *part = cli_alloc(count, sizeof *part);
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        if (r->scored[i] && r->verdicts[i] != BLM_VERDICT_CANNOT_JUDGE) {
            values[used] = r->scores[i];
            part[used++] = group[i];
        }
    const size_t parts = renumber(part, count, NULL, used);
    gauge_sums *sums = cli_alloc(parts, sizeof *sums);
    gauge_measure(values, part, used, sums, parts, &out->score);
    free(sums);
    free(part);
    free(values);
    out->unit = info->threshold - info->good_median;
    for (size_t p = 0; p < out->count; p++) {
        cli_part *of = &out->parts[p];
        const size_t judged = of->images - of->verdicts[BLM_VERDICT_CANNOT_JUDGE];
        of->place = judged > 0
                        ? (of->place / (double)judged - info->good_median) / out->unit
                        : NAN;
        out->near +=
            judged > 0 && fabs(of->place - 1) * out->unit < 2 * out->score.within;
    }
}

int cli_repeat_run(const cli_batch *how, const blm_model *model,
    const cli_grouping *grouping, const cli_files *files, cli_repeat_study *out)
{
    const size_t count = files->count;
    results r = {.scored = cli_alloc(count, sizeof *r.scored),
        .scores = cli_alloc(count, sizeof *r.scores),
        .verdicts = cli_alloc(count, sizeof *r.verdicts)};
    const char **paths = cli_paths(files);
    size_t unmatched = 0;
    blm_model_info info;
    cli_batch batch = *how;
    *out = (cli_repeat_study){.disagree = NAN};
    blm_model_describe(model, &info);
    int32_t *group = cli_group(grouping, paths, count, &unmatched);
    cli_warn_unmatched(unmatched, how->talk);
    batch.paths = paths;
    batch.count = count;
    batch.context = &r;
    batch.report = keep;
    const int code = cli_batch_run(&batch, model);
    if (code <= CLI_EXIT_INPUT) {
        out->count = renumber(group, count, r.scored, count);
        out->parts = cli_alloc(out->count, sizeof *out->parts);
        fill_parts(&r, grouping, files, group, out);
        count_flips(out);
        measure_scores(&r, group, count, &info, out);
    }
    free(group);
    free(paths);
    free(r.scored);
    free(r.scores);
    free(r.verdicts);
    return code;
}

void cli_repeat_free(cli_repeat_study *study)
{
    for (size_t p = 0; p < study->count; p++)
        free(study->parts[p].label);
    free(study->parts);
    *study = (cli_repeat_study){0};
}
