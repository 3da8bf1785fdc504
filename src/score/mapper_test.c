// Tests of maps of aligned images (mapper.c, registration.c).
#include "tests/check.h"

#include <math.h>
#include <string.h>

#include "src/feature/recipe.h"
#include "src/score/mapper.h"

enum { SIDE = 224, PIXELS = SIDE * SIDE, GRID = 28, POSITIONS = GRID * GRID };

static blm_error err;

// A recipe as a fit completes it, with align.
static blmi_recipe aligned_recipe(void)
{
    blmi_recipe r = {.stages = 1};
    blm_recipe_init(&r.fields);
    r.fields.width = r.fields.height = SIDE;
    r.fields.resize_width = r.fields.resize_height = SIDE;
    r.fields.sigma = 0;
    r.fields.align = BLM_ALIGN_RIGID;
    return r;
}

// Turned by `angle` about the centre and moved.
static blmi_warp turned(double angle, double dx, double dy)
{
    const double c = cos(angle), s = sin(angle), half = 0.5 * SIDE;
    return (blmi_warp){.xx = c,
        .xy = -s,
        .x0 = half + dx - c * half + s * half,
        .yx = s,
        .yy = c,
        .y0 = half + dy - s * half - c * half};
}

static void inverses_lead_back(void **state)
{
    (void)state;
    const blmi_warp there = turned(2.1, 13, -7), back = blmi_warp_inverse(&there);
    for (double x = 0; x <= SIDE; x += 32)
        for (double y = 0; y <= SIDE; y += 32) {
            const double u = there.xx * x + there.xy * y + there.x0;
            const double v = there.yx * x + there.yy * y + there.y0;
            assert_true(fabs(back.xx * u + back.xy * v + back.x0 - x) < 1e-9);
            assert_true(fabs(back.yx * u + back.yy * v + back.y0 - y) < 1e-9);
        }
}

// The region is that of the reference: it lies on the image as the part does, and what
// the reference does not show is 0.
static void the_region_moves_with_the_part(void **state)
{
    (void)state;
    static uint8_t include[PIXELS];
    static float distances[POSITIONS], map[PIXELS];
    const blmi_recipe recipe = aligned_recipe();
    blmi_mapper *mapper;
    for (int i = 0; i < PIXELS; i++)
        include[i] = i % SIDE < SIDE / 2;
    for (int p = 0; p < POSITIONS; p++)
        distances[p] = 1;
    assert_ok(blmi_mapper_new(&recipe, GRID, GRID, include, &mapper, &err), err);
    const blmi_warp warp = turned(0.6, 20, -11), back = blmi_warp_inverse(&warp);
    const float score = blmi_mapper_run_aligned(mapper, distances, &warp, map);
    assert_true(fabsf(score - 1) < 1e-5f);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const double u = back.xx * (x + 0.5) + back.xy * (y + 0.5) + back.x0;
            const double v = back.yx * (x + 0.5) + back.yy * (y + 0.5) + back.y0;
            const bool inside = u >= 0 && v >= 0 && u < SIDE / 2 && v < SIDE;
            if (inside != (map[y * SIDE + x] > 0))
                fail_msg("pixel %d, %d: %g", x, y, (double)map[y * SIDE + x]);
        }
    blmi_mapper_free(mapper);
}

// A defect is found where it is on the image, and the score is the maximum of the map.
static void a_defect_is_where_it_is_on_the_image(void **state)
{
    (void)state;
    static float distances[POSITIONS], map[PIXELS];
    const blmi_recipe recipe = aligned_recipe();
    blmi_mapper *mapper;
    assert_ok(blmi_mapper_new(&recipe, GRID, GRID, NULL, &mapper, &err), err);
    const blmi_warp warp = turned(-2.5, 9, 16);
    memset(distances, 0, sizeof distances);
    distances[9 * GRID + 16] = 5; // its centre is at 132, 76
    const float score = blmi_mapper_run_aligned(mapper, distances, &warp, map);
    int best = 0;
    for (int i = 0; i < PIXELS; i++)
        best = map[i] > map[best] ? i : best;
    assert_true(map[best] == score && score > 4);
    const double x = warp.xx * 132 + warp.xy * 76 + warp.x0;
    const double y = warp.yx * 132 + warp.yy * 76 + warp.y0;
    assert_true(hypot(best % SIDE + 0.5 - x, best / SIDE + 0.5 - y) < 1.5);
    blmi_mapper_free(mapper);
}

// Positions that were outside of the image do not count, whatever their distances.
static void what_was_outside_does_not_count(void **state)
{
    (void)state;
    static float distances[POSITIONS], map[PIXELS];
    static uint8_t use[POSITIONS];
    const blmi_recipe recipe = aligned_recipe();
    const blmi_warp warp = turned(0.8, 30, 0);
    blmi_mapper *mapper;
    int outside = 0;
    blmi_mapper_positions(&recipe, NULL, &warp, GRID, GRID, use);
    for (int p = 0; p < POSITIONS; p++) {
        distances[p] = use[p] ? 1 : 1000;
        outside += !use[p];
    }
    assert_true(outside > POSITIONS / 20 && outside < POSITIONS / 2);
    assert_ok(blmi_mapper_new(&recipe, GRID, GRID, NULL, &mapper, &err), err);
    const float score = blmi_mapper_run_aligned(mapper, distances, &warp, map);
    assert_true(fabsf(score - 1) < 1e-5f);
    blmi_mapper_free(mapper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inverses_lead_back),
        cmocka_unit_test(the_region_moves_with_the_part),
        cmocka_unit_test(a_defect_is_where_it_is_on_the_image),
        cmocka_unit_test(what_was_outside_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
