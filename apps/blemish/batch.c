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

// A scorer of each model for each thread.
typedef struct pool {
    const blm_model *const *models; // (count)
    size_t count;
    int threads;
    blm_scorer **scorers;       // (count, threads)
    blm_decode_options *decode; // (count)
} pool;

static void score(
    const cli_batch *batch, const pool *from, size_t index, int thread, cli_outcome *out)
{
    const int model = batch->model_of != NULL ? batch->model_of[index] : 0;
    blm_scorer *scorer = from->scorers[model * from->threads + thread];
    blm_image *image = NULL;
    *out = (cli_outcome){.index = index, .name = batch->paths[index]};
    const double start = app_clock_ms();
    out->status = blm_image_read(out->name, &from->decode[model], &image, &out->err);
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
static int score_all(const cli_batch *batch, const pool *from)
{
    state now = {.done = 0};
#pragma omp parallel for ordered schedule(dynamic, 1) num_threads(from->threads)
    for (size_t i = 0; i < batch->count; i++) {
        cli_outcome outcome;
        const int wanted = !now.stop && cli_interrupted() == 0;
        if (wanted)
            score(batch, from, i, omp_get_thread_num(), &outcome);
#pragma omp ordered
        if (wanted && !now.stop && cli_interrupted() == 0)
            report(batch, &now, &outcome);
        if (wanted && batch->release != NULL)
            batch->release(outcome.extra);
    }
    return cli_worse(now.code, cli_interrupted());
}

// One scorer per model and thread; with fewer images than cores, several cores share an
// image.
static blm_status fill_pool(const cli_batch *batch, int cores, pool *p, blm_error *err)
{
    const blm_scorer_options wanted = {.threads = cores / p->threads,
        .judge_anyway = batch->judge_anyway,
        .threshold = batch->threshold};
    blm_status status = BLM_OK;
    for (size_t m = 0; status == BLM_OK && m < p->count; m++) {
        blm_scorer **of = p->scorers + m * (size_t)p->threads;
        blm_model_info info;
        blm_model_describe(p->models[m], &info);
        p->decode[m] = batch->decode;
        blm_recipe_decode_options(info.recipe, &p->decode[m]);
        status = blm_scorer_new(p->models[m], &wanted, &of[0], err);
        for (int t = 1; status == BLM_OK && t < p->threads; t++)
            status = blm_scorer_clone(of[0], &of[t], err);
    }
    return status;
}

int cli_batch_run(const cli_batch *batch, const blm_model *model)
{
    if (batch->count == 0)
        return CLI_EXIT_OK;
    const int cores = batch->threads > 0 ? batch->threads : omp_get_max_threads();
    pool p = {.models = batch->models != NULL ? batch->models : &model,
        .count = batch->models != NULL ? batch->model_count : 1,
        .threads = batch->count < (size_t)cores ? (int)batch->count : cores};
    const size_t scorers = p.count * (size_t)p.threads;
    p.scorers = cli_alloc(scorers, sizeof *p.scorers);
    p.decode = cli_alloc(p.count, sizeof *p.decode);
    blm_error err;
    const blm_status status = fill_pool(batch, cores, &p, &err);
    int code;
    if (status == BLM_OK) {
        cli_progress_begin(batch->talk, 1);
        code = score_all(batch, &p);
        cli_progress_clear();
    } else
        code = cli_fail(status, &err);
    for (size_t i = 0; i < scorers; i++)
        blm_scorer_free(p.scorers[i]);
    free(p.scorers);
    free(p.decode);
    return code;
}
