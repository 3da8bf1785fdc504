// feature_layout.c: assembles outputs of a network to a vector for each position.
#include "src/feature/feature_layout.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/splitmix.h"
#include "src/feature/smooth.h"

// ---- the layout -----------------------------------------------------------------------

static void add_output(
    const blmi_recipe *recipe, const blmi_backbone *backbone, int tap, blmi_layout *out)
{
    blmi_output *o = &out->output[out->outputs++];
    *o = (blmi_output){.tap = tap, .channels = backbone->tap[tap].channels};
    blmi_backbone_grid(backbone, tap, recipe->fields.width, recipe->fields.height,
        &o->width, &o->height);
    out->channels += o->channels;
    if (o->width * o->height > out->positions) {
        out->grid_width = o->width;
        out->grid_height = o->height;
        out->positions = o->width * o->height;
    }
}

// Counts the features that come from each output.
static blm_status count_taken(
    const blmi_recipe *recipe, blmi_layout *layout, blm_error *err)
{
    int32_t *chosen = NULL;
    BLMI_TRY(blmi_features_choose(recipe, layout, &chosen, err));
    for (int i = 0, done = 0, end = 0; i < layout->outputs; i++) {
        blmi_output *o = &layout->output[i];
        end += o->channels;
        if (chosen == NULL)
            o->taken = o->channels;
        for (; chosen != NULL && done < layout->features && chosen[done] < end; done++)
            o->taken++;
    }
    blmi_free(chosen);
    return BLM_OK;
}

void blmi_layout_in_order(blmi_layout *layout)
{
    layout->repeated = layout->edge = 0;
    for (int i = 0, at = 0; i < layout->outputs; i++) {
        layout->output[i].at = at;
        at += layout->output[i].taken;
    }
}

// Positions per row of the finest grid that take the same position of an output; 0: this
// is not the same everywhere, or not in both directions.
static int edge_of(const blmi_layout *layout, const blmi_output *o)
{
    const int edge = layout->grid_width / o->width;
    const bool is_whole =
        edge * o->width == layout->grid_width && edge * o->height == layout->grid_height;
    return is_whole ? edge : 0;
}

// Moves features to the front that repeat in cells: of the outputs whose edge is a
// multiple of the least one above 1.
static void put_repeated_first(blmi_layout *layout)
{
    int least = 0, at[2] = {0};
    for (int i = 0; i < layout->outputs; i++) {
        const int edge = edge_of(layout, &layout->output[i]);
        least = edge > 1 && (least == 0 || edge < least) ? edge : least;
    }
    for (int i = 0; i < layout->outputs && least > 0; i++) {
        const int edge = edge_of(layout, &layout->output[i]);
        if (edge > 0 && edge % least == 0)
            at[1] += layout->output[i].taken;
    }
    if (at[1] == 0 || at[1] == layout->features)
        return;
    layout->repeated = at[1];
    layout->edge = least;
    for (int i = 0; i < layout->outputs; i++) {
        const int edge = edge_of(layout, &layout->output[i]);
        int *next = &at[edge > 0 && edge % least == 0 ? 0 : 1];
        layout->output[i].at = *next;
        *next += layout->output[i].taken;
    }
}

blm_status blmi_recipe_layout(const blmi_recipe *recipe, const blmi_backbone *backbone,
    blmi_layout *out, blm_error *err)
{
    blmi_layout layout = {.smooth = recipe->fields.detector == BLM_DETECTOR_MEMORY};
    for (int tap = 0; tap < 32; tap++) {
        if (!(recipe->stages >> tap & 1))
            continue;
        if (tap >= backbone->taps)
            return blmi_fail(err, BLM_EUSAGE,
                "taps: number %d: the weights of %s have only %d, up to %s", tap + 1,
                backbone->name, backbone->taps, backbone->tap[backbone->taps - 1].name);
        add_output(recipe, backbone, tap, &layout);
    }
    BLMI_TRY(blmi_backbone_check_taps(backbone, recipe->stages, err));
    if (recipe->fields.channels > layout.channels)
        return blmi_fail(err, BLM_EUSAGE, "channels %d: the taps have only %d",
            recipe->fields.channels, layout.channels);
    layout.features =
        recipe->fields.channels > 0 ? recipe->fields.channels : layout.channels;
    BLMI_TRY(count_taken(recipe, &layout, err));
    blmi_layout_in_order(&layout);
    if (recipe->fields.detector == BLM_DETECTOR_GAUSS)
        put_repeated_first(&layout);
    *out = layout;
    return BLM_OK;
}

blmi_detector_shape blmi_layout_grid(const blmi_layout *layout)
{
    blmi_detector_shape shape = {.grid_width = layout->grid_width,
        .grid_height = layout->grid_height,
        .features = layout->features,
        .outputs = layout->outputs,
        .repeated = layout->repeated,
        .edge = layout->edge};
    for (int i = 0; i < layout->outputs; i++)
        shape.taken[i] = layout->output[i].taken;
    return shape;
}

size_t blmi_output_count(const blmi_output *output)
{
    return (size_t)output->width * (size_t)output->height * (size_t)output->channels;
}

size_t blmi_layout_count(const blmi_layout *layout)
{
    size_t count = 0;
    for (int i = 0; i < layout->outputs; i++)
        count += blmi_output_count(&layout->output[i]);
    return count;
}

// ---- the choice -----------------------------------------------------------------------

static int by_number(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

blm_status blmi_features_choose(
    const blmi_recipe *recipe, const blmi_layout *layout, int32_t **out, blm_error *err)
{
    const int all = layout->channels;
    uint64_t state = (uint64_t)recipe->fields.seed;
    *out = NULL;
    if (recipe->fields.channels == 0)
        return BLM_OK;
    int32_t *deck = blmi_alloc((size_t)all, sizeof *deck);
    if (deck == NULL)
        return blmi_no_memory(err, "channels", (size_t)all, sizeof *deck);
    for (int i = 0; i < all; i++)
        deck[i] = i;
    for (int i = 0; i < recipe->fields.channels; i++) { // Fisher & Yates, partly
        const int pick = i + (int)(blmi_splitmix(&state) % (uint64_t)(all - i));
        const int32_t swap = deck[i];
        deck[i] = deck[pick];
        deck[pick] = swap;
    }
    qsort(deck, (size_t)recipe->fields.channels, sizeof *deck, by_number);
    *out = deck;
    return BLM_OK;
}

// ---- stacking -------------------------------------------------------------------------

// Copies the channels chosen (left) below number `end`; channel begins with number
// `first`.  Returns their number.
static size_t take(
    const float *channel, int first, int end, const int32_t *chosen, int left, float *out)
{
    int count = 0;
    for (; count < left && chosen[count] < end; count++)
        out[count] = channel[chosen[count] - first];
    return (size_t)count;
}

// The position on an axis of `from` positions nearest to position `at` of `to`.
static int nearest(int at, int from, int to)
{
    return (int)((2 * (int64_t)at + 1) * from / (2 * (int64_t)to));
}

void blmi_features_stack(const blmi_layout *layout, const int32_t *chosen,
    const float *const *output, float *features)
{
    if (layout->smooth) {
        blmi_features_smooth(layout, chosen, output, features);
        return;
    }
    for (int p = 0; p < layout->positions; p++) {
        const int row = p / layout->grid_width, column = p % layout->grid_width;
        float *out = features + (size_t)p * (size_t)layout->features;
        size_t done = 0;
        for (int i = 0, first = 0; i < layout->outputs; i++) {
            const blmi_output *o = &layout->output[i];
            const int y = nearest(row, o->height, layout->grid_height);
            const int x = nearest(column, o->width, layout->grid_width);
            const float *from =
                output[i] + (size_t)(y * o->width + x) * (size_t)o->channels;
            if (chosen == NULL)
                memcpy(out + o->at, from, (size_t)o->channels * sizeof *out);
            else
                done += take(from, first, first + o->channels, chosen + done,
                    layout->features - (int)done, out + o->at);
            first += o->channels;
        }
    }
}
