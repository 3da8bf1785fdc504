#include "apps/blemish/training.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "apps/blemish/auto_align.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/progress.h"

static const double gigabyte = 1e9;

// ---- the cost -------------------------------------------------------------------------

// All memory of the machine, in bytes, including what is in use.
static double memory_of_machine(void)
{
    return (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
}

// Compares the work with that of the default recipe.  That of an ONNX network is unknown.
static char *compare(const blm_cost *cost, const blm_cost *plain)
{
    char *network = plain->network_gflop > 0
                        ? cli_format("%.3g times the work of the backbone, ",
                              cost->network_gflop / plain->network_gflop)
                        : cli_format("%s", "");
    char *all = cli_format("; compared with the default recipe: %s%.3g times that of the "
                           "statistics, %.3g times that of distances",
        network, cost->statistics_gflop / plain->statistics_gflop,
        cost->distance_gflop / plain->distance_gflop);
    free(network);
    return all;
}

// Reports the cost of an expensive fit, and refuses one that does not fit in memory.
static blm_status check_cost(const cli_training *t, size_t images, blm_error *err)
{
    const blm_fit_options usual = {.weights = t->options.weights};
    const double there = memory_of_machine();
    const int64_t count = images < 3 ? 3 : (int64_t)images; // too few: an error later
    blm_cost cost, plain;
    blm_status status = blm_fitter_cost(&t->options, count, &cost, err);
    if (status != BLM_OK)
        return status;
    const double bytes = (double)cost.fit_bytes;
    if (bytes > gigabyte && !t->talk->quiet) {
        // The outputs of an ONNX network may be none that a default recipe can take.
        char *compared = blm_fitter_cost(&usual, count, &plain, NULL) == BLM_OK
                             ? compare(&cost, &plain)
                             : cli_format("%s", "");
        cli_complain("%zu images, %d positions of %d features: the fit needs about %.1f "
                     "GB of memory, the model %.1f GB%s",
            images, cost.positions, cost.features, bytes / gigabyte,
            (double)cost.model_bytes / gigabyte, compared);
        free(compared);
    }
    if (bytes <= there || t->force)
        return BLM_OK;
    snprintf(err->text, sizeof err->text,
        "this fit needs about %.1f GB of memory and the machine has %.1f GB; expected "
        "fewer images, a smaller --size, or --channels (--force tries it anyway)",
        bytes / gigabyte, there / gigabyte);
    return BLM_ENOMEM;
}

// ---- the work -------------------------------------------------------------------------

static int show_progress(void *context, size_t done, size_t total)
{
    (void)context;
    cli_progress_step(done, total);
    return cli_interrupted();
}

static int skip_bad(void *context, const char *path, const blm_error *why)
{
    cli_training *t = context;
    (void)path;
    if (!t->skip_bad)
        return 0;
    t->skipped++;
    cli_complain("skipped: %s", why->text);
    return 1;
}

static blm_status add_files(
    blm_fitter *fitter, const cli_files *files, cli_training *t, blm_error *err)
{
    const blm_fit_watch callbacks = {
        .context = t, .progress = show_progress, .bad_file = skip_bad};
    const char **paths = cli_paths(files);
    cli_progress_begin(t->talk, 0);
    const blm_status status =
        blm_fitter_add_files(fitter, paths, NULL, files->count, &callbacks, err);
    cli_progress_clear();
    free(paths);
    return status;
}

// Reports images that use less than a tenth of the grey levels, or fewer bits than their
// samples have: they are probably read with the wrong --bits or --range.
static void remark_on_levels(const blm_fitter *fitter, const cli_training *t)
{
    blm_levels used;
    blm_fitter_levels(fitter, &used);
    if (t->talk->quiet)
        return;
    if (used.bits != 0)
        cli_complain(
            "the images have 16-bit samples, but no value above %d, and so are learnt "
            "almost black; expected --bits %d, or --range LOW,HIGH",
            (1 << used.bits) - 1, used.bits);
    else if (used.high - used.low < 256 / 10)
        cli_complain(
            "the images use only the grey levels %d to %d of 0 to 255, and so have "
            "little contrast; expected a better exposure or, for samples of more "
            "than 8 bits, --bits or --range",
            used.low, used.high);
}

blm_status cli_train(
    cli_training *t, const cli_files *files, blm_model **out, blm_error *err)
{
    blm_fitter *fitter = NULL;
    const blm_recipe *given = t->options.recipe;
    blm_recipe recipe;
    blm_status status = BLM_OK;
    if (t->options.recipe != NULL && t->options.recipe->align == BLM_ALIGN_AUTO) {
        recipe = *t->options.recipe;
        status = cli_auto_align(&t->options, files, t->talk, &recipe.align, err);
        t->options.recipe = &recipe;
    }
    if (status == BLM_OK)
        status = check_cost(t, files->count, err);
    if (status == BLM_OK)
        status = blm_fitter_new(&t->options, &fitter, err);
    if (status == BLM_OK)
        status = add_files(fitter, files, t, err);
    if (status == BLM_OK)
        remark_on_levels(fitter, t);
    if (status == BLM_OK)
        status = blm_fitter_finish(fitter, &t->calibration, out, err);
    blm_fitter_free(fitter);
    t->options.recipe = given;
    return status;
}
