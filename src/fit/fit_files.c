// fit_files.c: adds image files to a fit, block by block, with all threads.
#include <omp.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/sized.h"
#include "src/fit/fitter.h"

enum { BLOCK = BLMI_FIT_BLOCK };

// The features and properties of a file.  The error text begins with the path.
static blm_status take_file(blm_fitter *fitter, const char *path, int thread,
    float *features, blmi_traits *traits, blm_error *err)
{
    const blmi_cover cover = blmi_fitter_cover(fitter);
    blm_image *image = NULL;
    blm_error why;
    BLMI_TRY(blm_image_read(path, &fitter->decode, &image, err));
    const blm_status status =
        blmi_fitter_take_image(fitter, &cover, image, thread, features, traits, &why);
    blm_image_free(image);
    return status == BLM_OK ? BLM_OK : blmi_fail(err, status, "%s: %s", path, why.text);
}

// Chooses the cover from the first file that has pixels inside the region.  Errors of
// files before it are reported when they are added.
static blm_status choose_cover(
    blm_fitter *fitter, const char *const *paths, size_t count, blm_error *err)
{
    for (size_t i = 0; i < count && !fitter->cover.there; i++) {
        blm_image *image = NULL;
        blm_status status = blm_image_read(paths[i], &fitter->decode, &image, err);
        if (status == BLM_OK)
            status = blmi_cover_choose(
                &fitter->recipe, fitter->include, image, &fitter->cover, err);
        blm_image_free(image);
        if (status != BLM_OK && status != BLM_EINPUT)
            return status;
    }
    return BLM_OK;
}

// The outcome of a block of files.
typedef struct outcome {
    blm_status status[BLOCK];
    blm_error error[BLOCK];
    blmi_traits traits[BLOCK];
    int interrupted;
} outcome;

static void take_block(blm_fitter *fitter, const char *const *paths, int count,
    size_t done, size_t total, const blm_fit_watch *watch, outcome *block)
{
    const size_t stride = blmi_fitter_block_stride(fitter);
    int finished = 0;
    block->interrupted = 0;
#pragma omp parallel for schedule(dynamic, 1) num_threads(fitter->threads)
    for (int i = 0; i < count; i++) {
        int stop;
#pragma omp atomic read
        stop = block->interrupted;
        if (stop)
            continue;
        block->status[i] = take_file(fitter, paths[i], omp_get_thread_num(),
            fitter->block + (size_t)i * stride, &block->traits[i], &block->error[i]);
#pragma omp critical(blmi_fit_progress)
        {
            finished++;
            if (watch->progress != NULL &&
                watch->progress(watch->context, done + (size_t)finished, total) != 0) {
#pragma omp atomic write
                block->interrupted = 1;
            }
        }
    }
}

// The good images of a block.
typedef struct good_files {
    const char *names[BLOCK];
    blmi_traits *traits[BLOCK];
    int count;
} good_files;

// Moves the features and names of the good images to the front.  Fails at a bad file that
// may not be skipped.
static blm_status keep_good(blm_fitter *fitter, const char *const *paths,
    const char *const *names, int count, const blm_fit_watch *watch, outcome *block,
    good_files *kept, blm_error *err)
{
    const size_t stride = blmi_fitter_block_stride(fitter);
    kept->count = 0;
    for (int i = 0; i < count; i++) {
        if (block->status[i] != BLM_OK) {
            const int skip =
                block->status[i] == BLM_EINPUT && watch->bad_file != NULL &&
                watch->bad_file(watch->context, paths[i], &block->error[i]) != 0;
            if (!skip)
                return blmi_fail(err, block->status[i], "%s", block->error[i].text);
            continue;
        }
        if (kept->count != i)
            memcpy(fitter->block + (size_t)kept->count * stride,
                fitter->block + (size_t)i * stride, stride * sizeof(float));
        kept->names[kept->count] = names[i];
        kept->traits[kept->count++] = &block->traits[i];
    }
    return BLM_OK;
}

static blm_status check_texts(
    const char *what, const char *const *texts, size_t count, blm_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (texts == NULL || texts[i] == NULL)
            return blmi_fail(
                err, BLM_EUSAGE, "blm_fitter_add_files: %s %zu is NULL", what, i);
    return BLM_OK;
}

blm_status blm_fitter_add_files_sized(blm_fitter *fitter, const char *const *paths,
    const char *const *names, size_t count, const blm_fit_watch *given, size_t watch_size,
    blm_error *err)
{
    BLMI_TRY(blmi_fitter_check_takes_images(fitter, err));
    BLMI_TRY(check_texts("path", paths, count, err));
    if (names != NULL)
        BLMI_TRY(check_texts("name", names, count, err));
    blm_fit_watch own = {0};
    const blm_fit_watch *watch = &own;
    BLMI_TAKE(blm_fit_watch, own, given, watch_size, err);
    good_files kept;
    blm_status status = BLM_OK;
    names = names != NULL ? names : paths;
    outcome *block = blmi_alloc_zero(1, sizeof *block);
    if (block == NULL)
        return blmi_no_memory(err, "the outcome of a block", 1, sizeof *block);
    if (blmi_fitter_needs_reference(fitter))
        status = blmi_fitter_choose_reference(fitter, paths, names, count, err);
    if (status == BLM_OK && blmi_fitter_needs_cover(fitter))
        status = choose_cover(fitter, paths, count, err);
    for (size_t at = 0; at < count && status == BLM_OK; at += BLOCK) {
        const int size = count - at < BLOCK ? (int)(count - at) : BLOCK;
        take_block(fitter, paths + at, size, at, count, watch, block);
        if (block->interrupted)
            status = blmi_fail(err, BLM_ESYSTEM, "interrupted");
        if (status == BLM_OK)
            status =
                keep_good(fitter, paths + at, names + at, size, watch, block, &kept, err);
        if (status == BLM_OK && kept.count > 0)
            status =
                blmi_fitter_accumulate(fitter, kept.names, kept.traits, kept.count, err);
        for (int i = 0; i < size; i++)
            blmi_traits_free(&block->traits[i]);
    }
    blmi_free(block);
    if (status != BLM_OK)
        fitter->ended = "has failed";
    return status;
}
