#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/sanitizer.h"
#include "src/image/codec.h"

enum {
    MARKER_EXIF = JPEG_APP0 + 1,
    MAX_SCANS = 500, // each decodes the whole image again
    MAX_STRAYS = 16, // unused bytes in a restart interval
};

typedef struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    jmp_buf leave; // target of libjpeg's errors
    const blmi_source *source;
    bool no_end;                  // the end marker is missing
    size_t strays;                // unused bytes so far
    bool seen[MAX_COMPS_IN_SCAN]; // by component: a scan contains it
    uint8_t *cmyk;                // (width, 4): a row of four components
} decoder;

// ---- callbacks of libjpeg -----------------------------------------------------------

static void leave(j_common_ptr jpeg)
{
    decoder *const d = jpeg->client_data;
    longjmp(d->leave, 1);
}

// Whether the `count` bytes before `end` are padding, zeros or 0xff.  The bytes in front
// of them must not all be 0: lost data may also leave zeros, which a decoder would take
// for data.
static bool is_padding(const uint8_t *begin, const uint8_t *end, size_t count)
{
    const size_t in_front = 12; // more than libjpeg reads ahead
    if ((size_t)(end - begin) < count + in_front)
        return false;
    for (size_t i = 1; i <= count; i++)
        if (end[-(ptrdiff_t)i] != 0 && end[-(ptrdiff_t)i] != 0xff)
            return false;
    uint8_t bits = 0;
    for (size_t i = 1; i <= in_front; i++)
        bits |= end[-(ptrdiff_t)(count + i)];
    return bits != 0;
}

// Bytes were skipped in front of a marker.  Cameras leave a few there, but many of them
// mean that the decoder lost its position.
static bool may_pass_over(decoder *d)
{
    const size_t count = (size_t)d->errors.msg_parm.i[0];
    if (d->no_end)
        return false;
    if (is_padding(d->source->bytes, d->jpeg.src->next_input_byte, count))
        return true;
    const size_t units = (size_t)d->jpeg.MCUs_per_row * d->jpeg.MCU_rows_in_scan;
    const size_t intervals =
        d->jpeg.restart_interval > 0 ? units / d->jpeg.restart_interval + 1 : 1;
    d->strays += count;
    return d->strays <= MAX_STRAYS * intervals;
}

// Warnings are faults, since libjpeg only warns about invalid or missing data.  A few
// warnings lose no pixel and are accepted.
static void warn(j_common_ptr jpeg, int level)
{
    decoder *const d = jpeg->client_data;
    if (level >= 0)
        return; // a trace
    switch (d->errors.msg_code) {
    case JWRN_JPEG_EOF:
        d->no_end = true; // check_whole decides
        return;
    case JWRN_EXTRANEOUS_DATA:
        if (may_pass_over(d))
            return;
        break;
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL: // a baseline scan has all coefficients
        return;
    }
    leave(jpeg);
}

static void print_nothing(j_common_ptr jpeg)
{
    (void)jpeg;
}

// ---- decoding ------------------------------------------------------------------------

static blm_status damaged(const decoder *d, const char *what, blm_error *err)
{
    return blmi_fail(err, BLM_EINPUT, "%s: JPEG: %s", d->source->name, what);
}

static blm_status failed(decoder *d, blm_error *err)
{
    char text[JMSG_LENGTH_MAX] = "";
    if (d->errors.msg_code == JERR_OUT_OF_MEMORY)
        return blmi_no_memory(err, d->source->name, d->source->size, 1);
    d->errors.format_message((j_common_ptr)&d->jpeg, text);
    return damaged(d, text, err);
}

// Only the first EXIF block is used.
static void read_orientation(const decoder *d, int *orientation)
{
    for (jpeg_saved_marker_ptr m = d->jpeg.marker_list; m != NULL; m = m->next) {
        blmi_note_written(m, sizeof *m);
        blmi_note_written(m->data, m->data_length);
        if (m->marker == MARKER_EXIF && m->data_length > 6 &&
            memcmp(m->data, "Exif\0", 5) == 0) {
            *orientation = blmi_exif_orientation(m->data, m->data_length);
            return;
        }
    }
}

static void note_scan(decoder *d)
{
    blmi_note_written(&d->jpeg, sizeof d->jpeg);
    blmi_note_written(
        d->jpeg.comp_info, (size_t)d->jpeg.num_components * sizeof *d->jpeg.comp_info);
    for (int i = 0; i < d->jpeg.comps_in_scan; i++)
        d->seen[d->jpeg.cur_comp_info[i]->component_index] = true;
}

// Reads all scans of a file with many scans, and starts the output.
static blm_status start_scans(decoder *d, blm_error *err)
{
    struct jpeg_decompress_struct *const jpeg = &d->jpeg;
    jpeg->buffered_image = TRUE;
    jpeg_start_decompress(jpeg);
    for (int event = JPEG_REACHED_SOS; event != JPEG_REACHED_EOI;
         event = jpeg_consume_input(jpeg)) {
        if (event == JPEG_REACHED_SOS)
            note_scan(d);
        if (jpeg->input_scan_number > MAX_SCANS)
            return blmi_fail(err, BLM_EINPUT, "%s: JPEG: more than the limit of %d scans",
                d->source->name, MAX_SCANS);
    }
    jpeg_start_output(jpeg, jpeg->input_scan_number);
    return BLM_OK;
}

// Whether all coefficients of all components are complete to the last bit.
static bool is_refined(const decoder *d)
{
    blmi_note_written(
        d->jpeg.coef_bits, (size_t)d->jpeg.num_components * sizeof *d->jpeg.coef_bits);
    for (int c = 0; c < d->jpeg.num_components; c++)
        for (int i = 0; i < DCTSIZE2; i++)
            if (d->jpeg.coef_bits[c][i] != 0)
                return false;
    return true;
}

// A file without its end marker may have lost scans; arithmetic coding does not show
// where its data end.
static blm_status check_whole(const decoder *d, blm_error *err)
{
    for (int c = 0; c < d->jpeg.num_components; c++)
        if (!d->seen[c])
            return damaged(d, "no data for one of the components", err);
    const bool lost =
        d->no_end && (d->jpeg.arith_code || (d->jpeg.progressive_mode && !is_refined(d)));
    return lost ? damaged(d, "truncated", err) : BLM_OK;
}

static void read_row(decoder *d, uint8_t *rgb)
{
    const size_t width = d->jpeg.output_width;
    JSAMPROW row = d->cmyk != NULL ? d->cmyk : rgb;
    const JDIMENSION rows = jpeg_read_scanlines(&d->jpeg, &row, 1);
    blmi_note_written(row, rows * width * (size_t)d->jpeg.output_components);
    if (d->cmyk == NULL)
        return;
    // As in Pillow, and as Adobe's programs write them: 255 is no ink.
    for (size_t i = 0; i < 4 * width; i++)
        d->cmyk[i] = (uint8_t)(255 - d->cmyk[i]);
    blmi_cmyk_to_rgb(rgb, d->cmyk, width);
}

// Accurate integer DCT and interpolated chroma: the defaults of libjpeg and of Pillow.
static blm_status decode(decoder *d, blm_image *image, int *orientation, blm_error *err)
{
    struct jpeg_decompress_struct *const jpeg = &d->jpeg;
    jpeg_save_markers(jpeg, MARKER_EXIF, 0xffff);
    jpeg_mem_src(jpeg, d->source->bytes, (unsigned long)d->source->size);
    jpeg_read_header(jpeg, TRUE);
    blmi_note_written(jpeg, sizeof *jpeg);
    const int components = jpeg->num_components;
    if (components != 1 && components != 3 && components != 4)
        return blmi_fail(err, BLM_EINPUT, "%s: JPEG: %d components, expected 1, 3 or 4",
            d->source->name, components);
    BLMI_TRY(blmi_image_allocate(
        image, d->source, "JPEG", jpeg->image_width, jpeg->image_height, err));
    image->channels = components == 1 ? 1 : 3;
    image->bits = 8;
    read_orientation(d, orientation);
    if (components == 4 && (d->cmyk = blmi_alloc(jpeg->image_width, 4)) == NULL)
        return blmi_no_memory(err, d->source->name, jpeg->image_width, 4);
    jpeg->out_color_space = components == 4 ? JCS_CMYK : JCS_RGB;
    if (jpeg_has_multiple_scans(jpeg)) {
        BLMI_TRY(start_scans(d, err));
    } else {
        note_scan(d);
        jpeg_start_decompress(jpeg);
    }
    if (jpeg->output_width != (JDIMENSION)image->width ||
        jpeg->output_height != (JDIMENSION)image->height ||
        jpeg->output_components != (components == 4 ? 4 : 3))
        return damaged(d, "the decoded size differs from the header", err);
    while (jpeg->output_scanline < jpeg->output_height)
        read_row(d, image->rgb + (size_t)jpeg->output_scanline * jpeg->output_width * 3);
    const blm_status status = check_whole(d, err);
    if (status == BLM_OK && !jpeg->buffered_image)
        jpeg_finish_decompress(jpeg); // reads to the end of the file
    return status;
}

static blm_status decode_or_fail(
    decoder *d, blm_image *image, int *orientation, blm_error *err)
{
    if (setjmp(d->leave) != 0)
        return failed(d, err);
    jpeg_create_decompress(&d->jpeg);
    return decode(d, image, orientation, err);
}

blm_status blmi_jpeg_decode(
    const blmi_source *source, blm_image *image, int *orientation, blm_error *err)
{
    decoder d = {.source = source};
    d.jpeg.err = jpeg_std_error(&d.errors);
    d.jpeg.client_data = &d;
    d.errors.error_exit = leave;
    d.errors.emit_message = warn;
    d.errors.output_message = print_nothing;
    const blm_status status = decode_or_fail(&d, image, orientation, err);
    jpeg_destroy_decompress(&d.jpeg);
    blmi_free(d.cmyk);
    return status;
}
