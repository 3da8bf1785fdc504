#include "src/fit/traits.h"

#include "src/base/alloc.h"
#include "src/base/error.h"

blm_status blmi_traits_of(
    const blmi_recipe *recipe, const blm_image *image, blmi_traits *out, blm_error *err)
{
    out->seen = blmi_seen_of(image);
    blmi_levels_of(image, &out->levels);
    out->thumb = blmi_alloc(1, sizeof *out->thumb);
    if (out->thumb == NULL)
        return blmi_no_memory(err, "a thumb", 1, sizeof *out->thumb);
    const blm_rect crop = blmi_recipe_crop(recipe, image->width, image->height);
    BLMI_TRY(blmi_look_at(image, &crop, &out->look, err));
    out->has_look = true;
    return blmi_thumb_of(recipe, image, out->thumb, err);
}

void blmi_traits_keep_look(const blmi_traits *traits, blmi_look *looks, size_t *count)
{
    if (!traits->has_look)
        *count = SIZE_MAX;
    else if (*count != SIZE_MAX)
        looks[(*count)++] = traits->look;
}

void blmi_traits_free(blmi_traits *traits)
{
    blmi_free(traits->thumb);
    traits->thumb = NULL;
}
