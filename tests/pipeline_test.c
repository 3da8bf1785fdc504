// Compares the whole path on real files with golden/pipeline: import, fit, save, open,
// score.
#include "tests/check.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "blemish/blemish.h"
#include "blemish/weights.h"
#include "src/base/alloc.h"
#include "src/detector/gauss_kind.h"
#include "src/feature/extractor.h"
#include "src/model/model.h"
#include "tests/npy.h"

enum {
    TRAIN = 10,
    TEST = 4,
    SIDE = 224,
    GRID = 14,
    POSITIONS = GRID * GRID,
    FEATURES = 576
};

static struct {
    char folder[64], weights[96], file[96]; // scratch: weights and model
    char image[TRAIN + TEST][512];          // paths
    json_t *expected;
    blm_model *model; // opened from file
} t;

static blm_error err;

static const char *pipeline(const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "pipeline/%s", name);
    return golden_path(path);
}

static blm_model *fit(int threads)
{
    blm_recipe recipe;
    blm_recipe_init(&recipe);
    assert_ok(blm_recipe_like(&recipe, "paper", NULL, &err), err);
    const blm_fit_options options = {
        .recipe = &recipe, .weights = t.weights, .threads = threads};
    const char *paths[TRAIN];
    blm_fitter *fitter;
    blm_model *model;
    for (int i = 0; i < TRAIN; i++)
        paths[i] = t.image[i];
    assert_ok(blm_fitter_new(&options, &fitter, &err), err);
    assert_ok(blm_fitter_add_files(fitter, paths, NULL, TRAIN, NULL, &err), err);
    assert_ok(blm_fitter_finish(fitter, NULL, &model, &err), err);
    blm_fitter_free(fitter);
    return model;
}

static int set_up(void **state)
{
    (void)state;
    const char *expected = pipeline("expected.json");
    if (expected == NULL)
        return 0;
    t.expected = json_load_file(expected, 0, NULL);
    assert_non_null(t.expected);
    json_t *images = json_object_get(t.expected, "images");
    for (size_t i = 0; i < TRAIN + TEST; i++) {
        const char *path =
            json_string_value(json_object_get(json_array_get(images, i), "path"));
        char name[280];
        snprintf(name, sizeof name, "images/%s", path);
        snprintf(t.image[i], sizeof t.image[i], "%s", pipeline(name));
    }
    strcpy(t.folder, "/tmp/blemish-pipeline-XXXXXX");
    assert_non_null(mkdtemp(t.folder));
    snprintf(t.weights, sizeof t.weights, "%s/weights.safetensors", t.folder);
    snprintf(t.file, sizeof t.file, "%s/model.blm", t.folder);
    assert_ok(blm_weights_import(golden_path("backbone/contnet_ti_rel_pre.pth"),
                  t.weights, "pre-norm", &err),
        err);
    blm_model *model = fit(0);
    assert_ok(blm_model_save(model, t.file, &err), err);
    blm_model_free(model);
    assert_ok(blm_model_open(t.file, &t.model, &err), err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    blm_model_free(t.model);
    json_decref(t.expected);
    unlink(t.file);
    unlink(t.weights);
    if (t.folder[0] != '\0')
        rmdir(t.folder);
    return 0;
}

static void need_golden(void)
{
    if (t.model == NULL)
        skip();
}

static void assert_close(
    double value, double expected, double tolerance, const char *what)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%s: %.9g, expected %.9g within %g", what, value, expected, tolerance);
}

// ---- inside: features and Gaussians ---------------------------------------------------

// The features (P, D) of an image, which the caller frees.
static float *features_of(const char *path, const blmi_layout *layout)
{
    blmi_extractor *extractor;
    blmi_extraction *extraction;
    blm_image *image;
    float *features = blmi_alloc((size_t)POSITIONS * FEATURES, sizeof *features);
    assert_ok(blmi_extractor_new(&t.model->weights, &t.model->backbone, &t.model->recipe,
                  layout, 1, &extractor, &err),
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

static void the_patch_embedding_is_golden(void **state)
{
    (void)state;
    need_golden();
    npy golden = npy_load(pipeline("patch_embedding.npy"), "f4"); // (D, 14, 14)
    blmi_layout layout = t.model->layout;
    blmi_layout_in_order(&layout);
    float *features = features_of(t.image[TRAIN], &layout);
    double squares = 0;
    for (size_t d = 0; d < FEATURES; d++)
        for (size_t p = 0; p < POSITIONS; p++) {
            const double gap =
                (double)features[p * FEATURES + d] - (double)golden.f4[d * POSITIONS + p];
            assert_close(gap, 0, 2e-5, "patch embedding");
            squares += gap * gap;
        }
    assert_close(sqrt(squares / (double)golden.count), 0, 2e-6, "patch embedding, rms");
    blmi_free(features);
    npy_free(&golden);
}

// The number in the model of feature d of the outputs in their order.
static size_t number_in_model(size_t d)
{
    const blmi_output *o = t.model->layout.output;
    while (d >= (size_t)o->taken)
        d -= (size_t)o++->taken;
    return (size_t)o->at + d;
}

static void means_and_variances_are_golden(void **state)
{
    (void)state;
    need_golden();
    const size_t positions[] = {0, 6 * GRID + 7, 13 * GRID + 13};
    const blmi_gauss *g = blmi_detector_gaussians(t.model->detector);
    npy means = npy_load(pipeline("mean_at_positions.npy"), "f8");
    npy variances = npy_load(pipeline("variance_at_positions.npy"), "f8");
    for (size_t i = 0; i < 3; i++)
        for (size_t d = 0; d < FEATURES; d++) {
            const size_t p = positions[i], number = number_in_model(d);
            double variance = g->epsilon;
            for (size_t r = 0; r < (size_t)g->rank; r++) {
                const double v = g->axes[(p * (size_t)g->rank + r) * FEATURES + number];
                variance += (double)g->variances[p * (size_t)g->rank + r] * v * v;
            }
            assert_close(
                g->mean[p * FEATURES + number], means.f8[i * FEATURES + d], 1e-5, "mean");
            assert_close(variance, variances.f8[i * FEATURES + d], 1e-5, "variance");
        }
    npy_free(&variances);
    npy_free(&means);
}

static void compare_distances(
    const char *golden_name, int first, int count, double tolerance)
{
    npy golden = npy_load(pipeline(golden_name), "f8"); // (count, 14, 14)
    float distances[POSITIONS];
    void *scratch = blmi_alloc(blmi_detector_scratch(t.model->detector, 1, NULL), 1);
    for (int i = 0; i < count; i++) {
        float *features = features_of(t.image[first + i], &t.model->layout);
        blmi_detector_distances(
            t.model->detector, features, 1, NULL, NULL, scratch, distances);
        for (size_t p = 0; p < POSITIONS; p++)
            assert_close(distances[p], golden.f8[(size_t)i * POSITIONS + p], tolerance,
                golden_name);
        blmi_free(features);
    }
    blmi_free(scratch);
    npy_free(&golden);
}

static void distance_maps_are_golden(void **state)
{
    (void)state;
    need_golden();
    compare_distances("train_maps_14.npy", 0, TRAIN, 1e-5);
    compare_distances("test_maps_14.npy", TRAIN, TEST, 5e-4);
}

static void leave_one_out_is_golden(void **state)
{
    (void)state;
    need_golden();
    npy golden = npy_load(pipeline("leave_one_out_maps_14.npy"), "f8");
    for (size_t i = 0; i < golden.count; i++)
        assert_close(t.model->detector->loo[i], golden.f8[i], 5e-4, "leave-one-out map");
    npy_free(&golden);
    json_t *train = json_object_get(t.expected, "train");
    blm_good_score scores[TRAIN];
    assert_int_equal(blm_model_good_scores(t.model, scores, TRAIN), TRAIN);
    for (size_t k = 0; k < TRAIN; k++) {
        size_t i = 0;
        while (strcmp(t.image[i], scores[k].name) != 0)
            i++;
        const double expected = json_real_value(
            json_object_get(json_array_get(train, i), "leave_one_out_score"));
        assert_close(scores[k].score / expected, 1, 1e-5, scores[k].name);
        assert_true(k == 0 || scores[k].score <= scores[k - 1].score);
    }
}

// ---- outside: scores and maps ---------------------------------------------------------

static void score(
    blm_scorer *scorer, const char *path, blm_result *result, blm_image **image)
{
    assert_ok(blm_image_read(path, NULL, image, &err), err);
    assert_ok(blm_scorer_run(scorer, *image, result, &err), err);
}

static void scores_and_maps_are_golden(void **state)
{
    (void)state;
    need_golden();
    npy maps = npy_load(pipeline("anomaly_maps_224.npy"), "f4");
    npy native = npy_load(pipeline("anomaly_map_native.npy"), "f4");
    json_t *test = json_object_get(t.expected, "test");
    blm_scorer *scorer;
    assert_ok(blm_scorer_new(t.model, NULL, &scorer, &err), err);
    for (size_t i = 0; i < TEST; i++) {
        json_t *row = json_array_get(test, i);
        blm_image *image;
        blm_result result;
        score(scorer, t.image[TRAIN + i], &result, &image);
        const double expected = json_real_value(json_object_get(row, "score"));
        assert_close(result.score / expected, 1, 1e-5, t.image[TRAIN + i]);
        for (size_t k = 0; k < SIDE * SIDE; k++)
            assert_close(
                result.map[k], maps.f4[i * SIDE * SIDE + k], 5e-4, "anomaly map");
        json_t *peak = json_object_get(row, "peak_row_column_224");
        const json_int_t y = json_integer_value(json_array_get(peak, 0));
        const json_int_t x = json_integer_value(json_array_get(peak, 1));
        assert_true((double)result.map[y * SIDE + x] >= result.score - 1e-3);
        if (i == 0) {
            float *out = blmi_alloc(native.count, sizeof *out);
            assert_ok(blm_result_native_map(
                          scorer, &result, image->width, image->height, out, &err),
                err);
            for (size_t k = 0; k < native.count; k++)
                assert_close(out[k], native.f4[k], 5e-4, "native map");
            blmi_free(out);
        }
        blm_image_free(image);
    }
    blm_scorer_free(scorer);
    npy_free(&native);
    npy_free(&maps);
}

static void threads_and_clones_change_nothing(void **state)
{
    (void)state;
    need_golden();
    blm_scorer *all, *one, *three, *clone;
    assert_ok(blm_scorer_new(t.model, NULL, &all, &err), err);
    assert_ok(
        blm_scorer_new(t.model, &(blm_scorer_options){.threads = 1}, &one, &err), err);
    assert_ok(
        blm_scorer_new(t.model, &(blm_scorer_options){.threads = 3}, &three, &err), err);
    assert_ok(blm_scorer_clone(one, &clone, &err), err);
    blm_scorer *scorers[] = {all, three, one, clone};
    double scores[4];
    for (int i = 0; i < 4; i++) {
        blm_result result;
        blm_image *image;
        if (i == 3)
            blm_scorer_free(one); // a clone outlives its original
        score(scorers[i], t.image[TRAIN + 1], &result, &image);
        scores[i] = result.score;
        blm_image_free(image);
    }
    for (int i = 1; i < 4; i++)
        assert_true(scores[i] == scores[0]);
    blm_scorer_free(all);
    blm_scorer_free(three);
    blm_scorer_free(clone);
}

static void equal_fits_give_equal_bytes(void **state)
{
    (void)state;
    need_golden();
    char again[128], command[300];
    snprintf(again, sizeof again, "%s/again.blm", t.folder);
    for (int threads = 0; threads <= 1; threads++) {
        blm_model *model = fit(threads);
        assert_ok(blm_model_save(model, again, &err), err);
        blm_model_free(model);
        snprintf(command, sizeof command, "cmp %s %s", t.file, again);
        assert_int_equal(system(command), 0);
    }
    unlink(again);
}

static void verdict_mask_and_regions_agree(void **state)
{
    (void)state;
    need_golden();
    blm_scorer *scorer;
    assert_ok(blm_scorer_new(t.model, NULL, &scorer, &err), err);
    for (size_t i = 0; i < TEST; i++) {
        blm_image *image;
        blm_result r;
        score(scorer, t.image[TRAIN + i], &r, &image);
        size_t marked = 0;
        for (size_t k = 0; k < SIDE * SIDE; k++)
            marked += r.mask[k] != 0;
        double area = 0;
        for (size_t k = 0; k < r.region_count; k++)
            area += blm_result_region(&r, k)->area;
        assert_int_equal(r.verdict == BLM_VERDICT_NG, r.score >= r.threshold);
        assert_int_equal(r.verdict == BLM_VERDICT_NG, marked > 0);
        assert_int_equal(r.verdict == BLM_VERDICT_NG, r.region_count > 0);
        const double scale = image->width * image->height / (double)(SIDE * SIDE);
        assert_close(area, (double)marked * scale, 1e-6 * area, "area of the regions");
        if (r.region_count > 0)
            assert_true(blm_result_region(&r, 0)->peak == r.score);
        blm_image_free(image);
    }
    blm_scorer_free(scorer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_patch_embedding_is_golden),
        cmocka_unit_test(means_and_variances_are_golden),
        cmocka_unit_test(distance_maps_are_golden),
        cmocka_unit_test(leave_one_out_is_golden),
        cmocka_unit_test(scores_and_maps_are_golden),
        cmocka_unit_test(threads_and_clones_change_nothing),
        cmocka_unit_test(equal_fits_give_equal_bytes),
        cmocka_unit_test(verdict_mask_and_regions_agree),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
