// Compares the detectors on real files with golden/memory: fit, save, open, score.
#include <math.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "blemish/blemish.h"
#include "blemish/weights.h"
#include "src/base/alloc.h"
#include "src/feature/extractor.h"
#include "src/model/model.h"
#include "tests/check.h"
#include "tests/npy.h"

enum { TRAIN = 10, TEST = 4, GRID = 14, P = GRID * GRID, D = 576 };

typedef struct configuration {
    const char *name; // of the golden files
    const char *fields[4][2];
    double tolerance; // of distances: ten times the effect of float in the backbone
} configuration;

static const configuration configurations[] = {
    {"gauss1", {{"tolerance", "1"}}, 5e-4},
    {"gauss2", {{"tolerance", "2"}}, 5e-4},
    {"reach0", {{"detector", "memory"}, {"reach", "0"}}, 5e-5},
    {"reach1", {{"detector", "memory"}, {"reach", "1"}}, 5e-5},
    {"unlimited", {{"detector", "memory"}}, 5e-5},
    {"coreset", {{"detector", "memory"}, {"coreset", "0.1"}}, 5e-5},
};

static struct {
    char folder[64], weights[96], file[96];
    char image[TRAIN + TEST][512];
    json_t *expected;
} t;

static blm_error err;

static const char *memory(const char *prefix, const char *name, const char *ending)
{
    char path[300];
    snprintf(path, sizeof path, "memory/%s%s%s", prefix, name, ending);
    return golden_path(path);
}

static int set_up(void **state)
{
    (void)state;
    const char *expected = golden_path("memory/expected.json");
    if (expected == NULL)
        return 0;
    t.expected = json_load_file(expected, 0, NULL);
    assert_non_null(t.expected);
    for (size_t i = 0; i < TRAIN + TEST; i++) {
        json_t *list = json_object_get(t.expected, i < TRAIN ? "train" : "test");
        json_t *image = json_array_get(list, i < TRAIN ? i : i - TRAIN);
        char name[300];
        snprintf(name, sizeof name, "pipeline/images/%s",
            json_string_value(json_object_get(image, "path")));
        snprintf(t.image[i], sizeof t.image[i], "%s", golden_path(name));
    }
    strcpy(t.folder, "/tmp/blemish-detectors-XXXXXX");
    assert_non_null(mkdtemp(t.folder));
    snprintf(t.weights, sizeof t.weights, "%s/weights.safetensors", t.folder);
    snprintf(t.file, sizeof t.file, "%s/model.blm", t.folder);
    assert_ok(blm_weights_import(golden_path("backbone/contnet_ti_rel_pre.pth"),
                  t.weights, "pre-norm", &err),
        err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(t.expected);
    unlink(t.file);
    unlink(t.weights);
    if (t.folder[0] != '\0')
        rmdir(t.folder);
    return 0;
}

// Fits, saves and opens again.
static blm_model *open_model(const configuration *c)
{
    blm_recipe recipe;
    blm_recipe_init(&recipe);
    for (int i = 0; c->fields[i][0] != NULL; i++)
        assert_ok(blm_recipe_set(&recipe, c->fields[i][0], c->fields[i][1], &err), err);
    assert_ok(blm_recipe_set(&recipe, "taps", "2,3", &err), err);
    recipe.sigma = 4;
    if (recipe.detector == BLM_DETECTOR_GAUSS)
        recipe.epsilon = 0.01;
    const blm_fit_options options = {.recipe = &recipe, .weights = t.weights};
    const char *paths[TRAIN];
    blm_fitter *fitter = NULL;
    blm_model *model = NULL, *opened = NULL;
    for (int i = 0; i < TRAIN; i++)
        paths[i] = t.image[i];
    assert_ok(blm_fitter_new(&options, &fitter, &err), err);
    assert_ok(blm_fitter_add_files(fitter, paths, NULL, TRAIN, NULL, &err), err);
    assert_ok(blm_fitter_finish(fitter, NULL, &model, &err), err);
    blm_fitter_free(fitter);
    assert_ok(blm_model_save(model, t.file, &err), err);
    blm_model_free(model);
    assert_ok(blm_model_open(t.file, &opened, &err), err);
    return opened;
}

static void compare(const float *found, const double *expected, size_t count,
    double tolerance, const char *what)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)found[i] - expected[i]) <= tolerance))
            fail_msg("%s: number %zu is %.9g, expected %.9g within %g", what, i,
                (double)found[i], expected[i], tolerance);
}

// The features (P, D) of an image.
static float *features_of(const blm_model *model, const char *path)
{
    blmi_extractor *extractor;
    blmi_extraction *extraction;
    blm_image *image;
    float *features = blmi_alloc((size_t)P * D, sizeof *features);
    assert_ok(blmi_extractor_new(&model->weights, &model->backbone, &model->recipe,
                  &model->layout, 1, &extractor, &err),
        err);
    assert_ok(blmi_extraction_new(extractor, NULL, &extraction, &err), err);
    assert_ok(blm_image_read(path, NULL, &image, &err), err);
    assert_ok(
        blmi_extractor_run(extractor, extraction, image, features, NULL, NULL, &err),
        err);
    blm_image_free(image);
    blmi_extraction_free(extraction);
    blmi_extractor_free(extractor);
    return features;
}

static void check_distances(const configuration *c, const blm_model *model)
{
    npy loo = npy_load(memory("leave_one_out_", c->name, ".npy"), "f8");
    npy test = npy_load(memory("test_", c->name, ".npy"), "f8");
    float distances[P];
    void *scratch = blmi_alloc(blmi_detector_scratch(model->detector, 1, NULL), 1);
    assert_int_equal(model->detector->left_out, TRAIN);
    compare(model->detector->loo, loo.f8, loo.count, c->tolerance, c->name);
    for (int i = 0; i < TEST; i++) {
        float *features = features_of(model, t.image[TRAIN + i]);
        blmi_detector_distances(
            model->detector, features, 1, NULL, NULL, scratch, distances);
        compare(distances, test.f8 + i * P, P, c->tolerance, c->name);
        blmi_free(features);
    }
    blmi_free(scratch);
    npy_free(&loo);
    npy_free(&test);
}

static double expected_score(size_t i, const char *name)
{
    json_t *list = json_object_get(t.expected, i < TRAIN ? "train" : "test");
    json_t *image = json_array_get(list, i < TRAIN ? i : i - TRAIN);
    json_t *scores =
        json_object_get(image, i < TRAIN ? "leave_one_out_scores" : "scores");
    return json_real_value(json_object_get(scores, name));
}

static void check_scores(const configuration *c, const blm_model *model)
{
    blm_good_score good[TRAIN];
    blm_scorer *scorer = NULL;
    assert_int_equal(blm_model_good_scores(model, good, TRAIN), TRAIN);
    for (size_t i = 0; i < TRAIN; i++)
        assert_true(
            fabs(good[i].score / expected_score(good[i].index, c->name) - 1) < 1e-5);
    assert_ok(blm_scorer_new(model, NULL, &scorer, &err), err);
    for (size_t i = TRAIN; i < TRAIN + TEST; i++) {
        blm_image *image = NULL;
        blm_result result;
        assert_ok(blm_image_read(t.image[i], NULL, &image, &err), err);
        assert_ok(blm_scorer_run(scorer, image, &result, &err), err);
        assert_true(fabs(result.score / expected_score(i, c->name) - 1) < 1e-5);
        blm_image_free(image);
    }
    blm_scorer_free(scorer);
}

static void detectors_are_golden(void **state)
{
    (void)state;
    if (t.expected == NULL)
        skip();
    for (size_t k = 0; k < sizeof configurations / sizeof *configurations; k++) {
        blm_model *model = open_model(&configurations[k]);
        check_distances(&configurations[k], model);
        check_scores(&configurations[k], model);
        blm_model_free(model);
    }
}

static const blmi_part *part_of(
    const blm_model *model, const char *name, blmi_part parts[BLMI_MAX_PARTS])
{
    const size_t count = blmi_detector_parts(model->detector, parts);
    for (size_t i = 0; i < count; i++)
        if (strcmp(parts[i].name, name) == 0)
            return &parts[i];
    fail_msg("no part %s", name);
    return NULL;
}

static void rows_are_golden(void **state)
{
    (void)state;
    if (t.expected == NULL)
        skip();
    blm_model *model = open_model(&configurations[4]);
    blmi_part parts[BLMI_MAX_PARTS];
    npy golden = npy_load(memory("rows", "", ".npy"), "f4"); // (D, 14, 14)
    const float *scale = *(const float **)part_of(model, "memory.scale", parts)->at;
    float *features = features_of(model, t.image[TRAIN]);
    for (size_t d = 0; d < D; d++)
        for (size_t p = 0; p < P; p++)
            assert_true(
                fabsf(features[p * D + d] * scale[d] - golden.f4[d * P + p]) < 6e-5f);
    blmi_free(features);
    npy_free(&golden);
    blm_model_free(model);
}

static int by_number(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static void the_coreset_is_golden(void **state)
{
    (void)state;
    if (t.expected == NULL)
        skip();
    blm_model *model = open_model(&configurations[5]);
    blmi_part parts[BLMI_MAX_PARTS];
    npy golden = npy_load(memory("coreset_rows", "", ".npy"), "i4");
    const blmi_part *part = part_of(model, "memory.number", parts);
    int32_t *expected = malloc(golden.count * sizeof *expected);
    assert_int_equal(part->shape[0], golden.count);
    memcpy(expected, golden.i4, golden.count * sizeof *expected);
    qsort(expected, golden.count, sizeof *expected, by_number);
    assert_memory_equal(
        *(const int32_t **)part->at, expected, golden.count * sizeof *expected);
    free(expected);
    npy_free(&golden);
    blm_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detectors_are_golden),
        cmocka_unit_test(rows_are_golden),
        cmocka_unit_test(the_coreset_is_golden),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
