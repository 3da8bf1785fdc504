#include "cli/records.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/json.h"
#include "cli/text.h"

static const char *verdict_name(blm_verdict verdict)
{
    static const char *const names[] = {"OK", "NG", "REVIEW"}; // as blm_verdict counts
    return names[verdict];
}

// ---- text: name, score, threshold, verdict, with tabs between them

static void print_text(const cli_outcome *outcome)
{
    if (outcome->status != BLM_OK)
        return; // stderr has it
    const blm_result *r = &outcome->result;
    cli_print_safe(stdout, outcome->name);
    printf("\t%.6g\t%.6g\t%s\n", r->score, r->threshold, verdict_name(r->verdict));
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

static void print_csv(const cli_outcome *outcome)
{
    const blm_result *r = &outcome->result;
    print_field(outcome->name);
    if (outcome->status == BLM_OK)
        printf(",%.9g,%.9g,%s,%zu,%d,%d,", r->score, r->threshold,
            verdict_name(r->verdict), r->region_count, outcome->width, outcome->height);
    else {
        printf(",,,,,,,");
        print_field(outcome->err.text);
    }
    printf("\r\n");
}

// ---- JSON

static void pair_json(cli_json *json, const char *key, double x, double y)
{
    cli_json_open(json, key, '[');
    cli_json_number(json, NULL, x);
    cli_json_number(json, NULL, y);
    cli_json_close(json, ']');
}

static void region_json(cli_json *json, const blm_region *region)
{
    cli_json_open(json, NULL, '{');
    cli_json_open(json, "box", '[');
    cli_json_number(json, NULL, region->left);
    cli_json_number(json, NULL, region->top);
    cli_json_number(json, NULL, region->right);
    cli_json_number(json, NULL, region->bottom);
    cli_json_close(json, ']');
    cli_json_number(json, "area", region->area);
    cli_json_number(json, "peak", region->peak);
    cli_json_number(json, "severity", region->severity);
    pair_json(json, "peak_at", region->peak_x, region->peak_y);
    pair_json(json, "centroid", region->centroid_x, region->centroid_y);
    cli_json_close(json, '}');
}

// How the image differs from all that the model was fitted on.
static void unseen_json(cli_json *json, unsigned unseen)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {{BLM_UNSEEN_SIZE, "size"}, {BLM_UNSEEN_ASPECT, "aspect"},
        {BLM_UNSEEN_CHANNELS, "channels"}, {BLM_UNSEEN_BRIGHTNESS, "brightness"}};
    cli_json_open(json, "unseen", '[');
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if ((unseen & names[i].bit) != 0)
            cli_json_text(json, NULL, names[i].name);
    }
    cli_json_close(json, ']');
}

// Microseconds are as fine as a clock's reading means anything.
static void milliseconds_json(cli_json *json, const char *key, double ms)
{
    cli_json_number(json, key, round(ms * 1000) / 1000);
}

static void result_json(cli_json *json, const cli_outcome *outcome)
{
    const blm_result *r = &outcome->result;
    cli_json_number(json, "score", r->score);
    cli_json_number(json, "threshold", r->threshold);
    cli_json_number(json, "calibrated", r->calibrated);
    cli_json_text(json, "verdict", verdict_name(r->verdict));
    unseen_json(json, r->unseen);
    cli_json_integer(json, "width", outcome->width);
    cli_json_integer(json, "height", outcome->height);
    cli_json_open(json, "regions", '[');
    for (size_t i = 0; i < r->region_count; i++)
        region_json(json, &r->regions[i]);
    cli_json_close(json, ']');
    cli_json_open(json, "milliseconds", '{');
    milliseconds_json(json, "read", outcome->read_ms);
    milliseconds_json(json, "prepare", r->prepare_ms);
    milliseconds_json(json, "network", r->network_ms);
    milliseconds_json(json, "distance", r->distance_ms);
    milliseconds_json(json, "map", r->map_ms);
    cli_json_close(json, '}');
}

static void print_json(const char *model_hash, const cli_outcome *outcome)
{
    cli_json json = {0};
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, "name", outcome->name);
    cli_json_text(&json, "model", model_hash);
    if (outcome->status == BLM_OK)
        result_json(&json, outcome);
    else
        cli_json_text(&json, "error", outcome->err.text);
    cli_json_close(&json, '}');
    cli_json_end_line(&json);
}

void cli_records_begin(cli_form form)
{
    if (form == CLI_CSV_LINES)
        printf("name,score,threshold,verdict,regions,width,height,error\r\n");
}

void cli_record(cli_form form, const char *model_hash, const cli_outcome *outcome)
{
    switch (form) {
    case CLI_TEXT_LINES:
        print_text(outcome);
        break;
    case CLI_JSON_LINES:
        print_json(model_hash, outcome);
        break;
    case CLI_CSV_LINES:
        print_csv(outcome);
        break;
    }
}
