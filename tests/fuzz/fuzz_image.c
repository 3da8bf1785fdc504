// fuzz_image.c: decodes any bytes as an image, and as a camera's buffer.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "blemish/image.h"
#include "src/base/sanitizer.h"

enum { LAYOUTS = 60 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_pixels(const blm_image *image)
{
    blmi_check_written(image, sizeof *image);
    blmi_check_written(image->rgb, (size_t)image->width * (size_t)image->height * 3);
    if (image->range_low >= image->range_high || image->sample_min > image->sample_max)
        abort();
}

// The last byte of the input chooses the options; most formats ignore it.
static void decode(const uint8_t *bytes, size_t size)
{
    static const blm_decode_options options[] = {{.max_pixels = 1 << 18},
        {.max_pixels = 1 << 18, .range_low = -1, .range_high = 1000},
        {.max_pixels = 1 << 18, .page = 2},
        {.max_pixels = 1 << 18, .bits = 12, .keep_orientation = 1}};
    blm_image *image = NULL;
    blm_error err;
    const blm_status status = blm_image_decode(
        bytes, size, "input", &options[size > 0 ? bytes[size - 1] % 4 : 0], &image, &err);
    if (status == BLM_OK)
        check_pixels(image);
    else if (status != BLM_EINPUT || strncmp(err.text, "input: ", 7) != 0)
        abort();
    blm_image_free(image);
}

// The first bytes are the layout and the sizes; the rest, copied to its own memory, are
// the pixels, if they are enough for any layout.
static void copy(const uint8_t *bytes, size_t size)
{
    const size_t most = 8; // bytes of a pixel
    if (size < 5)
        return;
    blm_buffer buffer = {.layout = (blm_layout)(bytes[0] % LAYOUTS),
        .width = bytes[1] % 16,
        .height = bytes[2] % 16,
        .bits = bytes[3] % 18,
        .full_range = bytes[4] % 2,
        .range_high = bytes[4] / 2};
    const size_t needed = ((size_t)buffer.width + 4) * (size_t)buffer.height * most;
    uint8_t *const pixels = calloc(needed + 1, 1);
    blm_image *image = NULL;
    blm_error err;
    if (pixels == NULL)
        abort();
    memcpy(pixels, bytes + 5, size - 5 < needed ? size - 5 : needed);
    buffer.pixels = pixels;
    const blm_status status = blm_image_from_buffer(&buffer, &image, &err);
    if (status == BLM_OK)
        check_pixels(image);
    else if (status != BLM_EUSAGE)
        abort();
    blm_image_free(image);
    free(pixels);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    decode(bytes, size);
    copy(bytes, size);
    return 0;
}
