#include "src/detect/mapper.h"

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/detect/recipe.h"
#include "src/map/map.h"

struct blmi_mapper {
    int width, height;
    int64_t min_area;
    blmi_resampler *resampler;
    void *resampler_scratch, *opening_scratch;
};

blm_status blmi_mapper_new(const blm_recipe *recipe, blmi_mapper **out, blm_error *err)
{
    int grid_width, grid_height;
    blmi_recipe_grid(recipe, &grid_width, &grid_height);
    blm_status status = BLM_OK;
    blmi_mapper *mapper = blmi_alloc_zero(1, sizeof *mapper);
    if (mapper == NULL) {
        status = blmi_no_memory(err, "the mapper", 1, sizeof *mapper);
        goto done;
    }
    mapper->width = recipe->width;
    mapper->height = recipe->height;
    mapper->min_area = recipe->min_area;
    status = blmi_resampler_new(grid_width, grid_height, recipe->width, recipe->height,
        recipe->sigma, &mapper->resampler, err);
    if (status != BLM_OK)
        goto done;
    const size_t opening = blmi_opening_scratch(recipe->width, recipe->height);
    mapper->resampler_scratch = blmi_alloc(blmi_resampler_scratch(mapper->resampler), 1);
    mapper->opening_scratch = blmi_alloc(opening, 1);
    if (mapper->resampler_scratch == NULL || mapper->opening_scratch == NULL)
        status = blmi_no_memory(err, "the mapper's scratch", opening, 1);
done:
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
    blmi_free(mapper);
}

float blmi_mapper_run(blmi_mapper *mapper, const float *distances, float *map)
{
    const size_t count = (size_t)mapper->width * (size_t)mapper->height;
    blmi_resampler_run(mapper->resampler, distances, mapper->resampler_scratch, map);
    blmi_opening(map, mapper->width, mapper->height, mapper->min_area, NULL,
        mapper->opening_scratch, map);
    float score = map[0];
    for (size_t i = 1; i < count; i++)
        score = map[i] > score ? map[i] : score;
    return score;
}
