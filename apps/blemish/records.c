#include "apps/blemish/records.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/cli_alignment.h"
#include "apps/blemish/cli_checks.h"
#include "apps/blemish/cli_text.h"
#include "apps/blemish/json.h"
#include "apps/blemish/memory.h"

// ---- reasons and unseen properties

static const struct {
    unsigned bit;
    const char *name;
} unseen_kinds[] = {{BLM_UNSEEN_SIZE, "size"}, {BLM_UNSEEN_ASPECT, "aspect"},
    {BLM_UNSEEN_CHANNELS, "channels"}, {BLM_UNSEEN_BRIGHTNESS, "brightness"}};
enum { UNSEEN_KINDS = sizeof unseen_kinds / sizeof *unseen_kinds };

// Appends ", " and a word to a list, and frees the old text.
static char *append(char *text, const char *word)
{
    char *longer = cli_format("%s%s%s", text, *text != '\0' ? ", " : "", word);
    free(text);
    return longer;
}

char *cli_unseen_text(unsigned unseen)
{
    char *text = cli_format("%s", "");
    for (size_t i = 0; i < UNSEEN_KINDS; i++) {
        if ((unseen & unseen_kinds[i].bit) != 0)
            text = append(text, unseen_kinds[i].name);
    }
    return text;
}

char *cli_reasons_text(unsigned reasons)
{
    char *text = cli_format("%s", "");
    for (unsigned bit = 1; bit <= reasons && bit != 0; bit *= 2) {
        if ((reasons & bit) != 0)
            text = append(text, blm_reason_name(bit));
    }
    return text;
}

// ---- millimetres

// The area of all regions, and the peak of the highest one.
typedef struct place {
    double area, peak_x, peak_y; // square millimetres, millimetres; NAN: no region
} place;

static place place_of(const blm_result *r, double mm)
{
    place all = {0, NAN, NAN};
    for (size_t i = 0; i < r->region_count; i++)
        all.area += blm_result_region(r, i)->area * mm * mm;
    if (r->region_count > 0) {
        all.peak_x = blm_result_region(r, 0)->peak_x * mm;
        all.peak_y = blm_result_region(r, 0)->peak_y * mm;
    }
    return all;
}

// ---- parts

static const cli_part_views *part_of(
    const cli_records *records, const cli_outcome *outcome)
{
    return &records->parts->parts[records->parts->part_of[outcome->index]];
}

static const char *view_name(const cli_records *records, const cli_part_image *image)
{
    return records->parts->views->items[image->view].name;
}

static const char *view_of(const cli_records *records, const cli_outcome *outcome)
{
    return view_name(records, &records->parts->images[outcome->index]);
}

// ---- text: name, score, threshold, verdict, reasons if any, separated by tabs

static void print_text(const cli_records *records, const cli_outcome *outcome)
{
    if (outcome->status != BLM_OK)
        return; // the error is on stderr
    const blm_result *r = &outcome->result;
    cli_print_safe(stdout, outcome->name);
    printf("\t%.6g\t%.6g\t%s", r->score, r->threshold, blm_verdict_name(r->verdict));
    if (records->mm_per_pixel > 0) {
        const place p = place_of(r, records->mm_per_pixel);
        printf("\t%.6g\t", p.area);
        if (r->region_count > 0)
            printf("%.6g,%.6g", p.peak_x, p.peak_y);
        else
            putchar('-');
    }
    if (r->alignment.aligned) {
        putchar('\t');
        cli_alignment_print(&r->alignment);
    }
    if (r->reasons != 0) {
        char *reasons = cli_reasons_text(r->reasons);
        printf("\t%s", reasons);
        free(reasons);
    }
    putchar('\n');
}

static void print_text_part(const cli_records *records, const cli_part_views *part)
{
    const cli_part_image *worst = part->worst;
    char *text = cli_part_text(records->parts, part);
    printf("part:");
    cli_print_safe(stdout, part->label);
    if (worst != NULL)
        printf("\t%.6g\t%.6g", worst->score, worst->threshold);
    else
        printf("\t-\t-");
    printf("\t%s", blm_verdict_name(part->verdict));
    if (*text != '\0') {
        putchar('\t');
        cli_print_safe(stdout, text);
    }
    putchar('\n');
    free(text);
}

// ---- CSV (RFC 4180)

static void print_field(const char *text)
{
    if (text[strcspn(text, ",\"\r\n")] == '\0') {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    putchar('"');
}

static void print_csv_place(const blm_result *r, double mm)
{
    const place p = place_of(r, mm);
    printf("%.9g,", p.area);
    if (r->region_count > 0)
        printf("%.9g,%.9g,", p.peak_x, p.peak_y);
    else
        printf(",,");
}

static void print_csv(const cli_records *records, const cli_outcome *outcome)
{
    const blm_result *r = &outcome->result;
    const int with_mm = records->mm_per_pixel > 0;
    print_field(outcome->name);
    if (outcome->status == BLM_OK) {
        printf(",%.9g,%.9g,%s,%zu,%d,%d,", r->score, r->threshold,
            blm_verdict_name(r->verdict), r->region_count, outcome->width,
            outcome->height);
        if (with_mm)
            print_csv_place(r, records->mm_per_pixel);
        char *reasons = cli_reasons_text(r->reasons);
        putchar(',');
        print_field(reasons);
        free(reasons);
    } else {
        printf(with_mm ? ",,,,,,,,,," : ",,,,,,,");
        print_field(outcome->err.text);
        putchar(',');
    }
    if (records->parts != NULL) {
        putchar(',');
        print_field(part_of(records, outcome)->label);
        putchar(',');
        print_field(view_of(records, outcome));
    }
    printf("\r\n");
}

// A record without a name.
static void print_csv_part(const cli_records *records, const cli_part_views *part)
{
    const cli_part_image *worst = part->worst;
    char *text = cli_part_text(records->parts, part);
    if (worst != NULL)
        printf(",%.9g,%.9g,", worst->score, worst->threshold);
    else
        printf(",,,");
    printf("%s,,,,%s,", blm_verdict_name(part->verdict),
        records->mm_per_pixel > 0 ? ",,," : "");
    print_field(text);
    putchar(',');
    print_field(part->label);
    printf(",\r\n");
    free(text);
}

// ---- JSON

static void pair_json(cli_json *json, const char *key, double x, double y)
{
    cli_json_open(json, key, '[');
    cli_json_number(json, NULL, x);
    cli_json_number(json, NULL, y);
    cli_json_close(json, ']');
}

static void box_json(cli_json *json, const char *key, const blm_region *r, double scale)
{
    cli_json_open(json, key, '[');
    cli_json_number(json, NULL, r->left * scale);
    cli_json_number(json, NULL, r->top * scale);
    cli_json_number(json, NULL, r->right * scale);
    cli_json_number(json, NULL, r->bottom * scale);
    cli_json_close(json, ']');
}

static void region_json(cli_json *json, const blm_region *r, double mm)
{
    cli_json_open(json, NULL, '{');
    box_json(json, "box", r, 1);
    cli_json_number(json, "area", r->area);
    cli_json_number(json, "peak", r->peak);
    cli_json_number(json, "severity", r->severity);
    pair_json(json, "peak_at", r->peak_x, r->peak_y);
    pair_json(json, "centroid", r->centroid_x, r->centroid_y);
    if (mm > 0) {
        box_json(json, "box_mm", r, mm);
        cli_json_number(json, "area_mm2", r->area * mm * mm);
        pair_json(json, "peak_at_mm", r->peak_x * mm, r->peak_y * mm);
        pair_json(json, "centroid_mm", r->centroid_x * mm, r->centroid_y * mm);
    }
    cli_json_close(json, '}');
}

static void reasons_json(cli_json *json, unsigned reasons)
{
    cli_json_open(json, "reasons", '[');
    for (unsigned bit = 1; bit <= reasons && bit != 0; bit *= 2) {
        if ((reasons & bit) != 0)
            cli_json_text(json, NULL, blm_reason_name(bit));
    }
    cli_json_close(json, ']');
}

static void unseen_json(cli_json *json, unsigned unseen)
{
    cli_json_open(json, "unseen", '[');
    for (size_t i = 0; i < UNSEEN_KINDS; i++) {
        if ((unseen & unseen_kinds[i].bit) != 0)
            cli_json_text(json, NULL, unseen_kinds[i].name);
    }
    cli_json_close(json, ']');
}

// Rounded to microseconds: finer digits of the clock mean nothing.
static void milliseconds_json(cli_json *json, const char *key, double ms)
{
    cli_json_number(json, key, round(ms * 1000) / 1000);
}

static void result_json(
    const cli_records *records, const cli_outcome *outcome, cli_json *json)
{
    const double mm = records->mm_per_pixel;
    const blm_result *r = &outcome->result;
    cli_json_number(json, "score", r->score);
    cli_json_number(json, "threshold", r->threshold);
    cli_json_number(json, "calibrated", r->calibrated);
    cli_json_text(json, "verdict", blm_verdict_name(r->verdict));
    reasons_json(json, r->reasons);
    cli_checks_failed_json(records->model, r, json);
    unseen_json(json, r->unseen);
    cli_alignment_json(&r->alignment, json);
    cli_json_integer(json, "width", outcome->width);
    cli_json_integer(json, "height", outcome->height);
    cli_json_open(json, "regions", '[');
    for (size_t i = 0; i < r->region_count; i++)
        region_json(json, blm_result_region(r, i), mm);
    cli_json_close(json, ']');
    cli_json_open(json, "milliseconds", '{');
    milliseconds_json(json, "read", outcome->read_ms);
    milliseconds_json(json, "prepare", r->prepare_ms);
    if (r->alignment.aligned)
        milliseconds_json(json, "align", r->align_ms);
    milliseconds_json(json, "network", r->network_ms);
    milliseconds_json(json, "distance", r->distance_ms);
    milliseconds_json(json, "map", r->map_ms);
    cli_json_close(json, '}');
}

static void print_json(const cli_records *records, const cli_outcome *outcome)
{
    cli_json json = {0};
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, "name", outcome->name);
    cli_json_text(&json, "model", records->model_hash);
    if (records->parts != NULL) {
        cli_json_text(&json, "part", part_of(records, outcome)->label);
        cli_json_text(&json, "view", view_of(records, outcome));
    }
    if (outcome->status == BLM_OK)
        result_json(records, outcome, &json);
    else
        cli_json_text(&json, "error", outcome->err.text);
    cli_json_close(&json, '}');
    cli_json_end_line(&json);
}

static void part_image_json(
    const cli_records *records, const cli_part_image *image, cli_json *json)
{
    cli_json_open(json, NULL, '{');
    cli_json_text(json, "name", image->name);
    cli_json_text(json, "view", view_name(records, image));
    if (image->scored) {
        cli_json_number(json, "calibrated", image->calibrated);
        cli_json_text(json, "verdict", blm_verdict_name(image->verdict));
        reasons_json(json, image->reasons);
    } else
        cli_json_text(json, "error", image->error);
    cli_json_close(json, '}');
}

static void print_json_part(const cli_records *records, const cli_part_views *part)
{
    const cli_part_set *set = records->parts;
    const cli_part_image *worst = part->worst;
    char *text = cli_part_text(set, part);
    cli_json json = {0};
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, "part", part->label);
    cli_json_number(&json, "score", worst != NULL ? worst->score : NAN);
    cli_json_number(&json, "threshold", worst != NULL ? worst->threshold : NAN);
    cli_json_number(&json, "calibrated", worst != NULL ? worst->calibrated : NAN);
    cli_json_text(&json, "verdict", blm_verdict_name(part->verdict));
    cli_json_text(&json, "why", text);
    cli_json_open(&json, "images", '[');
    for (size_t i = 0; i < part->count; i++)
        part_image_json(records, part->images[i], &json);
    cli_json_close(&json, ']');
    cli_json_open(&json, "missing", '[');
    for (size_t v = 0; v < set->views->count; v++)
        if ((part->missing >> v & 1) != 0)
            cli_json_text(&json, NULL, set->views->items[v].name);
    cli_json_close(&json, ']');
    cli_json_integer(&json, "missing_images", (int64_t)part->lacking);
    cli_json_close(&json, '}');
    cli_json_end_line(&json);
    free(text);
}

void cli_record_part(const cli_records *records, const cli_part_views *part)
{
    switch (records->form) {
    case CLI_TEXT_LINES:
        print_text_part(records, part);
        break;
    case CLI_JSON_LINES:
        print_json_part(records, part);
        break;
    case CLI_CSV_LINES:
        print_csv_part(records, part);
        break;
    }
}

void cli_records_begin(const cli_records *records)
{
    if (records->form == CLI_CSV_LINES)
        printf("name,score,threshold,verdict,regions,width,height,%serror,reasons%s\r\n",
            records->mm_per_pixel > 0 ? "area_mm2,peak_x_mm,peak_y_mm," : "",
            records->parts != NULL ? ",part,view" : "");
}

void cli_record(const cli_records *records, const cli_outcome *outcome)
{
    switch (records->form) {
    case CLI_TEXT_LINES:
        print_text(records, outcome);
        break;
    case CLI_JSON_LINES:
        print_json(records, outcome);
        break;
    case CLI_CSV_LINES:
        print_csv(records, outcome);
        break;
    }
}
