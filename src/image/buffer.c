// Converts camera buffers to images.
#include <stdbool.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/sized.h"
#include "src/image/codec.h"

typedef enum shape { MONO, COLOUR, YUV, BAYER } shape;

// How the samples of a row are stored.
typedef enum storage { BYTES, WORDS, PACKED, FLOATS } storage;

typedef struct pixel_format {
    uint8_t shape, storage;
    uint8_t channels; // samples per pixel
    uint8_t packing;  // PACKED: a blmi_packing
    uint8_t bits;     // PACKED: per sample
    uint8_t order[3]; // COLOUR: the positions of R, G and B; YUV: of Y, U and V; BAYER: x
                      // and y of the first red pixel
} pixel_format;

#define BAYER_FORMATS(first, x, y)                                                       \
    [first] = {BAYER, BYTES, 1, 0, 0, {x, y, 0}},                                        \
    [first + 1] = {BAYER, WORDS, 1, 0, 0, {x, y, 0}},                                    \
    [first + 2] = {BAYER, PACKED, 1, BLMI_LOW_FIRST, 10, {x, y, 0}},                     \
    [first + 3] = {BAYER, PACKED, 1, BLMI_LOW_FIRST, 12, {x, y, 0}},                     \
    [first + 4] = {BAYER, PACKED, 1, BLMI_GIGE, 10, {x, y, 0}},                          \
    [first + 5] = {BAYER, PACKED, 1, BLMI_GIGE, 12, {x, y, 0}},                          \
    [first + 6] = {BAYER, PACKED, 1, BLMI_MIPI, 10, {x, y, 0}},                          \
    [first + 7] = {BAYER, PACKED, 1, BLMI_MIPI, 12, {x, y, 0}}

// channels 0: unknown layout.
static const pixel_format pixel_formats[] = {
    [BLM_MONO8] = {MONO, BYTES, 1, 0, 0, {0, 0, 0}},
    [BLM_MONO16] = {MONO, WORDS, 1, 0, 0, {0, 0, 0}},
    [BLM_MONO_FLOAT] = {MONO, FLOATS, 1, 0, 0, {0, 0, 0}},
    [BLM_MONO10P] = {MONO, PACKED, 1, BLMI_LOW_FIRST, 10, {0, 0, 0}},
    [BLM_MONO12P] = {MONO, PACKED, 1, BLMI_LOW_FIRST, 12, {0, 0, 0}},
    [BLM_MONO10_PACKED] = {MONO, PACKED, 1, BLMI_GIGE, 10, {0, 0, 0}},
    [BLM_MONO12_PACKED] = {MONO, PACKED, 1, BLMI_GIGE, 12, {0, 0, 0}},
    [BLM_MONO10_MIPI] = {MONO, PACKED, 1, BLMI_MIPI, 10, {0, 0, 0}},
    [BLM_MONO12_MIPI] = {MONO, PACKED, 1, BLMI_MIPI, 12, {0, 0, 0}},
    [BLM_RGB8] = {COLOUR, BYTES, 3, 0, 0, {0, 1, 2}},
    [BLM_BGR8] = {COLOUR, BYTES, 3, 0, 0, {2, 1, 0}},
    [BLM_RGBA8] = {COLOUR, BYTES, 4, 0, 0, {0, 1, 2}},
    [BLM_BGRA8] = {COLOUR, BYTES, 4, 0, 0, {2, 1, 0}},
    [BLM_ARGB8] = {COLOUR, BYTES, 4, 0, 0, {1, 2, 3}},
    [BLM_ABGR8] = {COLOUR, BYTES, 4, 0, 0, {3, 2, 1}},
    [BLM_RGB16] = {COLOUR, WORDS, 3, 0, 0, {0, 1, 2}},
    [BLM_BGR16] = {COLOUR, WORDS, 3, 0, 0, {2, 1, 0}},
    [BLM_YUYV] = {YUV, BYTES, 2, 0, 0, {0, 1, 3}},
    [BLM_UYVY] = {YUV, BYTES, 2, 0, 0, {1, 0, 2}},
    BAYER_FORMATS(BLM_BAYER_RG8, 0, 0),
    BAYER_FORMATS(BLM_BAYER_GR8, 1, 0),
    BAYER_FORMATS(BLM_BAYER_GB8, 0, 1),
    BAYER_FORMATS(BLM_BAYER_BG8, 1, 1),
};

// The conversion of a buffer to an image.
typedef struct copy {
    const blm_buffer *buffer;
    const pixel_format *format;
    blmi_scale scale; // of samples of more than 8 bits
    uint16_t *words;  // PACKED: (width), a row unpacked
    uint8_t *mosaic;  // BAYER: (height + 2, width + 2), with the mosaic inside
} copy;

// ---- checks -------------------------------------------------------------------------

static ptrdiff_t row_bytes(const blm_buffer *buffer, const pixel_format *f)
{
    const size_t samples = (size_t)buffer->width * f->channels;
    switch ((storage)f->storage) {
    case WORDS:
        return (ptrdiff_t)(2 * samples);
    case FLOATS:
        return (ptrdiff_t)(4 * samples);
    case PACKED:
        return (ptrdiff_t)blmi_packed_size((blmi_packing)f->packing, f->bits, samples);
    case BYTES:
        break;
    }
    return (ptrdiff_t)(f->shape == YUV ? (samples + 3) / 4 * 4 : samples);
}

static blm_status check_scale(
    const blm_buffer *buffer, const pixel_format *f, blm_error *err)
{
    const int bits = f->storage == WORDS ? buffer->bits : 0;
    if (buffer->bits < 0 || buffer->bits > 16)
        return blmi_fail(err, BLM_EUSAGE,
            "image buffer: %d significant bits, expected 1 to 16, or 0 for 16",
            buffer->bits);
    BLMI_TRY(blmi_check_range(
        "image buffer", buffer->range_low, buffer->range_high, bits, err));
    if (f->storage == FLOATS && !(buffer->range_low < buffer->range_high))
        return blmi_fail(err, BLM_EUSAGE,
            "image buffer: floating-point samples without a range, expected range_low "
            "and range_high");
    return BLM_OK;
}

static blm_status check_buffer(const blm_buffer *buffer, blm_error *err)
{
    if (buffer->pixels == NULL)
        return blmi_fail(err, BLM_EUSAGE, "image buffer: pixels is NULL");
    if ((size_t)buffer->layout >= sizeof pixel_formats / sizeof *pixel_formats ||
        pixel_formats[buffer->layout].channels == 0)
        return blmi_fail(
            err, BLM_EUSAGE, "image buffer: unknown layout %d", (int)buffer->layout);
    const pixel_format *const f = &pixel_formats[buffer->layout];
    const int least = f->shape == BAYER ? 2 : 1;
    if (buffer->width < least || buffer->height < least ||
        buffer->width > BLMI_MAX_SIDE || buffer->height > BLMI_MAX_SIDE)
        return blmi_fail(err, BLM_EUSAGE,
            "image buffer: %d x %d pixels, expected %d to %d per side", buffer->width,
            buffer->height, least, BLMI_MAX_SIDE);
    const ptrdiff_t row = row_bytes(buffer, f);
    if (buffer->stride != 0 && buffer->stride < row && buffer->stride > -row)
        return blmi_fail(err, BLM_EUSAGE,
            "image buffer: a stride of %td bytes, expected 0, or at least %td, the bytes "
            "of a row",
            buffer->stride, row);
    return check_scale(buffer, f, err);
}

static blmi_scale scale_of(const blm_buffer *buffer, const pixel_format *f)
{
    if (buffer->range_low < buffer->range_high)
        return blmi_scale_of_range(buffer->range_low, buffer->range_high);
    if (f->storage == PACKED)
        return blmi_scale_of_bits(f->bits);
    return blmi_scale_of_bits(buffer->bits == 0 ? 16 : buffer->bits);
}

// ---- rows ----------------------------------------------------------------------------

static int clamp(int v)
{
    return v < 0 ? 0 : v > 255 ? 255 : v;
}

// BT.601; the constants are the matrix times 65536.
static void yuv_pixel(uint8_t *rgb, int y, int u, int v, bool full_range)
{
    const int light = full_range ? y * 65536 : (y - 16) * 76309;
    const int red = full_range ? 91881 : 104597, blue = full_range ? 116130 : 132201;
    const int green_u = full_range ? 22554 : 25675, green_v = full_range ? 46802 : 53279;
    u -= 128;
    v -= 128;
    const int half = 32768;
    rgb[0] = (uint8_t)clamp((light + red * v + half) >> 16);
    rgb[1] = (uint8_t)clamp((light - green_u * u - green_v * v + half) >> 16);
    rgb[2] = (uint8_t)clamp((light + blue * u + half) >> 16);
}

static void yuv_row(const copy *c, uint8_t *rgb, const uint8_t *row)
{
    const uint8_t *const order = c->format->order;
    for (int x = 0; x < c->buffer->width; x++, rgb += 3) {
        const uint8_t *const pair = row + x / 2 * 4;
        yuv_pixel(rgb, pair[order[0] + x % 2 * 2], pair[order[1]], pair[order[2]],
            c->buffer->full_range != 0);
    }
}

// Writes bytes for the samples of channel `channel`, out_step bytes apart.
static void row_to_bytes(
    copy *c, uint8_t *out, size_t out_step, const uint8_t *row, size_t channel)
{
    const size_t width = (size_t)c->buffer->width, channels = c->format->channels;
    switch ((storage)c->format->storage) {
    case BYTES:
        for (size_t x = 0; x < width; x++)
            out[x * out_step] = row[x * channels + channel];
        break;
    case WORDS:
        blmi_convert(
            out, out_step, row + 2 * channel, BLMI_U16, channels, width, &c->scale);
        break;
    case FLOATS:
        blmi_convert(out, out_step, row, BLMI_F32, channels, width, &c->scale);
        break;
    case PACKED:
        blmi_unpack(
            c->words, row, (blmi_packing)c->format->packing, c->format->bits, width);
        blmi_convert(out, out_step, c->words, BLMI_U16, 1, width, &c->scale);
        break;
    }
}

static void grey_row(copy *c, uint8_t *rgb, const uint8_t *row)
{
    row_to_bytes(c, rgb, 3, row, 0);
    for (int x = 0; x < c->buffer->width; x++, rgb += 3)
        rgb[1] = rgb[2] = rgb[0];
}

static void copy_row(copy *c, uint8_t *rgb, const uint8_t *row, size_t y)
{
    const pixel_format *const f = c->format;
    const size_t width = (size_t)c->buffer->width;
    switch ((shape)f->shape) {
    case MONO:
        grey_row(c, rgb, row);
        break;
    case COLOUR:
        if (f->storage == BYTES)
            blmi_spread(rgb, row, width, f->channels, f->order);
        else
            for (size_t k = 0; k < 3; k++)
                row_to_bytes(c, rgb + k, 3, row, f->order[k]);
        break;
    case YUV:
        yuv_row(c, rgb, row);
        break;
    case BAYER:
        row_to_bytes(c, c->mosaic + (y + 1) * (width + 2) + 1, 1, row, 0);
        break;
    }
}

// ---- the image -----------------------------------------------------------------------

static void copy_rows(copy *c, blm_image *image)
{
    const blm_buffer *const buffer = c->buffer;
    const size_t width = (size_t)buffer->width, height = (size_t)buffer->height;
    const ptrdiff_t stride =
        buffer->stride != 0 ? buffer->stride : row_bytes(buffer, c->format);
    const uint8_t *row = buffer->pixels;
    for (size_t y = 0; y < height; y++, row += stride)
        copy_row(c, image->rgb + 3 * width * y, row, y);
    if (c->format->shape == BAYER)
        blmi_demosaic(image->rgb, c->mosaic, width, height, c->format->order[0],
            c->format->order[1]);
}

static void describe(const copy *c, blm_image *image)
{
    static const uint8_t bits[] = {[BYTES] = 8, [WORDS] = 16, [FLOATS] = 32};
    image->channels = c->format->shape == MONO ? 1 : 3;
    image->bits =
        c->format->storage == PACKED ? c->format->bits : bits[c->format->storage];
    if (c->format->storage == BYTES)
        image->range_high = image->sample_max = 255;
    else
        blmi_scale_note(&c->scale, image);
}

blm_status blm_image_from_buffer_sized(
    const blm_buffer *given, size_t buffer_size, blm_image **out, blm_error *err)
{
    blm_buffer own = {0};
    const blm_buffer *buffer = &own;
    BLMI_NEED(given, err);
    BLMI_NEED(out, err);
    BLMI_TAKE(blm_buffer, own, given, buffer_size, err);
    BLMI_TRY(check_buffer(buffer, err));
    const size_t width = (size_t)buffer->width, height = (size_t)buffer->height;
    copy c = {.buffer = buffer, .format = &pixel_formats[buffer->layout]};
    blm_image *image = blmi_alloc_zero(1, sizeof *image);
    blm_status status = BLM_OK;
    c.scale = scale_of(buffer, c.format);
    if (c.format->storage == PACKED)
        c.words = blmi_alloc(width, sizeof *c.words);
    if (c.format->shape == BAYER)
        c.mosaic = blmi_alloc((height + 2) * (width + 2), 1);
    if (image == NULL || (image->rgb = blmi_alloc(width * height, 3)) == NULL ||
        (c.format->storage == PACKED && c.words == NULL) ||
        (c.format->shape == BAYER && c.mosaic == NULL)) {
        status = blmi_no_memory(err, "the image of a buffer", width * height, 3);
        goto done;
    }
    image->width = buffer->width;
    image->height = buffer->height;
    copy_rows(&c, image);
    describe(&c, image);
    *out = image;
    image = NULL;
done:
    blmi_free(c.mosaic);
    blmi_free(c.words);
    blm_image_free(image);
    return status;
}
