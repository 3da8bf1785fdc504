// Tests features instead of images: equal bytes of models and equal bits of results, for
// any taps of a recipe.
#include <string.h>
#include <unistd.h>

#include "blemish/features.h"
#include "tests/check.h"
#include "tests/random.h"

enum { SIDE = 64, IMAGES = 5 };

static blm_error err;
static blm_image *images[IMAGES];
static const char *const names[IMAGES] = {"a", "b", "c", "d", "e"};

static blm_image *make_image(uint64_t seed)
{
    uint8_t pixels[SIDE * SIDE * 3];
    blm_image *image = NULL;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i / 64 % 2 * 100 + (unsigned)random_below(&seed, 60));
    const blm_buffer buffer = {
        .pixels = pixels, .width = SIDE, .height = SIDE, .layout = BLM_RGB8};
    assert_ok(blm_image_from_buffer(&buffer, &image, &err), err);
    return image;
}

static int make_images(void **state)
{
    (void)state;
    for (int i = 0; i < IMAGES; i++)
        images[i] = make_image((uint64_t)i);
    return 0;
}

static int free_images(void **state)
{
    (void)state;
    for (int i = 0; i < IMAGES; i++)
        blm_image_free(images[i]);
    return 0;
}

// "taps=2,3 epsilon=0.1"
static blm_recipe recipe_of(const char *words)
{
    blm_recipe recipe;
    char *text = strdup(words), *rest = text, *word;
    blm_recipe_init(&recipe);
    while ((word = strsep(&rest, " ")) != NULL) {
        char *value = strchr(word, '=');
        if (value != NULL) {
            *value = '\0';
            assert_ok(blm_recipe_set(&recipe, word, value + 1, &err), err);
        }
    }
    free(text);
    return recipe;
}

// All images, `batch` together.
static blm_extractor *extract(
    const blm_recipe *recipe, int batch, blm_features *features[IMAGES])
{
    const blm_extractor_options options = {
        .recipe = recipe, .weights = "ti", .threads = 2, .batch = batch};
    blm_extractor *extractor = NULL;
    assert_ok(blm_extractor_new(&options, &extractor, &err), err);
    for (int i = 0; i < IMAGES; i += batch) {
        const int count = IMAGES - i < batch ? IMAGES - i : batch;
        assert_ok(blm_extractor_run(extractor, (const blm_image *const *)images + i,
                      count, features + i, &err),
            err);
    }
    return extractor;
}

static void release(blm_extractor *extractor, blm_features *features[IMAGES])
{
    blm_extractor_free(extractor);
    for (int i = 0; i < IMAGES; i++)
        blm_features_free(features[i]);
}

static blm_model *fit_images(const blm_recipe *recipe)
{
    const blm_fit_options options = {.recipe = recipe, .weights = "ti", .threads = 1};
    blm_fitter *fitter = NULL;
    blm_model *model = NULL;
    assert_ok(blm_fitter_new(&options, &fitter, &err), err);
    for (int i = 0; i < IMAGES; i++)
        assert_ok(blm_fitter_add_image(fitter, images[i], names[i], &err), err);
    assert_ok(blm_fitter_finish(fitter, NULL, &model, &err), err);
    blm_fitter_free(fitter);
    return model;
}

static blm_model *fit_features(
    const blm_recipe *recipe, blm_features *const features[IMAGES])
{
    const blm_fit_options options = {
        .recipe = recipe, .weights = "ti", .threads = 2, .from_features = 1};
    blm_fitter *fitter = NULL;
    blm_model *model = NULL;
    assert_ok(blm_fitter_new(&options, &fitter, &err), err);
    assert_ok(blm_fitter_add_features(
                  fitter, (const blm_features *const *)features, names, IMAGES, &err),
        err);
    assert_ok(blm_fitter_finish(fitter, NULL, &model, &err), err);
    blm_fitter_free(fitter);
    return model;
}

static void assert_equal_files(const blm_model *a, const blm_model *b)
{
    static const char *const paths[] = {"/tmp/features_test_a", "/tmp/features_test_b"};
    const blm_model *const models[] = {a, b};
    char *text[2];
    size_t size[2];
    for (int i = 0; i < 2; i++) {
        assert_ok(blm_model_save(models[i], paths[i], &err), err);
        FILE *file = fopen(paths[i], "rb");
        assert_non_null(file);
        assert_int_equal(fseek(file, 0, SEEK_END), 0);
        size[i] = (size_t)ftell(file);
        rewind(file);
        text[i] = malloc(size[i]);
        assert_int_equal(fread(text[i], 1, size[i], file), size[i]);
        fclose(file);
        unlink(paths[i]);
    }
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(text[0], text[1], size[0]);
    free(text[0]);
    free(text[1]);
}

static void assert_equal_results(const blm_result *a, const blm_result *b)
{
    const size_t pixels = (size_t)a->width * (size_t)a->height;
    assert_true(a->score == b->score && a->calibrated == b->calibrated);
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->unseen, b->unseen);
    assert_memory_equal(a->map, b->map, pixels * sizeof *a->map);
    assert_memory_equal(a->mask, b->mask, pixels);
    assert_int_equal(a->region_count, b->region_count);
    assert_memory_equal(a->regions, b->regions, a->region_count * sizeof *a->regions);
}

// Scores all features together and each image by itself.
static void compare_scores(const blm_model *model, blm_features *const features[IMAGES])
{
    const blm_scorer_options options = {
        .threads = 2, .from_features = 1, .batch = IMAGES, .threshold = 1};
    const blm_scorer_options of_images = {.threads = 1, .threshold = 1};
    blm_scorer *a = NULL, *b = NULL;
    blm_result together[IMAGES], one;
    assert_ok(blm_scorer_new(model, &options, &a, &err), err);
    assert_ok(blm_scorer_new(model, &of_images, &b, &err), err);
    assert_ok(blm_scorer_run_features(
                  a, (const blm_features *const *)features, IMAGES, together, &err),
        err);
    for (int i = 0; i < IMAGES; i++) {
        assert_ok(blm_scorer_run(b, images[i], &one, &err), err);
        assert_equal_results(&together[i], &one);
    }
    blm_scorer_free(a);
    blm_scorer_free(b);
}

static void features_stand_for_images(void **state)
{
    const blm_recipe all = recipe_of("taps=1,2,3");
    const blm_recipe tried[] = {
        recipe_of("taps=2,3"),
        recipe_of("taps=1,3 channels=20 seed=3"),
        recipe_of("taps=3 unit-variance=yes epsilon=0.1 sigma=2"),
    };
    blm_features *features[IMAGES];
    (void)state;
    blm_extractor *extractor = extract(&all, 1, features);
    for (size_t r = 0; r < sizeof tried / sizeof *tried; r++) {
        blm_model *a = fit_images(&tried[r]), *b = fit_features(&tried[r], features);
        assert_equal_files(a, b);
        compare_scores(b, features);
        blm_model_free(a);
        blm_model_free(b);
    }
    release(extractor, features);
}

// Results do not depend on the other images of a batch.
static void batches_change_nothing(void **state)
{
    blm_features *one[IMAGES], *many[IMAGES];
    blm_output a[4], b[4];
    (void)state;
    blm_extractor *first = extract(NULL, 1, one), *second = extract(NULL, 3, many);
    for (int i = 0; i < IMAGES; i++) {
        assert_int_equal(blm_features_outputs(one[i], a, 4), 2);
        assert_int_equal(blm_features_outputs(many[i], b, 4), 2);
        for (int k = 0; k < 2; k++) {
            const size_t count =
                (size_t)a[k].width * (size_t)a[k].height * (size_t)a[k].channels;
            assert_string_equal(a[k].name, k == 0 ? "layer1" : "layer2");
            assert_memory_equal(a[k].values, b[k].values, count * sizeof(float));
        }
    }
    release(first, one);
    release(second, many);
}

// Features made of arrays equal those of the image that the arrays came from.
static void arrays_become_features(void **state)
{
    blm_features *features[IMAGES], *copies[IMAGES];
    blm_output taps[4];
    (void)state;
    blm_extractor *extractor = extract(NULL, 1, features);
    for (int i = 0; i < IMAGES; i++) {
        blm_features_outputs(features[i], taps, 4);
        const float *const values[] = {taps[0].values, taps[1].values};
        assert_ok(blm_features_from_outputs(extractor, values, &copies[i], &err), err);
    }
    const blm_recipe recipe = recipe_of("");
    blm_model *a = fit_images(&recipe), *b = fit_features(&recipe, copies);
    blm_good_score x[IMAGES], y[IMAGES];
    assert_int_equal(blm_model_good_scores(a, x, IMAGES), IMAGES);
    assert_int_equal(blm_model_good_scores(b, y, IMAGES), IMAGES);
    for (int i = 0; i < IMAGES; i++)
        assert_true(x[i].score == y[i].score && x[i].index == y[i].index);
    blm_model_free(a);
    blm_model_free(b);
    release(NULL, copies);
    release(extractor, features);
}

static void models_adapt(void **state)
{
    const blm_recipe recipe = recipe_of("");
    const blm_recipe other = recipe_of("epsilon=0.1 shrinkage=0.2 sigma=3 min-area=9");
    const blm_recipe unit = recipe_of("unit-variance=yes");
    (void)state;
    blm_model *first = fit_images(&recipe), *a = NULL, *b = fit_images(&other);
    blm_good_score x[IMAGES], y[IMAGES];
    assert_int_equal(blm_model_can_adapt(first, &other), 1);
    assert_int_equal(blm_model_can_adapt(first, &unit), 0);
    assert_int_equal(blm_model_adapt(first, &unit, NULL, &a, &err), BLM_EUSAGE);
    assert_ok(blm_model_adapt(first, &other, NULL, &a, &err), err);
    blm_model_free(first); // its arrays stay
    blm_model_good_scores(a, x, IMAGES);
    blm_model_good_scores(b, y, IMAGES);
    for (int i = 0; i < IMAGES; i++) {
        assert_int_equal(x[i].index, y[i].index);
        assert_true(x[i].score - y[i].score <= 1e-5 * y[i].score &&
                    y[i].score - x[i].score <= 1e-5 * y[i].score);
    }
    blm_model_free(a);
    blm_model_free(b);
}

static void assert_refused(const blm_recipe *recipe, const char *weights,
    const blm_features *features, const char *why)
{
    const blm_fit_options options = {
        .recipe = recipe, .weights = weights, .from_features = 1};
    blm_fitter *fitter = NULL;
    assert_ok(blm_fitter_new(&options, &fitter, &err), err);
    assert_int_equal(
        blm_fitter_add_features(fitter, &features, NULL, 1, &err), BLM_EUSAGE);
    assert_non_null(strstr(err.text, why));
    assert_int_equal(blm_fitter_add_image(fitter, images[0], "image", &err), BLM_EUSAGE);
    blm_fitter_free(fitter);
}

static void what_does_not_fit_is_refused(void **state)
{
    blm_features *features[IMAGES];
    (void)state;
    blm_extractor *extractor = extract(NULL, 1, features);
    const blm_recipe taps = recipe_of("taps=3"), filter = recipe_of("filter=bicubic");
    const blm_recipe usual = recipe_of("");
    assert_refused(&taps, "ti", features[0], "is missing");
    assert_refused(&filter, "ti", features[0], "made with another size, resize");
    assert_refused(&usual, "s", features[0], "made with other weights");
    const blm_image *const image = images[0];
    blm_features *none = NULL;
    assert_int_equal(blm_extractor_run(extractor, &image, 2, &none, &err), BLM_EUSAGE);
    assert_null(none);
    release(extractor, features);
}

static void steps_add_up(void **state)
{
    static const char *const expected[] = {"layer0", "layer1", "layer2"};
    blm_features *features[IMAGES];
    blm_step steps[8];
    blm_extractor_info info;
    double gflop = 0, ms = 0;
    (void)state;
    blm_extractor *extractor = extract(NULL, 1, features);
    blm_features_free(features[0]);
    blm_extractor_time(extractor, 1);
    assert_ok(
        blm_extractor_run(extractor, (const blm_image *const *)images, 1, features, &err),
        err);
    blm_extractor_describe(extractor, &info);
    assert_int_equal(blm_extractor_steps(extractor, steps, 8), 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(steps[i].name, expected[i]);
        assert_true(steps[i].ms > 0 && steps[i].gflop > 0);
        assert_true(steps[i].rows > 0 && steps[i].depth > 0 && steps[i].columns > 0);
        gflop += steps[i].gflop;
        ms += steps[i].ms;
    }
    assert_true(gflop == info.gflop);
    assert_true(ms <= info.network_ms && info.prepare_ms > 0);
    assert_string_equal(info.backbone, "ConTNet-Ti");
    release(extractor, features);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_stand_for_images),
        cmocka_unit_test(batches_change_nothing),
        cmocka_unit_test(arrays_become_features),
        cmocka_unit_test(models_adapt),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(steps_add_up),
    };
    return cmocka_run_group_tests(tests, make_images, free_images);
}
