#include "src/feature/features.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/feature/recipe.h"

static int has_stage(const blm_recipe *recipe, int k)
{
    return recipe->stages >> k & 1;
}

static int stride_of(int k)
{
    return k < 3 ? 8 << k : 32; // layer4 keeps the size of layer3
}

int blmi_recipe_depth(const blm_recipe *recipe)
{
    int depth = 0;
    for (int k = 0; k < BLMI_STAGES; k++)
        if (has_stage(recipe, k))
            depth = k + 1;
    return depth;
}

int blmi_recipe_channels(const blm_recipe *recipe, blmi_variant variant)
{
    int channels = 0;
    for (int k = 0; k < BLMI_STAGES; k++)
        if (has_stage(recipe, k))
            channels += blmi_contnet_channels(variant, k + 1);
    return channels;
}

blmi_extractor_shape blmi_recipe_shape(const blm_recipe *recipe, blmi_variant variant)
{
    blmi_extractor_shape shape = {0};
    blmi_recipe_grid(recipe, &shape.grid_width, &shape.grid_height);
    shape.positions = shape.grid_width * shape.grid_height;
    shape.features =
        recipe->channels > 0 ? recipe->channels : blmi_recipe_channels(recipe, variant);
    return shape;
}

blmi_detector_shape blmi_extractor_grid(const blmi_extractor_shape *shape)
{
    return (blmi_detector_shape){shape->grid_width, shape->grid_height, shape->features};
}

size_t blmi_stage_count(const blm_recipe *recipe, blmi_variant variant, int k)
{
    const size_t stride = (size_t)stride_of(k);
    return (size_t)recipe->width / stride * ((size_t)recipe->height / stride) *
           (size_t)blmi_contnet_channels(variant, k + 1);
}

// ---- the choice -----------------------------------------------------------------------

// Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static int by_number(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

blm_status blmi_features_choose(
    const blm_recipe *recipe, blmi_variant variant, int32_t **out, blm_error *err)
{
    const int all = blmi_recipe_channels(recipe, variant);
    uint64_t state = (uint64_t)recipe->seed;
    *out = NULL;
    if (recipe->channels == 0)
        return BLM_OK;
    if (recipe->channels > all)
        return blmi_fail(
            err, BLM_EUSAGE, "channels %d: the stages have %d", recipe->channels, all);
    int32_t *deck = blmi_alloc((size_t)all, sizeof *deck);
    if (deck == NULL)
        return blmi_no_memory(err, "channels", (size_t)all, sizeof *deck);
    for (int i = 0; i < all; i++)
        deck[i] = i;
    for (int i = 0; i < recipe->channels; i++) { // Fisher & Yates, as far as it is needed
        const int pick = i + (int)(splitmix64(&state) % (uint64_t)(all - i));
        const int32_t swap = deck[i];
        deck[i] = deck[pick];
        deck[pick] = swap;
    }
    qsort(deck, (size_t)recipe->channels, sizeof *deck, by_number);
    *out = deck;
    return BLM_OK;
}

// ---- stacking -------------------------------------------------------------------------

// What is left of `chosen` below `end`, out of channels that begin with number `first`;
// returns how many.
static size_t take(
    const float *channel, int first, int end, const int32_t *chosen, int left, float *out)
{
    int count = 0;
    for (; count < left && chosen[count] < end; count++)
        out[count] = channel[chosen[count] - first];
    return (size_t)count;
}

void blmi_features_stack(const blm_recipe *recipe, blmi_variant variant,
    const int32_t *chosen, float *const stage[BLMI_STAGES], float *features)
{
    const blmi_extractor_shape shape = blmi_recipe_shape(recipe, variant);
    const int stride = recipe->width / shape.grid_width;
    for (int p = 0; p < shape.positions; p++) {
        const int row = p / shape.grid_width, column = p % shape.grid_width;
        float *out = features + (size_t)p * (size_t)shape.features;
        size_t done = 0;
        for (int k = 0, first = 0; k < BLMI_STAGES; k++) {
            if (!has_stage(recipe, k))
                continue;
            const int channels = blmi_contnet_channels(variant, k + 1);
            const int repeat = stride_of(k) / stride;
            const int width = shape.grid_width / repeat;
            const float *from =
                stage[k] +
                (size_t)(row / repeat * width + column / repeat) * (size_t)channels;
            if (chosen == NULL) {
                memcpy(out + done, from, (size_t)channels * sizeof *out);
                done += (size_t)channels;
            } else
                done += take(from, first, first + channels, chosen + done,
                    shape.features - (int)done, out + done);
            first += channels;
        }
    }
}
