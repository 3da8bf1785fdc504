// Tests that pixels outside the region of interest change nothing, to the bit: with
// random pixels there, in images of the fit and in scored images, models have equal
// bytes, and images equal scores and maps.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blemish/blemish.h"
#include "tests/check.h"
#include "tests/random.h"

enum { IMAGES = 4, INPUT = 224 };

static blm_error err;
static char folder[] = "/tmp/blemish-outside-XXXXXX";

// The preparation of images.
typedef struct setting {
    const char *name;
    int width, height;                  // of the images
    int mask_width, mask_height;        // of the mask
    const char *crop, *resize, *filter; // of the recipe, as text
} setting;

static const setting settings[] = {
    {"smaller than the input", 61, 90, 61, 90, "all", "auto", "auto"},
    {"of its size", INPUT, INPUT, INPUT, INPUT, "all", "auto", "auto"},
    {"larger", 500, 301, 500, 301, "all", "auto", "auto"},
    {"cut and cropped", 400, 320, 400, 320, "7,5,380,301", "256x240", "auto"},
    {"bicubic", 311, 500, 311, 500, "all", "auto", "bicubic"},
    {"a mask of another size", 500, 302, 250, 151, "all", "auto", "auto"},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

// A box and an ellipse, with a hole.
static void draw_mask(const setting *s, uint8_t *mask)
{
    const int w = s->mask_width, h = s->mask_height;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            const double u = (x + 0.5) / w, v = (y + 0.5) / h;
            const double du = (u - 0.6) / 0.33, dv = (v - 0.55) / 0.37;
            const int box = u > 0.11 && u < 0.52 && v > 0.17 && v < 0.43;
            const int hole = (u - 0.6) * (u - 0.6) + (v - 0.5) * (v - 0.5) < 0.005;
            mask[y * w + x] = (box || du * du + dv * dv < 1) && !hole;
        }
}

// Whether any part of the pixel is outside.
static int is_outside(const setting *s, const uint8_t *mask, int x, int y)
{
    const int64_t w = s->mask_width, h = s->mask_height;
    for (int64_t v = y * h / s->height; v * s->height < (y + 1) * h; v++)
        for (int64_t u = x * w / s->width; u * s->width < (x + 1) * w; u++)
            if (mask[v * w + u] == 0)
                return 1;
    return 0;
}

// content: seed of the pixels inside; outside: of those outside.
static blm_image *make_image(
    const setting *s, const uint8_t *mask, uint64_t content, uint64_t outside)
{
    const size_t pixels = (size_t)s->width * (size_t)s->height;
    uint8_t *rgb = malloc(pixels * 3);
    blm_image *image = NULL;
    for (int y = 0; y < s->height; y++)
        for (int x = 0; x < s->width; x++)
            for (int c = 0; c < 3; c++) {
                const int there = (x / 9 + y / 13) % 2 * 90 + random_below(&content, 60);
                const int other = random_below(&outside, 256);
                rgb[((size_t)y * (size_t)s->width + (size_t)x) * 3 + (size_t)c] =
                    (uint8_t)(is_outside(s, mask, x, y) ? other : there);
            }
    const blm_buffer buffer = {
        .pixels = rgb, .width = s->width, .height = s->height, .layout = BLM_RGB8};
    assert_ok(blm_image_from_buffer(&buffer, &image, &err), err);
    free(rgb);
    return image;
}

static blm_model *fit(const setting *s, const uint8_t *mask, uint64_t outside)
{
    const blm_mask region = {s->mask_width, s->mask_height, mask};
    blm_recipe recipe;
    blm_recipe_init(&recipe);
    assert_ok(blm_recipe_set(&recipe, "taps", "layer3", &err), err);
    assert_ok(blm_recipe_set(&recipe, "crop", s->crop, &err), err);
    assert_ok(blm_recipe_set(&recipe, "resize", s->resize, &err), err);
    assert_ok(blm_recipe_set(&recipe, "filter", s->filter, &err), err);
    const blm_fit_options options = {
        .recipe = &recipe, .weights = "ti", .region = &region};
    blm_fitter *fitter = NULL;
    blm_model *model = NULL;
    assert_ok(blm_fitter_new(&options, &fitter, &err), err);
    for (uint64_t i = 0; i < IMAGES; i++) {
        blm_image *image = make_image(s, mask, i, outside + i);
        assert_ok(blm_fitter_add_image(fitter, image, "image", &err), err);
        blm_image_free(image);
    }
    assert_ok(blm_fitter_finish(fitter, NULL, &model, &err), err);
    blm_fitter_free(fitter);
    return model;
}

static size_t saved_bytes(const blm_model *model, char **bytes)
{
    char path[64];
    snprintf(path, sizeof path, "%s/model.blm", folder);
    assert_ok(blm_model_save(model, path, &err), err);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const size_t size = (size_t)ftell(file);
    rewind(file);
    *bytes = malloc(size);
    assert_int_equal(fread(*bytes, 1, size, file), size);
    fclose(file);
    remove(path);
    return size;
}

static void models_have_equal_bytes(void **state)
{
    (void)state;
    static uint8_t mask[500 * 500];
    for (size_t i = 0; i < SETTINGS; i++) {
        char *bytes[2];
        size_t size[2];
        draw_mask(&settings[i], mask);
        for (uint64_t k = 0; k < 2; k++) {
            blm_model *model = fit(&settings[i], mask, 1000 * (k + 1));
            size[k] = saved_bytes(model, &bytes[k]);
            blm_model_free(model);
        }
        if (size[0] != size[1] || memcmp(bytes[0], bytes[1], size[0]) != 0)
            fail_msg("images %s: the models differ", settings[i].name);
        free(bytes[0]);
        free(bytes[1]);
    }
}

static void images_have_equal_scores_and_maps(void **state)
{
    (void)state;
    static uint8_t mask[500 * 500];
    static float first[INPUT * INPUT];
    for (size_t i = 0; i < SETTINGS; i++) {
        const setting *s = &settings[i];
        blm_scorer *scorer = NULL;
        double score = 0;
        unsigned unseen = 0;
        draw_mask(s, mask);
        blm_model *model = fit(s, mask, 1000);
        assert_ok(blm_scorer_new(model, NULL, &scorer, &err), err);
        for (uint64_t k = 0; k < 3; k++) {
            blm_result result;
            blm_image *image = make_image(s, mask, 99, 500 + k);
            uint8_t before = image->rgb[0];
            assert_ok(blm_scorer_run(scorer, image, &result, &err), err);
            assert_int_equal(image->rgb[0], before); // it belongs to the caller
            if (k == 0) {
                score = result.score;
                unseen = result.unseen;
                memcpy(first, result.map, sizeof first);
            }
            if (result.score != score || memcmp(first, result.map, sizeof first) != 0)
                fail_msg("images %s: %.9g, then %.9g", s->name, score, result.score);
            assert_int_equal(result.unseen, unseen);
            blm_image_free(image);
        }
        blm_scorer_free(scorer);
        blm_model_free(model);
    }
}

// The test above does not pass because nothing is inspected at all.
static void what_is_inside_changes_scores(void **state)
{
    (void)state;
    static uint8_t mask[500 * 500];
    const setting *s = &settings[2];
    blm_scorer *scorer = NULL;
    blm_result result;
    double score[2];
    draw_mask(s, mask);
    blm_model *model = fit(s, mask, 1000);
    assert_ok(blm_scorer_new(model, NULL, &scorer, &err), err);
    for (uint64_t k = 0; k < 2; k++) {
        blm_image *image = make_image(s, mask, 99 + k, 500);
        assert_ok(blm_scorer_run(scorer, image, &result, &err), err);
        score[k] = result.score;
        blm_image_free(image);
    }
    assert_true(score[0] != score[1]);
    blm_scorer_free(scorer);
    blm_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_have_equal_bytes),
        cmocka_unit_test(images_have_equal_scores_and_maps),
        cmocka_unit_test(what_is_inside_changes_scores),
    };
    if (mkdtemp(folder) == NULL)
        return 1;
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
