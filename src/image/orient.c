#include <stdbool.h>

#include "src/base/alloc.h"
#include "src/image/codec.h"

blm_status blmi_orient(blm_image *image, int orientation, blm_error *err)
{
    if (orientation == 1)
        return BLM_OK;
    const bool turned = orientation >= 5; // rows become columns
    const bool mirror_x = orientation == 2 || orientation == 3 || orientation >= 7;
    const bool mirror_y =
        orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    const ptrdiff_t width = image->width, height = image->height;
    const size_t pixels = (size_t)width * (size_t)height;
    uint8_t *const rgb = blmi_alloc(pixels, 3);
    if (rgb == NULL)
        return blmi_no_memory(err, "the turned image", pixels, 3);

    // Byte steps in the source for one pixel to the right, and one down, in the result.
    const ptrdiff_t step_x = mirror_x ? -3 : 3;
    const ptrdiff_t step_y = mirror_y ? -3 * width : 3 * width;
    const ptrdiff_t right = turned ? step_y : step_x, down = turned ? step_x : step_y;
    const uint8_t *row = image->rgb + (mirror_x ? 3 * (width - 1) : 0) +
                         (mirror_y ? 3 * width * (height - 1) : 0);
    const ptrdiff_t out_width = turned ? height : width;
    const ptrdiff_t out_height = turned ? width : height;
    uint8_t *out = rgb;
    for (ptrdiff_t y = 0; y < out_height; y++)
        for (ptrdiff_t x = 0; x < out_width; x++, out += 3) {
            const uint8_t *pixel = row + y * down + x * right;
            out[0] = pixel[0];
            out[1] = pixel[1];
            out[2] = pixel[2];
        }
    blmi_free(image->rgb);
    image->rgb = rgb;
    image->width = (int)out_width;
    image->height = (int)out_height;
    return BLM_OK;
}
