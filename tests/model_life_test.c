// Tests that models are counted: they live until all objects that use them are freed, in
// any order.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blemish/blemish.h"
#include "tests/check.h"
#include "tests/random.h"

enum { SIDE = 64, IMAGES = 5, THREADS = 4 };

static char path[] = "/tmp/blemish-model-life-XXXXXX";
static blm_error err;

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

static blm_model *fit(void)
{
    const blm_fit_options options = {.weights = "ti"};
    blm_fitter *fitter = NULL;
    blm_model *model = NULL;
    assert_ok(blm_fitter_new(&options, &fitter, &err), err);
    for (uint64_t i = 0; i < IMAGES; i++) {
        blm_image *image = make_image(i);
        assert_ok(blm_fitter_add_image(fitter, image, "image", &err), err);
        blm_image_free(image);
    }
    assert_ok(blm_fitter_finish(fitter, NULL, &model, &err), err);
    blm_fitter_free(fitter);
    return model;
}

static blm_model *open_saved(void)
{
    blm_model *model = NULL;
    assert_ok(blm_model_open(path, &model, &err), err);
    return model;
}

static blm_scorer *scorer_of(const blm_model *model)
{
    const blm_scorer_options options = {.threads = 1};
    blm_scorer *scorer = NULL;
    assert_ok(blm_scorer_new(model, &options, &scorer, &err), err);
    return scorer;
}

static double score(blm_scorer *scorer)
{
    blm_result result = {0};
    blm_image *image = make_image(99);
    assert_ok(blm_scorer_run(scorer, image, &result, &err), err);
    blm_image_free(image);
    return result.score;
}

static int set_up(void **state)
{
    (void)state;
    blm_model *model = fit();
    assert_ok(blm_model_save(model, path, &err), err);
    blm_model_free(model);
    return 0;
}

static void a_scorer_keeps_its_model(void **state)
{
    (void)state;
    blm_model *model = open_saved();
    blm_scorer *first = scorer_of(model), *second = NULL;
    const double before = score(first);
    blm_model_free(model);
    assert_true(score(first) == before);
    assert_ok(blm_scorer_clone(first, &second, &err), err);
    blm_scorer_free(first);
    assert_true(score(second) == before);
    blm_scorer_free(second);
}

static void every_owner_counts(void **state)
{
    (void)state;
    blm_model *model = open_saved();
    blm_model *shared = blm_model_share(model);
    blm_model_free(model);
    blm_scorer *scorer = scorer_of(shared);
    assert_true(score(scorer) > 0);
    blm_model_free(shared);
    blm_scorer_free(scorer);
}

// Two models and a scorer are unchanged by freeing another of them.
static void calibrating_makes_another_model(void **state)
{
    (void)state;
    const blm_calibration rare = {.false_alarm = 0.2, .min_area = 50};
    for (int first = 0; first < 2; first++) {
        blm_model *model = open_saved(), *other = NULL, *third = NULL;
        blm_scorer *scorer = scorer_of(model);
        blm_model_info was, is, next;
        blm_model_describe(model, &was);
        const double before = score(scorer), threshold = was.threshold;
        assert_ok(blm_model_calibrate(model, &rare, &other, &err), err);
        blm_model_describe(model, &is);
        blm_model_describe(other, &next);
        assert_true(is.threshold == threshold && is.recipe->min_area == 1);
        assert_true(next.threshold < threshold && next.recipe->min_area == 50);
        assert_true(strlen(is.hash) == 32 && *next.hash == '\0');
        assert_string_equal(is.weights_hash, next.weights_hash);
        assert_string_equal(blm_model_image_name(other, 2), "image");
        assert_ok(blm_model_calibrate(other, NULL, &third, &err), err);
        blm_model_free(first == 0 ? model : other);
        assert_true(score(scorer) == before);
        blm_model_free(first == 0 ? other : model);
        blm_scorer *last = scorer_of(third);
        assert_true(score(last) > 0 && score(last) <= before);
        blm_model_free(third);
        assert_true(score(scorer) == before);
        blm_scorer_free(scorer);
        assert_true(score(last) > 0);
        blm_scorer_free(last);
    }
}

// Saving a calibrated model writes a complete model.
static void a_calibrated_model_is_saved_whole(void **state)
{
    (void)state;
    const blm_calibration rare = {.false_alarm = 0.2};
    blm_model *model = open_saved(), *other = NULL, *opened = NULL;
    char second[sizeof path + 2];
    snprintf(second, sizeof second, "%s.2", path);
    assert_ok(blm_model_calibrate(model, &rare, &other, &err), err);
    blm_model_free(model);
    assert_ok(blm_model_save(other, second, &err), err);
    assert_ok(blm_model_open(second, &opened, &err), err);
    blm_scorer *a = scorer_of(other), *b = scorer_of(opened);
    assert_true(score(a) == score(b));
    blm_scorer_free(a);
    blm_scorer_free(b);
    blm_model_free(other);
    blm_model_free(opened);
    remove(second);
}

static blm_model *common;

// Threads create and free scorers, calibrate and share one model.
static void *work(void *context)
{
    blm_error mine;
    double *out = context;
    blm_model *own = blm_model_share(common), *other = NULL;
    blm_scorer *scorer = NULL;
    blm_result result;
    const blm_scorer_options options = {.threads = 1};
    blm_image *image = make_image(99);
    if (blm_scorer_new(own, &options, &scorer, &mine) == BLM_OK &&
        blm_model_calibrate(own, NULL, &other, &mine) == BLM_OK &&
        blm_scorer_run(scorer, image, &result, &mine) == BLM_OK)
        *out = result.score;
    blm_model_free(own);
    blm_scorer_free(scorer);
    blm_model_free(other);
    blm_image_free(image);
    return NULL;
}

static void threads_share_a_model(void **state)
{
    (void)state;
    double scores[THREADS] = {0};
    pthread_t threads[THREADS];
    common = open_saved();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &scores[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    blm_model_free(common);
    for (int i = 0; i < THREADS; i++)
        assert_true(scores[i] == scores[0] && scores[i] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scorer_keeps_its_model),
        cmocka_unit_test(every_owner_counts),
        cmocka_unit_test(calibrating_makes_another_model),
        cmocka_unit_test(a_calibrated_model_is_saved_whole),
        cmocka_unit_test(threads_share_a_model),
    };
    const int file = mkstemp(path);
    if (file < 0)
        return 1;
    close(file);
    const int failed = cmocka_run_group_tests(tests, set_up, NULL);
    remove(path);
    return failed;
}
