#include <stdbool.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/number.h"
#include "src/image/codec.h"

// Bytes at a fixed position of a file.
typedef struct magic {
    size_t at, size;
    const char *bytes; // (size)
} magic;

#define MAGIC(at, text) at, sizeof(text) - 1, text

static bool shows(const blmi_source *source, const magic *m)
{
    return source->size >= m->at + m->size &&
           memcmp(source->bytes + m->at, m->bytes, m->size) == 0;
}

// Decoders that are not built in are NULL.
#if BLM_JPEG
#define JPEG_DECODER blmi_jpeg_decode
#else
#define JPEG_DECODER NULL
#endif
#if BLM_TIFF
#define TIFF_DECODER blmi_tiff_decode
#else
#define TIFF_DECODER NULL
#endif
#if BLM_WEBP
#define WEBP_DECODER blmi_webp_decode
#else
#define WEBP_DECODER NULL
#endif

enum { PNG, JPEG, TIFF, WEBP, BMP, PNM, FORMATS };

static const struct {
    const char *name;
    blmi_decoder *decoder;
} formats[FORMATS] = {
    [PNG] = {"PNG", blmi_png_decode},
    [JPEG] = {"JPEG", JPEG_DECODER},
    [TIFF] = {"TIFF", TIFF_DECODER},
    [WEBP] = {"WebP", WEBP_DECODER},
    [BMP] = {"BMP", blmi_bmp_decode},
    [PNM] = {"PNM", blmi_pnm_decode},
};

static const struct {
    magic magic;
    int format;
} known[] = {
    {{MAGIC(0, "\x89PNG\r\n\x1a\n")}, PNG},
    {{MAGIC(0, "\xff\xd8\xff")}, JPEG},
    {{MAGIC(0, "II*\0")}, TIFF},
    {{MAGIC(0, "MM\0*")}, TIFF},
    {{MAGIC(0, "II+\0")}, TIFF}, // BigTIFF
    {{MAGIC(0, "MM\0+")}, TIFF},
    {{MAGIC(8, "WEBPVP8")}, WEBP},
    {{MAGIC(0, "BM")}, BMP},
    {{MAGIC(0, "P1")}, PNM},
    {{MAGIC(0, "P2")}, PNM},
    {{MAGIC(0, "P3")}, PNM},
    {{MAGIC(0, "P4")}, PNM},
    {{MAGIC(0, "P5")}, PNM},
    {{MAGIC(0, "P6")}, PNM},
};

// Other formats, to name them in messages.
static const struct {
    magic magic;
    const char *what;
} foreign[] = {
    {{MAGIC(0, "\x89PNG")}, "a PNG file that was damaged in transfer"},
    {{MAGIC(0, "GIF8")}, "a GIF image"},
    {{MAGIC(0, "P7")}, "a PAM image"},
    {{MAGIC(0, "Pf")}, "a PFM image"},
    {{MAGIC(0, "PF")}, "a PFM image"},
    {{MAGIC(0, "\x76\x2f\x31\x01")}, "an OpenEXR image"},
    {{MAGIC(4, "ftyp")}, "a HEIC, AVIF or video file"},
    {{MAGIC(0, "\0\0\0\x0cjP  ")}, "a JPEG 2000 image"},
    {{MAGIC(0, "\0\0\0\x0cJXL ")}, "a JPEG XL image"},
    {{MAGIC(0, "\xff\x0a")}, "a JPEG XL image"},
    {{MAGIC(0, "8BPS")}, "a Photoshop file"},
    {{MAGIC(128, "DICM")}, "a DICOM file"},
    {{MAGIC(0, "%PDF")}, "a PDF file"},
    {{MAGIC(0, "PK\3\4")}, "a zip archive"},
    {{MAGIC(0, "\x1f\x8b")}, "a gzip file"},
    {{MAGIC(0, "\x93NUMPY")}, "a NumPy array"},
    {{MAGIC(0, "<!DOCTYPE html")}, "an HTML page"},
    {{MAGIC(0, "<!doctype html")}, "an HTML page"},
    {{MAGIC(0, "<html")}, "an HTML page"},
    {{MAGIC(0, "<?xml")}, "an XML or SVG file"},
    {{MAGIC(0, "<svg")}, "an SVG file"},
};

// Whether the first bytes are printable text.
static bool is_text(const blmi_source *source)
{
    const size_t size = source->size < 256 ? source->size : 256;
    for (size_t i = 0; i < size; i++) {
        const uint8_t c = source->bytes[i];
        if (c >= 0x7f || (c < 0x20 && memchr("\t\n\r\f", c, 4) == NULL))
            return false;
    }
    return true;
}

// Describes the bytes in words.
static void describe(const blmi_source *source, char *text, size_t size)
{
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (shows(source, &foreign[i].magic)) {
            blmi_print(text, size, "%s", foreign[i].what);
            return;
        }
    if (source->size == 0)
        blmi_print(text, size, "nothing (0 bytes)");
    else if (is_text(source))
        blmi_print(text, size, "text that begins with \"%.*s\"",
            source->size < 24 ? (int)source->size : 24, (const char *)source->bytes);
    else {
        size_t at = (size_t)blmi_print(text, size, "bytes that begin with");
        for (size_t i = 0; i < source->size && i < 8; i++)
            at += (size_t)blmi_print(text + at, size - at, " %02x", source->bytes[i]);
    }
}

// The format of the bytes; FORMATS: unknown.
static int format_of(const blmi_source *source)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (shows(source, &known[i].magic))
            return known[i].format;
    return FORMATS;
}

bool blmi_is_tiff(const uint8_t *bytes, size_t size)
{
    return format_of(&(blmi_source){.bytes = bytes, .size = size}) == TIFF;
}

blm_status blmi_sniff(const blmi_source *source, blmi_decoder **decoder, blm_error *err)
{
    const int format = format_of(source);
    if (format == FORMATS) {
        char found[96];
        describe(source, found, sizeof found);
        return blmi_fail(err, BLM_EINPUT,
            "%s: found %s, expected an image: PNG, JPEG, TIFF, BMP, WebP or PNM",
            source->name, found);
    }
    if (formats[format].decoder == NULL)
        return blmi_fail(err, BLM_EINPUT,
            "%s: a %s image, which this build of blemish cannot decode", source->name,
            formats[format].name);
    *decoder = formats[format].decoder;
    return BLM_OK;
}

const char *blm_image_format(int index, int *built_in)
{
    if (index < 0 || index >= FORMATS)
        return NULL;
    if (built_in != NULL)
        *built_in = formats[index].decoder != NULL;
    return formats[index].name;
}
