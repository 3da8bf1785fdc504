#include "apps/blemish/mask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"

enum { MAX_LABELS = 8 }; // distinct values above 0 that may be labels of kinds

// Whether the file has an alpha channel: PNG by its colour type, extended WebP by its
// flag.
static int has_alpha(const char *path)
{
    unsigned char head[26] = {0};
    FILE *file = fopen(path, "rbe");
    const size_t size = file != NULL ? fread(head, 1, sizeof head, file) : 0;
    if (file != NULL)
        fclose(file);
    if (size < sizeof head)
        return 0;
    if (memcmp(head, "\x89PNG\r\n\x1a\n", 8) == 0)
        return (head[25] & 4) != 0; // the colour type
    return memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WEBPVP8X", 8) == 0 &&
           (head[20] & 0x10) != 0;
}

static unsigned find_odd(
    const blm_image *image, const uint8_t *mask, const size_t levels[256])
{
    const size_t width = (size_t)image->width, height = (size_t)image->height;
    const size_t pixels = width * height, marked = pixels - levels[0];
    const int corners =
        mask[0] + mask[width - 1] + mask[pixels - width] + mask[pixels - 1];
    int values = 0;
    for (int v = 1; v < 256; v++)
        values += levels[v] > 0;
    return (marked == 0 ? CLI_MASK_EMPTY : 0u) |
           (values > MAX_LABELS ? CLI_MASK_GREY : 0u) |
           (corners == 4 && 2 * marked > pixels ? CLI_MASK_INVERTED : 0u);
}

blm_status cli_mask_read(const char *path, const blm_decode_options *decode, int *width,
    int *height, uint8_t **out, unsigned *odd, blm_error *err)
{
    blm_decode_options whole = *decode;
    whole.bits = 0; // so that small values of 16-bit masks are not rounded to 0
    whole.range_low = 0;
    whole.range_high = 255;
    blm_image *image = NULL;
    size_t levels[256] = {0};
    const blm_status status = blm_image_read(path, &whole, &image, err);
    if (status != BLM_OK)
        return status;
    const size_t pixels = (size_t)image->width * (size_t)image->height;
    uint8_t *mask = cli_alloc(pixels, 1);
    for (size_t i = 0; i < pixels; i++) {
        const uint8_t value =
            image->rgb[3 * i] | image->rgb[3 * i + 1] | image->rgb[3 * i + 2];
        mask[i] = value != 0;
        levels[value]++;
    }
    *odd = find_odd(image, mask, levels) | (has_alpha(path) ? CLI_MASK_ALPHA : 0u);
    *width = image->width;
    *height = image->height;
    *out = mask;
    blm_image_free(image);
    return BLM_OK;
}

// Adds the pixels of another mask.
static blm_status add_mask(const char *path, const blm_decode_options *decode, int width,
    int height, uint8_t *out, unsigned *odd, blm_error *err)
{
    int own_width, own_height;
    uint8_t *own = NULL;
    const blm_status status =
        cli_mask_read(path, decode, &own_width, &own_height, &own, odd, err);
    if (status != BLM_OK)
        return status;
    const int fits = own_width == width && own_height == height;
    for (size_t i = 0; fits && i < (size_t)width * (size_t)height; i++)
        out[i] |= own[i];
    free(own);
    if (fits)
        return BLM_OK;
    snprintf(err->text, sizeof err->text,
        "%s: %d x %d pixels, but another mask of its image has %d x %d", path, own_width,
        own_height, width, height);
    return BLM_EINPUT;
}

blm_status cli_masks_read(char *const *paths, size_t count,
    const blm_decode_options *decode, int *width, int *height, uint8_t **out,
    unsigned *odd, blm_error *err)
{
    uint8_t *mask = NULL;
    blm_status status = cli_mask_read(paths[0], decode, width, height, &mask, odd, err);
    for (size_t i = 1; i < count && status == BLM_OK; i++) {
        unsigned more = 0;
        status = add_mask(paths[i], decode, *width, *height, mask, &more, err);
        *odd = (*odd | more) & ~(unsigned)CLI_MASK_EMPTY;
    }
    if (status == BLM_OK)
        *out = mask;
    else
        free(mask);
    return status;
}

// ---- odd masks

void cli_odd_masks_add(cli_odd_masks *all, unsigned odd, const char *path)
{
    for (int i = 0; i < CLI_MASK_ODDITIES; i++)
        if (odd >> i & 1 && all->count[i]++ == 0)
            all->first[i] = path;
}

void cli_odd_masks_warn(const cli_odd_masks *all)
{
    static const char *const remarks[CLI_MASK_ODDITIES] = {
        "marks nothing: the image counts as defective, but none of its pixels do",
        "has many grey levels: all above 0 count as defect",
        "marks most of its image and all corners: inverted?",
        "has an alpha channel: it is ignored"};
    for (int i = 0; i < CLI_MASK_ODDITIES; i++)
        if (all->count[i] > 0)
            cli_complain("%s: the mask %s (%zu such masks)", all->first[i], remarks[i],
                all->count[i]);
}
