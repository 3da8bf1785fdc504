#include "cli/metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/json.h"
#include "cli/text.h"

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
    const blm_metrics *all = &metrics->rows[0].image;
    printf(" images    AUROC       AP   F1-max");
    if (metrics->has_pixels)
        printf("  px AUROC       AP   F1-max  PRO 0.3 PRO 0.05");
    printf("  kind\n");
    for (size_t i = 0; i < metrics->count; i++)
        print_row(metrics, &metrics->rows[i]);
    if (metrics->has_pixels)
        printf("pixels at %s\n",
            metrics->native ? "the size of the images" : "the size the network sees");
    printf("at the threshold %.6g: NG are %lld of %lld good images and %lld of %lld "
           "defective ones\n",
        metrics->threshold, (long long)metrics->false_alarms, (long long)all->good,
        (long long)(all->defective - metrics->misses), (long long)all->defective);
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

static void row_json(cli_json *json, const cli_metrics_row *row)
{
    cli_json_integer(json, "good", row->image.good);
    cli_json_integer(json, "defective", row->image.defective);
    metrics_json(json, "image", &row->image);
    metrics_json(json, "pixel", &row->pixel);
    cli_json_number(json, "au_pro_0.3", row->pixel.au_pro[0]);
    cli_json_number(json, "au_pro_0.05", row->pixel.au_pro[1]);
}

void cli_metrics_print_json(const cli_metrics *metrics)
{
    cli_json json = {0};
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, "model", metrics->model_hash);
    cli_json_text(&json, "pixels_at", metrics->native ? "native" : "model");
    row_json(&json, &metrics->rows[0]);
    cli_json_number(&json, "threshold", metrics->threshold);
    cli_json_integer(&json, "false_alarms", metrics->false_alarms);
    cli_json_integer(&json, "misses", metrics->misses);
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
