// The networks of the table against outputs in double precision
// (../shared/golden/backbones): weights by the formula, sampled outputs.
#include "tests/check.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "src/backbone/backbone.h"
#include "src/backbone/weights.h"
#include "tests/npy.h"
#include "tests/published.h"

enum { SIDE = 224, MOST_SAMPLES = 32 };

static json_t *load_json(const char *name)
{
    const char *path = golden_path(name);
    if (path == NULL)
        skip();
    json_t *json = json_load_file(path, 0, NULL);
    assert_non_null(json);
    return json;
}

// A picture of any size: pixel (y, x) is that of picture (y div 224 + x div 224) mod 2 of
// backbone/input.npy at (y mod 224, x mod 224).
static float *picture(int height, int width)
{
    npy input = npy_load(golden_path("backbone/input.npy"), "f4");
    float *x = malloc((size_t)height * (size_t)width * 3 * sizeof *x);
    for (int y = 0; y < height; y++)
        for (int column = 0; column < width; column++)
            for (int c = 0; c < 3; c++) {
                const int n = (y / SIDE + column / SIDE) % 2;
                x[(y * width + column) * 3 + c] =
                    input.f4[((n * 3 + c) * SIDE + y % SIDE) * SIDE + column % SIDE];
            }
    npy_free(&input);
    return x;
}

// Number k of the places at which an axis of n is sampled.
static int place(int k, int n, int most)
{
    return n <= most ? k : k * (n - 1) / (most - 1);
}

// y (height, width, channels) against the file's (channels, rows, columns) samples.
static void compare(const char *file, const float *y, int height, int width, int channels,
    double allowed_max, double allowed_rms)
{
    npy golden = npy_load(golden_path(file), "f4");
    double worst = 0, squares = 0;
    size_t i = 0;
    assert_int_equal(golden.rank, 3);
    for (int c = 0; c < (int)golden.shape[0]; c++)
        for (int row = 0; row < (int)golden.shape[1]; row++)
            for (int column = 0; column < (int)golden.shape[2]; column++, i++) {
                const int at =
                    (place(row, height, 8) * width + place(column, width, 8)) * channels +
                    place(c, channels, MOST_SAMPLES);
                const double d = fabs((double)y[at] - (double)golden.f4[i]);
                worst = d > worst || isnan(d) ? d : worst;
                squares += d * d;
            }
    const double rms = sqrt(squares / (double)i);
    printf("%s: max %.1e of %.1e, rms %.1e of %.1e\n", file, worst, allowed_max, rms,
        allowed_rms);
    if (!(worst <= allowed_max && rms <= allowed_rms))
        fail_msg("%s: differs by max %g, rms %g; allowed %g, %g", file, worst, rms,
            allowed_max, allowed_rms);
    npy_free(&golden);
}

// One size of one network: `taps` has an object for each of its outputs.
static void check_size(const char *name, const blmi_backbone *backbone,
    const blmi_tensors *weights, const char *size, const float *x, json_t *taps)
{
    blmi_network_options options = {.batch = 1, .type = BLM_TYPE_F32};
    assert_int_equal(sscanf(size, "%dx%d", &options.height, &options.width), 2);
    float *own = x == NULL ? picture(options.height, options.width) : NULL;
    float *out[BLMI_MOST_TAPS];
    for (int tap = 0; tap < backbone->taps; tap++) {
        json_t *expected = json_object_get(taps, backbone->tap[tap].name);
        if (expected == NULL)
            continue;
        int width, height;
        blmi_backbone_grid(backbone, tap, options.width, options.height, &width, &height);
        json_t *shape = json_object_get(expected, "shape");
        assert_int_equal(
            json_integer_value(json_array_get(shape, 0)), backbone->tap[tap].channels);
        assert_int_equal(json_integer_value(json_array_get(shape, 1)), height);
        assert_int_equal(json_integer_value(json_array_get(shape, 2)), width);
        out[options.taps] = malloc((size_t)width * (size_t)height *
                                   (size_t)backbone->tap[tap].channels * sizeof(float));
        options.tap[options.taps++] = tap;
    }
    assert_int_equal(options.taps, json_object_size(taps));
    blmi_network *network;
    blmi_workspace *workspace;
    blmi_team *team;
    blm_error err;
    assert_ok(blmi_network_new(backbone, weights, &options, &network, &err), err);
    assert_ok(blmi_team_new(2, &team, &err), err);
    assert_ok(blmi_workspace_new(network, team, &workspace, &err), err);
    assert_ok(
        blmi_network_run(network, workspace, x != NULL ? x : own, 1, out, &err), err);
    for (int i = 0; i < options.taps; i++) {
        const blmi_tap *tap = &backbone->tap[options.tap[i]];
        json_t *expected = json_object_get(taps, tap->name);
        int width, height;
        char file[200];
        blmi_backbone_grid(
            backbone, options.tap[i], options.width, options.height, &width, &height);
        snprintf(file, sizeof file, "backbones/%s.%s.%s.npy", name, size, tap->name);
        compare(file, out[i], height, width, tap->channels,
            json_number_value(json_object_get(expected, "tolerance_max")),
            json_number_value(json_object_get(expected, "tolerance_rms")));
        free(out[i]);
    }
    free(own);
    blmi_workspace_free(workspace);
    blmi_team_free(team);
    blmi_network_free(network);
}

// The form of a network that tensors do not show, from its name.
static int form_of(const char *name)
{
    return strncmp(name, "tf_", 3) == 0;
}

static void outputs_are_golden(void **state)
{
    (void)state;
    json_t *json = load_json("backbones/expected.json");
    const char *name, *size;
    json_t *sizes, *taps;
    int checked = 0;
    json_object_foreach(json_object_get(json, "outputs"), name, sizes)
    {
        formula_weights weights = published_weights(name);
        blmi_backbone backbone;
        blm_error err;
        if (weights.set.count > 0) {
            assert_ok(
                blmi_backbone_identify(&weights.set, form_of(name), &backbone, &err),
                err);
            json_object_foreach(sizes, size, taps)
                check_size(name, &backbone, &weights.set, size, NULL, taps);
            checked++;
        }
        formula_weights_free(&weights);
    }
    assert_true(checked >= 10);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_are_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
