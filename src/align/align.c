// align.c: from the coarse candidates over ever larger pictures to one transform.
#include "src/align/align.h"

#include <math.h>
#include <string.h>

#include "src/align/coarse.h"
#include "src/align/fine.h"
#include "src/align/grey.h"
#include "src/base/alloc.h"
#include "src/base/error.h"

enum {
    LEAST_SIDE = 24,
    LARGEST_SIDE = 4096,
    LEVELS = 8, // LARGEST_SIDE halved to at most BLMI_COARSE_SIDE
    COARSE_STEPS = 8,
    FINE_STEPS = 4,
    KEPT = 3, // candidates that go on from the coarse picture
};

static const double close_score = 0.1;

typedef struct pyramid {
    int levels; // the last one is the coarse picture
    blmi_grey level[LEVELS];
    float *memory; // of all levels
} pyramid;

struct blmi_reference {
    blm_align mode;
    int width, height, levels;
    blmi_level *fine[LEVELS];
    blmi_coarse *coarse;
};

struct blmi_aligner {
    const blmi_reference *reference;
    blmi_coarse_work *work;
    pyramid picture;
    float *scratch; // (2, BLMI_FINE_POINTS)
};

static blm_status pyramid_new(int width, int height, pyramid *out, blm_error *err)
{
    size_t count = 0;
    *out = (pyramid){0};
    blmi_grey plane = {width, height, NULL};
    for (;; plane = blmi_grey_half_of(&plane)) {
        out->level[out->levels++] = plane;
        count += blmi_grey_count(&plane);
        if (plane.width <= BLMI_COARSE_SIDE && plane.height <= BLMI_COARSE_SIDE)
            break;
    }
    out->memory = blmi_alloc(count, sizeof *out->memory);
    if (out->memory == NULL)
        return blmi_no_memory(err, "a picture to align", count, sizeof *out->memory);
    float *at = out->memory;
    for (int i = 0; i < out->levels; i++) {
        out->level[i].at = at;
        at += blmi_grey_count(&out->level[i]);
    }
    return BLM_OK;
}

static void pyramid_fill(pyramid *out, const float *picture)
{
    memcpy(out->level[0].at, picture, blmi_grey_count(&out->level[0]) * sizeof *picture);
    for (int i = 1; i < out->levels; i++)
        blmi_grey_halve(&out->level[i - 1], &out->level[i]);
}

static blm_status fill_reference(
    blmi_reference *reference, const pyramid *picture, blm_error *err)
{
    reference->levels = picture->levels;
    for (int i = 0; i < picture->levels; i++)
        BLMI_TRY(blmi_level_new(&picture->level[i], &reference->fine[i], err));
    return blmi_coarse_new(
        reference->mode, &picture->level[picture->levels - 1], &reference->coarse, err);
}

blm_status blmi_reference_new(blm_align mode, const float *picture, int width, int height,
    blmi_reference **out, blm_error *err)
{
    const int less = width < height ? width : height;
    const int more = width < height ? height : width;
    if (less < LEAST_SIDE || more > LARGEST_SIDE || more > 4 * less)
        return blmi_fail(err, BLM_EINPUT,
            "a reference of %d x %d pixels: expected sides of %d to %d, one at most four "
            "times the other",
            width, height, (int)LEAST_SIDE, (int)LARGEST_SIDE);
    blmi_reference *reference = blmi_alloc_zero(1, sizeof *reference);
    if (reference == NULL)
        return blmi_no_memory(err, "a reference", 1, sizeof *reference);
    reference->mode = mode;
    reference->width = width;
    reference->height = height;
    pyramid pictures;
    blm_status status = pyramid_new(width, height, &pictures, err);
    if (status == BLM_OK) {
        pyramid_fill(&pictures, picture);
        status = fill_reference(reference, &pictures, err);
    }
    blmi_free(pictures.memory);
    if (status != BLM_OK) {
        blmi_reference_free(reference);
        return status;
    }
    *out = reference;
    return BLM_OK;
}

void blmi_reference_free(blmi_reference *reference)
{
    if (reference == NULL)
        return;
    for (int i = 0; i < LEVELS; i++)
        blmi_level_free(reference->fine[i]);
    blmi_coarse_free(reference->coarse);
    blmi_free(reference);
}

blm_status blmi_aligner_new(
    const blmi_reference *reference, blmi_aligner **out, blm_error *err)
{
    blmi_aligner *aligner = blmi_alloc_zero(1, sizeof *aligner);
    if (aligner == NULL)
        return blmi_no_memory(err, "an alignment", 1, sizeof *aligner);
    aligner->reference = reference;
    blm_status status =
        pyramid_new(reference->width, reference->height, &aligner->picture, err);
    if (status == BLM_OK)
        status = blmi_coarse_work_new(reference->coarse, &aligner->work, err);
    aligner->scratch = blmi_alloc(2 * (size_t)BLMI_FINE_POINTS, sizeof *aligner->scratch);
    if (status == BLM_OK && aligner->scratch == NULL)
        status = blmi_no_memory(err, "an alignment", BLMI_FINE_POINTS, sizeof(float));
    if (status != BLM_OK) {
        blmi_aligner_free(aligner);
        return status;
    }
    *out = aligner;
    return BLM_OK;
}

void blmi_aligner_free(blmi_aligner *aligner)
{
    if (aligner == NULL)
        return;
    blmi_coarse_work_free(aligner->work);
    blmi_free(aligner->picture.memory);
    blmi_free(aligner->scratch);
    blmi_free(aligner);
}

// Improves a candidate on one level; its score becomes the quality.
static void improve(blmi_aligner *aligner, int level, int steps, blmi_candidate *at)
{
    const blmi_reference *reference = aligner->reference;
    at->score = blmi_fine(reference->fine[level], reference->mode,
        &aligner->picture.level[level], steps, aligner->scratch, &at->transform);
}

static double apart(const blmi_candidate *a, const blmi_candidate *b)
{
    return fabs(
        remainder(a->transform.angle - b->transform.angle, 2 * 3.14159265358979323846));
}

// Sorts by falling score.
static void sort(blmi_candidate *at, int count)
{
    for (int i = 1; i < count; i++)
        for (int k = i; k > 0 && at[k].score > at[k - 1].score; k--) {
            const blmi_candidate held = at[k];
            at[k] = at[k - 1];
            at[k - 1] = held;
        }
}

// Keeps the best KEPT of sorted candidates that ended at different angles.
static int keep_different(blmi_candidate *at, int count)
{
    int kept = 0;
    for (int i = 0; i < count && kept < KEPT; i++) {
        int same = 0;
        for (int k = 0; k < kept; k++)
            same = same || apart(&at[i], &at[k]) < 0.1;
        if (!same)
            at[kept++] = at[i];
    }
    return kept;
}

static void double_size(blmi_candidate *at, const blmi_grey *from, const blmi_grey *to)
{
    // halving leaves out an odd last pixel, which moves the centre by half a pixel
    const double x = 0.5 * (2 * from->width - to->width);
    const double y = 0.5 * (2 * from->height - to->height);
    const double c = at->transform.scale * cos(at->transform.angle);
    const double s = at->transform.scale * sin(at->transform.angle);
    at->transform.dx = 2 * at->transform.dx + x - (c * x - s * y);
    at->transform.dy = 2 * at->transform.dy + y - (s * x + c * y);
}

void blmi_align(blmi_aligner *aligner, const float *picture, blmi_alignment *out)
{
    blmi_candidate found[BLMI_MAX_CANDIDATES];
    pyramid *pictures = &aligner->picture;
    pyramid_fill(pictures, picture);
    int level = pictures->levels - 1;
    int count = blmi_coarse_find(aligner->work, &pictures->level[level], found);
    for (int i = 0; i < count; i++)
        improve(aligner, level, COARSE_STEPS, &found[i]);
    sort(found, count);
    count = keep_different(found, count);
    double gap = 2; // by which the best that was given up fell short
    while (level-- > 0) {
        // at full size only those that are close to the best
        for (; level == 0 && count > 1; count--) {
            const double less = found[0].score - found[count - 1].score;
            if (less <= close_score)
                break;
            gap = less;
        }
        for (int i = 0; i < count; i++) {
            double_size(&found[i], &pictures->level[level + 1], &pictures->level[level]);
            improve(aligner, level, FINE_STEPS, &found[i]);
        }
        sort(found, count);
        count = keep_different(found, count);
    }
    out->transform = found[0].transform;
    out->quality = found[0].score;
    out->rival = count > 1 ? found[1].score : fmax(found[0].score - gap, -1);
}
