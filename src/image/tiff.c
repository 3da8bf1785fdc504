#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <tiffio.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"
#include "src/base/sanitizer.h"
#include "src/image/codec.h"

// The most that libtiff may allocate at once for its tables of strips and tags.
enum { MAX_TABLE = 256 << 20, MAX_SAMPLES = 8 };

// A file in memory, as libtiff reads it, and the first message of libtiff.
typedef struct reader {
    const blmi_source *source;
    uint64_t at;
    bool strict;       // pixels are being read: warnings are faults
    char message[200]; // the first fault; empty: none
} reader;

// ---- callbacks of libtiff -----------------------------------------------------------

static tmsize_t read_bytes(thandle_t handle, void *out, tmsize_t size)
{
    reader *const r = handle;
    if (size <= 0 || r->at >= r->source->size)
        return 0;
    const size_t left = r->source->size - (size_t)r->at;
    const size_t count = (size_t)size < left ? (size_t)size : left;
    memcpy(out, r->source->bytes + r->at, count);
    r->at += count;
    return (tmsize_t)count;
}

static tmsize_t write_bytes(thandle_t handle, void *bytes, tmsize_t size)
{
    (void)handle, (void)bytes, (void)size;
    return 0;
}

static toff_t seek_to(thandle_t handle, toff_t offset, int whence)
{
    reader *const r = handle;
    r->at = offset + (whence == SEEK_CUR      ? r->at
                         : whence == SEEK_END ? r->source->size
                                              : 0);
    return r->at;
}

static int close_nothing(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t size_of(thandle_t handle)
{
    return ((const reader *)handle)->source->size;
}

// libtiff only reads what it maps.
static int map_bytes(thandle_t handle, void **base, toff_t *size)
{
    const blmi_source *const source = ((const reader *)handle)->source;
    *base = (void *)(uintptr_t)source->bytes;
    *size = source->size;
    return 1;
}

static void unmap_nothing(thandle_t handle, void *base, toff_t size)
{
    (void)handle, (void)base, (void)size;
}

// Tags that are needed to interpret the pixels, by libtiff's names.
static const char *const deciding[] = {"ImageWidth", "ImageLength", "BitsPerSample",
    "Compression", "PhotometricInterpretation", "FillOrder", "StripOffsets",
    "SamplesPerPixel", "RowsPerStrip", "StripByteCounts", "MinSampleValue",
    "MaxSampleValue", "PlanarConfiguration", "Group3Options", "Group4Options",
    "Predictor", "ColorMap", "TileWidth", "TileLength", "TileOffsets", "TileByteCounts",
    "InkSet", "SampleFormat", "SMinSampleValue", "SMaxSampleValue", "JPEGTables"};

// Whether a message names a tag, in quotes, that is not needed.
static bool is_harmless(const char *message)
{
    const char *const quote = strchr(message, '"');
    if (quote == NULL)
        return false;
    const size_t length = strcspn(quote + 1, "\"");
    for (size_t i = 0; i < sizeof deciding / sizeof *deciding; i++)
        if (strlen(deciding[i]) == length && strncmp(deciding[i], quote + 1, length) == 0)
            return false;
    return true;
}

// Keeps the first message; prints nothing.
__attribute__((format(printf, 4, 0))) static int keep_error(
    TIFF *tiff, void *user, const char *module, const char *format, va_list args)
{
    (void)tiff, (void)module;
    reader *const r = user;
    if (r->message[0] != '\0')
        return 1;
    blmi_vprint(r->message, sizeof r->message, format, args);
    if (!r->strict && is_harmless(r->message))
        r->message[0] = '\0';
    return 1;
}

// If a tag's value is beyond the end of the file, libtiff continues without the tag; so
// an image without its palette would become grey.  Its warnings begin with these words.
__attribute__((format(printf, 4, 0))) static int keep_warning(
    TIFF *tiff, void *user, const char *module, const char *format, va_list args)
{
    const reader *const r = user;
    const bool fault = r->strict || strncmp(format, "IO error", 8) == 0;
    return fault ? keep_error(tiff, user, module, format, args) : 1;
}

static TIFF *open_tiff(reader *r)
{
    TIFFOpenOptions *const options = TIFFOpenOptionsAlloc();
    if (options == NULL)
        return NULL;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, MAX_TABLE);
    TIFFOpenOptionsSetErrorHandlerExtR(options, keep_error, r);
    TIFFOpenOptionsSetWarningHandlerExtR(options, keep_warning, r);
    TIFF *const tiff = TIFFClientOpenExt(r->source->name, "rh", r, read_bytes,
        write_bytes, seek_to, close_nothing, size_of, map_bytes, unmap_nothing, options);
    TIFFOpenOptionsFree(options);
    return tiff;
}

// ---- tags ---------------------------------------------------------------------------

typedef enum colour { GREY, PALETTE, RGB, CMYK } colour;

// The layout of the pixels in a file.  A block is a strip or a tile; with separate planes
// it holds one sample of its pixels, otherwise all.
typedef struct layout {
    uint32_t width, height, block_width, block_height; // pixels
    uint16_t bits, samples;
    bool raw;              // unsigned samples of at most 8 bits, used directly: see table
    blmi_sample_type type; // of other samples, after unpacking
    bool tiled, separate;
    bool predicted; // deflate with a predictor
    colour colour;
    unsigned used;         // the first 1, 3 or 4 samples, which form the colour
    uint8_t table[256][3]; // GREY, PALETTE: colour of each value of the first sample, or
                           // of each byte after conversion if not raw
} layout;

static blm_status damaged(const reader *r, blm_error *err)
{
    return blmi_fail(err, BLM_EINPUT, "%s: TIFF: %s", r->source->name,
        r->message[0] != '\0' ? r->message : "damaged or truncated");
}

static blm_status unsupported(
    const reader *r, const char *what, unsigned value, blm_error *err)
{
    return blmi_fail(err, BLM_EINPUT,
        "%s: TIFF: %s %u is not supported (expected 1 to 16 or 32 bits, 8, 16 or 32 "
        "signed, or 16, 32 or 64 floating-point; grey, RGB, palette or CMYK)",
        r->source->name, what, value);
}

// The grey level of each sample value: `bits` (at most 8) bits scaled to 0..255.
static void fill_greys(layout *l, bool white_is_0)
{
    const unsigned top = l->bits >= 8 ? 255 : (1u << l->bits) - 1;
    for (unsigned v = 0; v <= top; v++)
        memset(l->table[v], (int)(white_is_0 ? 255 - v * 255 / top : v * 255 / top), 3);
}

static bool fill_palette(TIFF *tiff, layout *l)
{
    uint16_t *maps[3] = {0}; // (2^bits) each, 16 bits a channel
    if (!TIFFGetField(tiff, TIFFTAG_COLORMAP, &maps[0], &maps[1], &maps[2]))
        return false;
    for (int c = 0; c < 3; c++)
        blmi_note_written(maps[c], sizeof **maps << l->bits);
    for (unsigned v = 0; v < 1u << l->bits; v++)
        for (int c = 0; c < 3; c++)
            l->table[v][c] = (uint8_t)(maps[c][v] >> 8);
    return true;
}

static bool is_supported_codec(uint16_t compression)
{
    switch (compression) {
    case COMPRESSION_NONE:
    case COMPRESSION_CCITTRLE:
    case COMPRESSION_CCITTFAX3:
    case COMPRESSION_CCITTFAX4:
    case COMPRESSION_LZW:
    case COMPRESSION_JPEG:
    case COMPRESSION_PACKBITS:
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_DEFLATE:
    case COMPRESSION_ZSTD:
    case COMPRESSION_LZMA:
        return TIFFIsCODECConfigured(compression);
    default:
        return false;
    }
}

static bool is_predicted(TIFF *tiff, uint16_t compression)
{
    uint16_t predictor = PREDICTOR_NONE;
    if (compression == COMPRESSION_ADOBE_DEFLATE || compression == COMPRESSION_DEFLATE)
        TIFFGetFieldDefaulted(tiff, TIFFTAG_PREDICTOR, &predictor);
    return predictor != PREDICTOR_NONE;
}

static blm_status read_colour(TIFF *tiff, const reader *r, layout *l, blm_error *err)
{
    uint16_t photometric = 0, compression = 0, ink_set = 0;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
    if (!is_supported_codec(compression))
        return unsupported(r, "compression", compression, err);
    if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric))
        return blmi_fail(err, BLM_EINPUT,
            "%s: TIFF: the tag for photometric interpretation is missing",
            r->source->name);
    const bool whole_bytes = l->bits >= 8;
    l->predicted = is_predicted(tiff, compression);
    l->colour = GREY;
    l->used = 1;
    if (photometric == PHOTOMETRIC_MINISWHITE || photometric == PHOTOMETRIC_MINISBLACK) {
        fill_greys(l, photometric == PHOTOMETRIC_MINISWHITE);
    } else if (photometric == PHOTOMETRIC_PALETTE && l->raw) {
        if (!fill_palette(tiff, l))
            return damaged(r, err);
        l->colour = PALETTE;
    } else if (photometric == PHOTOMETRIC_RGB && whole_bytes) {
        l->colour = RGB;
        l->used = 3;
    } else if (photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG &&
               !l->separate && l->raw && l->bits == 8) {
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        l->colour = RGB;
        l->used = 3;
    } else if (photometric == PHOTOMETRIC_SEPARATED && whole_bytes && l->samples == 4 &&
               TIFFGetFieldDefaulted(tiff, TIFFTAG_INKSET, &ink_set) &&
               ink_set == INKSET_CMYK) {
        l->colour = CMYK;
        l->used = 4;
    } else {
        return unsupported(r, "photometric interpretation", photometric, err);
    }
    return l->samples >= l->used ? BLM_OK
                                 : unsupported(r, "samples per pixel", l->samples, err);
}

static blm_status read_type(TIFF *tiff, const reader *r, layout *l, blm_error *err)
{
    static const struct {
        uint16_t format, bits;
        blmi_sample_type type;
    } types[] = {
        {SAMPLEFORMAT_UINT, 32, BLMI_U32},
        {SAMPLEFORMAT_INT, 8, BLMI_S8},
        {SAMPLEFORMAT_INT, 16, BLMI_S16},
        {SAMPLEFORMAT_INT, 32, BLMI_S32},
        {SAMPLEFORMAT_IEEEFP, 16, BLMI_F16},
        {SAMPLEFORMAT_IEEEFP, 32, BLMI_F32},
        {SAMPLEFORMAT_IEEEFP, 64, BLMI_F64},
    };
    uint16_t format = 0;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
    if (format == SAMPLEFORMAT_VOID)
        format = SAMPLEFORMAT_UINT;
    l->type = BLMI_U16;
    if (format == SAMPLEFORMAT_UINT && l->bits >= 1 && l->bits <= 16) {
        l->raw = l->bits <= 8;
        return BLM_OK;
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (format == types[i].format && l->bits == types[i].bits) {
            l->type = types[i].type;
            return BLM_OK;
        }
    return format == SAMPLEFORMAT_UINT
               ? unsupported(r, "bits per sample", l->bits, err)
               : blmi_fail(err, BLM_EINPUT,
                     "%s: TIFF: %u bits of sample format %u are not supported (expected "
                     "8, 16 or 32 bits signed, or 16, 32 or 64 floating-point)",
                     r->source->name, l->bits, format);
}

// Finds the values of black and white.  SMinSampleValue and similar tags do not give
// them: they are statistics of one image.
static blm_status read_scale(
    const reader *r, const layout *l, blmi_scale *scale, blm_error *err)
{
    const blmi_source *const source = r->source;
    const bool given = source->range_low < source->range_high;
    if (l->raw)
        *scale = blmi_scale_of_bits(8); // unused
    else if (given || l->type == BLMI_U16)
        *scale = blmi_source_scale(source, l->bits);
    else if (l->type == BLMI_S8)
        *scale = blmi_scale_of_range(INT8_MIN, INT8_MAX);
    else if (l->type == BLMI_S16)
        *scale = blmi_scale_of_range(INT16_MIN, INT16_MAX);
    else
        return blmi_fail(err, BLM_EINPUT,
            "%s: TIFF: %u-bit %s samples, the values of black and white are unknown; "
            "expected a range (--range LOW,HIGH)",
            source->name, l->bits,
            l->type == BLMI_U32 || l->type == BLMI_S32 ? "integer" : "floating-point");
    return BLM_OK;
}

static blm_status read_layout(TIFF *tiff, const reader *r, layout *l, blm_error *err)
{
    uint16_t planar = 0;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &l->bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &l->samples);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
    l->separate = planar == PLANARCONFIG_SEPARATE;
    l->tiled = TIFFIsTiled(tiff);
    BLMI_TRY(read_type(tiff, r, l, err));
    if (l->samples < 1 || l->samples > MAX_SAMPLES)
        return unsupported(r, "samples per pixel", l->samples, err);
    BLMI_TRY(read_colour(tiff, r, l, err));
    if (l->tiled) {
        TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &l->block_width);
        TIFFGetField(tiff, TIFFTAG_TILELENGTH, &l->block_height);
    } else {
        l->block_width = l->width;
        TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &l->block_height);
        if (l->block_height > l->height)
            l->block_height = l->height;
    }
    if (l->block_width == 0 || l->block_height == 0 ||
        l->block_height > (uint64_t)r->source->max_pixels / l->block_width)
        return blmi_fail(err, BLM_EINPUT,
            "%s: TIFF: strips or tiles of %u x %u pixels, expected at most %lld",
            r->source->name, (unsigned)l->block_width, (unsigned)l->block_height,
            (long long)r->source->max_pixels);
    return BLM_OK;
}

// ---- pixels --------------------------------------------------------------------------

// Bytes of a row of a block, in one plane.
static size_t row_bytes(const layout *l)
{
    const size_t samples = l->separate ? 1 : l->samples;
    return (l->block_width * samples * l->bits + 7) / 8;
}

// Bytes at the end of a block, more than any sample has.
enum { TAIL = 8 };

// Reads one plane of the block at pixel (x, y): `expected` bytes; the last of them are
// set to `fill` before.
static bool read_over(TIFF *tiff, const reader *r, const layout *l, uint32_t x,
    uint32_t y, uint16_t plane, uint8_t *out, size_t expected, uint8_t fill)
{
    const tmsize_t room = (tmsize_t)(row_bytes(l) * l->block_height);
    if (l->predicted)
        memset(out, 0, expected);
    for (size_t i = 0; i < TAIL && i < expected; i++)
        out[expected - 1 - i] = fill;
    const tmsize_t got =
        l->tiled
            ? TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, x, y, 0, plane), out, room)
            : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, y, plane), out, room);
    if (got != (tmsize_t)expected || r->message[0] != '\0')
        return false;
    blmi_note_written(out, expected);
    return true;
}

// Reads one plane of the block at pixel (x, y); rows: those inside the image.  libtiff
// may accept a block whose end is missing, or all of it, if its deflated data are too
// long.  Then its last bytes keep the old value, or depend on it if there is a predictor.
static blm_status read_block(TIFF *tiff, const reader *r, const layout *l, uint32_t x,
    uint32_t y, uint16_t plane, uint32_t rows, uint8_t *out, blm_error *err)
{
    const size_t expected = row_bytes(l) * (l->tiled ? l->block_height : rows);
    const uint8_t *const last = out + expected - 1;
    if (!read_over(tiff, r, l, x, y, plane, out, expected, 0x55))
        return damaged(r, err);
    const uint8_t before = *last;
    if (before != 0x55 && !l->predicted)
        return BLM_OK;
    if (!read_over(tiff, r, l, x, y, plane, out, expected, 0xaa))
        return damaged(r, err);
    return *last == before ? BLM_OK : damaged(r, err);
}

// The buffers for decoding a block.
typedef struct work {
    uint8_t *planes;    // the block, all planes one after another
    uint16_t *unpacked; // (block_width, samples): a row of one plane
    uint8_t *bytes;     // (block_width, used): a row of the used samples
    blmi_scale scale;
} work;

// Writes bytes, `used` apart, for sample `at` of each pixel in a row of a plane.
static void row_to_bytes(
    const layout *l, work *w, const uint8_t *row, size_t at, uint8_t *out, size_t columns)
{
    const size_t step = l->separate ? 1 : l->samples;
    const bool packed = l->type == BLMI_U16 && l->bits != 8 && l->bits != 16;
    const uint16_t *const words = w->unpacked + at;
    if (packed && (at == 0 || l->separate))
        blmi_unpack(w->unpacked, row, BLMI_HIGH_FIRST, l->bits, columns * step);
    if (!l->raw)
        blmi_convert(out, l->used,
            packed ? (const uint8_t *)words : row + at * (l->bits / 8), l->type, step,
            columns, &w->scale);
    else
        for (size_t x = 0; x < columns; x++)
            out[x * l->used] = packed ? (uint8_t)words[x * step] : row[x * step + at];
}

static void to_rgb(const layout *l, uint8_t *rgb, const uint8_t *bytes, size_t count)
{
    static const uint8_t order[] = {0, 1, 2};
    switch (l->colour) {
    case GREY:
    case PALETTE:
        for (size_t i = 0; i < count; i++)
            memcpy(rgb + 3 * i, l->table[bytes[i]], 3);
        break;
    case RGB:
        blmi_spread(rgb, bytes, count, 3, order);
        break;
    case CMYK:
        blmi_cmyk_to_rgb(rgb, bytes, count);
        break;
    }
}

// Reads the block at (x, y) and writes its pixels to the image.
static blm_status decode_block(TIFF *tiff, const reader *r, const layout *l, uint32_t x,
    uint32_t y, work *w, uint8_t *rgb, blm_error *err)
{
    const uint32_t rows =
        l->height - y < l->block_height ? l->height - y : l->block_height;
    const uint32_t columns =
        l->width - x < l->block_width ? l->width - x : l->block_width;
    const unsigned count = l->separate ? l->used : 1;
    const size_t row = row_bytes(l), plane = row * l->block_height;
    for (unsigned p = 0; p < count; p++)
        BLMI_TRY(
            read_block(tiff, r, l, x, y, (uint16_t)p, rows, w->planes + p * plane, err));
    for (uint32_t i = 0; i < rows; i++) {
        for (unsigned k = 0; k < l->used; k++)
            row_to_bytes(l, w, w->planes + (l->separate ? k : 0) * plane + i * row,
                l->separate ? 0 : k, w->bytes + k, columns);
        to_rgb(l, rgb + ((size_t)(y + i) * l->width + x) * 3, w->bytes, columns);
    }
    return BLM_OK;
}

static blm_status decode_blocks(
    TIFF *tiff, const reader *r, const layout *l, blm_image *image, blm_error *err)
{
    const size_t plane = row_bytes(l) * l->block_height;
    const size_t planes = l->separate ? l->used : 1;
    const size_t unpacked = (size_t)l->block_width * l->samples;
    work w = {0};
    if ((tmsize_t)plane != (l->tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff)))
        return damaged(r, err);
    BLMI_TRY(read_scale(r, l, &w.scale, err));
    blm_status status = BLM_OK;
    w.planes = blmi_alloc(planes, plane);
    w.unpacked = blmi_alloc(unpacked, sizeof *w.unpacked);
    w.bytes = blmi_alloc(l->block_width, l->used);
    if (w.planes == NULL || w.unpacked == NULL || w.bytes == NULL)
        status = blmi_no_memory(err, r->source->name, planes * plane + 3 * unpacked, 1);
    for (uint32_t y = 0; y < l->height && status == BLM_OK; y += l->block_height)
        for (uint32_t x = 0; x < l->width && status == BLM_OK; x += l->block_width)
            status = decode_block(tiff, r, l, x, y, &w, image->rgb, err);
    if (!l->raw)
        blmi_scale_note(&w.scale, image);
    blmi_free(w.planes);
    blmi_free(w.unpacked);
    blmi_free(w.bytes);
    return status;
}

// libtiff refuses some values that Pillow accepts, and the reverse.
static void read_orientation(TIFF *tiff, const blmi_source *source, int *orientation)
{
    uint16_t turned = 1;
    if (!TIFFIsBigTIFF(tiff))
        *orientation = blmi_directory_orientation(
            source->bytes, source->size, TIFFCurrentDirOffset(tiff));
    else if (TIFFGetField(tiff, TIFFTAG_ORIENTATION, &turned) && turned >= 1 &&
             turned <= 8)
        *orientation = turned;
}

static blm_status decode(
    TIFF *tiff, reader *r, blm_image *image, int *orientation, blm_error *err)
{
    layout l = {0};
    uint64_t directory;
    BLMI_TRY(blmi_tiff_find_page(r->source, &directory, err));
    if (!TIFFSetSubDirectory(tiff, directory))
        return damaged(r, err);
    if (r->message[0] != '\0')
        return damaged(r, err);
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &l.width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &l.height);
    read_orientation(tiff, r->source, orientation);
    if (*orientation == 0)
        return damaged(r, err);
    BLMI_TRY(read_layout(tiff, r, &l, err));
    BLMI_TRY(blmi_image_allocate(image, r->source, "TIFF", l.width, l.height, err));
    image->channels = l.colour == GREY ? 1 : 3;
    image->bits = l.raw ? 8 : l.bits;
    r->strict = true;
    return decode_blocks(tiff, r, &l, image, err);
}

blm_status blmi_tiff_decode(
    const blmi_source *source, blm_image *image, int *orientation, blm_error *err)
{
    reader r = {.source = source};
    TIFF *const tiff = open_tiff(&r);
    if (tiff == NULL)
        return damaged(&r, err);
    const blm_status status = decode(tiff, &r, image, orientation, err);
    TIFFClose(tiff);
    return status;
}
