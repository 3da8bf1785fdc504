// Defaults, limits and geometry of the recipe.
#include "tests/check.h"

#include <math.h>
#include <string.h>

#include "src/feature/features.h"
#include "src/feature/recipe.h"

// A network that does not exist.
static const blmi_family family = {.name = "none"};
static const blmi_backbone backbone = {
    .family = &family,
    .name = "None-1",
    .input = {.unit = 224,
        .standard = 224,
        .largest = BLMI_LARGEST_SIDE,
        .mean = {0.485, 0.456, 0.406},
        .deviation = {0.229, 0.224, 0.225}},
    .taps = 4,
    .tap = {{"one", 8, 8}, {"two", 16, 16}, {"three", 32, 32}, {"four", 64, 32}},
    .usual = 1u << 1 | 1u << 2,
};

static blm_recipe complete(blm_recipe recipe)
{
    blm_error err;
    blm_recipe out;
    assert_ok(blmi_recipe_complete(&recipe, &backbone, &out, &err), err);
    return out;
}

static void zeros_become_the_defaults(void **state)
{
    (void)state;
    const blm_recipe r = complete((blm_recipe){0});
    assert_int_equal(r.width, 224);
    assert_int_equal(r.resize_height, 224);
    assert_int_equal(r.stages, BLM_LAYER2 | BLM_LAYER3);
    assert_true(r.epsilon == 0.01 && r.sigma == 4);
    const blm_recipe again = complete(r);
    assert_memory_equal(&again, &r, sizeof r);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    const blm_recipe bad[] = {
        {.width = 225},
        {.height = -224},
        {.resize_width = 100},
        {.width = BLMI_LARGEST_SIDE + 224},
        {.height = BLMI_LARGEST_SIDE + 224},
        {.resize_width = BLMI_LARGEST_SIDE + 1},
        {.crop = {.x = -1, .width = 5, .height = 5}},
        {.crop = {.x = 1}},
        {.filter = (blm_filter)9},
        {.bits = 8},
        {.bits = 17},
        {.epsilon = -1},
        {.epsilon = NAN},
        {.sigma = INFINITY},
        {.min_area = 224 * 224 + 1},
        {.channels = -1},
        {.channels = 1 << 15},
        {.seed = -1},
        {.unit_variance = 2},
        {.type = (blm_type)3},
        {.type = (blm_type)-1},
        {.shrinkage = 1},
        {.shrinkage = NAN},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        blm_error err = {""};
        blm_recipe out;
        assert_int_equal(
            blmi_recipe_complete(&bad[i], &backbone, &out, &err), BLM_EUSAGE);
        assert_true(strlen(err.text) > 0);
    }
}

static void the_grid_follows_the_finest_stage(void **state)
{
    (void)state;
    const struct {
        unsigned stages;
        int grid_width, grid_height;
    } cases[] = {{BLM_LAYER1 | BLM_LAYER4, 56, 28}, {BLM_LAYER2, 28, 14},
        {BLM_LAYER3, 14, 7}, {BLM_LAYER4, 14, 7}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const blm_recipe r =
            complete((blm_recipe){.width = 448, .stages = cases[i].stages});
        blmi_layout layout;
        blm_error err;
        assert_ok(blmi_recipe_layout(&r, &backbone, &layout, &err), err);
        assert_int_equal(layout.grid_width, cases[i].grid_width);
        assert_int_equal(layout.grid_height, cases[i].grid_height);
        assert_int_equal(layout.positions, cases[i].grid_width * cases[i].grid_height);
    }
}

// A 224 x 224 window of an image at its own scale must come through untouched, and its
// frame must say where it was.
static void crop_and_centre_are_where_the_frame_says(void **state)
{
    (void)state;
    enum { WIDTH = 300, HEIGHT = 280 };
    static uint8_t rgb[HEIGHT][WIDTH][3], resized[240 * 260 * 3];
    static float x[224][224][3];
    for (int row = 0; row < HEIGHT; row++)
        for (int column = 0; column < WIDTH; column++) {
            rgb[row][column][0] = (uint8_t)row;
            rgb[row][column][1] = (uint8_t)column;
            rgb[row][column][2] = 128;
        }
    const blm_image image = {
        .width = WIDTH, .height = HEIGHT, .channels = 3, .bits = 8, .rgb = &rgb[0][0][0]};
    const blm_recipe r = complete((blm_recipe){
        .crop = {30, 20, 260, 240}, .resize_width = 260, .resize_height = 240});
    blm_error err;
    assert_ok(blmi_recipe_resize(&r, &image, resized, &err), err);
    blmi_recipe_normalise(&r, &backbone.input, resized, &x[0][0][0]);
    const blmi_frame f = blmi_recipe_frame(&r, WIDTH, HEIGHT);
    assert_true(f.x0 == 30 + 18 && f.y0 == 20 + 8 && f.step_x == 1 && f.step_y == 1);
    for (int row = 0; row < 224; row++)
        for (int column = 0; column < 224; column++) {
            const double red = ((row + 28) % 256 / 255.0 - 0.485) / 0.229;
            const double green = ((column + 48) % 256 / 255.0 - 0.456) / 0.224;
            assert_true(
                x[row][column][0] == (float)red && x[row][column][1] == (float)green);
        }
    const blm_recipe outside = complete((blm_recipe){.crop = {60, 0, 241, 10}});
    assert_int_equal(blmi_recipe_resize(&outside, &image, resized, &err), BLM_EINPUT);
}

// Grids of odd sizes, as an oblong input gives them: the nearest position of the coarse
// one, centres being half a position from the edge.
static void coarse_grids_are_repeated(void **state)
{
    (void)state;
    const blm_recipe recipe = {.width = 56, .height = 24, .stages = 3};
    blmi_layout layout;
    blm_error err;
    assert_ok(blmi_recipe_layout(&recipe, &backbone, &layout, &err), err);
    assert_true(layout.grid_width == 7 && layout.grid_height == 3); // and 4 x 2
    assert_true(layout.features == 24 && layout.channels == 24);
    float fine[3 * 7 * 8], coarse[2 * 4 * 16], features[3 * 7 * 24];
    for (int i = 0; i < 3 * 7 * 8; i++)
        fine[i] = (float)(i / 8);
    for (int i = 0; i < 2 * 4 * 16; i++)
        coarse[i] = (float)(i / 16);
    const float *const output[] = {fine, coarse};
    blmi_features_stack(&layout, NULL, output, features);
    static const int row_of[3] = {0, 1, 1}, column_of[7] = {0, 0, 1, 2, 2, 3, 3};
    for (int p = 0; p < 3 * 7; p++) {
        assert_true(features[p * 24] == (float)p && features[p * 24 + 7] == (float)p);
        const float from = (float)(row_of[p / 7] * 4 + column_of[p % 7]);
        assert_true(features[p * 24 + 8] == from && features[p * 24 + 23] == from);
    }
}

static void what_is_not_there_is_refused(void **state)
{
    (void)state;
    const blm_recipe bad[] = {
        {.stages = 1u << 4}, {.stages = 1u << 31 | 1}, {.stages = 1, .channels = 9}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        blm_error err = {""};
        blmi_layout layout;
        assert_int_equal(
            blmi_recipe_layout(&bad[i], &backbone, &layout, &err), BLM_EUSAGE);
        assert_true(strlen(err.text) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeros_become_the_defaults),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(the_grid_follows_the_finest_stage),
        cmocka_unit_test(coarse_grids_are_repeated),
        cmocka_unit_test(what_is_not_there_is_refused),
        cmocka_unit_test(crop_and_centre_are_where_the_frame_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
