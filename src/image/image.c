#include "blemish/image.h"

#include <stdbool.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/image/codec.h"

// Keeps the bytes of a row, and of four 8-bit channels, within an int, which libraries
// use.
enum { MAX_SIDE = 1 << 24 };

static const int64_t default_max_pixels = 100 * 1000 * 1000;
static const int64_t default_max_bytes = (int64_t)512 << 20;

blm_status blmi_image_allocate(blm_image *image, const blmi_source *source,
    const char *format, uint64_t width, uint64_t height, blm_error *err)
{
    const unsigned long long w = width, h = height;
    if (w == 0 || h == 0)
        return blmi_fail(err, BLM_EINPUT,
            "%s: %s: %llu x %llu pixels, expected at least 1 x 1", source->name, format,
            w, h);
    if (w > MAX_SIDE || h > MAX_SIDE || (int64_t)(w * h) > source->max_pixels)
        return blmi_fail(err, BLM_EINPUT,
            "%s: %s: %llu x %llu pixels, more than the limit of %lld", source->name,
            format, w, h, (long long)source->max_pixels);
    image->rgb = blmi_alloc(w * h, 3);
    if (image->rgb == NULL)
        return blmi_no_memory(err, source->name, w * h, 3);
    image->width = (int)w;
    image->height = (int)h;
    return BLM_OK;
}

// Fills in the defaults and refuses what makes no sense.
static blm_status resolve(
    const blm_decode_options *options, blm_decode_options *out, blm_error *err)
{
    *out = options == NULL ? (blm_decode_options){0} : *options;
    if (out->max_pixels < 0 || out->max_bytes < 0 || out->bits < 0 || out->bits > 16)
        return blmi_fail(err, BLM_EUSAGE,
            "decoding options: max_pixels %lld, max_bytes %lld, bits %d; expected none "
            "below 0 and at most 16 bits",
            (long long)out->max_pixels, (long long)out->max_bytes, out->bits);
    if (out->max_pixels == 0)
        out->max_pixels = default_max_pixels;
    if (out->max_bytes == 0)
        out->max_bytes = default_max_bytes;
    if (out->bits == 0)
        out->bits = 16;
    return BLM_OK;
}

static blm_status decode_into(
    const blmi_source *source, bool keep_orientation, blm_image *image, blm_error *err)
{
    blmi_decoder *decoder;
    int orientation = 1;
    BLMI_TRY(blmi_sniff(source, &decoder, err));
    BLMI_TRY(decoder(source, image, &orientation, err));
    return keep_orientation ? BLM_OK : blmi_orient(image, orientation, err);
}

blm_status blm_image_decode(const void *bytes, size_t size, const char *name,
    const blm_decode_options *options, blm_image **out, blm_error *err)
{
    BLMI_NEED(bytes, err);
    BLMI_NEED(name, err);
    BLMI_NEED(out, err);
    blm_decode_options set;
    blm_status status = resolve(options, &set, err);
    if (status != BLM_OK)
        return status;
    if (size > (uint64_t)set.max_bytes)
        return blmi_fail(err, BLM_EINPUT, "%s: %zu bytes, more than the limit of %lld",
            name, size, (long long)set.max_bytes);
    blm_image *image = blmi_alloc_zero(1, sizeof *image);
    if (image == NULL)
        return blmi_no_memory(err, name, 1, sizeof *image);
    const blmi_source source = {bytes, size, name, set.max_pixels, set.bits};
    status = decode_into(&source, set.keep_orientation, image, err);
    if (status != BLM_OK)
        goto done;
    *out = image;
    image = NULL;
done:
    blm_image_free(image);
    return status;
}

blm_status blm_image_read(
    const char *path, const blm_decode_options *options, blm_image **out, blm_error *err)
{
    BLMI_NEED(path, err);
    BLMI_NEED(out, err);
    blm_decode_options set;
    BLMI_TRY(resolve(options, &set, err));
    blmi_file file;
    BLMI_TRY(blmi_file_read(path, (uint64_t)set.max_bytes, &file, err));
    const blm_status status =
        blm_image_decode(file.bytes, file.size, path, &set, out, err);
    blmi_file_close(&file);
    return status;
}

// How a layout stores a pixel.
typedef struct pixel_format {
    uint8_t bytes, channels, bits;
    uint8_t order[3]; // the place of R, G and B, after 16-bit samples were narrowed
} pixel_format;

static const pixel_format pixel_formats[] = {
    [BLM_MONO8] = {1, 1, 8, {0, 0, 0}},
    [BLM_MONO16] = {2, 1, 16, {0, 0, 0}},
    [BLM_RGB8] = {3, 3, 8, {0, 1, 2}},
    [BLM_BGR8] = {3, 3, 8, {2, 1, 0}},
    [BLM_RGBA8] = {4, 3, 8, {0, 1, 2}},
};

static blm_status check_buffer(const blm_buffer *buffer, blm_error *err)
{
    if (buffer->pixels == NULL)
        return blmi_fail(err, BLM_EUSAGE, "image buffer: pixels is NULL");
    if (buffer->width < 1 || buffer->height < 1 || buffer->width > MAX_SIDE ||
        buffer->height > MAX_SIDE)
        return blmi_fail(err, BLM_EUSAGE,
            "image buffer: %d x %d pixels, expected 1 to %d a side", buffer->width,
            buffer->height, MAX_SIDE);
    if ((size_t)buffer->layout >= sizeof pixel_formats / sizeof *pixel_formats)
        return blmi_fail(
            err, BLM_EUSAGE, "image buffer: unknown layout %d", (int)buffer->layout);
    if (buffer->bits < 0 || buffer->bits > 16)
        return blmi_fail(err, BLM_EUSAGE,
            "image buffer: %d significant bits, expected 1 to 16, or 0 for 16",
            buffer->bits);
    const ptrdiff_t row = (ptrdiff_t)buffer->width * pixel_formats[buffer->layout].bytes;
    if (buffer->stride != 0 && buffer->stride < row && buffer->stride > -row)
        return blmi_fail(err, BLM_EUSAGE,
            "image buffer: a stride of %td bytes, expected 0 or at least the %td of a "
            "row",
            buffer->stride, row);
    return BLM_OK;
}

static void copy_rows(const blm_buffer *buffer, blm_image *image)
{
    const pixel_format *const format = &pixel_formats[buffer->layout];
    const size_t width = (size_t)buffer->width;
    const ptrdiff_t stride =
        buffer->stride != 0 ? buffer->stride : (ptrdiff_t)buffer->width * format->bytes;
    const uint8_t *row = buffer->pixels;
    uint8_t *rgb = image->rgb;
    for (int y = 0; y < buffer->height; y++, row += stride, rgb += 3 * width) {
        if (format->bits == 16) {
            // Narrowed into the last third of the row: spreading reads ahead of its
            // writing.
            uint8_t *const grey = rgb + 2 * width;
            blmi_narrow(grey, row, width, buffer->bits == 0 ? 16 : buffer->bits);
            blmi_spread(rgb, grey, width, 1, format->order);
        } else {
            blmi_spread(rgb, row, width, format->bytes, format->order);
        }
    }
}

blm_status blm_image_from_buffer(
    const blm_buffer *buffer, blm_image **out, blm_error *err)
{
    BLMI_NEED(buffer, err);
    BLMI_NEED(out, err);
    blm_status status = check_buffer(buffer, err);
    if (status != BLM_OK)
        return status;
    const size_t pixels = (size_t)buffer->width * (size_t)buffer->height;
    blm_image *image = blmi_alloc_zero(1, sizeof *image);
    if (image == NULL || (image->rgb = blmi_alloc(pixels, 3)) == NULL) {
        status = blmi_no_memory(err, "an image buffer's copy", pixels, 3);
        goto done;
    }
    image->width = buffer->width;
    image->height = buffer->height;
    image->channels = pixel_formats[buffer->layout].channels;
    image->bits = pixel_formats[buffer->layout].bits;
    copy_rows(buffer, image);
    *out = image;
    image = NULL;
done:
    blm_image_free(image);
    return status;
}

void blm_image_free(blm_image *image)
{
    if (image == NULL)
        return;
    blmi_free(image->rgb);
    blmi_free(image);
}

// Whether two texts are the same but for the case of the letters A to Z, whatever the
// locale says about letters.
static bool same_letters(const char *a, const char *b)
{
    for (; *a != '\0'; a++, b++) {
        const char lower = *a >= 'A' && *a <= 'Z' ? (char)(*a - 'A' + 'a') : *a;
        if (lower != *b)
            return false;
    }
    return *b == '\0';
}

int blm_image_is_name(const char *name)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg", ".tif", ".tiff",
        ".bmp", ".webp", ".pnm", ".pbm", ".pgm", ".ppm"};
    const char *const ending = name != NULL ? strrchr(name, '.') : NULL;
    for (size_t i = 0; ending != NULL && i < sizeof endings / sizeof *endings; i++)
        if (same_letters(ending, endings[i]))
            return 1;
    return 0;
}
