// Tests of coreset.c, against one pass over all rows for each choice, and against
// golden/memory.
#include <math.h>
#include <string.h>

#include <jansson.h>

#include "src/detector/coreset.h"
#include "src/detector/difference.h"
#include "tests/check.h"
#include "tests/formula.h"
#include "tests/npy.h"
#include "tests/random.h"

static blm_error err;

static int64_t by_hand(const float *row, int64_t rows, int d, int64_t first,
    int64_t wanted, int64_t *chosen, double *squares)
{
    double *nearest = malloc((size_t)rows * sizeof *nearest);
    int64_t count = 0;
    for (int64_t k = 0; k < rows; k++)
        nearest[k] = INFINITY;
    for (int64_t next = first; count < wanted;) {
        squares[count] = count == 0 ? 0.0 : nearest[next];
        chosen[count++] = next;
        for (int64_t k = 0; k < rows; k++)
            nearest[k] =
                fmin(nearest[k], blmi_difference_plain(row + k * d, row + next * d, d));
        next = 0;
        for (int64_t k = 1; k < rows; k++)
            next = nearest[k] > nearest[next] ? k : next;
        if (nearest[next] == 0.0)
            break;
    }
    free(nearest);
    return count;
}

static void check(const float *row, int64_t rows, int d, int64_t wanted, int64_t seed)
{
    int64_t *found = calloc((size_t)wanted, sizeof *found), count[2];
    int64_t *expected = calloc((size_t)wanted, sizeof *expected);
    double *squares = calloc((size_t)wanted, sizeof *squares);
    double *expected_squares = calloc((size_t)wanted, sizeof *expected_squares);
    for (int threads = 1; threads <= 3; threads += 2) {
        assert_ok(blmi_coreset_choose(row, rows, d, seed, wanted, threads, found,
                      &count[0], squares, &err),
            err);
        count[1] = by_hand(row, rows, d, found[0], wanted, expected, expected_squares);
        assert_int_equal(count[0], count[1]);
        assert_memory_equal(found, expected, (size_t)count[0] * sizeof *found);
        assert_memory_equal(
            squares, expected_squares, (size_t)count[0] * sizeof *squares);
    }
    free(found);
    free(expected);
    free(squares);
    free(expected_squares);
}

static void choices_are_those_of_the_plain_algorithm(void **state)
{
    (void)state;
    enum { ROWS = 3000, D = 37 };
    float *row = malloc(ROWS * D * sizeof *row);
    uint64_t seed = 1;
    for (int i = 0; i < ROWS * D; i++)
        row[i] = (float)(random_unit(&seed) + 4);
    for (int i = 0; i < 200; i++) // equal rows
        memcpy(row + random_below(&seed, ROWS) * D, row + i * D, D * sizeof *row);
    check(row, ROWS, D, 1, 0);
    check(row, ROWS, D, 300, 1);
    check(row, ROWS, D, 1500, 2);
    check(row, 600, D, 600, 3);
    check(row, 5, D, 5, 4);
    for (int i = 0; i < ROWS * D; i++) // many ties; ends early
        row[i] = (float)random_below(&seed, 2);
    check(row, ROWS, 9, 1000, 5);
    free(row);
}

static void formulas_are_golden(void **state)
{
    (void)state;
    const char *path = golden_path("memory/expected.json");
    if (path == NULL)
        skip();
    json_t *expected = json_load_file(path, 0, NULL);
    json_t *cases = json_object_get(expected, "formula_coresets");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *c = json_array_get(cases, i), *right = json_object_get(c, "chosen");
        json_t *right_squares = json_object_get(c, "squared_distances");
        const int64_t rows = json_integer_value(json_object_get(c, "rows"));
        const int d = (int)json_integer_value(json_object_get(c, "columns"));
        const double levels = json_number_value(json_object_get(c, "levels"));
        const char *name = json_string_value(json_object_get(c, "name"));
        const int64_t wanted =
            blmi_coreset_size(json_number_value(json_object_get(c, "share")), rows);
        float *row = malloc((size_t)(rows * d) * sizeof *row);
        int64_t *chosen = calloc((size_t)wanted, sizeof *chosen), count;
        double *squares = calloc((size_t)wanted, sizeof *squares);
        for (int64_t k = 0; k < rows * d; k++)
            row[k] = (float)floor((formula_noise(name, (uint64_t)k) + 1) / 2 * levels);
        assert_ok(blmi_coreset_choose(row, rows, d,
                      json_integer_value(json_object_get(c, "seed")), wanted, 2, chosen,
                      &count, squares, &err),
            err);
        assert_int_equal(count, json_array_size(right));
        for (size_t k = 0; k < (size_t)count; k++) {
            assert_int_equal(chosen[k], json_integer_value(json_array_get(right, k)));
            assert_true(k == 0 || squares[k] == json_number_value(json_array_get(
                                                    right_squares, k - 1)));
        }
        free(row);
        free(chosen);
        free(squares);
    }
    json_decref(expected);
}

static void sizes_are_rounded_down(void **state)
{
    (void)state;
    assert_int_equal(blmi_coreset_size(0.1, 1960), 196);
    assert_int_equal(blmi_coreset_size(0.01, 30), 1);
    assert_int_equal(blmi_coreset_size(1, 7), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices_are_those_of_the_plain_algorithm),
        cmocka_unit_test(formulas_are_golden),
        cmocka_unit_test(sizes_are_rounded_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
