// fit_reference.c: chooses the reference of a fit that aligns images.
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/utf8.h"
#include "src/fit/fitter.h"
#include "src/fit/medoid.h"

bool blmi_fitter_needs_reference(const blm_fitter *f)
{
    return f->recipe.fields.align != BLM_ALIGN_OFF && f->registration == NULL;
}

bool blmi_fitter_needs_cover(const blm_fitter *f)
{
    return f->include != NULL && !f->cover.there && f->registration == NULL;
}

blmi_cover blmi_fitter_cover(const blm_fitter *f)
{
    return f->registration != NULL ? (blmi_cover){.there = false} : f->cover;
}

// An image that may become the reference, with the cover that it would give.
typedef struct candidates {
    blmi_candidate_image image[BLMI_MEDOIDS];
    blmi_cover cover[BLMI_MEDOIDS];
    char *name[BLMI_MEDOIDS]; // printable
    int count;
} candidates;

static blm_status add_candidate(const blm_fitter *f, const blm_image *image,
    const char *name, candidates *to, blm_error *err)
{
    const int i = to->count;
    to->cover[i] = (blmi_cover){.there = false};
    if (f->include != NULL)
        BLMI_TRY(blmi_cover_choose(&f->recipe, f->include, image, &to->cover[i], err));
    char *shown = to->name[i] = blmi_alloc(4 * strlen(name) + 1, 1);
    if (shown == NULL)
        return blmi_no_memory(err, "a name", 1, 1);
    blmi_utf8_show(name, shown);
    BLMI_TRY(blmi_medoid_candidate(&f->recipe, image, shown, &to->image[i], err));
    to->count++;
    return BLM_OK;
}

// Takes over the best candidate.
static blm_status decide(blm_fitter *f, const candidates *among, blm_error *err)
{
    blmi_registration *registration = NULL;
    int best;
    BLMI_TRY(blmi_medoid_choose(
        &f->recipe, among->image, among->count, f->threads, &best, &registration, err));
    blm_status status = BLM_OK;
    f->cover = among->cover[best];
    for (int t = 0; t < f->threads && status == BLM_OK; t++)
        status = blmi_extraction_align(
            f->extraction[t], registration, f->include, &f->cover, err);
    if (status == BLM_OK)
        f->registration = registration;
    else
        blmi_registration_free(registration);
    return status;
}

static void release(candidates *all)
{
    for (int i = 0; i < BLMI_MEDOIDS; i++) {
        blmi_free(all->image[i].grey);
        blmi_free(all->name[i]);
    }
}

blm_status blmi_fitter_take_reference(
    blm_fitter *f, const blm_image *image, const char *name, blm_error *err)
{
    candidates one = {.count = 0};
    blm_status status = add_candidate(f, image, name, &one, err);
    if (status == BLM_OK)
        status = decide(f, &one, err);
    release(&one);
    return status;
}

blm_status blmi_fitter_choose_reference(blm_fitter *f, const char *const *paths,
    const char *const *names, size_t count, blm_error *err)
{
    candidates all = {.count = 0};
    const size_t wanted = count < BLMI_MEDOIDS ? count : BLMI_MEDOIDS;
    blm_status status = BLM_OK;
    for (size_t i = 0; i < wanted && status == BLM_OK; i++) {
        const size_t at = i * count / wanted;
        blm_image *image = NULL;
        blm_error why;
        blm_status one = blm_image_read(paths[at], &f->decode, &image, &why);
        if (one == BLM_OK)
            one = add_candidate(f, image, names[at], &all, &why);
        blm_image_free(image);
        if (one != BLM_OK && one != BLM_EINPUT) // bad files are reported when added
            status = blmi_fail(err, one, "%s: %s", paths[at], why.text);
    }
    if (status == BLM_OK && all.count > 0)
        status = decide(f, &all, err);
    release(&all);
    return status;
}
