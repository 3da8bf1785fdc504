#include "src/fit/fit_parts.h"

#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/fit/copies.h"

blm_status blmi_names_note(blm_model *model, char *const *all, blm_error *err)
{
    const int each = model->detector->variations + 1;
    size_t size = 0;
    for (int m = 0; m < model->detector->left_out; m++)
        size += strlen(all[model->detector->loo_index[m] / each]) + 1;
    char *names = model->owned_names = blmi_alloc(size, 1);
    if (names == NULL)
        return blmi_no_memory(err, "names", size, 1);
    char *at = names;
    for (int m = 0; m < model->detector->left_out; m++)
        at = stpcpy(at, all[model->detector->loo_index[m] / each]) + 1;
    model->names = names;
    model->names_size = size;
    return blmi_model_index_names(model, "the fitted model", err);
}

blm_status blmi_alignments_note(
    blm_model *model, const blmi_alignment *alignments, blm_error *err)
{
    const int each = model->detector->variations + 1;
    const size_t count = (size_t)model->detector->left_out;
    blmi_alignment *own = model->owned_alignments = blmi_alloc(count, sizeof *own);
    if (own == NULL)
        return blmi_no_memory(err, "alignments", count, sizeof *own);
    for (size_t m = 0; m < count; m++)
        own[m] = alignments[model->detector->loo_index[m] / each];
    model->alignments = own;
    return BLM_OK;
}

// From the first copies among all images to those among the M with leave-one-out
// distances.
static void pick(const blmi_detector *detector, const int32_t *first, int32_t *same)
{
    const int32_t *index = detector->loo_index, each = detector->variations + 1;
    for (int m = 0; m < detector->left_out; m++) {
        int k = 0;
        while (first[index[k] / each] != first[index[m] / each])
            k++;
        same[m] = k;
    }
}

static bool has_copies(const int32_t *same, int count)
{
    for (int m = 0; m < count; m++)
        if (same[m] != m)
            return true;
    return false;
}

blm_status blmi_parts_note(blm_model *model, blmi_thumb *const *thumbs, size_t count,
    int threads, blm_error *err)
{
    const int left_out = model->detector->left_out;
    if (count > BLMI_MAX_COMPARED)
        return BLM_OK;
    for (size_t i = 0; i < count; i++)
        if (thumbs[i] == NULL)
            return BLM_OK;
    int32_t *first = blmi_alloc(count, sizeof *first);
    int32_t *same = blmi_alloc((size_t)left_out, sizeof *same);
    blm_status status =
        first != NULL && same != NULL
            ? blmi_copies_find(
                  (const blmi_thumb *const *)thumbs, count, threads, first, err)
            : blmi_no_memory(err, "copies among the images", count, sizeof *first);
    if (status == BLM_OK) {
        pick(model->detector, first, same);
        if (has_copies(same, left_out)) {
            model->same = model->owned_same = same;
            same = NULL;
        }
    }
    blmi_free(first);
    blmi_free(same);
    return status;
}

// The lowest index in the group of image m.
static int32_t lowest_in(const int32_t *group, int32_t m)
{
    int32_t k = 0;
    while (group[k] != group[m])
        k++;
    return k;
}

static void join(int32_t *of, int32_t count, int32_t a, int32_t b)
{
    const int32_t low = a < b ? a : b, high = a < b ? b : a;
    for (int32_t i = 0; i < count && low != high; i++)
        if (of[i] == high)
            of[i] = low;
}

blm_status blmi_parts_join(
    const blm_model *model, const int32_t *group, int32_t **out, blm_error *err)
{
    const int32_t count = model->detector->left_out;
    *out = NULL;
    if (model->same == NULL)
        return BLM_OK;
    int32_t *of = *out = blmi_alloc((size_t)count, sizeof *of);
    if (of == NULL)
        return blmi_no_memory(err, "groups of images", (size_t)count, sizeof *of);
    for (int32_t m = 0; m < count; m++)
        of[m] = group != NULL ? lowest_in(group, m) : m;
    for (int32_t m = 0; m < count; m++)
        join(of, count, of[m], of[model->same[m]]);
    return BLM_OK;
}
