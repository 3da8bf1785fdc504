// Compares the networks of the table with outputs in double precision
// (../shared/golden/backbones): weights by the formula, sampled outputs.
#include "tests/check.h"

#include <jansson.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "blemish/weights.h"
#include "src/backbone/backbone.h"
#include "src/backbone/weights_file.h"
#include "tests/npy.h"
#include "tests/published.h"

enum { SIDE = 224, MAX_SAMPLES = 32 };

static json_t *load_json(const char *name)
{
    const char *path = golden_path(name);
    if (path == NULL)
        skip();
    json_t *json = json_load_file(path, 0, NULL);
    assert_non_null(json);
    return json;
}

// An image of any size: pixel (y, x) is that of image (y div 224 + x div 224) mod 2 of
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

// Sample number k of an axis of length n.
static int place(int k, int n, int most)
{
    return n <= most ? k : k * (n - 1) / (most - 1);
}

// Compares y (height, width, channels) with the file's (channels, rows, columns) samples.
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
                    place(c, channels, MAX_SAMPLES);
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

// Tests one size of a network; `taps` has an object for each output.
static void check_size(const char *name, const char *suffix,
    const blmi_backbone *backbone, const blmi_tensors *weights, const char *size,
    json_t *taps)
{
    blmi_network_options options = {.batch = 1, .type = BLM_TYPE_F32};
    assert_int_equal(sscanf(size, "%dx%d", &options.height, &options.width), 2);
    float *x = picture(options.height, options.width);
    float *out[BLMI_MAX_TAPS];
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
    assert_ok(blmi_network_run(network, workspace, x, 1, out, &err), err);
    for (int i = 0; i < options.taps; i++) {
        const blmi_tap *tap = &backbone->tap[options.tap[i]];
        json_t *expected = json_object_get(taps, tap->name);
        int width, height;
        char file[200];
        blmi_backbone_grid(
            backbone, options.tap[i], options.width, options.height, &width, &height);
        if (strncmp(name, "checkpoints/", 12) == 0)
            snprintf(file, sizeof file, "backbones/%s%s.%s.npy", name, suffix, tap->name);
        else
            snprintf(file, sizeof file, "backbones/%s.%s.%s.npy", name, size, tap->name);
        compare(file, out[i], height, width, tap->channels,
            json_number_value(json_object_get(expected, "tolerance_max")),
            json_number_value(json_object_get(expected, "tolerance_rms")));
        free(out[i]);
    }
    free(x);
    blmi_workspace_free(workspace);
    blmi_team_free(team);
    blmi_network_free(network);
}

// The form of a network that tensors do not show, from its name.
static int form_of(const char *name)
{
    return strncmp(name, "tf_", 3) == 0;
}

// Weights cut off after a tap still offer that tap.
static void check_parts(const blmi_backbone *backbone, const blmi_tensors *weights)
{
    blmi_tensor *kept = malloc(weights->count * sizeof *kept);
    for (int tap = 0; tap < backbone->taps; tap++) {
        const char *name = backbone->tap[tap].name;
        blmi_backbone part;
        size_t count;
        blm_error err;
        if (strcmp(name, "stem") == 0) // what a file of it alone is, cannot be seen
            continue;
        assert_ok(
            blmi_backbone_cut(backbone, weights, 1u << tap, kept, &count, &part, &err),
            err);
        const int found = blmi_backbone_tap_find(&part, name);
        if (found < 0 || part.tap[found].channels != backbone->tap[tap].channels ||
            part.tap[found].stride != backbone->tap[tap].stride)
            fail_msg("%s: cut off at %s, it is %s", backbone->name, name, part.name);
    }
    free(kept);
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
            check_parts(&backbone, &weights.set);
            json_object_foreach(sizes, size, taps)
                check_size(name, "", &backbone, &weights.set, size, taps);
            checked++;
        }
        formula_weights_free(&weights);
    }
    assert_int_equal(checked, 20);
    json_decref(json);
}

// 10^9 multiplications per image, from ../shared/backbones.md (section 5).
static void multiplications_are_counted(void **state)
{
    (void)state;
    static const struct {
        const char *name, *tap;
        int side;
        double giga;
    } rows[] = {
        {"dino_vits8", "block8", 448, 118.2},
        {"dinov2_vits14", "block2", 448, 8.093},
        {"dinov2_vits14", "norm", 224, 6.124},
        {"dinov2_vits14_reg4", "norm", 448, 31.84},
        // less what they count for places, 10 x 9 x 196 x 196 x 3: here these are packed
        {"convit_small", "block9", 224, 4.797 - 0.0104},
        {"convit_small", "norm", 224, 5.746 - 0.0104},
        {"cct_14_7x2_224", "block6", 448, 15.65},
        {"cvt13", "stage0", 224, 0.482},
        {"cvt13", "stage2", 224, 4.566},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        formula_weights weights = published_weights(rows[i].name);
        blmi_backbone backbone;
        blm_error err;
        assert_ok(blmi_backbone_identify(&weights.set, 0, &backbone, &err), err);
        const int tap = blmi_backbone_tap_find(&backbone, rows[i].tap);
        assert_true(tap >= 0);
        const double giga =
            blmi_backbone_gflop(&backbone, 1u << tap, rows[i].side, rows[i].side) / 2;
        if (!(fabs(giga - rows[i].giga) < 6e-4 * rows[i].giga))
            fail_msg("%s to %s: %g, expected %g", rows[i].name, rows[i].tap, giga,
                rows[i].giga);
        formula_weights_free(&weights);
    }
}

// Outputs of the last default tap, with products of that type; the caller frees them.
static float *run_typed(const blmi_backbone *backbone, const blmi_tensors *weights,
    blm_type type, int threads, size_t *count)
{
    blmi_network_options options = {.width = SIDE,
        .height = SIDE,
        .batch = 1,
        .type = type,
        .taps = 1,
        .tap = {blmi_last_tap(backbone->usual)}};
    int width, height;
    blmi_network *network;
    blmi_workspace *workspace;
    blmi_team *team;
    blm_error err;
    blmi_backbone_grid(backbone, options.tap[0], SIDE, SIDE, &width, &height);
    *count = (size_t)(width * height * backbone->tap[options.tap[0]].channels);
    float *x = malloc(sizeof *x * SIDE * SIDE * 3), *y = malloc(sizeof *y * *count);
    for (size_t i = 0; i < SIDE * SIDE * 3; i++)
        x[i] = 2 * (float)formula_noise("input", i);
    assert_ok(blmi_network_new(backbone, weights, &options, &network, &err), err);
    assert_ok(blmi_team_new(threads, &team, &err), err);
    assert_ok(blmi_workspace_new(network, team, &workspace, &err), err);
    assert_ok(blmi_network_run(network, workspace, x, 1, &y, &err), err);
    blmi_workspace_free(workspace);
    blmi_team_free(team);
    blmi_network_free(network);
    free(x);
    return y;
}

// The error of bf16 is within its eight bits, and threads change no bit.
static void other_types_are_close(void **state)
{
    (void)state;
    static const char *const names[] = {"resnet18", "resnet50", "efficientnet_lite0",
        "tf_efficientnet_b4", "dino_vits16", "dinov2_vits14_reg4", "convit_tiny",
        "cct_14_7x2_224", "cvt13"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        formula_weights weights = published_weights(names[i]);
        blmi_backbone backbone;
        blm_error err;
        size_t count;
        assert_ok(
            blmi_backbone_identify(&weights.set, form_of(names[i]), &backbone, &err),
            err);
        float *y = run_typed(&backbone, &weights.set, BLM_TYPE_F32, 1, &count);
        float *three = run_typed(&backbone, &weights.set, BLM_TYPE_F32, 3, &count);
        assert_memory_equal(y, three, count * sizeof *y);
        float *other = run_typed(&backbone, &weights.set, BLM_TYPE_BF16, 2, &count);
        double squares = 0, differences = 0;
        for (size_t k = 0; k < count; k++) {
            const double d = (double)other[k] - (double)y[k];
            squares += (double)y[k] * (double)y[k];
            differences += d * d;
        }
        printf("%s in bf16: %.4f of its size\n", names[i], sqrt(differences / squares));
        assert_true(differences > 0 && differences < squares * 0.03 * 0.03);
        free(other);
        free(three);
        free(y);
        formula_weights_free(&weights);
    }
}

// Trained weights, if tools/weights has installed them.
static void trained_weights_give_golden_outputs(void **state)
{
    (void)state;
    json_t *json = load_json("backbones/expected.json");
    json_t *sizes = json_object_get(
        json_object_get(json, "outputs"), "efficientnet_lite0_real_picture");
    blmi_weights weights;
    blm_error err;
    if (blmi_weights_open("lite0", NULL, &weights, &err) != BLM_OK) {
        printf("%s: skipped\n", err.text);
        json_decref(json);
        skip();
    }
    const char *size;
    json_t *taps;
    json_object_foreach(sizes, size, taps) check_size("efficientnet_lite0_real_picture",
        "", &weights.backbone, &weights.tensors, size, taps);
    assert_true(json_object_size(sizes) > 0);
    blmi_weights_close(&weights);
    json_decref(json);
}

// ---- files in the published forms

// Imports a file and compares the outputs of the resulting weights with those in the
// list.
static void check_file(const char *file, json_t *entry, const char *made)
{
    json_t *found = json_object_get(entry, "found"), *tf = json_object_get(found, "tf");
    json_t *input = json_object_get(entry, "input");
    const char *form = tf == NULL ? NULL : json_is_true(tf) ? "tf" : "timm";
    char name[200], size[40];
    blmi_weights weights;
    blm_error err;
    assert_ok(blm_weights_import(golden_path(file), made, form, &err), err);
    assert_ok(blmi_weights_open(made, NULL, &weights, &err), err);
    snprintf(name, sizeof name, "checkpoints/%s", strrchr(file, '/') + 1);
    *strrchr(name, '.') = '\0';
    snprintf(size, sizeof size, "%dx%d",
        (int)json_integer_value(json_array_get(input, 0)),
        (int)json_integer_value(json_array_get(input, 1)));
    check_size(name, json_is_true(tf) ? ".tf" : "", &weights.backbone, &weights.tensors,
        size, json_object_get(entry, "taps"));
    blmi_weights_close(&weights);
}

static void published_files_are_imported(void **state)
{
    (void)state;
    json_t *json = load_json("backbones/checkpoints/expected.json"), *entry;
    size_t i;
    char folder[] = "/tmp/blemish-families-XXXXXX", made[64];
    int accepted = 0, refused = 0;
    assert_non_null(mkdtemp(folder));
    snprintf(made, sizeof made, "%s/made.safetensors", folder);
    json_array_foreach(json, i, entry)
    {
        char file[200];
        snprintf(file, sizeof file, "backbones/checkpoints/%s",
            json_string_value(json_object_get(entry, "file")));
        const char *family =
            json_string_value(json_object_get(json_object_get(entry, "found"), "family"));
        if (family == NULL) {
            blm_error err = {""};
            const char *path = golden_path(file);
            assert_int_equal(blm_weights_import(path, made, NULL, &err), BLM_EINPUT);
            printf("%s\n", err.text);
            assert_int_not_equal(access(made, F_OK), 0);
            refused++;
        } else {
            check_file(file, entry, made);
            assert_int_equal(unlink(made), 0);
            accepted++;
        }
    }
    assert_true(accepted >= 15 && refused >= 10);
    assert_int_equal(rmdir(folder), 0);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_are_golden),
        cmocka_unit_test(multiplications_are_counted),
        cmocka_unit_test(other_types_are_close),
        cmocka_unit_test(trained_weights_give_golden_outputs),
        cmocka_unit_test(published_files_are_imported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
