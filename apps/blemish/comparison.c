#include "apps/blemish/comparison.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "apps/blemish/cli_published.h"
#include "apps/blemish/cli_text.h"
#include "apps/blemish/json.h"

enum { COLUMNS = 1 + CLI_METHODS };

// A line of a table: our result, then the published ones, in percent; NaN: none.
typedef struct line {
    const char *label;
    cli_group group;
    int average; // number of our results averaged; 0: a category
    double percent[COLUMNS];
} line;

static const char *group_of(const line *l)
{
    static const char *const names[] = {"object", "texture", "other"};
    return l->average > 0 && l->group == CLI_UNKNOWN ? "all" : names[l->group];
}

// ---- the lines of a table

static double ours(const cli_published *table, const cli_result *r)
{
    return 100 * (table == &cli_published_images ? r->image_auroc : r->pixel_auroc);
}

static line category_line(const cli_published *table, const cli_result *r)
{
    const cli_published_row *row = cli_published_find(table, r->category);
    line out = {.label = r->category,
        .group = row != NULL ? row->group : CLI_UNKNOWN,
        .percent = {ours(table, r)}};
    for (int m = 0; m < CLI_METHODS; m++)
        out.percent[1 + m] = row != NULL ? row->percent[m] : NAN;
    return out;
}

// The average over one group, or over all with CLI_UNKNOWN.
static line average_line(
    const cli_published *table, const cli_result *results, size_t count, cli_group group)
{
    static const char *const labels[] = {
        "average of objects", "average of textures", "average"};
    line out = {.label = labels[group], .group = group};
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const line l = category_line(table, &results[i]);
        if ((group != CLI_UNKNOWN && l.group != group) || isnan(l.percent[0]))
            continue;
        sum += l.percent[0];
        out.average++;
    }
    out.percent[0] = sum / out.average; // NaN for no results
    memcpy(out.percent + 1, table->averages[group], sizeof table->averages[group]);
    return out;
}

// Calls `print` for all lines in order.
static void each_line(const cli_published *table, const cli_result *results, size_t count,
    void (*print)(void *context, const cli_published *table, const line *l),
    void *context)
{
    for (int group = CLI_OBJECT; group <= CLI_UNKNOWN; group++) {
        for (size_t k = 0; group != CLI_UNKNOWN && k < CLI_CATEGORIES; k++)
            for (size_t i = 0; i < count; i++)
                if ((int)table->rows[k].group == group &&
                    strcmp(table->rows[k].category, results[i].category) == 0) {
                    const line l = category_line(table, &results[i]);
                    print(context, table, &l);
                }
        for (size_t i = 0; group == CLI_UNKNOWN && i < count; i++) {
            const line l = category_line(table, &results[i]);
            if (l.group == CLI_UNKNOWN)
                print(context, table, &l);
        }
        const line average = average_line(table, results, count, (cli_group)group);
        if (average.average > 0)
            print(context, table, &average);
    }
}

// ---- text and Markdown

static void print_cell(double percent, const char *before, int width)
{
    if (isnan(percent))
        printf("%s%*s", before, width, "-");
    else
        printf("%s%*.1f", before, width, percent);
}

static void print_text_line(void *context, const cli_published *table, const line *l)
{
    char label[64];
    (void)context;
    if (l->average > 0)
        snprintf(label, sizeof label, "%s (%d)", l->label, l->average);
    else
        snprintf(label, sizeof label, "%s", l->label);
    for (int c = 0; c < COLUMNS; c++)
        print_cell(l->percent[c], "",
            c == 0 ? 8 : 2 + (int)strlen(table->methods[c - 1]) + (c == 1));
    printf("  ");
    cli_print_safe(stdout, label);
    putchar('\n');
}

static void print_text(
    const cli_published *table, const cli_result *results, size_t count)
{
    printf("%s in percent; published: %s\n blemish", table->title, table->source);
    for (int m = 0; m < CLI_METHODS; m++)
        printf("%s%s", m == 0 ? "   " : "  ", table->methods[m]);
    printf("  category\n");
    each_line(table, results, count, print_text_line, NULL);
}

static void print_markdown_label(const char *label)
{
    printf("| ");
    for (const char *c = label; *c != '\0'; c++) // a cell ends at a bar
        printf(*c == '|' ? "\\|" : *c < ' ' && *c > 0 ? "?" : "%c", *c);
}

static void print_markdown_line(void *context, const cli_published *table, const line *l)
{
    (void)context;
    (void)table;
    print_markdown_label(l->label);
    if (l->average > 0)
        printf(" (%d)", l->average);
    for (int c = 0; c < COLUMNS; c++)
        print_cell(l->percent[c], " | ", 0);
    printf(" |\n");
}

static void print_markdown(
    const cli_published *table, const cli_result *results, size_t count)
{
    printf("%s in percent; published: %s\n\n| category | blemish", table->title,
        table->source);
    for (int m = 0; m < CLI_METHODS; m++)
        printf(" | %s", table->methods[m]);
    printf(" |\n|---|---|---|---|---|---|---|\n");
    each_line(table, results, count, print_markdown_line, NULL);
}

// ---- F1 at the model's own threshold

enum { F1_COLUMNS = 2 };
static const char *const f1_titles[F1_COLUMNS] = {"image F1", "pixel F1"};

static double f1_percent(const cli_result *r, int column)
{
    return 100 * (column == 0 ? r->image_f1 : r->pixel_f1);
}

// Averages over the results that have the F1 of a column.
typedef struct f1_line {
    double percent[F1_COLUMNS]; // NaN: none has
    int of[F1_COLUMNS];
    char label[64];
} f1_line;

static f1_line f1_average(const cli_result *results, size_t count)
{
    f1_line out = {.of = {0}};
    for (int c = 0; c < F1_COLUMNS; c++) {
        double sum = 0;
        for (size_t i = 0; i < count; i++)
            if (!isnan(f1_percent(&results[i], c))) {
                sum += f1_percent(&results[i], c);
                out.of[c]++;
            }
        out.percent[c] = sum / out.of[c];
    }
    if (out.of[0] == out.of[1])
        snprintf(out.label, sizeof out.label, "average (%d)", out.of[0]);
    else
        snprintf(
            out.label, sizeof out.label, "average (%d and %d)", out.of[0], out.of[1]);
    return out;
}

static void print_f1_text(const cli_result *results, size_t count)
{
    const f1_line average = f1_average(results, count);
    printf(
        "\nF1 at the model's own threshold in percent\nimage F1  pixel F1  category\n");
    for (size_t i = 0; i < count; i++) {
        for (int c = 0; c < F1_COLUMNS; c++)
            print_cell(f1_percent(&results[i], c), "", c == 0 ? 8 : 10);
        printf("  ");
        cli_print_safe(stdout, results[i].category);
        putchar('\n');
    }
    for (int c = 0; c < F1_COLUMNS; c++)
        print_cell(average.percent[c], "", c == 0 ? 8 : 10);
    printf("  %s\n", average.label);
}

static void print_f1_markdown(const cli_result *results, size_t count)
{
    const f1_line average = f1_average(results, count);
    printf("\nF1 at the model's own threshold in percent\n\n"
           "| category | image F1 | pixel F1 |\n|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        print_markdown_label(results[i].category);
        for (int c = 0; c < F1_COLUMNS; c++)
            print_cell(f1_percent(&results[i], c), " | ", 0);
        printf(" |\n");
    }
    printf("| %s", average.label);
    for (int c = 0; c < F1_COLUMNS; c++)
        print_cell(average.percent[c], " | ", 0);
    printf(" |\n");
}

// ---- CSV and JSON

static void print_csv_label(const char *label)
{
    putchar('"');
    for (const char *at = label; *at != '\0'; at++)
        printf(*at == '"' ? "\"\"" : "%c", *at);
    putchar('"');
}

// The number of the table is empty: the paper has no such table.
static void print_f1_csv(const cli_result *results, size_t count)
{
    const f1_line average = f1_average(results, count);
    for (int c = 0; c < F1_COLUMNS; c++) {
        for (size_t i = 0; i < count; i++) {
            const line l = category_line(&cli_published_images, &results[i]);
            if (isnan(f1_percent(&results[i], c)))
                continue;
            printf(",%s,", f1_titles[c]);
            print_csv_label(l.label);
            printf(",%s,blemish,%.4f\n", group_of(&l), f1_percent(&results[i], c));
        }
        if (average.of[c] > 0)
            printf(
                ",%s,\"average\",all,blemish,%.4f\n", f1_titles[c], average.percent[c]);
    }
}

static void print_csv_line(void *context, const cli_published *table, const line *l)
{
    (void)context;
    for (int c = 0; c < COLUMNS; c++) {
        if (isnan(l->percent[c]))
            continue;
        printf("%d,%s,", table->number, table->title);
        print_csv_label(l->label);
        printf(",%s,%s,%.4f\n", group_of(l), c == 0 ? "blemish" : table->methods[c - 1],
            l->percent[c]);
    }
}

static void json_line(void *context, const cli_published *table, const line *l)
{
    cli_json *json = context;
    cli_json_open(json, NULL, '{');
    cli_json_text(json, "label", l->label);
    cli_json_text(json, "group", group_of(l));
    cli_json_integer(json, "average_of", l->average);
    cli_json_number(json, "blemish", l->percent[0]);
    for (int m = 0; m < CLI_METHODS; m++)
        cli_json_number(json, table->methods[m], l->percent[1 + m]);
    cli_json_close(json, '}');
}

static void result_json(cli_json *json, const cli_result *r)
{
    cli_json_open(json, NULL, '{');
    cli_json_text(json, "category", r->category);
    cli_json_integer(json, "train", r->train);
    cli_json_integer(json, "good", r->good);
    cli_json_integer(json, "defective", r->defective);
    cli_json_number(json, "image_auroc", r->image_auroc);
    cli_json_number(json, "pixel_auroc", r->pixel_auroc);
    cli_json_number(json, "au_pro_0.3", r->au_pro);
    cli_json_number(json, "image_f1", r->image_f1);
    cli_json_number(json, "pixel_f1", r->pixel_f1);
    cli_json_number(json, "fit_s", r->fit_s);
    cli_json_number(json, "image_ms", r->image_ms);
    cli_json_close(json, '}');
}

static void print_json(const cli_result *results, size_t count)
{
    const cli_published *const tables[] = {&cli_published_images, &cli_published_pixels};
    cli_json json = {0};
    cli_json_open(&json, NULL, '{');
    cli_json_open(&json, "results", '[');
    for (size_t i = 0; i < count; i++)
        result_json(&json, &results[i]);
    cli_json_close(&json, ']');
    cli_json_open(&json, "tables", '[');
    for (int t = 0; t < 2; t++) {
        cli_json_open(&json, NULL, '{');
        cli_json_text(&json, "metric", tables[t]->title);
        cli_json_text(&json, "unit", "percent");
        cli_json_text(&json, "published", tables[t]->source);
        cli_json_open(&json, "rows", '[');
        each_line(tables[t], results, count, json_line, &json);
        cli_json_close(&json, ']');
        cli_json_close(&json, '}');
    }
    cli_json_close(&json, ']');
    cli_json_close(&json, '}');
    cli_json_end_line(&json);
}

void cli_compare(const cli_result *results, size_t count, cli_comparison_form form)
{
    switch (form) {
    case CLI_COMPARE_TEXT:
        print_text(&cli_published_images, results, count);
        putchar('\n');
        print_text(&cli_published_pixels, results, count);
        print_f1_text(results, count);
        break;
    case CLI_COMPARE_MARKDOWN:
        print_markdown(&cli_published_images, results, count);
        putchar('\n');
        print_markdown(&cli_published_pixels, results, count);
        print_f1_markdown(results, count);
        break;
    case CLI_COMPARE_CSV:
        printf("table,metric,category,group,method,percent\n");
        each_line(&cli_published_images, results, count, print_csv_line, NULL);
        each_line(&cli_published_pixels, results, count, print_csv_line, NULL);
        print_f1_csv(results, count);
        break;
    case CLI_COMPARE_JSON:
        print_json(results, count);
        break;
    }
}
