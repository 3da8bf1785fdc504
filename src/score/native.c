// native.c: resamples map and mask to the original image.
#include <math.h>

#include "blemish/blemish.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/sized.h"
#include "src/feature/recipe.h"
#include "src/score/scorer.h"

// The position of a pixel of the original image on the map, along one axis.
typedef struct place {
    int low, high; // neighbouring map pixels; low is -1 if the recipe cut the pixel off
    float weight;  // of high
} place;

// Half-pixel centres (align_corners = false); constant beyond the outermost centres.
static void find_places(double origin, double step, int map_size, int size, place *places)
{
    for (int i = 0; i < size; i++) {
        const double at = (i + 0.5 - origin) / step - 0.5;
        if (at < -0.5 || at >= map_size - 0.5) {
            places[i] = (place){-1, -1, 0};
            continue;
        }
        const double inside = fmin(fmax(at, 0), map_size - 1);
        const int low = (int)inside;
        const int high = low + 1 < map_size ? low + 1 : low;
        places[i] = (place){low, high, (float)(inside - low)};
    }
}

// out (width + height): places along x, then along y, for an original of that size.
static blm_status make_places(
    const blmi_recipe *recipe, int width, int height, place **out, blm_error *err)
{
    if (width < 1 || height < 1)
        return blmi_fail(err, BLM_EUSAGE,
            "image of %d x %d pixels: expected at least 1 x 1", width, height);
    const size_t count = (size_t)width + (size_t)height;
    place *places = blmi_alloc(count, sizeof *places);
    if (places == NULL)
        return blmi_no_memory(err, "a resized map", count, sizeof *places);
    const blmi_frame frame = blmi_recipe_frame(recipe, width, height);
    find_places(frame.x0, frame.step_x, recipe->fields.width, width, places);
    find_places(frame.y0, frame.step_y, recipe->fields.height, height, places + width);
    *out = places;
    return BLM_OK;
}

// The members of a result are public: the caller may have changed them.
static blm_status check_result(
    const blm_scorer *scorer, const blm_result *result, blm_error *err)
{
    BLMI_NEED(scorer, err);
    const blmi_recipe *recipe = blmi_scorer_recipe(scorer);
    if (result->width != recipe->fields.width ||
        result->height != recipe->fields.height || result->map == NULL ||
        result->mask == NULL)
        return blmi_fail(err, BLM_EUSAGE,
            "result of %d x %d pixels: expected a result of this scorer, %d x %d pixels",
            result->width, result->height, recipe->fields.width, recipe->fields.height);
    return BLM_OK;
}

static float between(float a, float b, float weight)
{
    return a + (b - a) * weight;
}

blm_status blm_result_native_map_sized(const blm_scorer *scorer, const blm_result *given,
    size_t result_size, int width, int height, float *out, blm_error *err)
{
    blm_result own = {0};
    const blm_result *result = &own;
    place *xs;
    BLMI_NEED(given, err);
    BLMI_TAKE(blm_result, own, given, result_size, err);
    BLMI_TRY(check_result(scorer, result, err));
    BLMI_NEED(out, err);
    BLMI_TRY(make_places(blmi_scorer_recipe(scorer), width, height, &xs, err));
    const place *ys = xs + width;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++, out++) {
            if (ys[y].low < 0 || xs[x].low < 0) {
                *out = 0;
                continue;
            }
            const float *upper = result->map + (size_t)ys[y].low * (size_t)result->width;
            const float *lower = result->map + (size_t)ys[y].high * (size_t)result->width;
            *out = between(between(upper[xs[x].low], upper[xs[x].high], xs[x].weight),
                between(lower[xs[x].low], lower[xs[x].high], xs[x].weight), ys[y].weight);
        }
    blmi_free(xs);
    return BLM_OK;
}

// The map pixel nearest to a place.
static int nearest(const place *p)
{
    return p->weight < 0.5f ? p->low : p->high;
}

blm_status blm_result_native_mask_sized(const blm_scorer *scorer, const blm_result *given,
    size_t result_size, int width, int height, uint8_t *out, blm_error *err)
{
    blm_result own = {0};
    const blm_result *result = &own;
    place *xs;
    BLMI_NEED(given, err);
    BLMI_TAKE(blm_result, own, given, result_size, err);
    BLMI_TRY(check_result(scorer, result, err));
    BLMI_NEED(out, err);
    BLMI_TRY(make_places(blmi_scorer_recipe(scorer), width, height, &xs, err));
    const place *ys = xs + width;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const int seen = ys[y].low >= 0 && xs[x].low >= 0;
            *out++ = seen ? result->mask[(size_t)nearest(&ys[y]) * (size_t)result->width +
                                         (size_t)nearest(&xs[x])]
                          : 0;
        }
    blmi_free(xs);
    return BLM_OK;
}
