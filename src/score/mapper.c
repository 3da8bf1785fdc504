#include "src/score/mapper.h"

#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/feature/recipe.h"
#include "src/map/map.h"

// What images that are aligned need besides; NULL pointers without them.
typedef struct moving {
    uint8_t *include; // (height, width) the region of the aligned input; NULL: everywhere
    uint8_t *use;     // (P) positions that count on this image
    uint8_t *room;    // (height, width) where a defect has room on this image
    int32_t *nearest; // (P)
    float *filled;    // (P)
    float *aligned;   // (height, width) the map of the aligned input
} moving;

struct blmi_mapper {
    blmi_recipe recipe;
    int grid_width, grid_height;
    moving moving;
    int width, height, positions;
    int64_t min_area;
    uint8_t *include; // (height, width) where a defect has room; NULL: everywhere
    int32_t *nearest; // (P) the position whose distance each one uses; NULL: its own
    float *filled;    // (P)
    blmi_resampler *resampler;
    void *resampler_scratch, *opening_scratch;
};

static blm_status find_room(blmi_mapper *mapper, const uint8_t *include, blm_error *err)
{
    const size_t pixels = (size_t)mapper->width * (size_t)mapper->height;
    size_t kept;
    mapper->include = blmi_alloc(pixels, sizeof *mapper->include);
    if (mapper->include == NULL)
        return blmi_no_memory(err, "the region of interest", pixels, 1);
    memcpy(mapper->include, include, pixels);
    BLMI_TRY(blmi_region_keep_large(
        mapper->include, mapper->width, mapper->height, mapper->min_area, &kept, err));
    if (kept == 0)
        return blmi_fail(err, BLM_EUSAGE,
            "region of interest: no part of it has room for the smallest defect, %lld "
            "pixels",
            (long long)mapper->min_area);
    return BLM_OK;
}

static blm_status find_nearest(blmi_mapper *mapper, const uint8_t *include,
    int grid_width, int grid_height, blm_error *err)
{
    const size_t positions = (size_t)mapper->positions;
    uint8_t *use = blmi_alloc(positions, sizeof *use);
    mapper->nearest = blmi_alloc(positions, sizeof *mapper->nearest);
    mapper->filled = blmi_alloc(positions, sizeof *mapper->filled);
    if (use == NULL || mapper->nearest == NULL || mapper->filled == NULL) {
        blmi_free(use);
        return blmi_no_memory(err, "the region of interest", positions, sizeof(float));
    }
    blmi_region_positions(
        include, mapper->width, mapper->height, grid_width, grid_height, use);
    blmi_region_nearest(use, grid_width, grid_height, mapper->nearest);
    blmi_free(use);
    return BLM_OK;
}

void blmi_mapper_positions(const blmi_recipe *recipe, const uint8_t *include,
    const blmi_warp *warp, int grid_width, int grid_height, uint8_t *use)
{
    if (include != NULL)
        blmi_region_positions(include, recipe->fields.width, recipe->fields.height,
            grid_width, grid_height, use);
    else
        memset(use, 1, (size_t)grid_width * (size_t)grid_height);
    if (warp != NULL)
        blmi_registration_seen(recipe, warp, grid_width, grid_height, use);
}

static blm_status open_moving(blmi_mapper *mapper, const uint8_t *include, blm_error *err)
{
    moving *m = &mapper->moving;
    const size_t pixels = (size_t)mapper->width * (size_t)mapper->height;
    const size_t positions = (size_t)mapper->positions;
    if (include != NULL)
        m->include = blmi_alloc(pixels, 1);
    m->use = blmi_alloc(positions, 1);
    m->room = blmi_alloc(pixels, 1);
    m->nearest = blmi_alloc(positions, sizeof *m->nearest);
    m->filled = blmi_alloc(positions, sizeof *m->filled);
    m->aligned = blmi_alloc(pixels, sizeof *m->aligned);
    if ((include != NULL && m->include == NULL) || m->use == NULL || m->room == NULL ||
        m->nearest == NULL || m->filled == NULL || m->aligned == NULL)
        return blmi_no_memory(err, "the mapper", pixels, sizeof *m->aligned);
    if (include != NULL)
        memcpy(m->include, include, pixels);
    return BLM_OK;
}

static blm_status open_mapper(blmi_mapper *mapper, const blmi_recipe *recipe,
    int grid_width, int grid_height, const uint8_t *include, blm_error *err)
{
    mapper->positions = grid_width * grid_height;
    BLMI_TRY(blmi_resampler_new(grid_width, grid_height, recipe->fields.width,
        recipe->fields.height, recipe->fields.sigma, &mapper->resampler, err));
    const size_t opening =
        blmi_opening_scratch(recipe->fields.width, recipe->fields.height);
    mapper->resampler_scratch = blmi_alloc(blmi_resampler_scratch(mapper->resampler), 1);
    mapper->opening_scratch = blmi_alloc(opening, 1);
    if (mapper->resampler_scratch == NULL || mapper->opening_scratch == NULL)
        return blmi_no_memory(err, "the mapper's scratch", opening, 1);
    if (recipe->fields.align != BLM_ALIGN_OFF)
        BLMI_TRY(open_moving(mapper, include, err));
    if (include == NULL)
        return BLM_OK;
    BLMI_TRY(find_room(mapper, include, err));
    return find_nearest(mapper, include, grid_width, grid_height, err);
}

blm_status blmi_mapper_new(const blmi_recipe *recipe, int grid_width, int grid_height,
    const uint8_t *include, blmi_mapper **out, blm_error *err)
{
    blmi_mapper *mapper = blmi_alloc_zero(1, sizeof *mapper);
    if (mapper == NULL)
        return blmi_no_memory(err, "the mapper", 1, sizeof *mapper);
    mapper->recipe = *recipe;
    mapper->grid_width = grid_width;
    mapper->grid_height = grid_height;
    mapper->width = recipe->fields.width;
    mapper->height = recipe->fields.height;
    mapper->min_area = recipe->fields.min_area;
    const blm_status status =
        open_mapper(mapper, recipe, grid_width, grid_height, include, err);
    if (status == BLM_OK)
        *out = mapper;
    else
        blmi_mapper_free(mapper);
    return status;
}

void blmi_mapper_free(blmi_mapper *mapper)
{
    if (mapper == NULL)
        return;
    blmi_resampler_free(mapper->resampler);
    blmi_free(mapper->resampler_scratch);
    blmi_free(mapper->opening_scratch);
    blmi_free(mapper->include);
    blmi_free(mapper->nearest);
    blmi_free(mapper->filled);
    blmi_free(mapper->moving.include);
    blmi_free(mapper->moving.use);
    blmi_free(mapper->moving.room);
    blmi_free(mapper->moving.nearest);
    blmi_free(mapper->moving.filled);
    blmi_free(mapper->moving.aligned);
    blmi_free(mapper);
}

// Opens a map inside of include (NULL: everywhere); pixels outside become 0.  Returns the
// score.
static float finish(blmi_mapper *mapper, const uint8_t *include, float *map)
{
    const size_t count = (size_t)mapper->width * (size_t)mapper->height;
    blmi_opening(map, mapper->width, mapper->height, mapper->min_area, include,
        mapper->opening_scratch, map);
    float score = 0; // distances, and so maps, are never negative
    for (size_t i = 0; i < count; i++) {
        if (include != NULL && include[i] == 0)
            map[i] = 0;
        score = map[i] > score ? map[i] : score;
    }
    return score;
}

float blmi_mapper_run(blmi_mapper *mapper, const float *distances, float *map)
{
    if (mapper->nearest != NULL) {
        for (int p = 0; p < mapper->positions; p++)
            mapper->filled[p] = distances[mapper->nearest[p]];
        distances = mapper->filled;
    }
    blmi_resampler_run(mapper->resampler, distances, mapper->resampler_scratch, map);
    return finish(mapper, mapper->include, map);
}

// ---- aligned images -------------------------------------------------------------------

// Bilinear value of a map at a point, which is inside.
static float value_at(const float *map, int width, int height, double x, double y)
{
    const double column = fmin(fmax(x - 0.5, 0), width - 1);
    const double row = fmin(fmax(y - 0.5, 0), height - 1);
    const int left = (int)column, top = (int)row;
    const int right = left + 1 < width ? 1 : 0;
    const ptrdiff_t below = top + 1 < height ? width : 0;
    const float u = (float)(column - left), v = (float)(row - top);
    const float *a = map + (ptrdiff_t)top * width + left, *b = a + below;
    const float upper = a[0] + u * (a[right] - a[0]);
    const float lower = b[0] + u * (b[right] - b[0]);
    return upper + v * (lower - upper);
}

// Takes the map of the aligned input back to the plain one, and the region with it.
static void move_back(blmi_mapper *mapper, const blmi_warp *warp, float *map)
{
    const moving *m = &mapper->moving;
    const int width = mapper->width, height = mapper->height;
    const blmi_warp back = blmi_warp_inverse(warp);
    uint8_t *room = m->room;
    for (int j = 0; j < height; j++)
        for (int i = 0; i < width; i++, map++, room++) {
            const double x = back.xx * (i + 0.5) + back.xy * (j + 0.5) + back.x0;
            const double y = back.yx * (i + 0.5) + back.yy * (j + 0.5) + back.y0;
            *room = x >= 0 && y >= 0 && x < width && y < height &&
                    (m->include == NULL ||
                        m->include[(ptrdiff_t)y * width + (ptrdiff_t)x] != 0);
            *map = *room ? value_at(m->aligned, width, height, x, y) : 0;
        }
}

float blmi_mapper_run_aligned(
    blmi_mapper *mapper, const float *distances, const blmi_warp *warp, float *map)
{
    const moving *m = &mapper->moving;
    size_t kept;
    if (warp == NULL)
        return blmi_mapper_run(mapper, distances, map);
    blmi_mapper_positions(&mapper->recipe, m->include, warp, mapper->grid_width,
        mapper->grid_height, m->use);
    if (memchr(m->use, 1, (size_t)mapper->positions) == NULL)
        memset(m->use, 1, (size_t)mapper->positions); // nothing of it is on the image
    blmi_region_nearest(m->use, mapper->grid_width, mapper->grid_height, m->nearest);
    for (int p = 0; p < mapper->positions; p++)
        m->filled[p] = distances[m->nearest[p]];
    blmi_resampler_run(
        mapper->resampler, m->filled, mapper->resampler_scratch, m->aligned);
    move_back(mapper, warp, map);
    // without memory for it, small parts keep their room
    if (mapper->min_area > 1)
        blmi_region_keep_large(
            m->room, mapper->width, mapper->height, mapper->min_area, &kept, NULL);
    return finish(mapper, m->room, map);
}
