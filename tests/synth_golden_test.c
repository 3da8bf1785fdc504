// Compares the whole path on made-up images with tests/golden/pipeline_synth (its README
// explains the fields): every variant and switch, other stages, sizes and filters.
#include "tests/check.h"

#include <dirent.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "blemish/blemish.h"
#include "blemish/weights.h"
#include "src/backbone/contnet.h"
#include "src/base/alloc.h"
#include "src/format/safetensors.h"
#include "tests/crc32.h"
#include "tests/formula.h"
#include "tools/synth/synth.h"

#define FOLDER "tests/golden/pipeline_synth"

static blm_error err;

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    if (value == NULL)
        fail_msg("no text \"%s\"", key);
    return value;
}

static double number(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    if (!json_is_number(value))
        fail_msg("no number \"%s\"", key);
    return json_number_value(value);
}

static bool flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

// ---- weights, recipe and images of a case ---------------------------------------------

static blmi_contnet_config config_of(const json_t *test)
{
    blmi_contnet_config config = {.relative = flag(test, "relative"),
        .qkv_bias = flag(test, "qkv_bias"),
        .pre_norm = flag(test, "pre_norm"),
        .avgdown = flag(test, "avgdown"),
        .stages = 4};
    while (strcmp(blmi_variant_name(config.variant), text(test, "variant")) != 0)
        config.variant++;
    return config;
}

// A weights file of formula weights.
static void write_weights(const json_t *test, const char *plain, const char *path)
{
    const blmi_contnet_config config = config_of(test);
    formula_weights weights = formula_weights_new(&config);
    assert_ok(blmi_safetensors_write(
                  plain, weights.set.items, weights.set.count, NULL, 0, &err),
        err);
    formula_weights_free(&weights);
    const char *form = config.pre_norm ? "pre-norm" : "post-norm";
    assert_ok(blm_weights_import(plain, path, form, &err), err);
}

static blm_recipe recipe_of(const json_t *test)
{
    blm_recipe recipe;
    blm_recipe_init(&recipe);
    recipe.width = (int)number(test, "input_width");
    recipe.height = (int)number(test, "input_height");
    recipe.tolerance = 0;
    recipe.epsilon = number(test, "epsilon");
    recipe.sigma = number(test, "sigma");
    if (strcmp(text(test, "filter"), "bicubic") == 0)
        recipe.filter = BLM_FILTER_BICUBIC;
    size_t i;
    json_t *stage;
    json_array_foreach(json_object_get(test, "stages"), i, stage)
    {
        if (i > 0)
            strcat(recipe.taps, ",");
        strcat(recipe.taps, json_string_value(stage));
    }
    return recipe;
}

static blm_image *picture_of(const json_t *test, const json_t *row)
{
    const int width = (int)number(test, "picture_width");
    const int height = (int)number(test, "picture_height");
    const size_t size = (size_t)width * (size_t)height * 3;
    size_t category = 0;
    int kind = 0;
    while (strcmp(synth_category_name(synth_category_at(category)),
               text(test, "category")) != 0)
        category++;
    while (strcmp(synth_kind_name((synth_kind)kind), text(row, "kind")) != 0)
        kind++;
    uint8_t *rgb = blmi_alloc(size, 1);
    assert_int_equal(
        synth_picture(synth_category_at(category), (uint64_t)number(test, "seed"),
            (int)number(row, "index"), (synth_kind)kind, width, height, rgb, NULL),
        0);
    assert_int_equal(crc32_of(rgb, size), strtoul(text(row, "rgb_crc32"), NULL, 16));
    blm_image *image;
    const blm_buffer buffer = {
        .pixels = rgb, .width = width, .height = height, .layout = BLM_RGB8};
    assert_ok(blm_image_from_buffer(&buffer, &image, &err), err);
    blmi_free(rgb);
    return image;
}

// ---- comparing ------------------------------------------------------------------------

static void assert_score(const char *name, const json_t *row, double score)
{
    const double expected = number(row, "score");
    if (!(fabs(score / expected - 1) <= 1e-5))
        fail_msg("%s: %s %s %g: score %.9g, expected %.9g", name, text(row, "split"),
            text(row, "kind"), number(row, "index"), score, expected);
}

static blm_model *fit(const json_t *test, const char *weights)
{
    const blm_recipe recipe = recipe_of(test);
    const blm_fit_options options = {.recipe = &recipe, .weights = weights};
    blm_fitter *fitter;
    blm_model *model;
    size_t i;
    json_t *row;
    assert_ok(blm_fitter_new(&options, &fitter, &err), err);
    json_array_foreach(json_object_get(test, "images"), i, row)
    {
        if (strcmp(text(row, "split"), "train") != 0)
            continue;
        blm_image *image = picture_of(test, row);
        assert_ok(blm_fitter_add_image(fitter, image, "", &err), err);
        blm_image_free(image);
    }
    assert_ok(blm_fitter_finish(fitter, NULL, &model, &err), err);
    blm_fitter_free(fitter);
    return model;
}

static void compare_good_scores(
    const char *name, const json_t *test, const blm_model *model)
{
    json_t *images = json_object_get(test, "images");
    blm_good_score scores[64];
    const size_t count = blm_model_good_scores(model, scores, 64);
    assert_in_range(count, 3, 64);
    for (size_t i = 0; i < count; i++)
        assert_score(name, json_array_get(images, scores[i].index), scores[i].score);
}

static void compare_test_scores(
    const char *name, const json_t *test, const blm_model *model)
{
    blm_scorer *scorer;
    size_t i;
    json_t *row;
    assert_ok(blm_scorer_new(model, NULL, &scorer, &err), err);
    json_array_foreach(json_object_get(test, "images"), i, row)
    {
        if (strcmp(text(row, "split"), "test") != 0)
            continue;
        blm_image *image = picture_of(test, row);
        blm_result result;
        assert_ok(blm_scorer_run(scorer, image, &result, &err), err);
        assert_score(name, row, result.score);
        json_t *peak = json_object_get(row, "peak");
        const json_int_t y = json_integer_value(json_array_get(peak, 0));
        const json_int_t x = json_integer_value(json_array_get(peak, 1));
        assert_score(name, row, (double)result.map[y * result.width + x]);
        blm_image_free(image);
    }
    blm_scorer_free(scorer);
}

static void run_case(const char *name)
{
    char path[300], plain[64] = "/tmp/blemish-synth-XXXXXX", weights[80];
    snprintf(path, sizeof path, FOLDER "/%s", name);
    json_t *test = json_load_file(path, 0, NULL);
    assert_non_null(test);
    assert_non_null(mkdtemp(plain));
    snprintf(weights, sizeof weights, "%s/w.safetensors", plain);
    strcat(plain, "/plain");
    write_weights(test, plain, weights);
    blm_model *model = fit(test, weights);
    compare_good_scores(name, test, model);
    compare_test_scores(name, test, model);
    blm_model_free(model);
    unlink(weights);
    unlink(plain);
    *strrchr(plain, '/') = '\0';
    rmdir(plain);
    json_decref(test);
}

static void scores_of_made_up_pictures_are_golden(void **state)
{
    (void)state;
    struct dirent **entries;
    const int count = scandir(FOLDER, &entries, NULL, alphasort);
    int cases = 0;
    for (int i = 0; i < count; i++) {
        if (strstr(entries[i]->d_name, ".json") != NULL) {
            run_case(entries[i]->d_name);
            cases++;
        }
        free(entries[i]);
    }
    free(entries);
    assert_true(cases >= 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_of_made_up_pictures_are_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
