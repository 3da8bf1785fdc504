// fuzz_image.c: any bytes, taken for an image.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "blemish/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const blm_decode_options small = {.max_pixels = 1 << 18};
    blm_image *image = NULL;
    blm_error err;
    const blm_status status =
        blm_image_decode(bytes, size, "input", &small, &image, &err);
    if (status == BLM_OK) {
        // Every pixel was written: a memory sanitizer looks at what decides a branch.
        const size_t count = (size_t)image->width * (size_t)image->height * 3;
        unsigned sum = 0;
        for (size_t i = 0; i < count; i++)
            sum += image->rgb[i];
        if (sum == 0xffffffffu)
            abort();
    } else if (status != BLM_EINPUT || strncmp(err.text, "input: ", 7) != 0) {
        abort();
    }
    blm_image_free(image);
    return 0;
}
