// recipe.c: completes and checks recipes, and prepares images.
#include "src/feature/recipe.h"

#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"
#include "src/feature/channels.h"
#include "src/feature/recipe_fields.h"
#include "src/image/resize.h"

// ---- taps -----------------------------------------------------------------------------

// The taps of a word of a list: a name, a number (1 is the first) or "auto"; 0: none.
static uint32_t taps_of(const blmi_backbone *backbone, const char *word)
{
    char number[16];
    if (strcmp(word, "auto") == 0)
        return backbone->usual;
    for (int k = 0; k < backbone->taps; k++) {
        blmi_print(number, sizeof number, "%d", k + 1);
        if (strcmp(word, number) == 0 || strcmp(word, backbone->tap[k].name) == 0)
            return (uint32_t)1 << k;
    }
    return 0;
}

// Writes the names of taps with commas between them; 0 if text is too small.
static int name_taps(
    const blmi_backbone *backbone, uint32_t taps, char text[BLM_FIELD_TEXT])
{
    size_t at = 0;
    *text = '\0';
    for (int k = 0; k < backbone->taps; k++) {
        const size_t length = strlen(backbone->tap[k].name);
        if ((taps >> k & 1) == 0)
            continue;
        if (at + length + 2 > BLM_FIELD_TEXT)
            return 0;
        if (at > 0)
            text[at++] = ',';
        memcpy(text + at, backbone->tap[k].name, length + 1);
        at += length;
    }
    return 1;
}

static blm_status find_taps(
    const blmi_backbone *backbone, const char *list, uint32_t *out, blm_error *err)
{
    char word[BLM_FIELD_TEXT], known[BLM_FIELD_TEXT];
    *out = *list == '\0' ? backbone->usual : 0;
    while (*list != '\0') {
        const size_t length = strcspn(list, ",");
        memcpy(word, list, length);
        word[length] = '\0';
        const uint32_t found = taps_of(backbone, word);
        if (found == 0) {
            name_taps(backbone, UINT32_MAX, known);
            return blmi_fail(err, BLM_EUSAGE,
                "taps \"%s\": the weights of %s have only %s (or numbers from 1 to %d)",
                word, backbone->name, known, backbone->taps);
        }
        *out |= found;
        list += length + (list[length] == ',');
    }
    return BLM_OK;
}

blm_status blmi_recipe_name_taps(
    const blmi_backbone *backbone, uint32_t taps, blm_recipe *out, blm_error *err)
{
    const uint32_t known =
        backbone->taps < 32 ? ((uint32_t)1 << backbone->taps) - 1 : UINT32_MAX;
    if (taps == 0 || (taps & ~known) != 0 || !name_taps(backbone, taps, out->taps))
        return blmi_fail(err, BLM_EUSAGE, "stages %#x: the weights of %s have %d taps",
            taps, backbone->name, backbone->taps);
    return BLM_OK;
}

// ---- completing -----------------------------------------------------------------------

static int has_crop(const blm_recipe *r)
{
    return (r->crop.x | r->crop.y | r->crop.width | r->crop.height) != 0;
}

static void fill_defaults(blm_recipe *r, const blmi_backbone *backbone)
{
    if (r->width == 0)
        r->width = r->height = backbone->input.standard;
    if (r->resize_width == 0) {
        r->resize_width = r->width;
        r->resize_height = r->height;
    }
    if (r->filter == BLM_FILTER_AUTO)
        r->filter = backbone->input.bicubic ? BLM_FILTER_BICUBIC : BLM_FILTER_BILINEAR;
}

static blm_status check_fields(const blm_recipe *r, blm_error *err)
{
    const blmi_recipe_row *row;
    for (size_t i = 0; (row = blmi_recipe_row_at(i)) != NULL; i++)
        BLMI_TRY(blmi_recipe_check_field(r, row, err));
    return BLM_OK;
}

// Checks that fields that only another detector uses have their defaults.
static blm_status check_detector(const blm_recipe *r, blm_error *err)
{
    char name[BLM_FIELD_TEXT];
    const blmi_recipe_row *row;
    BLMI_TRY(blm_recipe_get(r, "detector", name, err));
    for (size_t i = 0; (row = blmi_recipe_row_at(i)) != NULL; i++)
        if (!blmi_recipe_uses(r, row) && !blmi_recipe_is_initial(r, row))
            return blmi_fail(err, BLM_EUSAGE,
                "%s: not used by the detector %s: expected the default, %s",
                row->field.name, name, row->field.initial);
    if (r->reach >= 0 && r->coreset < 1)
        return blmi_fail(err, BLM_EUSAGE,
            "coreset %g and reach %d: expected only one of them, or a position could "
            "have nothing to compare with",
            r->coreset, r->reach);
    return BLM_OK;
}

// Checks fields that depend on each other.
static blm_status check_sizes(
    const blm_recipe *r, const blmi_backbone *backbone, blm_error *err)
{
    BLMI_TRY(blmi_backbone_check_size(backbone, r->width, r->height, err));
    if (r->resize_width < r->width || r->resize_height < r->height)
        return blmi_fail(err, BLM_EUSAGE,
            "resize %dx%d: must not be smaller than the size, %dx%d", r->resize_width,
            r->resize_height, r->width, r->height);
    if (has_crop(r) && (r->crop.width < 1 || r->crop.height < 1))
        return blmi_fail(err, BLM_EUSAGE,
            "crop %d,%d,%d,%d: expected width and height of 1 or more", r->crop.x,
            r->crop.y, r->crop.width, r->crop.height);
    if (r->range_low < r->range_high && r->bits != 16)
        return blmi_fail(err, BLM_EUSAGE,
            "range and bits %d: expected only one of them, since both define white",
            r->bits);
    if (r->align == BLM_ALIGN_AUTO)
        return blmi_fail(err, BLM_EUSAGE,
            "align auto: must be chosen before: off, shift, rigid or similarity");
    if (r->min_area > (int64_t)r->width * r->height)
        return blmi_fail(err, BLM_EUSAGE, "min-area %lld: must be 1 to %lld",
            (long long)r->min_area, (long long)r->width * r->height);
    return BLM_OK;
}

// Mean and deviation are the recipe's, or else the backbone's.
static blm_status complete_channels(
    blmi_recipe *own, const blmi_backbone *backbone, blm_error *err)
{
    blm_recipe *r = &own->fields;
    memcpy(own->mean, backbone->input.mean, sizeof own->mean);
    memcpy(own->deviation, backbone->input.deviation, sizeof own->deviation);
    if (backbone->members > 0 && (*r->mean != '\0' || *r->std != '\0'))
        return blmi_fail(err, BLM_EUSAGE,
            "%s \"%s\": the networks of %s have their own; expected auto",
            *r->mean != '\0' ? "mean" : "std", *r->mean != '\0' ? r->mean : r->std,
            backbone->name);
    if (*r->mean != '\0') {
        BLMI_TRY(blmi_channels_read("mean", r->mean, own->mean, err));
        blmi_channels_print(own->mean, r->mean);
    }
    if (*r->std != '\0') {
        BLMI_TRY(blmi_channels_read("std", r->std, own->deviation, err));
        blmi_channels_print(own->deviation, r->std);
    }
    return BLM_OK;
}

blm_status blmi_recipe_complete(const blm_recipe *recipe, const blmi_backbone *backbone,
    blmi_recipe *out, blm_error *err)
{
    blmi_recipe own = {0};
    blm_recipe *r = &own.fields;
    blm_recipe_init(r);
    BLMI_TRY(blmi_recipe_take(recipe, r, err));
    BLMI_TRY(check_fields(r, err));
    blmi_recipe_drop_unused(r);
    BLMI_TRY(check_detector(r, err));
    fill_defaults(r, backbone);
    BLMI_TRY(check_sizes(r, backbone, err));
    if (backbone->taps > 0) {
        BLMI_TRY(find_taps(backbone, r->taps, &own.stages, err));
        BLMI_TRY(blmi_recipe_name_taps(backbone, own.stages, r, err));
    }
    BLMI_TRY(complete_channels(&own, backbone, err));
    BLMI_TRY(blmi_augment_parse(r->augment, &own.augment, err));
    blmi_augment_print(&own.augment, r->augment);
    *out = own;
    return BLM_OK;
}

blm_status blmi_recipe_open_weights(
    const char *path_or_name, const blm_recipe *recipe, blmi_weights *out, blm_error *err)
{
    blm_recipe own;
    blm_recipe_init(&own);
    BLMI_TRY(blmi_recipe_take(recipe, &own, err));
    BLMI_TRY(check_fields(&own, err));
    blmi_wanted wanted = {.taps = own.taps,
        .width = own.width,
        .height = own.height,
        .mean = {0.485, 0.456, 0.406},
        .deviation = {0.229, 0.224, 0.225}};
    if (*own.mean != '\0')
        BLMI_TRY(blmi_channels_read("mean", own.mean, wanted.mean, err));
    if (*own.std != '\0')
        BLMI_TRY(blmi_channels_read("std", own.std, wanted.deviation, err));
    return blmi_weights_open(path_or_name, &wanted, out, err);
}

void blm_recipe_decode_options(const blm_recipe *recipe, blm_decode_options *options)
{
    if (recipe == NULL || options == NULL)
        return;
    options->bits = recipe->bits;
    options->range_low = recipe->range_low;
    options->range_high = recipe->range_high;
}

blmi_detector_rule blmi_recipe_rule(const blmi_recipe *recipe)
{
    const blm_recipe *r = &recipe->fields;
    return (blmi_detector_rule){.name = (blmi_detector_name)r->detector,
        .epsilon = r->epsilon,
        .shrinkage = r->shrinkage,
        .unit_variance = r->unit_variance,
        .half = r->half,
        .tolerance = r->tolerance,
        .reach = r->reach,
        .coreset = r->coreset,
        .seed = r->seed,
        .explained = r->explained,
        .variations = recipe->augment.variations};
}

blm_rect blmi_recipe_crop(const blmi_recipe *recipe, int width, int height)
{
    return has_crop(&recipe->fields) ? recipe->fields.crop
                                     : (blm_rect){0, 0, width, height};
}

ptrdiff_t blmi_recipe_centre(const blmi_recipe *recipe)
{
    const blm_recipe *r = &recipe->fields;
    const int left = (r->resize_width - r->width) / 2;
    const int top = (r->resize_height - r->height) / 2;
    return (ptrdiff_t)top * r->resize_width + left;
}

void blmi_recipe_normalise(
    const blmi_recipe *recipe, const uint8_t *rgb, ptrdiff_t stride, float *x)
{
    const blm_recipe *r = &recipe->fields;
    float table[256][3];
    for (int v = 0; v < 256; v++)
        for (int c = 0; c < 3; c++)
            table[v][c] = (float)((v / 255.0 - recipe->mean[c]) / recipe->deviation[c]);
    for (int row = 0; row < r->height; row++) {
        const uint8_t *in = rgb + row * stride * 3;
        float *out = x + (size_t)row * (size_t)r->width * 3;
        for (int i = 0; i < r->width * 3; i += 3)
            for (int c = 0; c < 3; c++)
                out[i + c] = table[in[i + c]][c];
    }
}

blm_status blmi_recipe_resize(
    const blmi_recipe *recipe, const blm_image *image, uint8_t *resized, blm_error *err)
{
    const blm_recipe *r = &recipe->fields;
    const blm_rect crop = blmi_recipe_crop(recipe, image->width, image->height);
    if (crop.x > image->width - crop.width || crop.y > image->height - crop.height)
        return blmi_fail(err, BLM_EINPUT,
            "%d x %d pixels: the crop rectangle %d,%d,%d,%d is not inside it",
            image->width, image->height, crop.x, crop.y, crop.width, crop.height);
    const ptrdiff_t stride = (ptrdiff_t)image->width * 3;
    const uint8_t *origin = image->rgb + crop.y * stride + (ptrdiff_t)crop.x * 3;
    return blmi_resize_rgb(origin, crop.width, crop.height, stride,
        r->filter == BLM_FILTER_BICUBIC ? BLMI_BICUBIC : BLMI_BILINEAR, resized,
        r->resize_width, r->resize_height, err);
}

blmi_frame blmi_recipe_frame(const blmi_recipe *recipe, int image_width, int image_height)
{
    const blm_recipe *r = &recipe->fields;
    const blm_rect crop = blmi_recipe_crop(recipe, image_width, image_height);
    const double step_x = (double)crop.width / r->resize_width;
    const double step_y = (double)crop.height / r->resize_height;
    const int left = (r->resize_width - r->width) / 2;
    const int top = (r->resize_height - r->height) / 2;
    return (blmi_frame){crop.x + left * step_x, crop.y + top * step_y, step_x, step_y};
}

// spans (input, 2): the pixels of the mask that each pixel of the input touches, first
// (inclusive) and end (exclusive); the crop has `length` pixels from origin.
static void find_spans(int origin, int length, int resized, int input, int *spans)
{
    const int64_t cut = (resized - input) / 2;
    for (int64_t i = cut; i < cut + input; i++) {
        *spans++ = origin + (int)(i * length / resized);
        *spans++ = origin + (int)(((i + 1) * length + resized - 1) / resized);
    }
}

static uint8_t is_inside(const blm_mask *mask, const int *columns, const int *rows)
{
    for (int y = rows[0]; y < rows[1]; y++)
        for (int x = columns[0]; x < columns[1]; x++)
            if (x < 0 || y < 0 || x >= mask->width || y >= mask->height ||
                mask->include[(size_t)y * (size_t)mask->width + (size_t)x] == 0)
                return 0;
    return 1;
}

blm_status blmi_recipe_region(
    const blmi_recipe *recipe, const blm_mask *region, uint8_t *include, blm_error *err)
{
    if (region->width < 1 || region->height < 1 || region->include == NULL)
        return blmi_fail(err, BLM_EUSAGE,
            "region of interest: %d x %d pixels, expected a mask of at least 1 x 1",
            region->width, region->height);
    const blm_recipe *r = &recipe->fields;
    const blm_rect crop = blmi_recipe_crop(recipe, region->width, region->height);
    const size_t count = 2 * ((size_t)r->width + (size_t)r->height);
    int *columns = blmi_alloc(count, sizeof *columns);
    if (columns == NULL)
        return blmi_no_memory(err, "the region of interest", count, sizeof *columns);
    int *rows = columns + 2 * (ptrdiff_t)r->width;
    size_t inside = 0;
    find_spans(crop.x, crop.width, r->resize_width, r->width, columns);
    find_spans(crop.y, crop.height, r->resize_height, r->height, rows);
    for (int y = 0; y < r->height; y++)
        for (int x = 0; x < r->width; x++, include++) {
            *include =
                is_inside(region, columns + 2 * (ptrdiff_t)x, rows + 2 * (ptrdiff_t)y);
            inside += *include;
        }
    blmi_free(columns);
    if (inside == 0)
        return blmi_fail(err, BLM_EUSAGE,
            "region of interest: leaves nothing to inspect: no pixel of the input is "
            "completely inside");
    return BLM_OK;
}
