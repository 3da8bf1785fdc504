// Tests of bank.c: the nearest row, against a comparison with all rows.
#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/detector/bank.h"
#include "src/detector/difference.h"
#include "tests/check.h"
#include "tests/random.h"

enum { WIDTH = 7, HEIGHT = 5, P = WIDTH * HEIGHT, MAX_IMAGES = 40, MAX_D = 83 };

static blm_error err;

// Rows of images, sorted by position and then image, or by number.
typedef struct rows {
    int images, d;
    bool by_position;
    int64_t count;
    float *x;        // (images, P, D)
    float *row;      // (count, D)
    int32_t *number; // (count)
} rows;

static const uint8_t holes[P] = {1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0};

static rows make_rows(int images, int d, bool by_position, const uint8_t *use, int share)
{
    rows r = {images, d, by_position, 0, NULL, NULL, NULL};
    const size_t most = (size_t)(images * P);
    uint64_t state = 3;
    r.x = malloc(most * (size_t)d * sizeof *r.x);
    r.row = malloc(most * (size_t)d * sizeof *r.row);
    r.number = malloc(most * sizeof *r.number);
    for (size_t i = 0; i < most * (size_t)d; i++) // far from zero, like features
        r.x[i] = (float)(5 + random_unit(&state));
    for (int i = 0; i < images * P; i++) {
        const int image = by_position ? i % images : i / P;
        const int p = by_position ? i / images : i % P;
        if ((use != NULL && use[p] == 0) || i % share != 0)
            continue;
        r.number[r.count] = image * P + p;
        memcpy(r.row + r.count++ * d, r.x + (image * P + p) * d, (size_t)d * sizeof *r.x);
    }
    return r;
}

static void free_rows(rows *r)
{
    free(r->x);
    free(r->row);
    free(r->number);
}

static double by_hand(const rows *r, const float *x, int p, int reach,
    const int32_t *group, int32_t skip, int64_t *nearest)
{
    double best = INFINITY;
    *nearest = -1;
    for (int64_t k = 0; k < r->count; k++) {
        const int q = r->number[k] % P;
        const int rows_apart = abs(p / WIDTH - q / WIDTH);
        const int columns_apart = abs(p % WIDTH - q % WIDTH);
        if (reach >= 0 && (rows_apart > reach || columns_apart > reach))
            continue;
        if (group != NULL && group[r->number[k] / P] == skip)
            continue;
        const double square = blmi_difference_plain(x, r->row + k * r->d, r->d);
        if (square < best) {
            best = square;
            *nearest = k;
        }
    }
    return sqrt(best);
}

static void check(const rows *r, int reach, const float *x, const uint8_t *use,
    const int32_t *group, int32_t skip, int threads)
{
    const blmi_bank_layout layout = {WIDTH, HEIGHT, r->d, reach};
    blmi_bank *bank = NULL;
    blmi_team *team = NULL;
    float found[P];
    int64_t nearest[P];
    assert_ok(blmi_bank_new(&layout, r->row, r->number, r->count, &bank, &err), err);
    assert_ok(blmi_team_new(threads, &team, &err), err);
    void *scratch = blmi_alloc(blmi_bank_scratch(bank, team), 1);
    blmi_bank_search(
        bank, x, use, (blmi_bank_skip){group, skip}, team, scratch, found, nearest);
    for (int p = 0; p < P; p++) {
        int64_t expected_row;
        const double expected =
            by_hand(r, x + p * r->d, p, reach, group, skip, &expected_row);
        if (use != NULL && use[p] == 0) {
            assert_true(found[p] == 0.0f && nearest[p] == -1);
            continue;
        }
        assert_true(found[p] == (float)expected);
        assert_int_equal(nearest[p], expected_row);
    }
    blmi_free(scratch);
    blmi_team_free(team);
    blmi_bank_free(bank);
}

static float *make_queries(int d, uint64_t seed)
{
    float *x = malloc((size_t)(P * d) * sizeof *x);
    for (int i = 0; i < P * d; i++)
        x[i] = (float)(5 + random_unit(&seed));
    return x;
}

static void the_nearest_is_found(void **state)
{
    (void)state;
    const int features[] = {1, 3, 16, 40, MAX_D}, images[] = {2, 5, 16, 17, MAX_IMAGES};
    for (int i = 0; i < 5; i++)
        for (int reach = -1; reach <= 2; reach++) {
            const uint8_t *use = i % 2 == 1 ? holes : NULL;
            rows r = make_rows(images[i], features[i], reach >= 0, use, 1);
            float *x = make_queries(features[i], 9);
            check(&r, reach, x, use, NULL, 0, 1 + i % 3);
            free(x);
            free_rows(&r);
        }
    for (int share = 2; share < 400; share *= 3) { // part of the rows
        rows r = make_rows(MAX_IMAGES, 20, false, NULL, share);
        float *x = make_queries(20, 9);
        check(&r, -1, x, NULL, NULL, 0, 2);
        free(x);
        free_rows(&r);
    }
}

static void own_rows_are_left_out(void **state)
{
    (void)state;
    int32_t each[MAX_IMAGES], pairs[MAX_IMAGES];
    for (int i = 0; i < MAX_IMAGES; i++) {
        each[i] = i;
        pairs[i] = i / 2;
    }
    for (int reach = -1; reach <= 1; reach++) {
        rows r = make_rows(18, 24, reach >= 0, holes, 1);
        for (int i = 0; i < 18; i += 5) {
            check(&r, reach, r.x + i * P * 24, holes, NULL, 0, 2); // itself: 0
            check(&r, reach, r.x + i * P * 24, holes, each, i, 2);
            check(&r, reach, r.x + i * P * 24, holes, pairs, pairs[i], 2);
        }
        check(&r, reach, r.x, NULL, (int32_t[MAX_IMAGES]){0}, 0, 1); // all are skipped
        free_rows(&r);
    }
}

// Equal rows, and rows that hardly differ: the bounds must not lose the nearest.
static void close_rows_are_told_apart(void **state)
{
    (void)state;
    for (int reach = -1; reach <= 1; reach++) {
        rows r = make_rows(MAX_IMAGES, 32, reach >= 0, NULL, 1);
        uint64_t seed = 5;
        for (int64_t k = 0; k < r.count; k++)
            for (int j = 0; j < 32; j++)
                r.row[k * 32 + j] =
                    (float)(5 + j % 3 + 1e-6 * (double)random_below(&seed, 3) +
                            (k % 7 == 0 ? 0.0 : 1e-3 * (double)(k % 5)));
        float *x = make_queries(32, 9);
        for (int i = 0; i < P * 32; i++)
            x[i] = (float)(5 + i % 32 % 3) + 1e-4f * (float)(i % 11);
        check(&r, reach, x, NULL, NULL, 0, 2);
        free(x);
        free_rows(&r);
    }
}

static void what_is_not_finite_stays_so(void **state)
{
    (void)state;
    rows r = make_rows(5, 20, false, NULL, 1);
    const blmi_bank_layout layout = {WIDTH, HEIGHT, 20, -1};
    blmi_bank *bank = NULL;
    float *x = make_queries(20, 9), found[P];
    assert_ok(blmi_bank_new(&layout, r.row, r.number, r.count, &bank, &err), err);
    void *scratch = blmi_alloc(blmi_bank_scratch(bank, NULL), 1);
    x[3 * 20 + 7] = NAN;
    x[4 * 20 + 1] = INFINITY;
    blmi_bank_search(
        bank, x, NULL, (blmi_bank_skip){NULL, 0}, NULL, scratch, found, NULL);
    for (int p = 0; p < P; p++)
        assert_int_equal(isfinite(found[p]) != 0, p != 3 && p != 4);
    blmi_free(scratch);
    blmi_bank_free(bank);
    free(x);
    free_rows(&r);
}

static void differences_are_equal_everywhere(void **state)
{
    (void)state;
    float a[MAX_D], b[MAX_D];
    uint64_t seed = 11;
    for (int n = 0; n <= MAX_D; n++) {
        for (int i = 0; i < n; i++) {
            a[i] = (float)(random_unit(&seed) * 1e3);
            b[i] = (float)(random_unit(&seed) * 1e-3);
        }
        double expected = 0.0;
        for (int i = 0; i < n; i++)
            expected += (double)(a[i] - b[i]) * (double)(a[i] - b[i]);
        const double plain = blmi_difference_plain(a, b, n);
        assert_true(fabs(plain - expected) <= 1e-14 * expected);
        assert_true(blmi_difference_best()(a, b, n) == plain);
#ifdef __x86_64__
        if (__builtin_cpu_supports("avx2"))
            assert_true(blmi_difference_avx2(a, b, n) == plain);
#endif
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_is_found),
        cmocka_unit_test(own_rows_are_left_out),
        cmocka_unit_test(close_rows_are_told_apart),
        cmocka_unit_test(what_is_not_finite_stays_so),
        cmocka_unit_test(differences_are_equal_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
