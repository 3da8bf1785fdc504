// bench_masks: measures what options of the mask do to F1 of pixels at the threshold.
//
//     bench_masks MODEL RATE... <PAIRS
//
// PAIRS has a line for each image of the test: its path, a tab, and the path of its mask,
// or nothing if it is good (bench/masks writes them).  Each image is scored once.  For
// each rate of false alarms that is asked for (its threshold is found with copies kept)
// and each combination of the options below, prints F1 of pixels at the model's size, and
// the difference from no option, with 95 % intervals: bootstrap over images, the same
// draws for both.
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/median.h"
#include "blemish/eval.h"
#include "src/base/clock.h"
#include "src/base/splitmix.h"
#include "src/score/marker.h"

enum { DRAWS = 1000, MOST_RATES = 8, LINE = 8192 };

static const double shares[] = {1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3};
static const double radii[] = {0, 2, 4, 8, 16};
static const int64_t holes[] = {0, 1000000};
#define COUNT(list) (sizeof(list) / sizeof *(list))
enum { OPTIONS = COUNT(shares) * COUNT(radii) * COUNT(holes) };

typedef struct study {
    const blm_model *model;
    blmi_recipe recipe; // of the model
    char **images;      // (count)
    char **masks;       // (count) "" if good
    size_t count;
    blmi_thresholds at[MOST_RATES]; // (rates)
    double asked[MOST_RATES];
    int rates;
    blm_counts *counts; // (rates, OPTIONS, count)
    double *ms;         // (OPTIONS, count) time of a marking at the first rate
} study;

// Prints the error and ends the program.
static void need(blm_status status, const blm_error *err)
{
    if (status == BLM_OK)
        return;
    fprintf(stderr, "bench_masks: %s\n", err->text);
    exit(1);
}

static void *memory(size_t count, size_t size)
{
    void *out = calloc(count > 0 ? count : 1, size);
    if (out == NULL)
        abort();
    return out;
}

static blm_recipe option_recipe(const study *s, int option)
{
    blm_recipe r = s->recipe.fields;
    r.hysteresis = shares[(size_t)option % COUNT(shares)];
    r.closing = radii[(size_t)option / COUNT(shares) % COUNT(radii)];
    r.fill_holes = holes[(size_t)option / COUNT(shares) / COUNT(radii)];
    return r;
}

static void read_pairs(study *s)
{
    static char line[LINE];
    size_t capacity = 0;
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *tab = strchr(line, '\t');
        if (s->count == capacity) {
            capacity = 2 * capacity + 64;
            s->images = realloc(s->images, capacity * sizeof *s->images);
            s->masks = realloc(s->masks, capacity * sizeof *s->masks);
        }
        s->masks[s->count] = strdup(tab != NULL ? tab + 1 : "");
        if (tab != NULL)
            *tab = '\0';
        s->images[s->count++] = strdup(line);
    }
}

// The ground truth at the model's size: out (height, width).
static void read_truth(const study *s, const char *path, uint8_t *out)
{
    const blm_decode_options whole = {.range_low = 0, .range_high = 255};
    blm_image *image = NULL;
    blm_error err;
    need(blm_image_read(path, &whole, &image, &err), &err);
    const size_t pixels = (size_t)image->width * (size_t)image->height;
    uint8_t *mask = memory(pixels, 1);
    for (size_t i = 0; i < pixels; i++)
        mask[i] =
            (image->rgb[3 * i] | image->rgb[3 * i + 1] | image->rgb[3 * i + 2]) != 0;
    need(blm_recipe_mask(&s->recipe.fields, mask, image->width, image->height, out, &err),
        &err);
    free(mask);
    blm_image_free(image);
}

static void mark_all(study *s, size_t index, const blm_result *result)
{
    const size_t pixels = (size_t)result->width * (size_t)result->height;
    uint8_t *truth = memory(pixels, 1), *mask = memory(pixels, 1);
    const blmi_component *components;
    blm_error err;
    if (s->masks[index][0] != '\0')
        read_truth(s, s->masks[index], truth);
    for (int option = 0; option < OPTIONS; option++) {
        blmi_recipe recipe = s->recipe;
        recipe.fields = option_recipe(s, option);
        blmi_marker *marker;
        need(blmi_marker_new(&recipe, NULL, &marker, &err), &err);
        for (int r = 0; r < s->rates; r++) {
            const double start = blmi_clock_ms();
            blmi_marker_run(marker, result->map, s->at[r], mask, &components);
            if (r == 0)
                s->ms[(size_t)option * s->count + index] = blmi_clock_ms() - start;
            blm_counts *out =
                &s->counts[((size_t)r * OPTIONS + (size_t)option) * s->count + index];
            need(blm_count_mask(mask, truth, result->width, result->height, out, &err),
                &err);
        }
        blmi_marker_free(marker);
    }
    free(mask);
    free(truth);
}

static void score_all(study *s)
{
    blm_decode_options decode = {0};
    blm_recipe_decode_options(&s->recipe.fields, &decode);
#pragma omp parallel
    {
        blm_scorer *scorer = NULL;
        blm_error err;
        need(blm_scorer_new(s->model, &(blm_scorer_options){.threads = 1}, &scorer, &err),
            &err);
#pragma omp for schedule(dynamic)
        for (size_t i = 0; i < s->count; i++) {
            blm_image *image = NULL;
            blm_result result;
            need(blm_image_read(s->images[i], &decode, &image, &err), &err);
            need(blm_scorer_run(scorer, image, &result, &err), &err);
            mark_all(s, i, &result);
            blm_image_free(image);
        }
        blm_scorer_free(scorer);
    }
}

// F1 of the images, each as often as its weight.
static double f1_of(const blm_counts *counts, const uint32_t *weights, size_t count)
{
    blm_cut cut = {0};
    int64_t defective = 0;
    for (size_t i = 0; i < count; i++) {
        cut.hits += weights[i] * counts[i].hits;
        cut.false_alarms += weights[i] * counts[i].false_alarms;
        defective += weights[i] * counts[i].defective;
    }
    return blm_cut_f1(&cut, defective);
}

static void put_interval(double value, double *drawn, const char *before)
{
    qsort(drawn, DRAWS, sizeof *drawn, median_order);
    printf("%s%.4f (%.4f to %.4f)", before, value, drawn[DRAWS / 40],
        drawn[DRAWS - 1 - DRAWS / 40]);
}

static void print_option(const study *s, int rate, int option)
{
    const blm_recipe recipe = option_recipe(s, option);
    const blm_counts *none = s->counts + (size_t)rate * OPTIONS * s->count;
    const blm_counts *with = none + (size_t)option * s->count;
    uint32_t *weights = memory(s->count, sizeof *weights);
    double drawn[DRAWS], gain[DRAWS];
    uint64_t state = 1;
    for (int d = 0; d < DRAWS; d++) {
        memset(weights, 0, s->count * sizeof *weights);
        for (size_t i = 0; i < s->count; i++)
            weights[blmi_splitmix(&state) % s->count]++;
        drawn[d] = f1_of(with, weights, s->count);
        gain[d] = drawn[d] - f1_of(none, weights, s->count);
    }
    for (size_t i = 0; i < s->count; i++)
        weights[i] = 1;
    const double f1 = f1_of(with, weights, s->count);
    printf("%g\t%g\t%g\t%lld\t", s->asked[rate], recipe.hysteresis, recipe.closing,
        (long long)recipe.fill_holes);
    put_interval(f1, drawn, "");
    put_interval(f1 - f1_of(none, weights, s->count), gain, "\t");
    printf("\t%.2f\n", median_of(s->ms + (size_t)option * s->count, (int)s->count));
    free(weights);
}

static void find_threshold(study *s, double rate)
{
    blm_model *model = NULL;
    blm_model_info info;
    blm_error err;
    const blm_calibration calibration = {.false_alarm = rate, .keep_copies = 1};
    need(blm_model_calibrate(s->model, &calibration, &model, &err), &err);
    blm_model_describe(model, &info);
    s->asked[s->rates] = rate;
    s->at[s->rates++] = (blmi_thresholds){.ng = info.threshold};
    blm_model_free(model);
}

int main(int argc, char **argv)
{
    study s = {0};
    blm_model *model = NULL;
    blm_model_info info;
    blm_error err;
    if (argc < 3 || argc > 2 + MOST_RATES) {
        fprintf(stderr, "usage: bench_masks MODEL RATE... <PAIRS\n");
        return 2;
    }
    need(blm_model_open(argv[1], &model, &err), &err);
    blm_model_describe(model, &info);
    s.model = model;
    s.recipe.fields = *info.recipe;
    for (int i = 2; i < argc; i++)
        find_threshold(&s, atof(argv[i]));
    read_pairs(&s);
    s.counts = memory((size_t)s.rates * OPTIONS * s.count, sizeof *s.counts);
    s.ms = memory(OPTIONS * s.count, sizeof *s.ms);
    score_all(&s);
    printf("rate\thysteresis\tclosing\tfill-holes\tpixel F1\tgain\tms\n");
    for (int r = 0; r < s.rates; r++)
        for (int option = 0; option < OPTIONS; option++)
            print_option(&s, r, option);
    blm_model_free(model);
    return 0;
}
