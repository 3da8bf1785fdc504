// fit_folder: fits a model to good images (example 2 of 3).
//
//     fit_folder MODEL IMAGE IMAGE IMAGE...
#include <blemish/blemish.h>
#include <stdio.h>

static int progress(void *context, size_t done, size_t total)
{
    (void)context;
    fprintf(stderr, "%zu of %zu\n", done, total);
    return 0; // any other value stops the fit
}

// Needs at least three images; more are better.
static blm_status fit(
    const char *const *paths, size_t count, blm_model **model, blm_error *err)
{
    blm_recipe recipe; // the defaults, except sigma
    blm_recipe_init(&recipe);
    recipe.sigma = 3;
    const blm_fit_options options = {.recipe = &recipe};
    const blm_fit_watch watch = {.progress = progress};
    const blm_calibration calibration = {.false_alarm = 0.02};
    blm_fitter *fitter = NULL;
    blm_status status = blm_fitter_new(&options, &fitter, err);
    if (status == BLM_OK)
        status = blm_fitter_add_files(fitter, paths, NULL, count, &watch, err);
    if (status == BLM_OK)
        status = blm_fitter_finish(fitter, &calibration, model, err);
    blm_fitter_free(fitter);
    return status;
}

// Prints the images least like the others, since one of them may be defective.
static void show_odd(const blm_model *model)
{
    blm_good_score odd[3];
    const size_t known = blm_model_good_scores(model, odd, 3);
    for (size_t i = 0; i < known && i < 3; i++)
        printf("%8.2f  %s\n", odd[i].score, odd[i].name);
}

int main(int argc, char **argv)
{
    blm_model *model = NULL;
    blm_error err;
    if (argc < 3)
        return 2;

    blm_status status =
        fit((const char *const *)argv + 2, (size_t)argc - 2, &model, &err);
    if (status == BLM_OK)
        status = blm_model_save(model, argv[1], &err);
    if (status == BLM_OK)
        show_odd(model);
    else
        fprintf(stderr, "%s\n", err.text);
    blm_model_free(model);
    return status != BLM_OK;
}
