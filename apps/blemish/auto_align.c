#include "apps/blemish/auto_align.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/progress.h"

enum { MOST_FILES = 40, MODES = BLM_ALIGN_SIMILARITY + 1 };

static const char *const names[MODES] = {"off", "shift", "rigid", "similarity"};
// A mode is taken if the median is below this share of that of the mode before.
static const double needed[MODES] = {1, 0.9, 0.95, 0.9};

static int show_progress(void *context, size_t done, size_t total)
{
    (void)context;
    cli_progress_step(done, total);
    return cli_interrupted();
}

static int leave_out(void *context, const char *path, const blm_error *why)
{
    (void)context, (void)path, (void)why; // reported by the fit that follows
    return 1;
}

// The median of the leave-one-out scores with a mode; NAN: the images cannot be aligned.
static blm_status try_mode(const blm_fit_options *given, blm_align mode,
    const char *const *paths, size_t count, double *median, blm_error *err)
{
    const blm_fit_watch watch = {.progress = show_progress, .bad_file = leave_out};
    blm_recipe recipe = *given->recipe;
    blm_fit_options options = *given;
    blm_fitter *fitter = NULL;
    blm_model *model = NULL;
    blm_model_info info;
    recipe.align = mode;
    options.recipe = &recipe;
    *median = NAN;
    blm_status status = blm_fitter_new(&options, &fitter, err);
    if (status == BLM_OK)
        status = blm_fitter_add_files(fitter, paths, NULL, count, &watch, err);
    if (status == BLM_EINPUT && mode != BLM_ALIGN_OFF) {
        blm_fitter_free(fitter); // no structure to align with
        return BLM_OK;
    }
    if (status == BLM_OK)
        status = blm_fitter_finish(fitter, NULL, &model, err);
    if (status == BLM_OK) {
        blm_model_describe(model, &info);
        *median = info.good_median;
    }
    blm_model_free(model);
    blm_fitter_free(fitter);
    return status;
}

static blm_align choose(const double medians[MODES])
{
    blm_align best = BLM_ALIGN_OFF;
    for (int mode = BLM_ALIGN_SHIFT; mode < MODES; mode++)
        if (medians[mode] < needed[mode] * medians[best])
            best = (blm_align)mode;
    // From off to rigid it takes as much as to shift.
    if (best != BLM_ALIGN_OFF &&
        !(medians[best] < needed[BLM_ALIGN_SHIFT] * medians[BLM_ALIGN_OFF]))
        best = BLM_ALIGN_OFF;
    return best;
}

static void report(const double medians[MODES], blm_align best)
{
    char *text = cli_format("%s", "");
    for (int mode = 0; mode < MODES; mode++) {
        char *longer = isnan(medians[mode])
                           ? cli_format("%s, %s impossible", text, names[mode])
                           : cli_format("%s, %s %.3g", text, names[mode], medians[mode]);
        free(text);
        text = longer;
    }
    cli_complain("align auto: takes %s; medians of leave-one-out scores: %s%s",
        names[best], text + 2,
        best == BLM_ALIGN_OFF ? " (alignment must lower it by a tenth)" : "");
    free(text);
}

blm_status cli_auto_align(const blm_fit_options *options, const cli_files *files,
    const cli_talk *talk, blm_align *out, blm_error *err)
{
    const size_t count = files->count < MOST_FILES ? files->count : MOST_FILES;
    const char *paths[MOST_FILES];
    double medians[MODES];
    blm_status status = BLM_OK;
    for (size_t i = 0; i < count; i++)
        paths[i] = files->items[i * files->count / count].path;
    cli_progress_begin(talk, 0);
    for (int mode = 0; mode < MODES && status == BLM_OK; mode++) {
        cli_progress_name(names[mode], "images");
        status = try_mode(options, (blm_align)mode, paths, count, &medians[mode], err);
    }
    cli_progress_name(NULL, NULL);
    cli_progress_clear();
    if (status != BLM_OK)
        return status;
    *out = choose(medians);
    if (!talk->quiet)
        report(medians, *out);
    return BLM_OK;
}
