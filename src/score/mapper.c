#include "src/score/mapper.h"

#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/feature/recipe.h"
#include "src/map/map.h"

struct blmi_mapper {
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
    blmi_free(mapper);
}

float blmi_mapper_run(blmi_mapper *mapper, const float *distances, float *map)
{
    const size_t count = (size_t)mapper->width * (size_t)mapper->height;
    if (mapper->nearest != NULL) {
        for (int p = 0; p < mapper->positions; p++)
            mapper->filled[p] = distances[mapper->nearest[p]];
        distances = mapper->filled;
    }
    blmi_resampler_run(mapper->resampler, distances, mapper->resampler_scratch, map);
    blmi_opening(map, mapper->width, mapper->height, mapper->min_area, mapper->include,
        mapper->opening_scratch, map);
    float score = 0; // distances, and so maps, are never negative
    for (size_t i = 0; i < count; i++) {
        if (mapper->include != NULL && mapper->include[i] == 0)
            map[i] = 0;
        score = map[i] > score ? map[i] : score;
    }
    return score;
}
