#include "src/feature/cover.h"

#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/feature/recipe.h"

// columns (size): the input's column (or row) that each pixel falls on; -1: none.
static void find_columns(
    int origin, int length, int resized, int input, int size, int *columns)
{
    const int cut = (resized - input) / 2;
    for (int x = 0; x < size; x++) {
        const int64_t at = (2 * (int64_t)(x - origin) + 1) * resized;
        const bool before = x < origin, behind = x >= origin + length;
        const int64_t column = at / (2 * (int64_t)length) - cut;
        columns[x] = before || behind || column < 0 || column >= input ? -1 : (int)column;
    }
}

// Columns (width), followed by rows (height), of the input.
static blm_status find_input(
    const blmi_recipe *recipe, const blm_image *image, int **out, blm_error *err)
{
    const blm_recipe *r = &recipe->fields;
    const blm_rect crop = blmi_recipe_crop(recipe, image->width, image->height);
    const size_t count = (size_t)image->width + (size_t)image->height;
    int *columns = *out = blmi_alloc(count, sizeof *columns);
    if (columns == NULL)
        return blmi_no_memory(err, "the region of interest", count, sizeof *columns);
    find_columns(crop.x, crop.width, r->resize_width, r->width, image->width, columns);
    find_columns(crop.y, crop.height, r->resize_height, r->height, image->height,
        columns + image->width);
    return BLM_OK;
}

// The row of include that a row of the image falls on; NULL: none.
static const uint8_t *include_row(
    const blmi_recipe *recipe, const uint8_t *include, int row)
{
    return row >= 0 ? include + (size_t)row * (size_t)recipe->fields.width : NULL;
}

static bool is_inside(const uint8_t *row, int column)
{
    return row != NULL && column >= 0 && row[column] != 0;
}

blm_status blmi_cover_choose(const blmi_recipe *recipe, const uint8_t *include,
    const blm_image *image, blmi_cover *out, blm_error *err)
{
    int *columns;
    uint64_t sums[3] = {0}, count = 0;
    BLMI_TRY(find_input(recipe, image, &columns, err));
    const uint8_t *rgb = image->rgb;
    for (int y = 0; y < image->height; y++) {
        const uint8_t *row = include_row(recipe, include, columns[image->width + y]);
        for (int x = 0; x < image->width; x++, rgb += 3) {
            if (!is_inside(row, columns[x]))
                continue;
            for (int c = 0; c < 3; c++)
                sums[c] += rgb[c];
            count++;
        }
    }
    blmi_free(columns);
    if (count == 0)
        return blmi_fail(err, BLM_EINPUT,
            "%d x %d pixels: none of them is in the region of interest", image->width,
            image->height);
    out->there = true;
    for (int c = 0; c < 3; c++)
        out->rgb[c] = (uint8_t)((sums[c] + count / 2) / count);
    return BLM_OK;
}

blm_status blmi_cover_lay(const blmi_cover *cover, const blmi_recipe *recipe,
    const uint8_t *include, blm_image *image, blm_error *err)
{
    int *columns;
    if (!cover->there)
        return BLM_OK;
    BLMI_TRY(find_input(recipe, image, &columns, err));
    uint8_t *rgb = image->rgb;
    for (int y = 0; y < image->height; y++) {
        const uint8_t *row = include_row(recipe, include, columns[image->width + y]);
        for (int x = 0; x < image->width; x++, rgb += 3)
            if (!is_inside(row, columns[x]))
                memcpy(rgb, cover->rgb, 3);
    }
    blmi_free(columns);
    return BLM_OK;
}

void blmi_cover_lay_input(
    const blmi_cover *cover, const uint8_t *include, size_t pixels, uint8_t *rgb)
{
    for (size_t i = 0; cover->there && i < pixels; i++)
        if (!include[i])
            memcpy(rgb + 3 * i, cover->rgb, 3);
}

blm_status blmi_cover_copy(const blmi_cover *cover, const blmi_recipe *recipe,
    const uint8_t *include, const blm_image *image, blm_image **out, blm_error *err)
{
    const blm_buffer buffer = {.pixels = image->rgb,
        .width = image->width,
        .height = image->height,
        .layout = BLM_RGB8};
    *out = NULL;
    if (!cover->there)
        return BLM_OK;
    blm_image *copy;
    BLMI_TRY(blm_image_from_buffer(&buffer, &copy, err));
    copy->channels = image->channels;
    copy->bits = image->bits;
    const blm_status status = blmi_cover_lay(cover, recipe, include, copy, err);
    if (status == BLM_OK)
        *out = copy;
    else
        blm_image_free(copy);
    return status;
}
