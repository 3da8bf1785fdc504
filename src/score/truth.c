// truth.c: resamples ground-truth masks to the model's input.
#include <string.h>

#include "blemish/blemish.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/feature/recipe.h"
#include "src/image/resize.h"

// Copies a rectangle of mask: out (crop->height, crop->width).
static void cut(const uint8_t *mask, int width, const blm_rect *crop, uint8_t *out)
{
    const size_t row = (size_t)crop->width;
    for (int y = 0; y < crop->height; y++)
        memcpy(out + (size_t)y * row,
            mask + (size_t)(crop->y + y) * (size_t)width + (size_t)crop->x, row);
}

blm_status blm_recipe_mask(const blm_recipe *recipe, const uint8_t *mask, int width,
    int height, uint8_t *out, blm_error *err)
{
    blmi_recipe complete;
    BLMI_NEED(recipe, err);
    BLMI_NEED(mask, err);
    BLMI_NEED(out, err);
    BLMI_TRY(blmi_recipe_complete(recipe, &blmi_backbone_unknown, &complete, err));
    if (width < 1 || height < 1)
        return blmi_fail(err, BLM_EUSAGE,
            "mask of %d x %d pixels: expected at least 1 x 1", width, height);
    const blm_recipe *r = &complete.fields;
    const blm_rect crop = r->crop.width > 0 ? r->crop : (blm_rect){0, 0, width, height};
    if (crop.x > width - crop.width || crop.y > height - crop.height)
        return blmi_fail(err, BLM_EINPUT,
            "mask of %d x %d pixels: the crop rectangle %d,%d,%d,%d is not inside it",
            width, height, crop.x, crop.y, crop.width, crop.height);
    const size_t pixels = (size_t)crop.width * (size_t)crop.height;
    const size_t resized_pixels = (size_t)r->resize_width * (size_t)r->resize_height;
    uint8_t *const scratch = blmi_alloc(pixels + resized_pixels, 1);
    if (scratch == NULL)
        return blmi_no_memory(err, "a mask", pixels + resized_pixels, 1);
    uint8_t *const resized = scratch + pixels;
    const blm_rect centre = {(r->resize_width - r->width) / 2,
        (r->resize_height - r->height) / 2, r->width, r->height};
    cut(mask, width, &crop, scratch);
    blmi_resize_nearest(
        scratch, crop.width, crop.height, resized, r->resize_width, r->resize_height);
    cut(resized, r->resize_width, &centre, out);
    blmi_free(scratch);
    return BLM_OK;
}
