#include <stdbool.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/number.h"
#include "src/image/codec.h"

// Bytes that stand at a fixed place of a file.
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

static const struct {
    magic magic;
    blmi_decoder *decoder;
} known[] = {
    {{MAGIC(0, "\x89PNG\r\n\x1a\n")}, blmi_png_decode},
    {{MAGIC(0, "\xff\xd8\xff")}, blmi_jpeg_decode},
    {{MAGIC(0, "II*\0")}, blmi_tiff_decode},
    {{MAGIC(0, "MM\0*")}, blmi_tiff_decode},
    {{MAGIC(0, "II+\0")}, blmi_tiff_decode}, // BigTIFF
    {{MAGIC(0, "MM\0+")}, blmi_tiff_decode},
    {{MAGIC(8, "WEBPVP8")}, blmi_webp_decode},
    {{MAGIC(0, "BM")}, blmi_bmp_decode},
    {{MAGIC(0, "P1")}, blmi_pnm_decode},
    {{MAGIC(0, "P2")}, blmi_pnm_decode},
    {{MAGIC(0, "P3")}, blmi_pnm_decode},
    {{MAGIC(0, "P4")}, blmi_pnm_decode},
    {{MAGIC(0, "P5")}, blmi_pnm_decode},
    {{MAGIC(0, "P6")}, blmi_pnm_decode},
};

// What people take for an image of ours now and then.
static const struct {
    magic magic;
    const char *what;
} foreign[] = {
    {{MAGIC(0, "\x89PNG")}, "the beginning of a PNG file that was changed on its way"},
    {{MAGIC(0, "GIF8")}, "a GIF image"},
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

// Whether the first bytes are all of printable text.
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

// Says in words what the bytes are.
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

blm_status blmi_sniff(const blmi_source *source, blmi_decoder **decoder, blm_error *err)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (shows(source, &known[i].magic)) {
            *decoder = known[i].decoder;
            return BLM_OK;
        }
    char found[96];
    describe(source, found, sizeof found);
    return blmi_fail(err, BLM_EINPUT,
        "%s: found %s, expected an image: PNG, JPEG, TIFF, BMP, WebP or PNM",
        source->name, found);
}
