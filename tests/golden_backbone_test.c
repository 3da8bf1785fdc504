// Compares the backbone with outputs computed in double precision, step by step, and
// reports the first step that differs.
#include "tests/check.h"

#include <math.h>
#include <string.h>

#include "src/backbone/contnet.h"
#include "src/format/checkpoint.h"
#include "tests/formula.h"
#include "tests/npy.h"

enum { SIDE = 224, PIXELS = SIDE * SIDE };

// The numbers of the network that a golden file contains: first one and step along
// channels, rows and columns.
typedef struct part {
    int channel[2], row[2], column[2];
} part;

static const part whole = {{0, 1}, {0, 1}, {0, 1}};

typedef struct tolerance {
    double max, rms;
} tolerance;

static const tolerance small_network = {2e-5, 2e-6}, large_network = {5e-5, 1e-5};

// Compares y (images, height, width, channels) with golden (images, channels, rows,
// columns), the first `images` of both.
static void compare(const char *what, const float *y, int height, int width, int channels,
    const float *golden, const size_t *shape, int images, part of, tolerance allowed)
{
    double worst = 0, squares = 0;
    const float *expected = golden;
    for (int n = 0; n < images; n++) {
        for (size_t i = 0; i < shape[0] * shape[1] * shape[2]; i++, expected++) {
            const int channel =
                of.channel[0] + (int)(i / (shape[1] * shape[2])) * of.channel[1];
            const int row = of.row[0] + (int)(i / shape[2] % shape[1]) * of.row[1];
            const int column = of.column[0] + (int)(i % shape[2]) * of.column[1];
            assert_true(channel < channels && row < height && column < width);
            const double difference = fabs(
                (double)y[((n * height + row) * width + column) * channels + channel] -
                (double)*expected);
            worst = difference > worst || isnan(difference) ? difference : worst;
            squares += difference * difference;
        }
    }
    const double count = (double)images * (double)(shape[0] * shape[1] * shape[2]);
    const double rms = sqrt(squares / count);
    printf("%s: max %.1e rms %.1e\n", what, worst, rms);
    if (!(worst <= allowed.max && rms <= allowed.rms))
        fail_msg("%s: differs by max %g, rms %g; allowed %g, %g", what, worst, rms,
            allowed.max, allowed.rms);
}

// Converts (images, 3, 224, 224) to the layout of the network.
static float *to_pixels(const npy *input, int images)
{
    float *x = malloc((size_t)images * PIXELS * 3 * sizeof *x);
    for (int n = 0; n < images; n++)
        for (int i = 0; i < PIXELS; i++)
            for (int c = 0; c < 3; c++)
                x[(n * PIXELS + i) * 3 + c] = input->f4[(n * 3 + c) * PIXELS + i];
    return x;
}

// ---- whole checkpoints in the published form

typedef struct case_of_ti {
    const char *name;
    bool relative_pre_avgdown;
    int steps; // of layer1 seen so far
    int seen;
} case_of_ti;

static void compare_file(const case_of_ti *c, const char *suffix, const float *y,
    int size, int channels, int images, part of)
{
    char name[128];
    snprintf(name, sizeof name, "backbone/%s.%s.npy", c->name, suffix);
    const char *path = golden_path(name);
    assert_non_null(path);
    npy golden = npy_load(path, "f4");
    assert_true(golden.rank == 3 || golden.shape[0] == (size_t)images);
    compare(name, y, size, size, channels, golden.f4, golden.shape + golden.rank - 3,
        images, of, small_network);
    npy_free(&golden);
}

static void watch_ti(void *context, const char *step, const float *y, int images,
    int height, int width, int channels)
{
    case_of_ti *c = context;
    c->seen++;
    if (strcmp(step, "layer0") == 0) {
        assert_true(images == 2 && height == 56 && width == 56 && channels == 48);
        compare_file(c, "layer0", y, 56, 48, 2, (part){{0, 1}, {0, 1}, {48, 1}});
    } else if (strncmp(step, "layer1.ConTBlock0.", 18) == 0) {
        char name[128];
        snprintf(name, sizeof name, "backbone/%s.layer1_steps.npy", c->name);
        npy golden = npy_load(golden_path(name), "f4");
        assert_true(npy_is(&golden, 4, (size_t[]){3, 24, 14, 14}) && c->steps < 3);
        compare(step, y, 56, 56, 48, golden.f4 + (size_t)c->steps * 24 * 14 * 14,
            golden.shape + 1, 1, (part){{0, 2}, {0, 1}, {0, 1}}, small_network);
        npy_free(&golden);
        c->steps++;
    }
}

static void check_ti(const char *name, bool relative_pre_avgdown)
{
    char file[128];
    snprintf(file, sizeof file, "backbone/%s.pth", name);
    const char *path = golden_path(file);
    if (!path)
        skip();
    blm_error err;
    blmi_checkpoint checkpoint;
    assert_ok(blmi_checkpoint_read(path, &checkpoint, &err), err);
    blmi_contnet_config config = {.pre_norm = relative_pre_avgdown};
    assert_ok(blmi_contnet_identify(&checkpoint.tensors, &config, &err), err);
    assert_int_equal(config.variant, BLMI_TI);
    assert_int_equal(config.relative, relative_pre_avgdown);
    assert_int_equal(config.avgdown, relative_pre_avgdown);
    assert_true(config.qkv_bias && config.stages == 4);
    blmi_contnet *net;
    blmi_contnet_workspace *workspace;
    const blmi_contnet_options options = {SIDE, SIDE, 4, 2, BLM_TYPE_F32};
    assert_ok(blmi_contnet_new(&checkpoint.tensors, &config, &options, &net, &err), err);
    blmi_checkpoint_close(&checkpoint);
    assert_ok(blmi_contnet_workspace_new(net, NULL, &workspace, &err), err);

    case_of_ti c = {name, relative_pre_avgdown, 0, 0};
    blmi_contnet_workspace_watch(workspace, watch_ti, &c);
    npy input = npy_load(golden_path("backbone/input.npy"), "f4");
    float *x = to_pixels(&input, 2), *stage[BLMI_STAGES];
    for (int i = 0; i < BLMI_STAGES; i++)
        stage[i] = malloc(2 * 28 * 28 * 96 * sizeof(float)); // layer1, the largest
    assert_ok(blmi_contnet_run(net, workspace, x, 2, stage, &err), err);
    assert_int_equal(c.steps, 3);
    assert_int_equal(c.seen, 1 + 4 * 4);
    const part third = {{0, 3}, {0, 3}, {0, 3}}, fourth = {{0, 4}, {0, 3}, {0, 3}};
    const part two = {{0, 4}, {0, 2}, {0, 2}}, last = {{0, 8}, {0, 2}, {0, 2}};
    compare_file(&c, "layer1", stage[0], 28, 96, 2, third);
    compare_file(&c, "layer2", stage[1], 14, 192, 1, whole);
    compare_file(&c, "layer2.sample", stage[1] + 14 * 14 * 192, 14, 192, 1, fourth);
    compare_file(&c, "layer3", stage[2], 7, 384, 1, whole);
    compare_file(&c, "layer3.sample", stage[2] + 7 * 7 * 384, 7, 384, 1, two);
    compare_file(&c, "layer4", stage[3], 7, 768, 2, last);
    for (int i = 0; i < BLMI_STAGES; i++)
        free(stage[i]);
    free(x);
    npy_free(&input);
    blmi_contnet_workspace_free(workspace);
    blmi_contnet_free(net);
}

static void ti_relative_pre_norm_avgdown(void **state)
{
    (void)state;
    check_ti("contnet_ti_rel_pre", true);
}

static void ti_absolute_post_norm(void **state)
{
    (void)state;
    check_ti("contnet_ti_abs_post", false);
}

// ---- weights by the formula, one image

// Mean, standard deviation, largest and smallest number of layer1 and layer4.
typedef struct summary {
    double value[4];
} summary;

static void compare_summary(const char *what, const float *y, size_t count, summary want)
{
    double sum = 0, squares = 0, top = -INFINITY, bottom = INFINITY;
    for (size_t i = 0; i < count; i++) {
        sum += (double)y[i];
        top = fmax(top, (double)y[i]);
        bottom = fmin(bottom, (double)y[i]);
    }
    const double mean = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += ((double)y[i] - mean) * ((double)y[i] - mean);
    const double found[4] = {mean, sqrt(squares / (double)count), top, bottom};
    for (int i = 0; i < 4; i++)
        if (!(fabs(found[i] - want.value[i]) <= 5e-5))
            fail_msg("%s: statistic %d is %.9g, expected %.9g", what, i, found[i],
                want.value[i]);
}

static void check_formula(
    const char *name, blmi_contnet_config config, summary layer1, summary layer4)
{
    const char *path = golden_path("backbone/input.npy");
    if (!path)
        skip();
    npy input = npy_load(path, "f4");
    float *x = to_pixels(&input, 1), *stage[BLMI_STAGES];
    size_t count[BLMI_STAGES];
    for (int i = 0; i < BLMI_STAGES; i++) {
        const int side = i < 3 ? 28 >> i : 7;
        count[i] = (size_t)(side * side * blmi_contnet_channels(config.variant, i + 1));
        stage[i] = malloc(count[i] * sizeof(float));
    }
    config.stages = 4;
    config.qkv_bias = true;
    formula_weights weights = formula_weights_new(&config);
    blmi_contnet_config found = {.pre_norm = config.pre_norm};
    blm_error err;
    assert_ok(blmi_contnet_identify(&weights.set, &found, &err), err);
    assert_memory_equal(&found, &config, sizeof found);
    blmi_contnet *net;
    blmi_contnet_workspace *workspace;
    const blmi_contnet_options options = {SIDE, SIDE, 4, 1, BLM_TYPE_F32};
    assert_ok(blmi_contnet_new(&weights.set, &config, &options, &net, &err), err);
    formula_weights_free(&weights);
    assert_ok(blmi_contnet_workspace_new(net, NULL, &workspace, &err), err);
    assert_ok(blmi_contnet_run(net, workspace, x, 1, stage, &err), err);
    compare_summary(name, stage[0], count[0], layer1);
    for (int i = 1; i <= 2; i++) {
        char file[128];
        snprintf(file, sizeof file, "backbone/%s.layer%d.npy", name, i + 1);
        npy golden = npy_load(golden_path(file), "f4");
        compare(file, stage[i], 28 >> i, 28 >> i,
            blmi_contnet_channels(config.variant, i + 1), golden.f4, golden.shape, 1,
            whole, config.variant == BLMI_B ? large_network : small_network);
        npy_free(&golden);
    }
    compare_summary(name, stage[3], count[3], layer4);
    for (int i = 0; i < BLMI_STAGES; i++)
        free(stage[i]);
    free(x);
    npy_free(&input);
    blmi_contnet_workspace_free(workspace);
    blmi_contnet_free(net);
}

static void b_relative_pre_norm(void **state)
{
    (void)state;
    check_formula("formula_b_rel_pre",
        (blmi_contnet_config){BLMI_B, .relative = true, .pre_norm = true},
        (summary){{-0.00287212998, 0.98282375, 4.71899695, -4.61368288}},
        (summary){{-0.00665952423, 1.81880424, 8.06186664, -7.37815635}});
}

static void b_absolute_post_norm(void **state)
{
    (void)state;
    check_formula("formula_b_abs_post", (blmi_contnet_config){BLMI_B, .relative = false},
        (summary){{0.0411861099, 0.996487604, 5.39022031, -4.70397886}},
        (summary){{-0.00964554125, 1.22305516, 5.91653915, -5.4814213}});
}

static void s_relative_pre_norm(void **state)
{
    (void)state;
    check_formula("formula_s_rel_pre",
        (blmi_contnet_config){BLMI_S, .relative = true, .pre_norm = true},
        (summary){{-0.109146344, 0.830738611, 3.73903797, -4.78687853}},
        (summary){{0.0298110481, 0.753942648, 3.39767442, -4.0293005}});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ti_relative_pre_norm_avgdown),
        cmocka_unit_test(ti_absolute_post_norm),
        cmocka_unit_test(b_relative_pre_norm),
        cmocka_unit_test(b_absolute_post_norm),
        cmocka_unit_test(s_relative_pre_norm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
