#include "blemish/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/number.h"
#include "src/base/sized.h"
#include "src/image/codec.h"

static const int64_t default_max_pixels = 100 * 1000 * 1000;
static const int64_t default_max_bytes = (int64_t)512 << 20;

blm_status blmi_image_allocate(blm_image *image, const blmi_source *source,
    const char *format, uint64_t width, uint64_t height, blm_error *err)
{
    const unsigned long long w = width, h = height;
    if (w == 0 || h == 0)
        return blmi_fail(err, BLM_EINPUT,
            "%s: %s: %llu x %llu pixels, expected 1 x 1 or more", source->name, format, w,
            h);
    if (w > BLMI_MAX_SIDE || h > BLMI_MAX_SIDE || (int64_t)(w * h) > source->max_pixels)
        return blmi_fail(err, BLM_EINPUT,
            "%s: %s: %llu x %llu pixels, expected at most %lld", source->name, format, w,
            h, (long long)source->max_pixels);
    image->rgb = blmi_alloc(w * h, 3);
    if (image->rgb == NULL)
        return blmi_no_memory(err, source->name, w * h, 3);
    image->width = (int)w;
    image->height = (int)h;
    return BLM_OK;
}

// Fills in the defaults and refuses invalid options.
static blm_status resolve(const blm_decode_options *options, size_t options_size,
    blm_decode_options *out, blm_error *err)
{
    *out = (blm_decode_options){0};
    BLMI_TAKE(blm_decode_options, *out, options, options_size, err);
    if (out->max_pixels < 0 || out->max_bytes < 0 || out->bits < 0 || out->bits > 16 ||
        out->page < 0)
        return blmi_fail(err, BLM_EUSAGE,
            "decoding options: max_pixels %lld, max_bytes %lld, bits %d, page %d; "
            "expected 0 or more, and at most 16 bits",
            (long long)out->max_pixels, (long long)out->max_bytes, out->bits, out->page);
    BLMI_TRY(blmi_check_range(
        "decoding options", out->range_low, out->range_high, out->bits, err));
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
    if (source->page > 1 && !blmi_is_tiff(source->bytes, source->size))
        return blmi_fail(err, BLM_EINPUT, "%s: no page %d, the file holds one image",
            source->name, source->page);
    BLMI_TRY(decoder(source, image, &orientation, err));
    if (image->range_low == image->range_high) // samples of 8 bits
        image->range_high = image->sample_max = 255;
    return keep_orientation ? BLM_OK : blmi_orient(image, orientation, err);
}

// Decodes with complete options.
static blm_status decode(const void *bytes, size_t size, const char *name,
    const blm_decode_options *set, blm_image **out, blm_error *err)
{
    if (size > (uint64_t)set->max_bytes)
        return blmi_fail(err, BLM_EINPUT, "%s: %zu bytes, expected at most %lld", name,
            size, (long long)set->max_bytes);
    blm_image *image = blmi_alloc_zero(1, sizeof *image);
    if (image == NULL)
        return blmi_no_memory(err, name, 1, sizeof *image);
    const blmi_source source = {bytes, size, name, set->max_pixels, set->bits,
        set->range_low, set->range_high, set->page};
    const blm_status status = decode_into(&source, set->keep_orientation, image, err);
    if (status == BLM_OK)
        *out = image;
    else
        blm_image_free(image);
    return status;
}

blm_status blm_image_decode_sized(const void *bytes, size_t size, const char *name,
    const blm_decode_options *options, size_t options_size, blm_image **out,
    blm_error *err)
{
    BLMI_NEED(bytes, err);
    BLMI_NEED(name, err);
    BLMI_NEED(out, err);
    blm_decode_options set;
    BLMI_TRY(resolve(options, options_size, &set, err));
    return decode(bytes, size, name, &set, out, err);
}

// The file name in a path: a copy without "#N", if the path ends with that and no file
// has the whole path as its name; *page: N, else 0.  NULL: out of memory.
static char *file_of(const char *path, int *page)
{
    char *const name = blmi_strdup(path);
    const size_t length = blmi_page_suffix(path, page);
    if (*page > 0 && access(path, F_OK) == 0)
        *page = 0;
    if (name != NULL && *page > 0)
        name[length] = '\0';
    return name;
}

blm_status blm_image_read_sized(const char *path, const blm_decode_options *options,
    size_t options_size, blm_image **out, blm_error *err)
{
    BLMI_NEED(path, err);
    BLMI_NEED(out, err);
    blm_decode_options set;
    BLMI_TRY(resolve(options, options_size, &set, err));
    int page;
    char *const name = file_of(path, &page);
    if (name == NULL)
        return blmi_no_memory(err, path, strlen(path), 1);
    if (page > 0 && set.page == 0)
        set.page = page;
    blmi_file file;
    blm_status status = blmi_file_read(name, (uint64_t)set.max_bytes, &file, err);
    if (status != BLM_OK)
        goto done;
    status = decode(file.bytes, file.size, path, &set, out, err);
    blmi_file_close(&file);
done:
    blmi_free(name);
    return status;
}

blm_status blm_image_page_count(const char *path, int *count, blm_error *err)
{
    BLMI_NEED(path, err);
    BLMI_NEED(count, err);
    int page;
    blmi_page_suffix(path, &page);
    if (page > 0 && access(path, F_OK) != 0) {
        *count = 1;
        return BLM_OK;
    }
    struct stat info;
    const int known = stat(path, &info);
    if (known == 0 && !S_ISREG(info.st_mode)) { // opening a pipe would disturb it
        *count = 1;
        return BLM_OK;
    }
    const int file = known == 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return blmi_fail(
            err, BLM_EINPUT, "%s: cannot open: %s", path, blmi_system_text(errno));
    uint8_t magic[4] = {0};
    blm_status status = BLM_OK;
    if (pread(file, magic, sizeof magic, 0) == (ssize_t)sizeof magic &&
        blmi_is_tiff(magic, sizeof magic))
        status = blmi_tiff_count_pages(path, file, count, err);
    else
        *count = 1;
    close(file);
    return status;
}

void blm_image_free(blm_image *image)
{
    if (image == NULL)
        return;
    blmi_free(image->rgb);
    blmi_free(image);
}
