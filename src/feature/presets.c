// presets.c: recipes from the literature, by name.
#include <string.h>

#include "blemish/blemish.h"
#include "src/base/error.h"
#include "src/base/number.h"

// `fields`: NAME=VALUE with blanks between them.
static const blm_preset presets[] = {
    {"paper", NULL,
        "taps=layer2,layer3 detector=gauss tolerance=0 unit-variance=no epsilon=0.01 "
        "sigma=4",
        "Dini and Rahtu 2023: one Gaussian for each position, features of 14 x 14"},
    {"padim", "resnet18",
        "taps=layer1,layer2,layer3 channels=100 detector=gauss tolerance=0 "
        "unit-variance=no epsilon=0.01 sigma=4",
        "PaDiM (Defard et al. 2021): 100 channels drawn at random, features of 56 x 56"},
    {"patchcore", "wide_resnet50_2",
        "taps=layer2,layer3 detector=memory coreset=0.1 reach=-1 sigma=4",
        "PatchCore (Roth et al. 2022): the nearest of a tenth of the good features"},
    {"spade", "wide_resnet50_2",
        "taps=layer1,layer2,layer3 detector=memory coreset=1 reach=-1 sigma=4",
        "SPADE (Cohen and Hoshen 2020): the nearest of all good features"},
    {"anomalydino", "dinov2_vits14",
        "size=448x448 taps=norm detector=memory coreset=1 reach=-1 sigma=4",
        "AnomalyDINO (Damm et al. 2025): the nearest of all features of DINOv2"},
};

const blm_preset *blm_preset_at(size_t index)
{
    return index < sizeof presets / sizeof *presets ? &presets[index] : NULL;
}

static blm_status apply(blm_recipe *recipe, const char *fields, blm_error *err)
{
    char field[BLM_FIELD_TEXT];
    while (*fields != '\0') {
        const size_t length = strcspn(fields, " ");
        blmi_print(field, sizeof field, "%.*s", (int)length, fields);
        char *value = strchr(field, '=');
        *value++ = '\0';
        BLMI_TRY(blm_recipe_set(recipe, field, value, err));
        fields += length + (fields[length] == ' ');
    }
    return BLM_OK;
}

blm_status blm_recipe_like(
    blm_recipe *recipe, const char *name, const blm_preset **out, blm_error *err)
{
    char known[BLM_FIELD_TEXT] = "";
    BLMI_NEED(recipe, err);
    BLMI_NEED(name, err);
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
        const size_t used = strlen(known);
        if (strcmp(name, presets[i].name) == 0) {
            if (out != NULL)
                *out = &presets[i];
            return apply(recipe, presets[i].fields, err);
        }
        blmi_print(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "",
            presets[i].name);
    }
    return blmi_fail(err, BLM_EUSAGE, "like \"%s\": expected one of %s", name, known);
}
