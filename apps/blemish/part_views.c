#include "apps/blemish/part_views.h"

#include <stdio.h>
#include <stdlib.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/records.h"

// ---- the parts

static void sort_into_parts(const cli_grouping *grouping, const char *const *names,
    size_t files, cli_part_set *out)
{
    size_t next = 0;
    for (size_t i = 0; i < files; i++)
        out->count = (size_t)out->part_of[i] >= out->count ? (size_t)out->part_of[i] + 1
                                                           : out->count;
    out->parts = cli_alloc(out->count, sizeof *out->parts);
    for (size_t i = 0; i < files; i++) {
        cli_part_views *part = &out->parts[out->part_of[i]];
        if (part->label == NULL)
            part->label = cli_group_label(grouping, names[i]);
        part->count++;
    }
    for (size_t p = 0; p < out->count; p++) {
        out->parts[p].images = out->pointers + next;
        next += out->parts[p].count;
        out->parts[p].count = 0;
    }
    for (size_t i = 0; i < files; i++) {
        cli_part_views *part = &out->parts[out->part_of[i]];
        part->images[part->count++] = &out->images[i];
    }
}

void cli_part_set_new(const cli_grouping *grouping, const char *const *names,
    const cli_views *views, size_t asked, size_t files, const cli_talk *talk,
    cli_part_set *out)
{
    size_t unmatched = 0;
    *out = (cli_part_set){.views = views,
        .asked = asked,
        .images = cli_alloc(files, sizeof *out->images),
        .pointers = cli_alloc(files, sizeof *out->pointers),
        .part_of = cli_group(grouping, names, files, &unmatched)};
    for (size_t i = 0; i < files; i++)
        out->images[i] =
            (cli_part_image){.name = names[i], .view = cli_views_find(views, names[i])};
    sort_into_parts(grouping, names, files, out);
    if (unmatched > 0 && !talk->quiet)
        cli_complain("--part-by: the pattern does not match the names of %zu images; "
                     "each of them is a part of its own",
            unmatched);
}

void cli_part_set_free(cli_part_set *set)
{
    for (size_t p = 0; p < set->count; p++) {
        for (size_t i = 0; i < set->parts[p].count; i++)
            free(set->parts[p].images[i]->error);
        free(set->parts[p].label);
    }
    free(set->parts);
    free(set->images);
    free(set->pointers);
    free(set->part_of);
    *set = (cli_part_set){0};
}

// ---- the verdict

// How bad a verdict is.
static int rank(blm_verdict verdict)
{
    static const int ranks[] = {
        [BLM_VERDICT_OK] = 0,
        [BLM_VERDICT_REVIEW] = 1,
        [BLM_VERDICT_CANNOT_JUDGE] = 2,
        [BLM_VERDICT_NG] = 3,
    };
    return ranks[verdict];
}

static void judge(const cli_part_set *set, cli_part_views *part)
{
    uint64_t seen = 0;
    part->verdict = BLM_VERDICT_OK;
    for (size_t i = 0; i < part->count; i++) {
        const cli_part_image *image = part->images[i];
        const blm_verdict verdict =
            image->scored ? image->verdict : BLM_VERDICT_CANNOT_JUDGE;
        seen |= UINT64_C(1) << image->view;
        if (rank(verdict) > rank(part->verdict))
            part->verdict = verdict;
        if (image->scored &&
            (part->worst == NULL || image->calibrated > part->worst->calibrated))
            part->worst = image;
    }
    for (size_t v = 0; v < set->views->count; v++)
        part->missing |= ~seen & UINT64_C(1) << v;
    part->lacking = set->asked > part->count ? set->asked - part->count : 0;
    if ((part->missing != 0 || part->lacking > 0) &&
        rank(part->verdict) < rank(BLM_VERDICT_CANNOT_JUDGE))
        part->verdict = BLM_VERDICT_CANNOT_JUDGE;
}

const cli_part_views *cli_part_set_add(cli_part_set *set, const cli_outcome *outcome)
{
    cli_part_image *image = &set->images[outcome->index];
    cli_part_views *part = &set->parts[set->part_of[outcome->index]];
    image->scored = outcome->status == BLM_OK;
    if (image->scored) {
        image->score = outcome->result.score;
        image->threshold = outcome->result.threshold;
        image->calibrated = outcome->result.calibrated;
        image->verdict = outcome->result.verdict;
        image->reasons = outcome->result.reasons;
    } else
        image->error = cli_format("%s", outcome->err.text);
    if (++part->reported < part->count)
        return NULL;
    judge(set, part);
    return part;
}

// ---- words

static void put(FILE *out, int *more)
{
    fputs(*more ? "; " : "", out);
    *more = 1;
}

static void put_image(FILE *out, const cli_part_image *image, int *more)
{
    if (image->scored && image->verdict == BLM_VERDICT_OK)
        return;
    put(out, more);
    if (!image->scored) {
        fprintf(out, "%s cannot be read", image->name);
        return;
    }
    fprintf(out, "%s %s", image->name, blm_verdict_name(image->verdict));
    if (image->verdict == BLM_VERDICT_CANNOT_JUDGE) {
        char *reasons = cli_reasons_text(image->reasons);
        fprintf(out, " (%s)", reasons);
        free(reasons);
    }
}

char *cli_part_text(const cli_part_set *set, const cli_part_views *part)
{
    char *text = NULL;
    size_t size = 0;
    int more = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return cli_format("%s", "");
    for (size_t i = 0; i < part->count; i++)
        put_image(out, part->images[i], &more);
    for (size_t v = 0; v < set->views->count; v++)
        if ((part->missing >> v & 1) != 0) {
            put(out, &more);
            fprintf(out, "view %s missing", set->views->items[v].name);
        }
    if (part->lacking > 0) {
        put(out, &more);
        fprintf(out, "%zu of %zu images missing", part->lacking, set->asked);
    }
    fclose(out);
    return text != NULL ? text : cli_format("%s", "");
}
