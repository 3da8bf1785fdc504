#include <stdbool.h>
#include <string.h>

#include <spng.h>

#include "src/base/alloc.h"
#include "src/base/cursor.h"
#include "src/base/error.h"
#include "src/base/sanitizer.h"
#include "src/image/codec.h"

// The largest size of one chunk, and of all kept chunks together, after unpacking: text
// and colour profiles are also compressed.
enum { MAX_CHUNK = 16 << 20 };

static blm_status damaged(const blmi_source *source, int code, blm_error *err)
{
    if (code == SPNG_EMEM)
        return blmi_no_memory(err, source->name, source->size, 1);
    return blmi_fail(err, BLM_EINPUT, "%s: PNG: %s", source->name, spng_strerror(code));
}

// In its 8-bit formats libspng drops the low bytes of 16-bit samples.  So the samples are
// read as they are and rounded here.
static blm_status decode_16(spng_ctx *png, const blmi_source *source, blm_image *image,
    size_t channels, blm_error *err)
{
    const size_t pixels = (size_t)image->width * (size_t)image->height;
    const size_t size = pixels * channels * sizeof(uint16_t);
    uint8_t *samples = blmi_alloc(size, 1); // (height, width, channels)
    if (samples == NULL)
        return blmi_no_memory(err, source->name, size, 1);
    blm_status status = BLM_OK;
    const int code = spng_decode_image(png, samples, size, SPNG_FMT_PNG, 0);
    if (code != SPNG_OK) {
        status = damaged(source, code, err);
        goto done;
    }
    blmi_note_written(samples, size);
    blmi_scale scale = blmi_source_scale(source, 16);
    const size_t width = (size_t)image->width;
    for (size_t y = 0; y < (size_t)image->height; y++)
        blmi_pixels_16(image->rgb + 3 * y * width, samples + 2 * y * width * channels,
            channels, width, &scale);
    blmi_scale_note(&scale, image);
done:
    blmi_free(samples);
    return status;
}

static size_t channels_of(uint8_t color_type)
{
    switch (color_type) {
    case SPNG_COLOR_TYPE_GRAYSCALE:
    case SPNG_COLOR_TYPE_INDEXED:
        return 1;
    case SPNG_COLOR_TYPE_GRAYSCALE_ALPHA:
        return 2;
    case SPNG_COLOR_TYPE_TRUECOLOR:
        return 3;
    default:
        return 4;
    }
}

// Reads chunks that libspng checks but does not return: the orientation (it drops eXIf
// chunks with a JPEG prefix) and the number of images of an animation.
static void read_chunks(const blmi_source *source, int *orientation, uint32_t *images)
{
    blmi_cursor c = blmi_cursor_over(source->bytes, source->size);
    bool pixels = false;     // a pixel chunk was seen
    blmi_cursor_seek(&c, 8); // the signature
    while (blmi_cursor_left(&c) > 0 && !c.overrun) {
        const uint32_t length = blmi_cursor_u32be(&c);
        const uint8_t *const kind = blmi_cursor_take(&c, 4);
        const uint8_t *const data = blmi_cursor_take(&c, length);
        blmi_cursor_u32be(&c); // the checksum
        if (data == NULL || memcmp(kind, "IEND", 4) == 0)
            return;
        blmi_cursor content = blmi_cursor_over(data, length);
        if (memcmp(kind, "eXIf", 4) == 0)
            *orientation = blmi_exif_orientation(data, length);
        else if (memcmp(kind, "acTL", 4) == 0 && !pixels)
            *images = blmi_cursor_u32be(&content);
        pixels = pixels || memcmp(kind, "IDAT", 4) == 0;
    }
}

static blm_status decode(spng_ctx *png, const blmi_source *source, blm_image *image,
    int *orientation, blm_error *err)
{
    struct spng_ihdr header = {0};
    int code;
    spng_set_crc_action(png, SPNG_CRC_ERROR, SPNG_CRC_ERROR);
    spng_set_chunk_limits(png, MAX_CHUNK, MAX_CHUNK);
    if ((code = spng_set_png_buffer(png, source->bytes, source->size)) != SPNG_OK ||
        (code = spng_get_ihdr(png, &header)) != SPNG_OK)
        return damaged(source, code, err);
    blmi_note_written(&header, sizeof header);
    BLMI_TRY(blmi_image_allocate(image, source, "PNG", header.width, header.height, err));
    image->channels = header.color_type == SPNG_COLOR_TYPE_GRAYSCALE ||
                              header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA
                          ? 1
                          : 3;
    image->bits = header.bit_depth == 16 ? 16 : 8;
    if (header.bit_depth == 16) {
        BLMI_TRY(decode_16(png, source, image, channels_of(header.color_type), err));
    } else {
        const size_t size = (size_t)header.width * header.height * 3;
        code = spng_decode_image(png, image->rgb, size, SPNG_FMT_RGB8, 0);
        if (code != SPNG_OK)
            return damaged(source, code, err);
        blmi_note_written(image->rgb, size);
    }
    // Without this, a file that is truncated after the pixels would be accepted.
    if ((code = spng_decode_chunks(png)) != SPNG_OK)
        return damaged(source, code, err);
    uint32_t images = 1;
    read_chunks(source, orientation, &images);
    if (images > 1)
        return blmi_fail(err, BLM_EINPUT,
            "%s: PNG: an animation of %u images, expected a single one", source->name,
            (unsigned)images);
    return BLM_OK;
}

blm_status blmi_png_decode(
    const blmi_source *source, blm_image *image, int *orientation, blm_error *err)
{
    spng_ctx *const png = spng_ctx_new(0);
    if (png == NULL)
        return blmi_no_memory(err, source->name, 1, 1);
    const blm_status status = decode(png, source, image, orientation, err);
    spng_ctx_free(png);
    return status;
}
