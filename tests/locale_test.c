// locale_test LOCALE MODEL WEIGHTS FOLDER IMAGE...: uses the library in a locale, as
// programs with a window do: opens, saves, fits, scores, draws and fails, and writes all
// results to FOLDER.  tests/locale compares the folders.
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blemish/blemish.h"
#include "blemish/image.h"
#include "blemish/render.h"

static const char *folder;

static void must(int truth, const char *what, const blm_error *err)
{
    if (truth)
        return;
    fprintf(stderr, "locale_test: %s: %s\n", what, err->text);
    exit(1);
}

static void keep(const char *name, const void *bytes, size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    const int kept = file != NULL && fwrite(bytes, 1, size, file) == size;
    must(kept && fclose(file) == 0, "keep", &(blm_error){0});
}

static const char *path_of(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void keep_bytes(const char *name, blm_bytes *bytes)
{
    keep(name, bytes->data, bytes->size);
    blm_bytes_free(bytes);
}

static void keep_failure(const char *name, blm_status status, const blm_error *err)
{
    must(status != BLM_OK, name, &(blm_error){.text = "expected a failure"});
    keep(name, err->text, strlen(err->text));
}

static void use_model(const char *path, const char *image_path)
{
    blm_error err;
    blm_model *model = NULL;
    blm_scorer *scorer = NULL;
    blm_image *image = NULL;
    blm_result result;
    must(blm_model_open(path, &model, &err) == BLM_OK, "open", &err);
    must(blm_model_save(model, path_of("saved"), &err) == BLM_OK, "save", &err);
    must(blm_scorer_new(model, NULL, &scorer, &err) == BLM_OK, "scorer", &err);
    must(blm_image_read(image_path, NULL, &image, &err) == BLM_OK, "image", &err);
    must(blm_scorer_run(scorer, image, &result, &err) == BLM_OK, "run", &err);
    keep("score", &result.score, sizeof result.score);
    blm_scorer_free(scorer);
    const blm_scorer_options options = {.threshold = -1.5};
    keep_failure("threshold", blm_scorer_new(model, &options, &scorer, &err), &err);
    blm_image_free(image);
    blm_model_free(model);
}

static void fit(const char *weights, const char *const *paths, size_t count)
{
    blm_error err;
    blm_fitter *fitter = NULL;
    blm_model *model = NULL;
    blm_recipe recipe;
    blm_recipe_init(&recipe);
    must(blm_recipe_set(&recipe, "epsilon", "0.0125", &err) == BLM_OK, "epsilon", &err);
    const blm_fit_options options = {.weights = weights, .recipe = &recipe};
    must(blm_fitter_new(&options, &fitter, &err) == BLM_OK, "fitter", &err);
    must(blm_fitter_add_files(fitter, paths, NULL, count, NULL, &err) == BLM_OK, "files",
        &err);
    must(blm_fitter_finish(fitter, NULL, &model, &err) == BLM_OK, "finish", &err);
    must(blm_model_save(model, path_of("fitted"), &err) == BLM_OK, "save", &err);
    blm_model_free(model);
    blm_fitter_free(fitter);
    recipe.epsilon = 2.5e-12;
    keep_failure("epsilon", blm_fitter_new(&options, &fitter, &err), &err);
}

static void draw(void)
{
    blm_error err;
    blm_bytes out;
    const double scores[] = {1.25, 2.5, 2.75, 19.5}, marks[] = {3.5};
    const blm_sample_set set = {.name = "good", .values = scores, .count = 4};
    must(blm_plot_histogram("scores", "score", &set, 1, marks, 1, &out, &err) == BLM_OK,
        "histogram", &err);
    keep_bytes("histogram.svg", &out);
    const float map[] = {0.5f, 1.5f};
    must(blm_map_encode(map, 2, 1, BLM_MAP_NPY, 0, &out, &err) == BLM_OK, "map", &err);
    keep_bytes("map.npy", &out);
}

int main(int count, char **arguments)
{
    if (count < 6)
        return 2;
    if (setlocale(LC_ALL, arguments[1]) == NULL) {
        fprintf(stderr, "locale_test: no locale %s\n", arguments[1]);
        return 1;
    }
    folder = arguments[4];
    blm_error err;
    blm_model *model = NULL;
    use_model(arguments[2], arguments[5]);
    fit(arguments[3], (const char *const *)arguments + 5, (size_t)count - 5);
    draw();
    keep_failure("missing", blm_model_open("nowhere", &model, &err), &err);
    const char name = blm_image_is_name("PART.TIFF") ? '1' : '0';
    keep("name", &name, 1);
    return 0;
}
