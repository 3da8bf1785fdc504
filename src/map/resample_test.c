// Tests of resample.c, against golden maps and plain loops in double.
#include "tests/check.h"

#include <math.h>

#include "src/map/map.h"
#include "tests/npy.h"
#include "tests/random.h"

enum { GRID = 14, SIDE = 224 };

// The largest difference, divided by the largest expected value.
static double relative_gap(const float *found, const float *expected, size_t count)
{
    double gap = 0, largest = 0;
    for (size_t i = 0; i < count; i++) {
        gap = fmax(gap, fabs((double)found[i] - (double)expected[i]));
        largest = fmax(largest, fabs((double)expected[i]));
    }
    return gap / largest;
}

static void resample(
    const float *grid, int gw, int gh, double sigma, float *map, int width, int height)
{
    blmi_resampler *resampler;
    blm_error err;
    assert_ok(blmi_resampler_new(gw, gh, width, height, sigma, &resampler, &err), err);
    void *const scratch = malloc(blmi_resampler_scratch(resampler));
    blmi_resampler_run(resampler, grid, scratch, map);
    free(scratch);
    blmi_resampler_free(resampler);
}

// grids (4, GRID, GRID) of the golden pipeline.  Returns 0 if it is absent.
static int golden_grids(float *grids)
{
    const char *path = golden_path("pipeline/test_maps_14.npy");
    if (path == NULL)
        return 0;
    npy array = npy_load(path, "f8");
    assert_true(npy_is(&array, 3, (size_t[]){4, GRID, GRID}));
    for (size_t i = 0; i < array.count; i++)
        grids[i] = (float)array.f8[i];
    npy_free(&array);
    return 1;
}

static void golden_maps_are_met(void **state)
{
    (void)state;
    static float grids[4 * GRID * GRID], map[SIDE * SIDE];
    if (!golden_grids(grids))
        skip();
    npy upsampled = npy_load(golden_path("pipeline/upsampled_map_224.npy"), "f4");
    assert_true(npy_is(&upsampled, 2, (size_t[]){SIDE, SIDE}));
    resample(grids, GRID, GRID, 0, map, SIDE, SIDE);
    assert_true(relative_gap(map, upsampled.f4, SIDE * SIDE) < 1e-6);
    npy_free(&upsampled);

    npy maps = npy_load(golden_path("pipeline/anomaly_maps_224.npy"), "f4");
    assert_true(npy_is(&maps, 3, (size_t[]){4, SIDE, SIDE}));
    for (size_t i = 0; i < 4; i++) {
        resample(grids + i * GRID * GRID, GRID, GRID, 4, map, SIDE, SIDE);
        assert_true(relative_gap(map, maps.f4 + i * SIDE * SIDE, SIDE * SIDE) < 1e-6);
    }
    npy_free(&maps);
}

// The Gaussian filter along one axis, element by element: `count` elements, `stride`
// apart.
static void filter_line(double *line, int count, int stride, double sigma)
{
    const int radius = (int)(4 * sigma + 0.5);
    double copy[64];
    assert_true(count <= 64);
    for (int i = 0; i < count; i++)
        copy[i] = line[i * stride];
    for (int i = 0; i < count; i++) {
        double sum = 0, weights = 0;
        for (int k = -radius; k <= radius; k++) {
            const double weight = exp(-k * k / (2 * sigma * sigma));
            int at = i + k;
            while (at < 0 || at >= count)
                at = at < 0 ? -1 - at : 2 * count - 1 - at;
            sum += weight * copy[at];
            weights += weight;
        }
        line[i * stride] = sum / weights;
    }
}

// The grid at a point between its centres; beyond the outermost centres their value is
// kept.
static double bilinear(const float *grid, int width, int height, double x, double y)
{
    x = fmin(fmax(x, 0), width - 1);
    y = fmin(fmax(y, 0), height - 1);
    double sum = 0;
    for (int row = 0; row < height; row++)
        for (int column = 0; column < width; column++)
            sum += fmax(0, 1 - fabs(x - column)) * fmax(0, 1 - fabs(y - row)) *
                   (double)grid[row * width + column];
    return sum;
}

// Upsampling and filter one after the other, at sizes where the filter reaches beyond
// both edges; also for reduction.
static void one_matrix_equals_two_steps(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int round = 0; round < 200; round++) {
        const int gw = 1 + random_below(&seed, 9), gh = 1 + random_below(&seed, 9);
        const int width = 1 + random_below(&seed, 40);
        const int height = 1 + random_below(&seed, 40);
        const double sigma = 0.3 + 8 * random_unit(&seed);
        float grid[81], expected[1600], found[1600];
        double steps[1600];
        for (int i = 0; i < gw * gh; i++)
            grid[i] = (float)(1 + random_unit(&seed));
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                steps[y * width + x] = bilinear(grid, gw, gh,
                    (x + 0.5) * gw / width - 0.5, (y + 0.5) * gh / height - 0.5);
        for (int y = 0; y < height; y++)
            filter_line(steps + y * width, width, 1, sigma);
        for (int x = 0; x < width; x++)
            filter_line(steps + x, height, width, sigma);
        for (int i = 0; i < width * height; i++)
            expected[i] = (float)steps[i];
        resample(grid, gw, gh, sigma, found, width, height);
        assert_true(relative_gap(found, expected, (size_t)(width * height)) < 1e-6);
    }
}

static void a_flat_grid_stays_flat(void **state)
{
    (void)state;
    float grid[GRID * GRID];
    static float map[SIDE * SIDE];
    for (int i = 0; i < GRID * GRID; i++)
        grid[i] = 7;
    resample(grid, GRID, GRID, 4, map, SIDE, SIDE);
    for (int i = 0; i < SIDE * SIDE; i++)
        assert_true(fabsf(map[i] - 7) < 1e-5f);
}

static void senseless_arguments_are_refused(void **state)
{
    (void)state;
    blmi_resampler *none = NULL;
    blm_error err;
    assert_int_equal(blmi_resampler_new(0, 1, 1, 1, 0, &none, &err), BLM_EUSAGE);
    assert_string_equal(err.text, "a grid has a side of 0, expected 1 to 2048");
    assert_int_equal(blmi_resampler_new(1, 1, 1, 16385, 0, &none, &err), BLM_EUSAGE);
    assert_int_equal(blmi_resampler_new(1, 1, 1, 1, -1, &none, &err), BLM_EUSAGE);
    assert_int_equal(blmi_resampler_new(1, 1, 1, 1, NAN, &none, &err), BLM_EUSAGE);
    assert_int_equal(blmi_resampler_new(1, 1, 1, 1, 1001, &none, NULL), BLM_EUSAGE);
    assert_null(none);
    blmi_resampler_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_maps_are_met),
        cmocka_unit_test(one_matrix_equals_two_steps),
        cmocka_unit_test(a_flat_grid_stays_flat),
        cmocka_unit_test(senseless_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
