#include "apps/blemish/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/cli_published.h"
#include "apps/blemish/memory.h"

// ---- the metrics

static double image_auroc(const cli_result *r)
{
    return r->image_auroc;
}

static double pixel_auroc(const cli_result *r)
{
    return r->pixel_auroc;
}

static double image_f1(const cli_result *r)
{
    return r->image_f1;
}

static double pixel_f1(const cli_result *r)
{
    return r->pixel_f1;
}

typedef struct metric {
    const cli_published *published; // NULL: none
    const char *title;              // if there is none
    double (*ours)(const cli_result *r);
} metric;

static const metric metrics[CLI_FIGURES] = {
    {&cli_published_images, NULL, image_auroc},
    {&cli_published_pixels, NULL, pixel_auroc},
    {NULL, "image F1", image_f1},
    {NULL, "pixel F1", pixel_f1},
};

// ---- lines

typedef struct maker {
    const cli_comparison *from;
    const metric *of;
    cli_figures *out;
} maker;

static double *next_line(
    const maker *m, const char *label, const char *group, int average)
{
    cli_figures *f = m->out;
    double *percent = f->percent + f->count * (size_t)f->columns;
    f->lines[f->count++] = (cli_figure_line){label, group, average, percent};
    return percent;
}

static void put_published(const maker *m, const double *published, double *percent)
{
    for (int i = m->out->ours; i < m->out->columns; i++)
        percent[i] = published != NULL ? published[i - m->out->ours] : NAN;
}

static const cli_result *result_of(const maker *m, size_t category, int column)
{
    return &m->from->results[category * (size_t)m->from->columns + (size_t)column];
}

static double ours(const maker *m, size_t category, int column)
{
    const cli_result *r = result_of(m, category, column);
    return r->good + r->defective > 0 ? 100 * m->of->ours(r) : NAN;
}

static const char *category_of(const maker *m, size_t category)
{
    return result_of(m, category, 0)->category;
}

// The groups are those of MVTec AD for all metrics.
static cli_group group_of(const maker *m, size_t category)
{
    const cli_published_row *row =
        cli_published_find(&cli_published_images, category_of(m, category));
    return row != NULL ? row->group : CLI_UNKNOWN;
}

static void add_category(const maker *m, size_t category)
{
    static const char *const groups[] = {"object", "texture", "other"};
    const cli_published *published = m->of->published;
    const char *name = category_of(m, category);
    const cli_published_row *row =
        published != NULL ? cli_published_find(published, name) : NULL;
    double *percent = next_line(m, name, groups[group_of(m, category)], 0);
    for (int c = 0; c < m->out->ours; c++)
        percent[c] = ours(m, category, c);
    put_published(m, row != NULL ? row->percent : NULL, percent);
}

// Whether a column has no number at all.
static int is_empty(const maker *m, int column)
{
    for (size_t i = 0; i < m->from->categories; i++)
        if (!isnan(ours(m, i, column)))
            return 0;
    return 1;
}

static int all_have(const maker *m, size_t category)
{
    for (int c = 0; c < m->out->ours; c++)
        if (isnan(ours(m, category, c)) && !is_empty(m, c))
            return 0;
    return 1;
}

// The average over one group, or over all with CLI_UNKNOWN.
static void add_average(const maker *m, cli_group group)
{
    static const char *const labels[] = {
        "average of objects", "average of textures", "average"};
    static const char *const groups[] = {"object", "texture", "all"};
    const cli_published *published = m->of->published;
    int count = 0;
    double *percent = next_line(m, labels[group], groups[group], 0);
    for (int c = 0; c < m->out->ours; c++)
        percent[c] = 0;
    for (size_t i = 0; i < m->from->categories; i++) {
        if ((group != CLI_UNKNOWN && group_of(m, i) != group) || !all_have(m, i))
            continue;
        count++;
        for (int c = 0; c < m->out->ours; c++)
            percent[c] += ours(m, i, c);
    }
    for (int c = 0; c < m->out->ours; c++)
        percent[c] /= count;
    put_published(m, published != NULL ? published->averages[group] : NULL, percent);
    m->out->lines[m->out->count - 1].average = count;
    if (count == 0)
        m->out->count--;
}

static void add_group(const maker *m, cli_group group)
{
    const cli_published_row *rows = cli_published_images.rows;
    for (size_t k = 0; group != CLI_UNKNOWN && k < CLI_CATEGORIES; k++)
        for (size_t i = 0; i < m->from->categories; i++)
            if (rows[k].group == group &&
                strcmp(rows[k].category, category_of(m, i)) == 0)
                add_category(m, i);
    for (size_t i = 0; group == CLI_UNKNOWN && i < m->from->categories; i++)
        if (group_of(m, i) == CLI_UNKNOWN)
            add_category(m, i);
    add_average(m, group);
}

// ---- tables

static void make(const cli_comparison *from, const metric *of, cli_figures *out)
{
    const cli_published *published = of->published;
    const int more = published != NULL ? CLI_METHODS : 0;
    const size_t most = from->categories + CLI_UNKNOWN + 1; // and averages
    *out = (cli_figures){.number = published != NULL ? published->number : 0,
        .title = published != NULL ? published->title : of->title,
        .note = published != NULL ? published->source : "at the model's own threshold",
        .ours = from->columns,
        .columns = from->columns + more};
    const char **names = cli_alloc((size_t)out->columns, sizeof *names);
    for (int c = 0; c < out->columns; c++)
        names[c] = c < out->ours ? from->names[c] : published->methods[c - out->ours];
    out->names = names;
    out->lines = cli_alloc(most, sizeof *out->lines);
    out->percent = cli_alloc(most * (size_t)out->columns, sizeof *out->percent);
    const maker m = {from, of, out};
    for (int group = CLI_OBJECT; group <= CLI_UNKNOWN; group++)
        add_group(&m, (cli_group)group);
}

void cli_figures_make(const cli_comparison *comparison, cli_figures out[CLI_FIGURES])
{
    for (int i = 0; i < CLI_FIGURES; i++)
        make(comparison, &metrics[i], &out[i]);
}

void cli_figures_free(cli_figures figures[CLI_FIGURES])
{
    for (int i = 0; i < CLI_FIGURES; i++) {
        free(figures[i].names);
        free(figures[i].lines);
        free(figures[i].percent);
    }
}
