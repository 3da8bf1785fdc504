#include "src/image/picture.h"

#include "src/base/error.h"

blm_status blmi_picture_check(const blm_image *image, blm_error *err)
{
    if (image == NULL || image->rgb == NULL)
        return blmi_fail(err, BLM_EUSAGE, "image: %s is NULL",
            image == NULL ? "it" : "the pointer to its pixels");
    if (image->width < 1 || image->height < 1 || image->width > BLMI_MAX_SIDE ||
        image->height > BLMI_MAX_SIDE)
        return blmi_fail(err, BLM_EUSAGE,
            "image of %d x %d pixels: expected 1 to %d per side", image->width,
            image->height, BLMI_MAX_SIDE);
    return BLM_OK;
}
