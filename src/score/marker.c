#include "src/score/marker.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "src/base/alloc.h"

struct blmi_marker {
    int width, height;
    double hysteresis, closing; // as in blm_recipe
    int64_t fill_holes;
    const uint8_t *include;
    int32_t *label;             // (height, width)
    blmi_component *components; // (capacity)
    size_t capacity;
    uint8_t *level; // (height, width) 1: marked at one threshold; NULL: nothing is added
    uint8_t *scratch; // of the closing; NULL: none
};

// There is a pixel between any two components, so that no 2 x 2 block contains two.
size_t blmi_marker_capacity(int width, int height)
{
    return (size_t)((width + 1) / 2) * (size_t)((height + 1) / 2);
}

blm_status blmi_marker_new(
    const blmi_recipe *recipe, const uint8_t *include, blmi_marker **out, blm_error *err)
{
    const blm_recipe *r = &recipe->fields;
    const size_t pixels = (size_t)r->width * (size_t)r->height;
    blmi_marker *m = blmi_alloc_zero(1, sizeof *m);
    if (m == NULL)
        return blmi_no_memory(err, "the mask", 1, sizeof *m);
    m->width = r->width;
    m->height = r->height;
    m->hysteresis = r->hysteresis;
    m->closing = r->closing;
    m->fill_holes = r->fill_holes;
    m->include = include;
    m->capacity = blmi_marker_capacity(r->width, r->height);
    m->label = blmi_alloc(pixels, sizeof *m->label);
    m->components = blmi_alloc(m->capacity, sizeof *m->components);
    const bool closes = r->closing > 0;
    const bool adds = r->hysteresis < 1 || closes || r->fill_holes > 0;
    if (adds)
        m->level = blmi_alloc(pixels, 1);
    if (closes)
        m->scratch = blmi_alloc(blmi_closing_scratch(r->width, r->height), 1);
    if (m->label == NULL || m->components == NULL || (adds && m->level == NULL) ||
        (closes && m->scratch == NULL)) {
        blmi_marker_free(m);
        return blmi_no_memory(err, "the mask", pixels, sizeof(int32_t));
    }
    *out = m;
    return BLM_OK;
}

void blmi_marker_free(blmi_marker *marker)
{
    if (marker == NULL)
        return;
    blmi_free(marker->label);
    blmi_free(marker->components);
    blmi_free(marker->level);
    blmi_free(marker->scratch);
    blmi_free(marker);
}

// The smallest float that is not below the threshold, which is at most FLT_MAX.  Floats
// compare with it as with the threshold.
static float as_float(double threshold)
{
    const float rounded = (float)threshold;
    return (double)rounded < threshold ? nextafterf(rounded, INFINITY) : rounded;
}

// The mask of one threshold, with all that is added: level becomes 0 or 1.
static void mark_level(blmi_marker *m, const float *map, double threshold)
{
    // Not 0, where the region of interest ends.
    const double low = fmax(m->hysteresis * threshold, DBL_TRUE_MIN);
    if (threshold > (double)FLT_MAX) { // no float reaches it
        memset(m->level, 0, (size_t)m->width * (size_t)m->height);
        return;
    }
    blmi_hysteresis(map, m->width, m->height, as_float(low), threshold, m->label,
        m->components, m->level);
    if (m->closing > 0)
        blmi_closing(
            m->level, m->width, m->height, m->closing, m->include, m->label, m->scratch);
    if (m->fill_holes > 0)
        blmi_fill_holes(
            m->level, m->width, m->height, m->fill_holes, m->include, m->label);
}

// The mask of a lower threshold contains that of a higher one.
static size_t run_with_additions(
    blmi_marker *m, const float *map, blmi_thresholds at, uint8_t *mask)
{
    const size_t pixels = (size_t)m->width * (size_t)m->height;
    mark_level(m, map, at.ng);
    for (size_t i = 0; i < pixels; i++)
        mask[i] = m->level[i] != 0 ? BLMI_MARK_NG : 0;
    if (at.review != 0) {
        mark_level(m, map, at.review);
        for (size_t i = 0; i < pixels; i++)
            if (mask[i] == 0 && m->level[i] != 0)
                mask[i] = BLMI_MARK_REVIEW;
    }
    const size_t count = blmi_components_of_mask(mask, m->width, m->height, m->label);
    blmi_components_describe(map, m->width, m->height, m->label, m->components, count);
    return count;
}

static size_t run(blmi_marker *m, const float *map, blmi_thresholds at, uint8_t *mask)
{
    const size_t pixels = (size_t)m->width * (size_t)m->height;
    const double lower = at.review != 0 ? at.review : at.ng;
    if (lower > (double)FLT_MAX) { // no float reaches it
        memset(mask, 0, pixels);
        return 0;
    }
    const size_t count = blmi_components(
        map, m->width, m->height, as_float(lower), m->label, m->components, m->capacity);
    for (size_t i = 0; i < pixels; i++)
        mask[i] = blmi_verdict_pixel((double)map[i], at);
    return count;
}

size_t blmi_marker_run(blmi_marker *marker, const float *map, blmi_thresholds at,
    uint8_t *mask, const blmi_component **components)
{
    *components = marker->components;
    return marker->level != NULL ? run_with_additions(marker, map, at, mask)
                                 : run(marker, map, at, mask);
}
