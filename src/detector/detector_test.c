// Every detector through the table: what is stored is all that it needs, damage is found,
// and a rule that it can adapt to gives the distances of a new fit.
#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/detector/detector.h"
#include "src/gauss/reference.h"
#include "tests/check.h"

enum { THREADS = 2 };

enum { WIDTH = 4, HEIGHT = 3, POSITIONS = WIDTH * HEIGHT, FEATURES = 24, SCORED = 5 };

typedef struct setting {
    const char *name;
    blmi_detector_rule rule;
    int images;
} setting;

static const setting settings[] = {
    {"few", {.epsilon = 0.01}, 9},
    {"few, unit variance", {.epsilon = 0.01, .unit_variance = 1, .shrinkage = 0.1}, 9},
    {"few, half", {.epsilon = 0.1, .half = 1}, 9},
    {"many", {.epsilon = 0.01}, 40},
    {"many, half", {.epsilon = 0.1, .half = 1, .unit_variance = 1}, 40},
    {"tolerance", {.epsilon = 0.1, .half = 1, .tolerance = 1}, 9},
    {"memory", {.name = BLMI_DETECTOR_MEMORY, .reach = -1, .coreset = 1}, 9},
    {"memory, reach", {.name = BLMI_DETECTOR_MEMORY, .reach = 1, .coreset = 1}, 9},
    {"memory, coreset",
        {.name = BLMI_DETECTOR_MEMORY, .reach = -1, .coreset = 0.3, .seed = 5}, 9},
    {"subspace", {.name = BLMI_DETECTOR_SUBSPACE, .explained = 0.9}, 9},
};

enum { SETTINGS = sizeof settings / sizeof *settings };

static const blmi_detector_shape shape = {.grid_width = WIDTH,
    .grid_height = HEIGHT,
    .features = FEATURES,
    .outputs = 2,
    .taken = {10, 14}};
static blm_error err;

static blmi_detector *fit(const setting *s)
{
    blmi_detector_fit *fit = NULL;
    blmi_detector *detector = NULL;
    float *x = malloc((size_t)(s->images * POSITIONS * FEATURES) * sizeof *x);
    reference_features(1, s->images, POSITIONS, FEATURES, x);
    assert_ok(blmi_detector_fit_new(&s->rule, &shape, NULL, THREADS, &fit, &err), err);
    assert_ok(blmi_detector_fit_add(fit, x, s->images, &err), err);
    assert_int_equal(blmi_detector_fit_images(fit), s->images);
    assert_ok(blmi_detector_fit_finish(fit, &detector, &err), err);
    blmi_detector_fit_free(fit);
    free(x);
    assert_int_equal(detector->images, s->images);
    assert_int_equal(detector->positions, POSITIONS);
    assert_int_equal(detector->features, FEATURES);
    return detector;
}

static void measure(const blmi_detector *detector, float out[SCORED * POSITIONS])
{
    float *x = malloc(SCORED * POSITIONS * FEATURES * sizeof *x);
    void *scratch = blmi_alloc(1, blmi_detector_scratch(detector, SCORED, NULL));
    reference_features(2, SCORED, POSITIONS, FEATURES, x);
    blmi_detector_distances(detector, x, SCORED, NULL, NULL, scratch, out);
    blmi_free(scratch);
    free(x);
}

// Items of a part, and where they lie.
static size_t items(const blmi_part *part, char **data)
{
    size_t count = 1;
    for (int i = 0; i < part->rank; i++)
        count *= (size_t)part->shape[i];
    memcpy(data, part->at, sizeof *data);
    return count;
}

static size_t size_of(blmi_number_type type)
{
    return type == BLMI_NUMBER_INT || type == BLMI_NUMBER_UNSIGNED ? 4 : 8;
}

// Fills a blank detector with numbers and parts of another one, as a file would.
static blmi_detector *reopen(const setting *s, blmi_detector *from)
{
    blmi_number numbers[2][BLMI_MAX_NUMBERS];
    blmi_part parts[2][BLMI_MAX_PARTS];
    blmi_detector *opened = NULL;
    assert_ok(blmi_detector_blank(&s->rule, &shape, &opened, &err), err);
    const size_t count = blmi_detector_numbers(from, numbers[0]);
    assert_int_equal(blmi_detector_numbers(opened, numbers[1]), count);
    for (size_t i = 0; i < count; i++)
        memcpy(numbers[1][i].at, numbers[0][i].at, size_of(numbers[0][i].type));
    assert_ok(blmi_detector_check_numbers(opened, &s->rule, &shape, "file", &err), err);
    const size_t arrays = blmi_detector_parts(from, parts[0]);
    assert_int_equal(blmi_detector_parts(opened, parts[1]), arrays);
    for (size_t i = 0; i < arrays; i++) {
        assert_string_equal(parts[1][i].name, parts[0][i].name);
        assert_memory_equal(parts[1][i].shape, parts[0][i].shape,
            (size_t)parts[0][i].rank * sizeof *parts[0][i].shape);
        memcpy(parts[1][i].at, parts[0][i].at, sizeof(void *));
    }
    return opened;
}

static void what_is_stored_is_all_that_is_needed(void **state)
{
    (void)state;
    for (int i = 0; i < SETTINGS; i++) {
        blmi_detector *fitted = fit(&settings[i]);
        blmi_detector *opened = reopen(&settings[i], fitted);
        float before[SCORED * POSITIONS], after[SCORED * POSITIONS];
        assert_ok(blmi_detector_check_parts(opened, "file", &err), err);
        measure(fitted, before);
        measure(opened, after);
        assert_memory_equal(before, after, sizeof before);
        assert_int_equal(opened->left_out, fitted->left_out);
        assert_ptr_equal(opened->loo, fitted->loo);
        blmi_detector_free(opened);
        blmi_detector_free(fitted);
    }
}

// Each array of floats, with an infinity in it.
static void what_is_not_finite_is_found(void **state)
{
    (void)state;
    const uint8_t infinity[3][8] = {
        {0, 0, 0x80, 0x7f}, {0, 0x7c}, {0, 0, 0, 0, 0, 0, 0xf0, 0xff}};
    for (int i = 0; i < SETTINGS; i++) {
        blmi_detector *fitted = fit(&settings[i]);
        blmi_detector *opened = reopen(&settings[i], fitted);
        blmi_part parts[BLMI_MAX_PARTS];
        const size_t count = blmi_detector_parts(opened, parts);
        for (size_t k = 0; k < count; k++) {
            const int which = parts[k].dtype == BLMI_F32   ? 0
                              : parts[k].dtype == BLMI_F16 ? 1
                              : parts[k].dtype == BLMI_F64 ? 2
                                                           : -1;
            char *data, saved[8], text[64];
            const size_t size = blmi_dtype_size(parts[k].dtype);
            const size_t last = (items(&parts[k], &data) - 1) * size;
            if (which < 0)
                continue;
            memcpy(saved, data + last, size);
            memcpy(data + last, infinity[which], size);
            assert_int_equal(blmi_detector_check_parts(opened, "file", &err), BLM_EINPUT);
            snprintf(text, sizeof text, "file: tensor %s: number", parts[k].name);
            assert_non_null(strstr(err.text, text));
            memcpy(data + last, saved, size);
        }
        blmi_detector_free(opened);
        blmi_detector_free(fitted);
    }
}

static blmi_part part_named(blmi_detector *detector, const char *name)
{
    blmi_part parts[BLMI_MAX_PARTS];
    const size_t count = blmi_detector_parts(detector, parts);
    for (size_t k = 0; k < count; k++)
        if (strcmp(parts[k].name, name) == 0)
            return parts[k];
    fail_msg("no part %s", name);
    return parts[0];
}

// Item number `at` of an array becomes that of another place.
static void assert_refused_with(
    const setting *s, const char *name, size_t at, size_t from, float sign)
{
    blmi_detector *fitted = fit(s), *opened = reopen(s, fitted);
    const blmi_part part = part_named(opened, name);
    char *data;
    float value;
    items(&part, &data);
    memcpy(&value, data + 4 * from, sizeof value);
    if (part.dtype == BLMI_F32)
        value *= sign;
    memcpy(data + 4 * at, &value, sizeof value);
    assert_int_equal(blmi_detector_check_parts(opened, "file", &err), BLM_EINPUT);
    assert_non_null(strstr(err.text, name));
    blmi_detector_free(opened);
    blmi_detector_free(fitted);
}

static void what_is_out_of_order_is_found(void **state)
{
    (void)state;
    assert_refused_with(&settings[0], "gauss.variances", 3, 1, 1); // rises
    assert_refused_with(&settings[0], "gauss.variances", 7, 7, -1);
    assert_refused_with(&settings[0], "gauss.loo", 5, 5, -1);
    assert_refused_with(&settings[1], "gauss.scale", 2, 2, -1);
    assert_refused_with(&settings[3], "gauss.loo_index", 4, 3, 1); // twice
    assert_refused_with(&settings[6], "memory.number", 4, 3, 1);
    assert_refused_with(&settings[7], "memory.number", 4, 3, 1);
    assert_refused_with(&settings[8], "memory.number", 4, 5, 1);
    assert_refused_with(&settings[8], "memory.scale", 2, 2, -1);
    assert_refused_with(&settings[8], "memory.loo", 2, 2, -1);
    assert_refused_with(&settings[9], "subspace.variances", 1, 0, -1);
    assert_refused_with(&settings[9], "subspace.axes", 1, 0, 3);
}

static void another_epsilon_is_as_a_new_fit(void **state)
{
    (void)state;
    setting other = settings[0];
    other.rule.epsilon = 0.3;
    other.rule.shrinkage = 0.2;
    blmi_detector *first = fit(&settings[0]), *fitted = fit(&other), *adapted = NULL;
    float a[SCORED * POSITIONS], b[SCORED * POSITIONS];
    assert_true(blmi_detector_can_adapt(first, &other.rule));
    assert_ok(blmi_detector_adapt(first, &other.rule, THREADS, &adapted, &err), err);
    measure(adapted, a);
    measure(fitted, b);
    assert_memory_equal(a, b, sizeof a);
    for (int i = 0; i < fitted->left_out * POSITIONS; i++)
        assert_true(relative_error(adapted->loo[i], fitted->loo[i]) < 1e-5);
    blmi_detector_free(adapted);
    blmi_detector_free(first);
    blmi_detector_free(fitted);
    for (int i = 1; i < SETTINGS; i++) { // scales, halves or factors do not serve it
        blmi_detector *d = fit(&settings[i]);
        assert_false(blmi_detector_can_adapt(d, &other.rule));
        blmi_detector_free(d);
    }
}

// Groups, of a memory that has all rows and one with a coreset: a row of another group.
static void groups_are_left_out_of_a_memory(void **state)
{
    (void)state;
    const int32_t group[9] = {3, 3, 0, 1, 1, 1, 0, 7, 8};
    float found[9 * POSITIONS], *x = malloc(9 * POSITIONS * FEATURES * sizeof *x);
    reference_features(1, 9, POSITIONS, FEATURES, x);
    for (int s = 6; s < 9; s++) {
        blmi_detector *d = fit(&settings[s]);
        const blmi_part rows = part_named(d, "memory.rows");
        const blmi_part numbers = part_named(d, "memory.number");
        const blmi_part scales = part_named(d, "memory.scale");
        const float *row = *(const float **)rows.at, *scale = *(const float **)scales.at;
        const int32_t *number = *(const int32_t **)numbers.at;
        assert_ok(blmi_detector_leave_out(d, group, NULL, THREADS, found, &err), err);
        for (int i = 0; i < 9 * POSITIONS; i++) {
            double least = INFINITY;
            for (int64_t k = 0; k < rows.shape[0]; k++) {
                const int p = number[k] % POSITIONS, q = i % POSITIONS;
                double square = 0.0;
                if (group[number[k] / POSITIONS] == group[i / POSITIONS] ||
                    (s == 7 && (abs(p / WIDTH - q / WIDTH) > 1 ||
                                   abs(p % WIDTH - q % WIDTH) > 1)))
                    continue;
                for (int j = 0; j < FEATURES; j++) {
                    const double y = (double)(x[i * FEATURES + j] * scale[j]) -
                                     (double)row[k * FEATURES + j];
                    square += y * y;
                }
                least = fmin(least, square);
            }
            assert_true(relative_error(found[i], sqrt(least)) < 1e-6);
        }
        blmi_detector_free(d);
    }
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_stored_is_all_that_is_needed),
        cmocka_unit_test(what_is_not_finite_is_found),
        cmocka_unit_test(what_is_out_of_order_is_found),
        cmocka_unit_test(another_epsilon_is_as_a_new_fit),
        cmocka_unit_test(groups_are_left_out_of_a_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
