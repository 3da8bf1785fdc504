// Adds maps and masks, image by image.
#include "src/eval/eval_pixels.h"

#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/map/map.h"
#include "src/map/sort.h"

enum { MAX_PIXELS = (1 << 30) - 1 }; // of an image: the limit of src/map

blm_status blm_pixel_metrics_new(blm_pixel_metrics **out, blm_error *err)
{
    BLMI_NEED(out, err);
    blm_pixel_metrics *const metrics = blmi_alloc_zero(1, sizeof *metrics);
    if (metrics == NULL)
        return blmi_no_memory(err, "pixel metrics", 1, sizeof *metrics);
    *out = metrics;
    return BLM_OK;
}

static void free_scratch(blm_pixel_metrics *m)
{
    blmi_free(m->label);
    blmi_free(m->items);
    blmi_free(m->spare);
    m->label = NULL;
    m->items = m->spare = NULL;
    m->room = 0;
}

void blm_pixel_metrics_free(blm_pixel_metrics *metrics)
{
    if (metrics == NULL)
        return;
    for (size_t i = 0; i < metrics->count; i++)
        blmi_free(metrics->images[i].memory);
    blmi_free(metrics->images);
    free_scratch(metrics);
    blmi_free(metrics);
}

static blm_status check_map(const blm_pixel_metrics *m, const float *map, int width,
    int height, int kind, blm_error *err)
{
    if (width < 1 || height < 1 || width > MAX_PIXELS / height)
        return blmi_fail(err, BLM_EUSAGE,
            "map of image %zu: %d x %d pixels, expected 1 to 2^30 - 1", m->count, width,
            height);
    if (kind < 0)
        return blmi_fail(err, BLM_EUSAGE, "image %zu: its kind is %d, expected 0 or more",
            m->count, kind);
    const uint64_t pixels = (uint64_t)width * (uint64_t)height;
    if (m->pixels + pixels > UINT32_MAX)
        return blmi_fail(err, BLM_EUSAGE,
            "map of image %zu: all maps together have more than 2^32 - 1 pixels",
            m->count);
    for (size_t i = 0; i < pixels; i++)
        if (!isfinite(map[i]))
            return blmi_fail(err, BLM_EINPUT,
                "map of image %zu: column %zu of row %zu is %g, expected a finite number",
                m->count, i % (size_t)width, i / (size_t)width, (double)map[i]);
    return BLM_OK;
}

static blm_status reserve_image(blm_pixel_metrics *m, blm_error *err)
{
    if (m->count < m->capacity)
        return BLM_OK;
    const size_t capacity = 2 * m->capacity + 16;
    blmi_pixels *const images = blmi_alloc(capacity, sizeof *images);
    if (images == NULL)
        return blmi_no_memory(err, "a list of images", capacity, sizeof *images);
    if (m->count > 0)
        memcpy(images, m->images, m->count * sizeof *images);
    blmi_free(m->images);
    m->images = images;
    m->capacity = capacity;
    return BLM_OK;
}

static blm_status reserve_scratch(blm_pixel_metrics *m, size_t pixels, blm_error *err)
{
    if (pixels <= m->room)
        return BLM_OK;
    free_scratch(m);
    m->label = blmi_alloc(pixels, sizeof *m->label);
    m->items = blmi_alloc(pixels, sizeof *m->items);
    m->spare = blmi_alloc(pixels, sizeof *m->spare);
    if (m->label == NULL || m->items == NULL || m->spare == NULL) {
        free_scratch(m);
        return blmi_no_memory(err, "sorting a map", pixels, 20);
    }
    m->room = pixels;
    return BLM_OK;
}

// Allocates the arrays of an image from its counts.
static blm_status allocate_pixels(blmi_pixels *p, blm_error *err)
{
    const size_t bytes = p->defective_count * sizeof *p->defective +
                         p->good_count * sizeof *p->good +
                         p->region_count * sizeof *p->area;
    p->memory = blmi_alloc(bytes, 1);
    if (p->memory == NULL)
        return blmi_no_memory(err, "the pixels of a map", bytes, 1);
    p->defective = p->memory;
    p->good = (uint32_t *)(p->defective + p->defective_count);
    p->area = p->good + p->good_count;
    return BLM_OK;
}

// Distributes items (key << 32 | label, rising) by label: 0 good, 1.. regions.
static void deal_out(blmi_pixels *p, const uint64_t *items)
{
    const size_t pixels = (size_t)p->good_count + p->defective_count;
    uint32_t *good = p->good;
    uint64_t *defective = p->defective;
    for (uint32_t i = 0; i < p->region_count; i++)
        p->area[i] = 0;
    for (size_t i = 0; i < pixels; i++)
        if ((uint32_t)items[i] == 0) {
            *good++ = (uint32_t)(items[i] >> 32);
        } else {
            *defective = items[i] - 1;
            p->area[(uint32_t)*defective++]++;
        }
}

blm_status blm_pixel_metrics_add(blm_pixel_metrics *m, const float *map,
    const uint8_t *mask, int width, int height, int kind, blm_error *err)
{
    BLMI_NEED(m, err);
    BLMI_NEED(map, err);
    BLMI_TRY(check_map(m, map, width, height, kind, err));
    const size_t pixels = (size_t)width * (size_t)height;
    BLMI_TRY(reserve_image(m, err));
    BLMI_TRY(reserve_scratch(m, pixels, err));
    blmi_pixels p = {.kind = kind};
    if (mask == NULL)
        memset(m->label, 0, pixels * sizeof *m->label);
    else
        p.region_count = (uint32_t)blmi_components_of_mask(mask, width, height, m->label);
    for (size_t i = 0; i < pixels; i++) {
        m->items[i] = (uint64_t)blmi_float_key(map[i]) << 32 | (uint32_t)m->label[i];
        p.defective_count += m->label[i] != 0;
    }
    p.good_count = (uint32_t)pixels - p.defective_count;
    BLMI_TRY(allocate_pixels(&p, err));
    blmi_sort(m->items, m->spare, pixels);
    deal_out(&p, m->items);
    m->images[m->count++] = p;
    m->pixels += pixels;
    return BLM_OK;
}
