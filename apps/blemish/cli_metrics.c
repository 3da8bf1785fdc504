#include "apps/blemish/cli_metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "apps/blemish/cli_text.h"
#include "apps/blemish/json.h"

// ---- results at the thresholds

blm_interval cli_share_interval(int64_t count, int64_t all)
{
    const double z = 1.959963984540054, n = (double)all, p = (double)count / n;
    const double centre = p + z * z / (2 * n);
    const double reach = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    const double scale = 1 + z * z / n;
    return (blm_interval){count == 0 ? 0 : (centre - reach) / scale,
        count == all ? 1 : (centre + reach) / scale};
}

// The rate of good images beside the one that was asked for.
static void print_rate(
    const char *what, int64_t count, const cli_verdicts *good, double asked)
{
    if (good->all == 0)
        return;
    const blm_interval i = cli_share_interval(count, good->all);
    printf("%s: %.4g of good images (95%% interval %.4g to %.4g), asked for at most %g\n",
        what, (double)count / (double)good->all, i.low, i.high, asked);
}

static void print_verdicts(const char *which, const cli_verdicts *v, int with_review)
{
    printf("of %lld %s images: %lld NG, ", (long long)v->all, which, (long long)v->ng);
    if (with_review)
        printf("%lld REVIEW, ", (long long)v->review);
    if (v->unjudged > 0)
        printf("%lld CANNOT JUDGE, ", (long long)v->unjudged);
    printf("%lld OK\n", (long long)(v->all - v->ng - v->review - v->unjudged));
}

static void print_own_f1(const char *of, double f1, const blm_interval *range)
{
    if (!isnan(f1))
        printf("F1 of %s at the threshold: %.4f (95%% interval %.4f to %.4f)\n", of, f1,
            range->low, range->high);
}

static void print_thresholds(const cli_metrics *metrics)
{
    const blm_model_info *m = &metrics->model;
    const cli_verdicts *good = &metrics->good;
    const int with_review = m->review_threshold > 0;
    printf("threshold %.6g", m->threshold);
    if (with_review)
        printf(", review threshold %.6g", m->review_threshold);
    printf("\n");
    print_verdicts("good", good, with_review);
    print_verdicts("defective", &metrics->defective, with_review);
    print_rate("false alarms", good->ng, good, m->false_alarm);
    if (with_review)
        print_rate("with REVIEW", good->ng + good->review, good, m->review);
    const cli_metrics_row *all = &metrics->rows[0];
    print_own_f1("images", all->image_f1, &all->image_f1_range);
    print_own_f1("pixels", all->pixel_f1, &all->pixel_f1_range);
}

// ---- text

static void print_number(double number, int width)
{
    if (isnan(number))
        printf("%*s", width, "-");
    else
        printf("%*.4f", width, number);
}

static void print_row(const cli_metrics *metrics, const cli_metrics_row *row)
{
    printf("%7lld", (long long)row->image.defective);
    print_number(row->image.auroc, 9);
    print_number(row->image.average_precision, 9);
    print_number(row->image.f1_max, 9);
    if (metrics->has_pixels) {
        print_number(row->pixel.auroc, 12);
        print_number(row->pixel.average_precision, 9);
        print_number(row->pixel.f1_max, 9);
        print_number(row->pixel.au_pro[0], 9);
        print_number(row->pixel.au_pro[1], 9);
    }
    printf("  ");
    cli_print_safe(stdout, row->kind == NULL ? "all" : row->kind);
    putchar('\n');
}

void cli_metrics_print(const cli_metrics *metrics)
{
    printf(" images    AUROC       AP   F1-max");
    if (metrics->has_pixels)
        printf("  px AUROC       AP   F1-max  PRO 0.3 PRO 0.05");
    printf("  kind\n");
    for (size_t i = 0; i < metrics->count; i++)
        print_row(metrics, &metrics->rows[i]);
    if (metrics->has_pixels)
        printf("pixels at %s\n",
            metrics->native ? "the size of the images" : "the model's input size");
    print_thresholds(metrics);
}

// ---- JSON

static void number_json(
    cli_json *json, const char *prefix, const char *name, double number)
{
    char key[48];
    snprintf(key, sizeof key, "%s_%s", prefix, name);
    cli_json_number(json, key, number);
}

static void metrics_json(cli_json *json, const char *prefix, const blm_metrics *m)
{
    number_json(json, prefix, "auroc", m->auroc);
    number_json(json, prefix, "average_precision", m->average_precision);
    number_json(json, prefix, "f1_max", m->f1_max);
    number_json(json, prefix, "f1_threshold", m->f1_threshold);
}

static void own_f1_json(
    cli_json *json, const char *prefix, double f1, const blm_interval *range)
{
    number_json(json, prefix, "f1", f1);
    number_json(json, prefix, "f1_low", range->low);
    number_json(json, prefix, "f1_high", range->high);
}

static void row_json(cli_json *json, const cli_metrics_row *row)
{
    cli_json_integer(json, "good", row->image.good);
    cli_json_integer(json, "defective", row->image.defective);
    metrics_json(json, "image", &row->image);
    metrics_json(json, "pixel", &row->pixel);
    cli_json_number(json, "au_pro_0.3", row->pixel.au_pro[0]);
    cli_json_number(json, "au_pro_0.05", row->pixel.au_pro[1]);
    own_f1_json(json, "image", row->image_f1, &row->image_f1_range);
    own_f1_json(json, "pixel", row->pixel_f1, &row->pixel_f1_range);
}

// The measured rate of good images, and the one that was asked for.
static void rate_json(cli_json *json, const char *key, double asked, int64_t count,
    const cli_verdicts *good)
{
    cli_json_open(json, key, '{');
    cli_json_number(json, "asked", asked > 0 ? asked : NAN);
    cli_json_integer(json, "count", count);
    if (good->all > 0) {
        const blm_interval i = cli_share_interval(count, good->all);
        cli_json_number(json, "rate", (double)count / (double)good->all);
        cli_json_number(json, "low", i.low);
        cli_json_number(json, "high", i.high);
    }
    cli_json_close(json, '}');
}

static void thresholds_json(cli_json *json, const cli_metrics *metrics)
{
    const blm_model_info *m = &metrics->model;
    const cli_verdicts *good = &metrics->good, *bad = &metrics->defective;
    cli_json_number(json, "threshold", m->threshold);
    cli_json_number(
        json, "review_threshold", m->review_threshold > 0 ? m->review_threshold : NAN);
    cli_json_integer(json, "false_alarms", good->ng);
    cli_json_integer(json, "misses", bad->all - bad->ng - bad->unjudged);
    cli_json_integer(json, "review_good", good->review);
    cli_json_integer(json, "review_defective", bad->review);
    cli_json_integer(json, "unjudged_good", good->unjudged);
    cli_json_integer(json, "unjudged_defective", bad->unjudged);
    rate_json(json, "false_alarm_rate", m->false_alarm, good->ng, good);
    rate_json(json, "review_rate", m->review, good->ng + good->review, good);
}

void cli_metrics_print_json(const cli_metrics *metrics)
{
    cli_json json = {0};
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, "model", metrics->model.hash);
    cli_json_text(&json, "pixels_at", metrics->native ? "native" : "model");
    row_json(&json, &metrics->rows[0]);
    thresholds_json(&json, metrics);
    cli_json_open(&json, "kinds", '{');
    for (size_t i = 1; i < metrics->count; i++) {
        cli_json_open(&json, metrics->rows[i].kind, '{');
        row_json(&json, &metrics->rows[i]);
        cli_json_close(&json, '}');
    }
    cli_json_close(&json, '}');
    cli_json_close(&json, '}');
    cli_json_end_line(&json);
}
