#include "apps/blemish/comparison.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/cli_text.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/json.h"
#include "apps/blemish/memory.h"
#include "apps/report/html_report.h"

// ---- text and Markdown

static void print_cell(double percent, const char *before, int width)
{
    if (isnan(percent))
        printf("%s%*s", before, width, "-");
    else
        printf("%s%*.1f", before, width, percent);
}

// Columns are separated by two spaces, and the published ones are a little apart.
static int column_width(const cli_figures *f, int column)
{
    const int name = (int)strlen(f->names[column]);
    return (column == 0 ? 1 : column == f->ours ? 3 : 2) + (name > 5 ? name : 5);
}

static void print_text(const cli_figures *f)
{
    printf(
        "%s in percent%s%s\n", f->title, f->number > 0 ? "; published: " : ", ", f->note);
    for (int c = 0; c < f->columns; c++) {
        printf("%*s", column_width(f, c) - (int)strlen(f->names[c]), "");
        cli_print_safe(stdout, f->names[c]);
    }
    printf("  category\n");
    for (size_t i = 0; i < f->count; i++) {
        const cli_figure_line *l = &f->lines[i];
        for (int c = 0; c < f->columns; c++)
            print_cell(l->percent[c], "", column_width(f, c));
        printf("  ");
        cli_print_safe(stdout, l->label);
        if (l->average > 0)
            printf(" (%d)", l->average);
        putchar('\n');
    }
}

static void print_markdown_text(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) // a cell ends at a bar
        printf(*c == '|' ? "\\|" : *c < ' ' && *c > 0 ? "?" : "%c", *c);
}

static void print_markdown(const cli_figures *f)
{
    printf("%s in percent%s%s\n\n| category", f->title,
        f->number > 0 ? "; published: " : ", ", f->note);
    for (int c = 0; c < f->columns; c++) {
        printf(" | ");
        print_markdown_text(f->names[c]);
    }
    printf(" |\n|---|");
    for (int c = 0; c < f->columns; c++)
        printf("---|");
    putchar('\n');
    for (size_t i = 0; i < f->count; i++) {
        printf("| ");
        print_markdown_text(f->lines[i].label);
        if (f->lines[i].average > 0)
            printf(" (%d)", f->lines[i].average);
        for (int c = 0; c < f->columns; c++)
            print_cell(f->lines[i].percent[c], " | ", 0);
        printf(" |\n");
    }
}

// ---- CSV and JSON

static void print_quoted(const char *text)
{
    putchar('"');
    for (const char *at = text; *at != '\0'; at++)
        printf(*at == '"' ? "\"\"" : "%c", *at);
    putchar('"');
}

// The number is empty for tables that the paper does not have.
static void print_csv(const cli_figures *f)
{
    for (size_t i = 0; i < f->count; i++)
        for (int c = 0; c < f->columns; c++) {
            const cli_figure_line *l = &f->lines[i];
            if (isnan(l->percent[c]))
                continue;
            if (f->number > 0)
                printf("%d", f->number);
            printf(",%s,", f->title);
            print_quoted(l->label);
            printf(",%s,", l->group);
            if (strpbrk(f->names[c], ",\"\n") != NULL)
                print_quoted(f->names[c]);
            else
                printf("%s", f->names[c]);
            printf(",%.4f\n", l->percent[c]);
        }
}

static void figures_json(cli_json *json, const cli_figures *f)
{
    cli_json_open(json, NULL, '{');
    cli_json_text(json, "metric", f->title);
    cli_json_text(json, "unit", "percent");
    cli_json_text(json, "published", f->number > 0 ? f->note : NULL);
    cli_json_open(json, "rows", '[');
    for (size_t i = 0; i < f->count; i++) {
        const cli_figure_line *l = &f->lines[i];
        cli_json_open(json, NULL, '{');
        cli_json_text(json, "label", l->label);
        cli_json_text(json, "group", l->group);
        cli_json_integer(json, "average_of", l->average);
        cli_json_open(json, "ours", '{');
        for (int c = 0; c < f->ours; c++)
            cli_json_number(json, f->names[c], l->percent[c]);
        cli_json_close(json, '}');
        cli_json_open(json, "published", '{');
        for (int c = f->ours; c < f->columns; c++)
            cli_json_number(json, f->names[c], l->percent[c]);
        cli_json_close(json, '}');
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
    cli_json_close(json, '}');
}

static void result_json(cli_json *json, const char *column, const cli_result *r)
{
    cli_json_open(json, NULL, '{');
    cli_json_text(json, "category", r->category);
    cli_json_text(json, "column", column);
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

static void print_json(
    const cli_comparison *comparison, const cli_figures figures[CLI_FIGURES])
{
    cli_json json = {0};
    const size_t columns = (size_t)comparison->columns;
    cli_json_open(&json, NULL, '{');
    cli_json_open(&json, "results", '[');
    for (size_t i = 0; i < comparison->categories * columns; i++)
        if (comparison->results[i].good + comparison->results[i].defective > 0)
            result_json(&json, comparison->names[i % columns], &comparison->results[i]);
    cli_json_close(&json, ']');
    cli_json_open(&json, "tables", '[');
    for (int t = 0; t < CLI_FIGURES; t++)
        figures_json(&json, &figures[t]);
    cli_json_close(&json, ']');
    cli_json_close(&json, '}');
    cli_json_end_line(&json);
}

// ---- a page

static int print_html(const cli_figures figures[CLI_FIGURES])
{
    report_table tables[CLI_FIGURES];
    report_table_line *lines[CLI_FIGURES];
    html_text page;
    blm_error err;
    for (int t = 0; t < CLI_FIGURES; t++) {
        const cli_figures *f = &figures[t];
        lines[t] = cli_alloc(f->count, sizeof *lines[t]);
        for (size_t i = 0; i < f->count; i++)
            lines[t][i] = (report_table_line){
                f->lines[i].label, f->lines[i].average, f->lines[i].percent};
        tables[t] = (report_table){.title = f->title,
            .note = f->note,
            .published = f->number > 0,
            .names = f->names,
            .columns = f->columns,
            .ours = f->ours,
            .lines = lines[t],
            .count = f->count};
    }
    const blm_status status = report_tables_page(tables, CLI_FIGURES, &page, &err);
    for (int t = 0; t < CLI_FIGURES; t++)
        free(lines[t]);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    fwrite(page.at, 1, page.size, stdout);
    free(page.at);
    return CLI_EXIT_OK;
}

int cli_compare(const cli_comparison *comparison, cli_comparison_form form)
{
    cli_figures figures[CLI_FIGURES];
    int code = CLI_EXIT_OK;
    cli_figures_make(comparison, figures);
    if (form == CLI_COMPARE_CSV)
        printf("table,metric,category,group,method,percent\n");
    for (int t = 0; t < CLI_FIGURES; t++) {
        if (t > 0 && (form == CLI_COMPARE_TEXT || form == CLI_COMPARE_MARKDOWN))
            putchar('\n');
        if (form == CLI_COMPARE_TEXT)
            print_text(&figures[t]);
        else if (form == CLI_COMPARE_MARKDOWN)
            print_markdown(&figures[t]);
        else if (form == CLI_COMPARE_CSV)
            print_csv(&figures[t]);
    }
    if (form == CLI_COMPARE_JSON)
        print_json(comparison, figures);
    else if (form == CLI_COMPARE_HTML)
        code = print_html(figures);
    cli_figures_free(figures);
    return code;
}
