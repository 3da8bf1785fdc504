#include "apps/blemish/training.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/progress.h"

static const double gigabyte = 1e9;

// ---- the cost -------------------------------------------------------------------------

// All of the machine's memory, in bytes; that in use may be given back.
static double memory_of_machine(void)
{
    return (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
}

// What is dear is told before it is paid; what cannot be paid is refused.
static blm_status check_cost(const cli_training *t, size_t images, blm_error *err)
{
    const blm_fit_options usual = {.weights = t->options.weights};
    const double there = memory_of_machine();
    const int64_t count = images < 3 ? 3 : (int64_t)images; // too few is told later
    blm_cost cost, plain;
    blm_status status = blm_fitter_cost(&t->options, count, &cost, err);
    if (status == BLM_OK)
        status = blm_fitter_cost(&usual, count, &plain, err);
    if (status != BLM_OK)
        return status;
    const double bytes = (double)cost.fit_bytes;
    if (bytes > gigabyte && !t->talk->quiet)
        cli_complain("%zu images, %d positions of %d features: about %.1f GB of memory "
                     "to fit, %.1f GB of model; the work of the network is %.3g times "
                     "the default's, of a fit's statistics %.3g times, of distances "
                     "%.3g times",
            images, cost.positions, cost.features, bytes / gigabyte,
            (double)cost.model_bytes / gigabyte, cost.network_gflop / plain.network_gflop,
            cost.statistics_gflop / plain.statistics_gflop,
            cost.distance_gflop / plain.distance_gflop);
    if (bytes <= there || t->force)
        return BLM_OK;
    snprintf(err->text, sizeof err->text,
        "this fit takes about %.1f GB of memory and the machine has %.1f GB; expected "
        "fewer images, a smaller --size, or --channels (--force tries it)",
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

// Images of a tenth of their range, or of samples with fewer bits than they have room
// for, are learnt all the same: they are almost black, or all of one grey.
static void remark_on_levels(const blm_fitter *fitter, const cli_training *t)
{
    blm_levels used;
    blm_fitter_levels(fitter, &used);
    if (t->talk->quiet)
        return;
    if (used.bits != 0)
        cli_complain(
            "the images have samples of 16 bits, but no value above %d: they are "
            "learnt almost black; expected --bits %d if that is what the camera "
            "has",
            (1 << used.bits) - 1, used.bits);
    else if (used.high - used.low < 256 / 10)
        cli_complain(
            "the images use the levels %d to %d of 0 to 255 only, so the network "
            "sees little contrast; expected a better exposure or, of samples "
            "with more than 8 bits, --bits",
            used.low, used.high);
}

blm_status cli_train(
    cli_training *t, const cli_files *files, blm_model **out, blm_error *err)
{
    blm_fitter *fitter = NULL;
    blm_status status = check_cost(t, files->count, err);
    if (status == BLM_OK)
        status = blm_fitter_new(&t->options, &fitter, err);
    if (status == BLM_OK)
        status = add_files(fitter, files, t, err);
    if (status == BLM_OK)
        remark_on_levels(fitter, t);
    if (status == BLM_OK)
        status = blm_fitter_finish(fitter, &t->calibration, out, err);
    blm_fitter_free(fitter);
    return status;
}
