#include "apps/blemish/stress_print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/json.h"
#include "apps/blemish/memory.h"
#include "apps/report/html_report.h"

static const char *const causes[] = {
    [CLI_STRESS_HOLDS] = "none",
    [CLI_STRESS_ALARMS] = "good images NG",
    [CLI_STRESS_MISSES] = "defective images missed",
    [CLI_STRESS_UNJUDGED] = "good images CANNOT JUDGE",
};

static double share(int64_t count, int64_t all)
{
    return all > 0 ? (double)count / (double)all : NAN;
}

// How far the model is from its limit.  The caller frees it.
static char *limit_text(const cli_stress_kind *kind, const stress_scale *scale)
{
    if (kind->holds == STRESS_STEPS)
        return cli_format("holds to %g %s, the strongest step",
            scale->strength[STRESS_STEPS - 1], scale->unit);
    const double at = scale->strength[kind->holds];
    if (kind->holds == 0)
        return cli_format(
            "fails at %g %s, the mildest step: %s", at, scale->unit, causes[kind->cause]);
    return cli_format("holds to %g, fails at %g %s: %s", scale->strength[kind->holds - 1],
        at, scale->unit, causes[kind->cause]);
}

// ---- text

static void print_share(int64_t count, int64_t all, int width)
{
    if (all > 0)
        printf("%*.3f", width, (double)count / (double)all);
    else
        printf("%*s", width, "-");
}

static void print_row(const char *name, const char *strength, const cli_stress_row *row)
{
    printf("%-11s%-11s", name, strength);
    print_share(row->good.ng, row->good.all, 9);
    print_share(row->good.unjudged, row->good.all, 14);
    print_share(row->defective.ng, row->defective.all, 15);
    print_share(row->defective.unjudged, row->defective.all, 14);
    if (isnan(row->auroc))
        printf("%8s", "-");
    else
        printf("%8.4f", row->auroc);
    printf("%12.2f\n", row->good_score);
}

void cli_stress_print(const cli_stress *study)
{
    printf("%-11s%-11s%9s%14s%15s%14s%8s%12s\n", "change", "strength", "good NG",
        "cannot judge", "defective NG", "cannot judge", "AUROC", "good score");
    print_row("unchanged", "", &study->unchanged);
    for (int k = 0; k < STRESS_KINDS; k++) {
        const stress_scale *scale = stress_scale_of((stress_kind)k);
        for (int step = 0; step < STRESS_STEPS; step++) {
            char strength[32];
            snprintf(strength, sizeof strength, "%g", scale->strength[step]);
            print_row(scale->name, strength, &study->kinds[k].rows[step]);
        }
    }
    printf("\nof %lld good and %lld defective images; a change fails where a share gets "
           "worse by more than %g:\n",
        (long long)study->unchanged.good.all, (long long)study->unchanged.defective.all,
        study->allow);
    for (int k = 0; k < STRESS_KINDS; k++) {
        const stress_scale *scale = stress_scale_of((stress_kind)k);
        char *text = limit_text(&study->kinds[k], scale);
        printf("  %-11s%s\n", scale->name, text);
        free(text);
    }
}

// ---- JSON

static void verdicts_json(cli_json *json, const char *key, const cli_verdicts *v)
{
    cli_json_open(json, key, '{');
    cli_json_integer(json, "images", v->all);
    cli_json_integer(json, "ng", v->ng);
    cli_json_integer(json, "review", v->review);
    cli_json_integer(json, "cannot_judge", v->unjudged);
    cli_json_integer(json, "ok", v->all - v->ng - v->review - v->unjudged);
    cli_json_close(json, '}');
}

static void row_json(cli_json *json, const cli_stress_row *row)
{
    verdicts_json(json, "good", &row->good);
    verdicts_json(json, "defective", &row->defective);
    cli_json_number(json, "image_auroc", row->auroc);
    cli_json_number(json, "good_score", row->good_score);
}

static void kind_json(
    cli_json *json, const cli_stress_kind *kind, const stress_scale *scale)
{
    const int held = kind->holds;
    cli_json_open(json, NULL, '{');
    cli_json_text(json, "name", scale->name);
    cli_json_text(json, "unit", scale->unit);
    cli_json_number(json, "holds_to", held > 0 ? scale->strength[held - 1] : NAN);
    cli_json_number(json, "fails_at", held < STRESS_STEPS ? scale->strength[held] : NAN);
    cli_json_text(json, "cause", held < STRESS_STEPS ? causes[kind->cause] : NULL);
    cli_json_open(json, "steps", '[');
    for (int step = 0; step < STRESS_STEPS; step++) {
        cli_json_open(json, NULL, '{');
        cli_json_number(json, "strength", scale->strength[step]);
        row_json(json, &kind->rows[step]);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
    cli_json_close(json, '}');
}

void cli_stress_print_json(const cli_stress *study, const char *const names[2])
{
    cli_json json = {0};
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, "model", names[0]);
    cli_json_text(&json, "data", names[1]);
    cli_json_integer(&json, "seed", (int64_t)study->seed);
    cli_json_number(&json, "allow", study->allow);
    cli_json_integer(&json, "failed", (int64_t)study->failed);
    cli_json_open(&json, "unchanged", '{');
    row_json(&json, &study->unchanged);
    cli_json_close(&json, '}');
    cli_json_open(&json, "changes", '[');
    for (int k = 0; k < STRESS_KINDS; k++)
        kind_json(&json, &study->kinds[k], stress_scale_of((stress_kind)k));
    cli_json_close(&json, ']');
    cli_json_close(&json, '}');
    cli_json_end_line(&json);
}

// ---- the page

enum { POINTS = STRESS_STEPS + 1 };

typedef struct page_kind {
    double share[REPORT_STRESS_CURVES][POINTS];
    double auroc[POINTS];
    char *judgement;
} page_kind;

static void fill_kind(const cli_stress *study, int k, page_kind *out)
{
    for (int i = 0; i < POINTS; i++) {
        const cli_stress_row *row =
            i == 0 ? &study->unchanged : &study->kinds[k].rows[i - 1];
        out->share[0][i] = share(row->good.ng, row->good.all);
        out->share[1][i] = share(row->good.unjudged, row->good.all);
        out->share[2][i] = share(row->defective.ng, row->defective.all);
        out->share[3][i] = share(row->defective.unjudged, row->defective.all);
        out->auroc[i] = row->auroc;
    }
    out->judgement = limit_text(&study->kinds[k], stress_scale_of((stress_kind)k));
}

int cli_stress_write(const cli_stress *study, const blm_model *model,
    const char *const names[2], const char *path)
{
    page_kind kinds[STRESS_KINDS];
    report_corruption corruptions[STRESS_KINDS];
    blm_model_info info;
    blm_error err;
    html_text page;
    blm_model_describe(model, &info);
    for (int k = 0; k < STRESS_KINDS; k++) {
        const stress_scale *scale = stress_scale_of((stress_kind)k);
        fill_kind(study, k, &kinds[k]);
        corruptions[k] = (report_corruption){.name = scale->name,
            .unit = scale->unit,
            .strength = scale->strength,
            .steps = STRESS_STEPS,
            .auroc = kinds[k].auroc,
            .judgement = kinds[k].judgement};
        for (int c = 0; c < REPORT_STRESS_CURVES; c++)
            corruptions[k].share[c] = kinds[k].share[c];
    }
    const report_stress data = {.model_name = names[0],
        .data_name = names[1],
        .model = &info,
        .good = (size_t)study->unchanged.good.all,
        .defective = (size_t)study->unchanged.defective.all,
        .corruptions = corruptions,
        .count = STRESS_KINDS};
    blm_status status = report_stress_page(&data, &page, &err);
    if (status == BLM_OK) {
        const blm_bytes bytes = {(uint8_t *)page.at, page.size};
        status = blm_bytes_write(&bytes, path, &err);
        free(page.at);
    }
    for (int k = 0; k < STRESS_KINDS; k++)
        free(kinds[k].judgement);
    return status == BLM_OK ? CLI_EXIT_OK : cli_fail(status, &err);
}
