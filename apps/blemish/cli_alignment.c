#include "apps/blemish/cli_alignment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "apps/blemish/cli_text.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"

enum { MAX_LINES = 5 };

// Of an image much worse than the others: in units of the inverse hyperbolic tangent.
static const double much_worse = 1;

// How the good images fit the reference.
typedef struct fits {
    size_t count, doubtful;
    double median, least; // quality
} fits;

static int by_number(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static fits fits_of(const blm_model *model)
{
    blm_alignment a;
    fits all = {0};
    while (blm_model_good_alignment(model, all.count, &a))
        all.count++;
    if (all.count == 0)
        return all;
    double *sorted = cli_alloc(all.count, sizeof *sorted);
    for (size_t i = 0; i < all.count && blm_model_good_alignment(model, i, &a); i++) {
        sorted[i] = a.quality;
        all.doubtful += (size_t)a.doubtful;
    }
    qsort(sorted, all.count, sizeof *sorted, by_number);
    all.median = sorted[all.count / 2];
    all.least = sorted[0];
    free(sorted);
    return all;
}

void cli_alignment_describe(const blm_model *model)
{
    blm_model_info info;
    blm_model_describe(model, &info);
    if (info.reference == NULL)
        return;
    const fits all = fits_of(model);
    printf("aligned with: ");
    cli_print_safe(stdout, info.reference);
    printf("\n    good images fit it with a quality of %.3f or more, half of them %.3f",
        all.least, all.median);
    if (all.doubtful > 0)
        printf(";\n    %zu of %zu fit it at another angle, too", all.doubtful, all.count);
    putchar('\n');
}

void cli_alignment_describe_json(const blm_model *model, cli_json *json)
{
    blm_model_info info;
    blm_model_describe(model, &info);
    if (info.reference == NULL)
        return;
    const fits all = fits_of(model);
    cli_json_text(json, "reference", info.reference);
    cli_json_number(json, "alignment_median", all.median);
    cli_json_number(json, "alignment_least", all.least);
    cli_json_integer(json, "alignment_doubtful", (int64_t)all.doubtful);
}

void cli_warn_alignment(const blm_model *model, const cli_talk *talk)
{
    const fits all = fits_of(model);
    size_t bad = 0;
    blm_alignment a;
    for (size_t i = 0; !talk->quiet && blm_model_good_alignment(model, i, &a); i++) {
        const int worse =
            atanh(fmin(all.median, 0.999)) - atanh(fmax(a.quality, -0.999)) > much_worse;
        bad += (size_t)worse;
        if (worse && bad <= MAX_LINES)
            cli_complain("%s: fits the reference with a quality of %.3f, half of the "
                         "images with %.3f: another part, or hidden?",
                blm_model_image_name(model, i), a.quality, all.median);
    }
    if (bad > MAX_LINES)
        cli_complain("%zu good images fit the reference much worse than the others", bad);
    if (all.doubtful > 0 && !talk->quiet)
        cli_complain("%zu of %zu good images fit the reference nearly as well at another "
                     "angle: turned parts may be compared with the wrong side",
            all.doubtful, all.count);
}

void cli_alignment_print(const blm_alignment *a)
{
    if (a->aligned)
        printf("turn %.2f, shift %.2f,%.2f, scale %.4g, quality %.3f%s", a->turn, a->x,
            a->y, a->scale, a->quality, a->doubtful ? ", doubtful" : "");
}

void cli_alignment_json(const blm_alignment *a, cli_json *json)
{
    if (!a->aligned)
        return;
    cli_json_open(json, "alignment", '{');
    cli_json_number(json, "turn", a->turn);
    cli_json_number(json, "scale", a->scale);
    cli_json_open(json, "shift", '[');
    cli_json_number(json, NULL, a->x);
    cli_json_number(json, NULL, a->y);
    cli_json_close(json, ']');
    cli_json_number(json, "quality", a->quality);
    cli_json_number(json, "rival", a->rival);
    cli_json_bool(json, "doubtful", a->doubtful);
    cli_json_close(json, '}');
}
