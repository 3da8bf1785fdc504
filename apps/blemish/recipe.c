#include "apps/blemish/recipe.h"

#include <stdio.h>
#include <stdlib.h>

#include "apps/blemish/memory.h"

blm_recipe cli_recipe_of(const cli_recipe *set)
{
    return (blm_recipe){.width = set->size.width,
        .height = set->size.height,
        .resize_width = set->resize.width,
        .resize_height = set->resize.height,
        .crop = set->crop,
        .filter = set->filter == 1 ? BLM_FILTER_BICUBIC : BLM_FILTER_BILINEAR,
        .bits = set->bits,
        .stages = set->stages,
        .epsilon = set->epsilon,
        .sigma = set->sigma,
        .min_area = set->min_area,
        .channels = set->channels,
        .unit_variance = set->unit_variance,
        .seed = set->seed,
        .shrinkage = set->shrinkage,
        .type = (blm_type)set->product_type,
        .half = set->half};
}

const char *cli_type_text(blm_type type)
{
    static const char *const names[] = {
        [BLM_TYPE_F32] = "f32", [BLM_TYPE_BF16] = "bf16", [BLM_TYPE_INT8] = "int8"};
    return names[type];
}

const char *cli_stages_text(unsigned stages, char text[8])
{
    char *to = text;
    for (int layer = 1; layer <= 4; layer++) {
        if ((stages & 1u << (layer - 1)) == 0)
            continue;
        if (to > text)
            *to++ = ',';
        *to++ = (char)('0' + layer);
    }
    *to = '\0';
    return text;
}

// Appends to a text of the caller's.
static char *join(char *text, char *more)
{
    char *joined = cli_format("%s%s", text, more);
    free(text);
    free(more);
    return joined;
}

char *cli_recipe_text(const blm_recipe *r)
{
    char stages[8];
    char *text = cli_format("stages %s", cli_stages_text(r->stages, stages));
    if (r->type != BLM_TYPE_F32)
        text = join(text, cli_format(", %s", cli_type_text(r->type)));
    if (r->channels > 0)
        text = join(text,
            cli_format(", %d channels (seed %lld)", r->channels, (long long)r->seed));
    if (r->unit_variance)
        text = join(text, cli_format(", unit variance"));
    if (r->shrinkage > 0)
        text = join(text, cli_format(", shrinkage %g", r->shrinkage));
    if (r->half)
        text = join(text, cli_format(", half precision"));
    text = join(text, cli_format(", epsilon %g, sigma %g", r->epsilon, r->sigma));
    if (r->min_area > 1)
        text = join(
            text, cli_format(", smallest defect %lld pixels", (long long)r->min_area));
    return text;
}
