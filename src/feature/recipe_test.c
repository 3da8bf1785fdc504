// Defaults, limits and geometry of recipes.
#include "tests/check.h"

#include <math.h>
#include <string.h>

#include "src/feature/feature_layout.h"
#include "src/feature/recipe.h"

// A made-up network.
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

static blmi_recipe complete(const blm_recipe *recipe)
{
    blm_error err;
    blmi_recipe out;
    assert_ok(blmi_recipe_complete(recipe, &backbone, &out, &err), err);
    return out;
}

// The defaults with one field set.
static blm_recipe with(const char *name, const char *text)
{
    blm_recipe recipe;
    blm_error err;
    blm_recipe_init(&recipe);
    assert_ok(blm_recipe_set(&recipe, name, text, &err), err);
    return recipe;
}

static void nothing_becomes_the_defaults(void **state)
{
    (void)state;
    const blmi_recipe r = complete(NULL);
    assert_int_equal(r.fields.width, 224);
    assert_int_equal(r.fields.resize_height, 224);
    assert_int_equal(r.stages, 2 + 4);
    assert_string_equal(r.fields.taps, "two,three");
    assert_true(r.fields.epsilon == 0.03 && r.fields.sigma == 2);
    assert_int_equal(r.fields.filter, BLM_FILTER_BILINEAR);
    const blmi_recipe again = complete(&r.fields);
    assert_memory_equal(&again, &r, sizeof r);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    const blm_recipe base = with("sigma", "4");
    blm_recipe bad[32];
    size_t count = 0;
#define BAD(assignment)                                                                  \
    do {                                                                                 \
        blm_recipe r = base;                                                             \
        assignment;                                                                      \
        bad[count++] = r;                                                                \
    } while (0)
    BAD(r.size = 0);
    BAD(r.width = 225);
    BAD(r.height = -224; r.width = 224);
    BAD(r.width = BLMI_LARGEST_SIDE + 224; r.height = 224);
    BAD(r.height = BLMI_LARGEST_SIDE + 224; r.width = 224);
    BAD(r.resize_width = BLMI_LARGEST_SIDE + 1; r.resize_height = 224);
    BAD(r.resize_width = 100; r.resize_height = 224);
    BAD(r.crop = ((blm_rect){.x = -1, .width = 5, .height = 5}));
    BAD(r.crop.x = 1);
    BAD(r.filter = (blm_filter)3);
    BAD(r.filter = (blm_filter)9);
    BAD(r.bits = 8);
    BAD(r.bits = 17);
    BAD(r.range_low = 1);
    BAD(r.range_high = INFINITY);
    BAD(r.range_low = NAN; r.range_high = 1);
    BAD(r.range_high = 1; r.bits = 12);
    BAD(strcpy(r.taps, "five"));
    BAD(strcpy(r.taps, "two,,3"));
    BAD(r.epsilon = 0);
    BAD(r.epsilon = NAN);
    BAD(r.sigma = INFINITY);
    BAD(r.min_area = 224 * 224 + 1);
    BAD(r.min_area = 0);
    BAD(r.channels = 1 << 15);
    BAD(r.seed = -1);
    BAD(r.unit_variance = 2);
    BAD(r.type = (blm_type)-1);
    BAD(r.shrinkage = 1);
#undef BAD
    for (size_t i = 0; i < count; i++) {
        blm_error err = {""};
        blmi_recipe out;
        assert_int_equal(
            blmi_recipe_complete(&bad[i], &backbone, &out, &err), BLM_EUSAGE);
        assert_true(strlen(err.text) > 0);
    }
}

// Zero is a valid value, not the default.
static void no_filter_stays_no_filter(void **state)
{
    (void)state;
    const blm_recipe recipe = with("sigma", "0");
    assert_true(complete(&recipe).fields.sigma == 0);
}

// The text of a field reads back as the same value, and its default is in range.
static void fields_go_through_text(void **state)
{
    (void)state;
    static const char *const values[][3] = {
        {"size", "448x224", "448x224"},
        {"size", "auto", "auto"},
        {"crop", "1,2,3,4", "1,2,3,4"},
        {"crop", "all", "all"},
        {"filter", "bicubic", "bicubic"},
        {"type", "int8", "int8"},
        {"taps", "layer1,3", "layer1,3"},
        {"stages", "2,3", "2,3"},
        {"taps", "auto", "auto"},
        {"channels", "all", "all"},
        {"seed", "9007199254740992", "9007199254740992"},
        {"min_area", "2K", "2000"},
        {"min-area", "7", "7"},
        {"unit_variance", "yes", "yes"},
        {"epsilon", "0.1", "0.1"},
        {"epsilon", "0.10000000000000002", "0.10000000000000002"},
        {"sigma", "0", "0"},
        {"range", "0,4095", "0,4095"},
        {"range", "-1.25,1e3", "-1.25,1000"},
        {"range", "0.1,0.30000000000000004", "0.1,0.30000000000000004"},
        {"range", "auto", "auto"},
    };
    char text[BLM_FIELD_TEXT];
    blm_error err;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const blm_recipe recipe = with(values[i][0], values[i][1]);
        assert_ok(blm_recipe_get(&recipe, values[i][0], text, &err), err);
        assert_string_equal(text, values[i][2]);
    }
    const blm_field *field;
    for (size_t i = 0; (field = blm_recipe_field(i)) != NULL; i++) {
        const blm_recipe recipe = with(field->name, field->initial);
        assert_ok(blm_recipe_get(&recipe, field->name, text, &err), err);
        assert_string_equal(text, field->initial);
    }
}

static void wrong_texts_leave_the_recipe(void **state)
{
    (void)state;
    static const char *const values[][2] = {{"size", "224"}, {"size", "0x0"},
        {"size", "224x224x"}, {"crop", "1,2,0,4"}, {"filter", "bi"}, {"filter", ""},
        {"taps", ""}, {"taps", "2,"}, {"taps", ",2"}, {"taps", "a b"}, {"bits", "8"},
        {"channels", "0"}, {"seed", "1x"}, {"min-area", "1e3"}, {"half", "maybe"},
        {"range", "1"}, {"range", "1,1"}, {"range", "2,1"}, {"range", "0,nan"},
        {"range", "0,1,2"}, {"epsilon", "nan"}, {"epsilon", "1e-10"}, {"sigma", "-1"},
        {"nothing", "1"}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        blm_recipe recipe, before;
        blm_error err = {""};
        blm_recipe_init(&recipe);
        memcpy(&before, &recipe, sizeof recipe);
        assert_int_equal(
            blm_recipe_set(&recipe, values[i][0], values[i][1], &err), BLM_EUSAGE);
        assert_non_null(strstr(err.text, values[i][0]));
        assert_memory_equal(&recipe, &before, sizeof recipe);
    }
}

static void fields_ask_for_their_arguments(void **state)
{
    (void)state;
    char text[BLM_FIELD_TEXT];
    const blm_recipe zeros = {0};
    blm_recipe plain = with("sigma", "4");
    assert_int_equal(blm_recipe_set(NULL, "size", "auto", NULL), BLM_EUSAGE);
    assert_int_equal(blm_recipe_set(&plain, NULL, "auto", NULL), BLM_EUSAGE);
    assert_int_equal(blm_recipe_set(&plain, "size", NULL, NULL), BLM_EUSAGE);
    assert_int_equal(blm_recipe_get(NULL, "size", text, NULL), BLM_EUSAGE);
    assert_int_equal(blm_recipe_get(&plain, NULL, text, NULL), BLM_EUSAGE);
    assert_int_equal(blm_recipe_get(&plain, "size", NULL, NULL), BLM_EUSAGE);
    assert_int_equal(blm_recipe_get(&zeros, "bits", text, NULL), BLM_EUSAGE);
    blm_recipe_init_sized(NULL, sizeof plain);
    assert_null(blm_recipe_field(SIZE_MAX));
}

// Programs older and newer than the library.
static void structs_of_other_sizes_are_understood(void **state)
{
    (void)state;
    blm_error err;
    blmi_recipe out;
    struct {
        blm_recipe recipe;
        int more[4];
    } newer;
    blm_recipe_init_sized(&newer.recipe, sizeof newer);
    newer.recipe.sigma = 2;
    assert_int_equal(newer.recipe.size, sizeof newer);
    assert_ok(blmi_recipe_complete(&newer.recipe, &backbone, &out, &err), err);
    assert_true(out.fields.sigma == 2);
    newer.more[2] = 1;
    assert_int_equal(
        blmi_recipe_complete(&newer.recipe, &backbone, &out, &err), BLM_EUSAGE);
}

static void the_grid_follows_the_finest_tap(void **state)
{
    (void)state;
    const struct {
        const char *taps;
        int grid_width, grid_height;
    } cases[] = {{"1,4", 56, 28}, {"two", 28, 14}, {"three", 14, 7}, {"auto,4", 28, 14}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        blm_recipe recipe = with("taps", cases[i].taps);
        recipe.width = 448;
        recipe.height = 224;
        const blmi_recipe r = complete(&recipe);
        blmi_layout layout;
        blm_error err;
        assert_ok(blmi_recipe_layout(&r, &backbone, &layout, &err), err);
        assert_int_equal(layout.grid_width, cases[i].grid_width);
        assert_int_equal(layout.grid_height, cases[i].grid_height);
        assert_int_equal(layout.positions, cases[i].grid_width * cases[i].grid_height);
    }
}

// A 224 x 224 window at the scale of the image is copied unchanged, and its frame has its
// position.
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
    blm_recipe inside = with("crop", "30,20,260,240");
    inside.resize_width = 260;
    inside.resize_height = 240;
    const blmi_recipe r = complete(&inside);
    blm_error err;
    assert_ok(blmi_recipe_resize(&r, &image, resized, &err), err);
    blmi_recipe_normalise(
        &r, resized + 3 * blmi_recipe_centre(&r), r.fields.resize_width, &x[0][0][0]);
    const blmi_frame f = blmi_recipe_frame(&r, WIDTH, HEIGHT);
    assert_true(f.x0 == 30 + 18 && f.y0 == 20 + 8 && f.step_x == 1 && f.step_y == 1);
    for (int row = 0; row < 224; row++)
        for (int column = 0; column < 224; column++) {
            const double red = ((row + 28) % 256 / 255.0 - 0.485) / 0.229;
            const double green = ((column + 48) % 256 / 255.0 - 0.456) / 0.224;
            assert_true(
                x[row][column][0] == (float)red && x[row][column][1] == (float)green);
        }
    const blm_recipe beyond = with("crop", "60,0,241,10");
    const blmi_recipe outside = complete(&beyond);
    assert_int_equal(blmi_recipe_resize(&outside, &image, resized, &err), BLM_EINPUT);
}

// For the Gaussian, features of outputs whose grid is an even part of the finest one come
// first.
static void repeated_features_come_first(void **state)
{
    (void)state;
    const struct {
        int stages, width, height;
        blm_detector detector;
        int repeated, edge, at[3];
    } cases[] = {{7, 64, 32, BLM_DETECTOR_GAUSS, 48, 2, {48, 0, 16}},
        {5, 64, 32, BLM_DETECTOR_GAUSS, 32, 4, {32, 0}},
        {2, 64, 32, BLM_DETECTOR_GAUSS, 0, 0, {0}},
        {3, 56, 24, BLM_DETECTOR_GAUSS, 0, 0, {0, 8}}, // 7 x 3 and 4 x 2
        {7, 64, 32, BLM_DETECTOR_SUBSPACE, 0, 0, {0, 8, 24}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const blmi_recipe recipe = {.fields = {.width = cases[i].width,
                                        .height = cases[i].height,
                                        .detector = cases[i].detector},
            .stages = (uint32_t)cases[i].stages};
        blmi_layout layout;
        blm_error err;
        assert_ok(blmi_recipe_layout(&recipe, &backbone, &layout, &err), err);
        assert_int_equal(layout.repeated, cases[i].repeated);
        assert_int_equal(layout.edge, cases[i].edge);
        for (int k = 0; k < layout.outputs; k++)
            assert_int_equal(layout.output[k].at, cases[i].at[k]);
        blmi_layout_in_order(&layout);
        assert_true(layout.repeated == 0 && layout.output[0].at == 0);
    }
}

// Grids of odd sizes, from an oblong input: the nearest position of the coarse grid, with
// half-pixel centres.
static void coarse_grids_are_repeated(void **state)
{
    (void)state;
    const blmi_recipe recipe = {.fields = {.width = 56, .height = 24}, .stages = 3};
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
    const blmi_recipe bad[] = {{.stages = 1u << 4}, {.stages = 1u << 31 | 1},
        {.stages = 1, .fields = {.channels = 9}}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        blm_error err = {""};
        blmi_layout layout;
        assert_int_equal(
            blmi_recipe_layout(&bad[i], &backbone, &layout, &err), BLM_EUSAGE);
        assert_true(strlen(err.text) > 0);
    }
}

static void presets_set_what_they_name(void **state)
{
    (void)state;
    const blm_preset *preset, *found = NULL;
    blm_recipe recipe;
    blm_error err;
    char text[BLM_FIELD_TEXT];
    for (size_t i = 0; (preset = blm_preset_at(i)) != NULL; i++) {
        blm_recipe_init(&recipe);
        assert_ok(blm_recipe_like(&recipe, preset->name, &found, &err), err);
        assert_ptr_equal(found, preset);
    }
    blm_recipe_init(&recipe);
    recipe.bits = 12;
    recipe.sigma = 0;
    assert_ok(blm_recipe_like(&recipe, "patchcore", NULL, &err), err);
    assert_ok(blm_recipe_get(&recipe, "coreset", text, &err), err);
    assert_string_equal(text, "0.1");
    assert_int_equal(recipe.detector, BLM_DETECTOR_MEMORY);
    assert_true(recipe.sigma == 4 && recipe.bits == 12); // fields that it does not set
    assert_int_equal(blm_recipe_like(&recipe, "x", NULL, &err), BLM_EUSAGE);
    assert_non_null(strstr(err.text, "paper, padim"));
    assert_int_equal(blm_recipe_like(NULL, "paper", NULL, &err), BLM_EUSAGE);
    assert_int_equal(blm_recipe_like(&recipe, NULL, NULL, &err), BLM_EUSAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_becomes_the_defaults),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(no_filter_stays_no_filter),
        cmocka_unit_test(fields_go_through_text),
        cmocka_unit_test(presets_set_what_they_name),
        cmocka_unit_test(wrong_texts_leave_the_recipe),
        cmocka_unit_test(fields_ask_for_their_arguments),
        cmocka_unit_test(structs_of_other_sizes_are_understood),
        cmocka_unit_test(the_grid_follows_the_finest_tap),
        cmocka_unit_test(repeated_features_come_first),
        cmocka_unit_test(coarse_grids_are_repeated),
        cmocka_unit_test(what_is_not_there_is_refused),
        cmocka_unit_test(crop_and_centre_are_where_the_frame_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
