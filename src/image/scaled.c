// Copies an image to another size.
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/image/picture.h"
#include "src/image/resize.h"

blm_status blm_image_resize(
    const blm_image *image, int width, int height, blm_image **out, blm_error *err)
{
    BLMI_NEED(out, err);
    BLMI_TRY(blmi_picture_check(image, err));
    if (width < 1 || height < 1 || width > BLMI_MAX_SIDE || height > BLMI_MAX_SIDE)
        return blmi_fail(err, BLM_EUSAGE, "resize to %d x %d: expected 1 to %d per side",
            width, height, BLMI_MAX_SIDE);
    blm_image *copy = blmi_alloc_zero(1, sizeof *copy);
    if (copy == NULL)
        return blmi_no_memory(err, "an image", 1, sizeof *copy);
    *copy = *image;
    copy->width = width;
    copy->height = height;
    copy->rgb = blmi_alloc((size_t)width * (size_t)height, 3);
    const blm_status status =
        copy->rgb == NULL
            ? blmi_no_memory(err, "an image", (size_t)width * (size_t)height, 3)
            : blmi_resize_rgb(image->rgb, image->width, image->height,
                  (ptrdiff_t)image->width * 3, BLMI_BILINEAR, copy->rgb, width, height,
                  err);
    if (status == BLM_OK)
        *out = copy;
    else
        blm_image_free(copy);
    return status;
}
