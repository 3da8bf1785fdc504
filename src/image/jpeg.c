#include <stdbool.h>
#include <string.h>

#include <turbojpeg.h>

#include "src/base/alloc.h"
#include "src/base/cursor.h"
#include "src/base/error.h"
#include "src/image/codec.h"

// What the segments before the first scan say.
typedef struct segments {
    int width, height, components; // components 0: no frame header was seen
    const uint8_t *exif;           // (exif_size); NULL: none
    size_t exif_size;
} segments;

enum {
    MARKER_SOF0 = 0xc0, // to SOF15, with three others among them
    MARKER_DHT = 0xc4,
    MARKER_JPG = 0xc8,
    MARKER_DAC = 0xcc,
    MARKER_SOF15 = 0xcf,
    MARKER_SOI = 0xd8,
    MARKER_EOI = 0xd9,
    MARKER_SOS = 0xda,
    MARKER_APP1 = 0xe1
};

static bool is_frame(int marker)
{
    return marker >= MARKER_SOF0 && marker <= MARKER_SOF15 && marker != MARKER_DHT &&
           marker != MARKER_JPG && marker != MARKER_DAC;
}

// The next marker behind any number of fill bytes 0xff; 0 if something else stands there.
static int next_marker(blmi_cursor *c)
{
    if (blmi_cursor_u8(c) != 0xff)
        return 0;
    int marker;
    do
        marker = blmi_cursor_u8(c);
    while (marker == 0xff);
    return marker;
}

// Takes in one segment's content.  The first frame and the first EXIF block count.
static void read_segment(segments *out, int marker, const uint8_t *content, size_t size)
{
    if (is_frame(marker) && out->components == 0) {
        blmi_cursor c = blmi_cursor_over(content, size);
        blmi_cursor_u8(&c); // bits of a sample; the decoder knows which it can do
        out->height = blmi_cursor_u16be(&c);
        out->width = blmi_cursor_u16be(&c);
        out->components = blmi_cursor_u8(&c);
    } else if (marker == MARKER_APP1 && out->exif == NULL && size > 6 &&
               memcmp(content, "Exif\0", 6) == 0) {
        out->exif = content;
        out->exif_size = size;
    }
}

// Reads up to the first scan.  TurboJPEG's own header reader neither shows the segments
// nor accepts every subsampling that its decoder does.
static blm_status read_header(const blmi_source *source, segments *out, blm_error *err)
{
    blmi_cursor c = blmi_cursor_over(source->bytes, source->size);
    blmi_cursor_seek(&c, 2); // SOI, seen already
    *out = (segments){0};
    for (;;) {
        const int marker = next_marker(&c);
        if (marker == MARKER_SOS)
            break;
        const uint16_t length = blmi_cursor_u16be(&c);
        const uint8_t *content = length < 2 ? NULL : blmi_cursor_take(&c, length - 2u);
        if (marker < MARKER_SOF0 || marker == MARKER_EOI || content == NULL)
            return blmi_fail(err, BLM_EINPUT,
                "%s: JPEG: truncated or damaged before the image data", source->name);
        read_segment(out, marker, content, length - 2u);
    }
    if (out->components != 1 && out->components != 3 && out->components != 4)
        return blmi_fail(err, BLM_EINPUT, "%s: JPEG: %d components, expected 1, 3 or 4",
            source->name, out->components);
    return BLM_OK;
}

// Decodes to pixels (height, width, bytes of the format).  The defaults (accurate integer
// DCT, interpolated chroma) are Pillow's; a warning is a fault, since libjpeg only warns
// of data that end early or make no sense.
static blm_status decompress(const blmi_source *source, const blm_image *image,
    int format, uint8_t *pixels, blm_error *err)
{
    const tjhandle jpeg = tjInitDecompress();
    if (jpeg == NULL)
        return blmi_no_memory(err, source->name, 1, 1);
    blm_status status = BLM_OK;
    if (tjDecompress2(jpeg, source->bytes, source->size, pixels, image->width, 0,
            image->height, format, TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) != 0)
        status = blmi_fail(
            err, BLM_EINPUT, "%s: JPEG: %s", source->name, tjGetErrorStr2(jpeg));
    tjDestroy(jpeg);
    return status;
}

// Four components are taken as Pillow takes them, and as Adobe's programs write them: 255
// is no ink.
static blm_status decompress_cmyk(
    const blmi_source *source, const blm_image *image, blm_error *err)
{
    const size_t pixels = (size_t)image->width * (size_t)image->height;
    uint8_t *const cmyk = blmi_alloc(pixels, 4);
    if (cmyk == NULL)
        return blmi_no_memory(err, source->name, pixels, 4);
    const blm_status status = decompress(source, image, TJPF_CMYK, cmyk, err);
    if (status == BLM_OK) {
        for (size_t i = 0; i < 4 * pixels; i++)
            cmyk[i] = (uint8_t)(255 - cmyk[i]);
        blmi_cmyk_to_rgb(image->rgb, cmyk, pixels);
    }
    blmi_free(cmyk);
    return status;
}

blm_status blmi_jpeg_decode(
    const blmi_source *source, blm_image *image, int *orientation, blm_error *err)
{
    segments header;
    BLMI_TRY(read_header(source, &header, err));
    BLMI_TRY(blmi_image_allocate(
        image, source, "JPEG", (uint64_t)header.width, (uint64_t)header.height, err));
    image->channels = header.components == 1 ? 1 : 3;
    image->bits = 8;
    if (header.exif != NULL)
        *orientation = blmi_exif_orientation(header.exif, header.exif_size);
    return header.components == 4 ? decompress_cmyk(source, image, err)
                                  : decompress(source, image, TJPF_RGB, image->rgb, err);
}
