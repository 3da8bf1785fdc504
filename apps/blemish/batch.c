#include "apps/blemish/batch.h"
#include "apps/base/app_clock.h"

#include <omp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/progress.h"

// Written in the ordered section only; `stop` is read by all threads.
typedef struct state {
    size_t done;
    int code; // the worst exit code so far
    atomic_int stop;
} state;

// Puts the name before an error about an image in memory, which has none.
static void put_name(const char *name, blm_error *err)
{
    char *text = cli_format("%s: %s", name, err->text);
    snprintf(err->text, sizeof err->text, "%s", text);
    free(text);
}

static void score(
    const cli_batch *batch, size_t index, blm_scorer *scorer, cli_outcome *out)
{
    blm_image *image = NULL;
    *out = (cli_outcome){.index = index, .name = batch->paths[index]};
    const double start = app_clock_ms();
    out->status = blm_image_read(out->name, &batch->decode, &image, &out->err);
    out->read_ms = app_clock_ms() - start;
    if (out->status != BLM_OK)
        return;
    if (batch->change != NULL)
        out->status = batch->change(batch->context, index, &image, &out->err);
    out->width = image->width;
    out->height = image->height;
    if (out->status == BLM_OK)
        out->status = blm_scorer_run(scorer, image, &out->result, &out->err);
    if (out->status != BLM_OK)
        put_name(out->name, &out->err);
    else if (batch->work != NULL)
        out->status = batch->work(batch->context, out, scorer, image, &out->err);
    blm_image_free(image);
}

static void report(const cli_batch *batch, state *now, const cli_outcome *outcome)
{
    if (outcome->status != BLM_OK)
        now->code = cli_worse(now->code, cli_fail(outcome->status, &outcome->err));
    const int ended = batch->report(batch->context, outcome);
    now->code = cli_worse(now->code, ended);
    now->stop = ended != 0;
    cli_progress_step(++now->done, batch->count);
}

// Threads wait for their turn to report only.
static int score_all(const cli_batch *batch, blm_scorer **scorers, int threads)
{
    state now = {.done = 0};
#pragma omp parallel for ordered schedule(dynamic, 1) num_threads(threads)
    for (size_t i = 0; i < batch->count; i++) {
        cli_outcome outcome;
        const int wanted = !now.stop && cli_interrupted() == 0;
        if (wanted)
            score(batch, i, scorers[omp_get_thread_num()], &outcome);
#pragma omp ordered
        if (wanted && !now.stop && cli_interrupted() == 0)
            report(batch, &now, &outcome);
        if (wanted && batch->release != NULL)
            batch->release(outcome.extra);
    }
    return cli_worse(now.code, cli_interrupted());
}

// One scorer per thread; with fewer images than cores, several cores share an image.
static blm_status new_scorers(const cli_batch *batch, const blm_model *model, int cores,
    int threads, blm_scorer **scorers, blm_error *err)
{
    const blm_scorer_options wanted = {.threads = cores / threads,
        .judge_anyway = batch->judge_anyway,
        .threshold = batch->threshold};
    blm_status status = blm_scorer_new(model, &wanted, &scorers[0], err);
    for (int t = 1; status == BLM_OK && t < threads; t++)
        status = blm_scorer_clone(scorers[0], &scorers[t], err);
    return status;
}

int cli_batch_run(const cli_batch *wanted, const blm_model *model)
{
    if (wanted->count == 0)
        return CLI_EXIT_OK;
    blm_model_info info;
    blm_model_describe(model, &info);
    cli_batch as_fitted = *wanted;
    blm_recipe_decode_options(info.recipe, &as_fitted.decode);
    const cli_batch *batch = &as_fitted;
    const int cores = batch->threads > 0 ? batch->threads : omp_get_max_threads();
    const int threads = batch->count < (size_t)cores ? (int)batch->count : cores;
    blm_scorer **scorers = cli_alloc((size_t)threads, sizeof *scorers);
    blm_error err;
    const blm_status status = new_scorers(batch, model, cores, threads, scorers, &err);
    int code;
    if (status == BLM_OK) {
        cli_progress_begin(batch->talk, 1);
        code = score_all(batch, scorers, threads);
        cli_progress_clear();
    } else
        code = cli_fail(status, &err);
    for (int t = 0; t < threads; t++)
        blm_scorer_free(scorers[t]);
    free(scorers);
    return code;
}
