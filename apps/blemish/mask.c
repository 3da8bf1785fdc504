#include "apps/blemish/mask.h"

#include "apps/blemish/memory.h"

blm_status cli_mask_read(const char *path, const blm_decode_options *decode, int *width,
    int *height, uint8_t **out, blm_error *err)
{
    blm_decode_options whole = *decode;
    whole.bits = 8; // so that small values of 16-bit pictures are not rounded to 0
    blm_image *image = NULL;
    const blm_status status = blm_image_read(path, &whole, &image, err);
    if (status != BLM_OK)
        return status;
    const size_t pixels = (size_t)image->width * (size_t)image->height;
    uint8_t *mask = cli_alloc(pixels, 1);
    for (size_t i = 0; i < pixels; i++)
        mask[i] =
            (image->rgb[3 * i] | image->rgb[3 * i + 1] | image->rgb[3 * i + 2]) != 0;
    *width = image->width;
    *height = image->height;
    *out = mask;
    blm_image_free(image);
    return BLM_OK;
}
