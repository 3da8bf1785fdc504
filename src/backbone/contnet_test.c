// Tests of the backbone: configurations that no checkpoint covers, independence of batch
// and threads, refusals.  tests/golden_backbone_test.c has the step by step comparison.
#include "tests/check.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "src/backbone/contnet_network.h"
#include "tests/formula.h"
#include "tests/npy.h"

static const blmi_contnet_config usual = {
    BLMI_S, .relative = true, .qkv_bias = true, .pre_norm = true, .stages = 1};

// One network with its memory and output.
typedef struct fixture {
    blmi_contnet *net;
    blmi_team *team;
    blmi_contnet_workspace *workspace;
    float *stage[BLMI_STAGES];
    size_t count[BLMI_STAGES]; // floats an image
} fixture;

static fixture open_for_threads(int threads, const blmi_kernels *kernels,
    const blmi_contnet_config *config, blmi_contnet_options options)
{
    fixture f = {0};
    blm_error err;
    formula_weights weights = formula_weights_new(config);
    assert_ok(
        blmi_contnet_new_with(kernels, &weights.set, config, &options, &f.net, &err),
        err);
    formula_weights_free(&weights);
    assert_ok(blmi_team_new(threads, &f.team, &err), err);
    assert_ok(blmi_contnet_workspace_new(f.net, f.team, &f.workspace, &err), err);
    for (int i = 0; i < options.stages; i++) {
        const int shrink = i < 3 ? 8 << i : 32;
        f.count[i] = (size_t)(options.height / shrink * options.width / shrink *
                              blmi_contnet_channels(config->variant, i + 1));
        f.stage[i] = malloc(f.count[i] * (size_t)options.batch * sizeof(float));
    }
    return f;
}

static fixture open_net(const blmi_kernels *kernels, const blmi_contnet_config *config,
    blmi_contnet_options options)
{
    return open_for_threads(2, kernels, config, options);
}

static void close_net(fixture *f)
{
    blmi_contnet_workspace_free(f->workspace);
    blmi_team_free(f->team);
    blmi_contnet_free(f->net);
    for (int i = 0; i < BLMI_STAGES; i++)
        free(f->stage[i]);
}

static void run(fixture *f, const float *x, int images)
{
    blm_error err;
    assert_ok(blmi_contnet_run(f->net, f->workspace, x, images, f->stage, &err), err);
}

static float *pictures(int images, int height, int width)
{
    const size_t count = (size_t)(images * height * width * 3);
    float *x = malloc(count * sizeof *x);
    for (size_t i = 0; i < count; i++)
        x[i] = 2 * (float)formula_noise("input", i);
    return x;
}

// ---- outputs in double precision (tests/golden/backbone/make.py)

enum { SAMPLES = 30 };

static void check_case(
    const char *what, fixture *f, int stages, const double *expected /* (4, 32) */)
{
    for (int stage = 0; stage < stages; stage++, expected += 2 + SAMPLES) {
        const float *y = f->stage[stage];
        const size_t count = f->count[stage];
        double sum = 0, squares = 0;
        for (size_t i = 0; i < count; i++)
            sum += (double)y[i];
        const double mean = sum / (double)count;
        for (size_t i = 0; i < count; i++)
            squares += ((double)y[i] - mean) * ((double)y[i] - mean);
        double found[2 + SAMPLES] = {mean, sqrt(squares / (double)count)};
        for (size_t i = 0; i < SAMPLES; i++)
            found[2 + i] = (double)y[i * count / SAMPLES];
        for (int i = 0; i < 2 + SAMPLES; i++)
            if (!(fabs(found[i] - expected[i]) <= 2e-5))
                fail_msg("%s, layer%d: number %d is %.9g, expected %.9g", what, stage + 1,
                    i, found[i], expected[i]);
    }
}

static void other_configurations(void **state)
{
    (void)state;
    static const struct {
        int height, width;
        blmi_contnet_config config;
    } cases[] = {
        {224, 224, {BLMI_M, true, true, true, false, 4}},
        {224, 224, {BLMI_B, true, true, false, true, 3}},
        {224, 224, {BLMI_S, false, false, true, true, 4}},
        {448, 224, {BLMI_S, false, true, false, false, 3}},
        {224, 448, {BLMI_TI, true, false, false, true, 4}},
        {448, 448, {BLMI_S, true, true, true, false, 4}},
    };
    enum { CASES = sizeof cases / sizeof *cases };
    npy golden = npy_load("tests/golden/backbone/cases.npy", "f8");
    assert_true(npy_is(&golden, 3, (size_t[]){CASES, BLMI_STAGES, 2 + SAMPLES}));
    for (int i = 0; i < CASES; i++) {
        const blmi_contnet_config *config = &cases[i].config;
        char what[100];
        snprintf(
            what, sizeof what, "case %d (%s)", i, blmi_variant_name(config->variant));
        fixture f = open_net(blmi_kernels_best(), config,
            (blmi_contnet_options){
                cases[i].width, cases[i].height, config->stages, 1, BLM_TYPE_F32});
        float *x = pictures(1, cases[i].height, cases[i].width);
        run(&f, x, 1);
        check_case(what, &f, config->stages,
            golden.f8 + (size_t)i * BLMI_STAGES * (2 + SAMPLES));
        free(x);
        close_net(&f);
    }
    npy_free(&golden);
}

// Largest difference, relative to the largest number.
static double distance(const float *a, const float *b, size_t count)
{
    double worst = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
        size = fmax(size, fabs((double)b[i]));
    }
    return worst / size;
}

static void tables_agree_for_all_flags(void **state)
{
    (void)state;
    const blmi_kernels *tables[BLMI_KERNEL_TABLES];
    const int table_count = blmi_kernels_available(tables);
    float *x = pictures(1, 224, 224);
    for (int flags = 0; flags < 16; flags++) {
        const blmi_contnet_config config = {
            BLMI_TI, flags & 1, flags & 2, flags & 4, flags & 8, .stages = 1};
        const blmi_contnet_options options = {224, 224, 1, 1, BLM_TYPE_F32};
        fixture plain = open_net(tables[0], &config, options);
        run(&plain, x, 1);
        for (int t = 1; t < table_count; t++) {
            fixture f = open_net(tables[t], &config, options);
            run(&f, x, 1);
            if (!(distance(f.stage[0], plain.stage[0], f.count[0]) <= 5e-6))
                fail_msg("flags %d: %s differs from plain by %g", flags, tables[t]->name,
                    distance(f.stage[0], plain.stage[0], f.count[0]));
            close_net(&f);
        }
        close_net(&plain);
    }
    free(x);
}

// Root of the mean square of the differences, relative to that of the numbers.
static double mean_distance(const float *a, const float *b, size_t count)
{
    double errors = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        errors += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        squares += (double)b[i] * (double)b[i];
    }
    return sqrt(errors / squares);
}

typedef struct type_case {
    const char *name;
    blm_type type;
    double error;   // from float, at the most
    double between; // tables: roundings fall differently
} type_case;

// What few bits make of the outputs, and that every table gives about the same.
static void check_type(const type_case *c, int flags, const float *x)
{
    const blmi_kernels *tables[BLMI_KERNEL_TABLES];
    const int table_count = blmi_kernels_available(tables);
    const blmi_contnet_config config = {flags % 3 == 0 ? BLMI_TI : BLMI_S, flags & 1,
        flags & 2, flags & 4, flags & 8, .stages = 3};
    blmi_contnet_options options = {224, 224, 3, 1, BLM_TYPE_F32};
    fixture exact = open_net(blmi_kernels_best(), &config, options);
    options.type = c->type;
    fixture first = open_net(tables[1], &config, options);
    run(&exact, x, 1);
    run(&first, x, 1);
    for (int stage = 0; stage < 3; stage++) {
        const double error =
            mean_distance(first.stage[stage], exact.stage[stage], exact.count[stage]);
        if (flags == 15)
            printf("%s, layer%d: error %.4f of the root mean square\n", c->name,
                stage + 1, error);
        if (!(error <= c->error) || error < 1e-5)
            fail_msg("flags %d, layer%d: %s differs from float by %g", flags, stage + 1,
                c->name, error);
    }
    for (int t = 2; t < table_count; t++) {
        fixture f = open_net(tables[t], &config, options);
        run(&f, x, 1);
        const double error = mean_distance(f.stage[2], first.stage[2], f.count[2]);
        if (!(error <= c->between))
            fail_msg("flags %d: %s of %s differs from %s by %g", flags, c->name,
                tables[t]->name, tables[1]->name, error);
        close_net(&f);
    }
    close_net(&exact);
    close_net(&first);
}

static void small_types_come_near_float(void **state)
{
    (void)state;
    static const type_case cases[] = {
        {"bf16", BLM_TYPE_BF16, 0.006, 0.004}, {"int8", BLM_TYPE_INT8, 0.012, 0.008}};
    float *x = pictures(1, 224, 224);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int flags = 0; flags < 16; flags += 5)
            check_type(&cases[i], flags, x);
    free(x);
}

// ---- independence

enum { IMAGES = 3, PICTURE = 224 * 224 * 3 };

static void company_and_threads_change_nothing(blm_type type)
{
    blmi_contnet_config config = usual;
    config.stages = 3;
    float *x = pictures(IMAGES, 224, 224);
    fixture one = open_net(
        blmi_kernels_best(), &config, (blmi_contnet_options){224, 224, 3, 1, type});
    for (int threads = 1; threads <= 4; threads++) {
        fixture f = open_for_threads(threads, blmi_kernels_best(), &config,
            (blmi_contnet_options){224, 224, 3, IMAGES, type});
        for (int images = IMAGES; images >= 1; images--) {
            run(&f, x + (IMAGES - images) * PICTURE, images);
            for (int i = 0; i < images; i++) {
                run(&one, x + (IMAGES - images + i) * PICTURE, 1);
                for (int stage = 0; stage < 3; stage++)
                    assert_memory_equal(one.stage[stage],
                        f.stage[stage] + (size_t)i * f.count[stage],
                        f.count[stage] * sizeof(float));
            }
        }
        close_net(&f);
    }
    close_net(&one);
    free(x);
}

static void company_and_threads_change_no_bit(void **state)
{
    (void)state;
    company_and_threads_change_nothing(BLM_TYPE_F32);
    company_and_threads_change_nothing(BLM_TYPE_BF16);
    company_and_threads_change_nothing(BLM_TYPE_INT8);
}

typedef struct runner {
    const blmi_contnet *net;
    int threads;
    const float *x, *expected;
    size_t count;
    int wrong;
} runner;

static void *run_many(void *context)
{
    runner *r = context;
    blmi_team *team = NULL;
    blmi_contnet_workspace *workspace = NULL;
    float *stage[BLMI_STAGES] = {malloc(r->count * sizeof(float))};
    if (blmi_team_new(r->threads, &team, NULL) != BLM_OK ||
        blmi_contnet_workspace_new(r->net, team, &workspace, NULL) != BLM_OK)
        r->wrong++;
    for (int i = 0; workspace && i < 3; i++) {
        memset(stage[0], 0, r->count * sizeof(float));
        r->wrong += blmi_contnet_run(r->net, workspace, r->x, 1, stage, NULL) != BLM_OK;
        r->wrong += memcmp(stage[0], r->expected, r->count * sizeof(float)) != 0;
    }
    blmi_contnet_workspace_free(workspace);
    blmi_team_free(team);
    free(stage[0]);
    return NULL;
}

static void one_network_serves_many_threads(void **state)
{
    (void)state;
    float *x = pictures(1, 224, 224);
    for (int threads = 1; threads <= 2; threads++) {
        fixture f = open_net(blmi_kernels_best(), &usual,
            (blmi_contnet_options){224, 224, 1, 1, BLM_TYPE_F32});
        run(&f, x, 1);
        pthread_t thread[4];
        runner runners[4];
        for (int i = 0; i < 4; i++) {
            runners[i] = (runner){f.net, threads, x, f.stage[0], f.count[0], 0};
            assert_int_equal(pthread_create(&thread[i], NULL, run_many, &runners[i]), 0);
        }
        for (int i = 0; i < 4; i++) {
            pthread_join(thread[i], NULL);
            assert_int_equal(runners[i].wrong, 0);
        }
        close_net(&f);
    }
    free(x);
}

// ---- weights as they come, and refusals

// The first tensor of that name, to be changed.
static blmi_tensor *tensor(const formula_weights *w, const char *name)
{
    for (size_t i = 0; i < w->set.count; i++)
        if (strcmp(w->items[i].name, name) == 0)
            return &w->items[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static void weights_in_double_are_read(void **state)
{
    (void)state;
    formula_weights w = formula_weights_new(&usual);
    float *x = pictures(1, 224, 224);
    fixture f = open_net(blmi_kernels_best(), &usual,
        (blmi_contnet_options){224, 224, 1, 1, BLM_TYPE_F32});
    run(&f, x, 1);
    double **copies = malloc(w.set.count * sizeof *copies);
    for (size_t i = 0; i < w.set.count; i++) {
        const size_t count = (size_t)blmi_tensor_count(&w.items[i]);
        const float *values = w.items[i].data;
        copies[i] = malloc(count * sizeof **copies);
        for (size_t k = 0; k < count; k++)
            copies[i][k] = (double)values[k];
        w.items[i].data = copies[i];
        w.items[i].dtype = BLMI_F64;
        copies[i] = (double *)(uintptr_t)values; // to be given back
    }
    blm_error err;
    blmi_contnet *net;
    blmi_contnet_workspace *workspace;
    const blmi_contnet_options options = {224, 224, 1, 1, BLM_TYPE_F32};
    float *stage[BLMI_STAGES] = {malloc(f.count[0] * sizeof(float))};
    assert_ok(blmi_contnet_new(&w.set, &usual, &options, &net, &err), err);
    assert_ok(blmi_contnet_workspace_new(net, NULL, &workspace, &err), err);
    assert_ok(blmi_contnet_run(net, workspace, x, 1, stage, &err), err);
    assert_memory_equal(stage[0], f.stage[0], f.count[0] * sizeof(float));
    blmi_contnet_workspace_free(workspace);
    blmi_contnet_free(net);
    for (size_t i = 0; i < w.set.count; i++)
        free(copies[i]);
    free(copies);
    free(stage[0]);
    free(x);
    close_net(&f);
    formula_weights_free(&w);
}

static void expect_refusal(const formula_weights *w, const blmi_contnet_config *config,
    blmi_contnet_options options, blm_status status, const char *text)
{
    blm_error err = {"no text"};
    blmi_contnet *net;
    const blm_status found = blmi_contnet_new(&w->set, config, &options, &net, &err);
    if (found != status || !strstr(err.text, text))
        fail_msg(
            "status %d, \"%s\"; expected %d and \"%s\"", found, err.text, status, text);
}

static void faults_of_weights_are_named(void **state)
{
    (void)state;
    const blmi_contnet_options options = {224, 224, 1, 1, BLM_TYPE_F32};
    formula_weights w = formula_weights_new(&usual);
    blmi_tensor *t = tensor(&w, "layer1.ConTBlock0.ste2.mlp.fc1.weight"), whole = *t;
    t->shape[1] = 63;
    expect_refusal(&w, &usual, options, BLM_EINPUT,
        "layer1.ConTBlock0.ste2.mlp.fc1.weight: shape (256, 63), expected (256, 64)");
    *t = whole;
    t->rank = 0;
    expect_refusal(&w, &usual, options, BLM_EINPUT, "shape (), expected (256, 64)");
    *t = whole;
    t->dtype = BLMI_I32;
    expect_refusal(&w, &usual, options, BLM_EINPUT,
        "layer1.ConTBlock0.ste2.mlp.fc1.weight: type I32");
    *t = whole;
    t->name = "layer1.ConTBlock0.ste2.mlp.fc1.weighs"; // still in order
    expect_refusal(&w, &usual, options, BLM_EINPUT,
        "no tensor layer1.ConTBlock0.ste2.mlp.fc1.weight");
    *t = whole;
    float *values = (float *)(uintptr_t)t->data;
    const float seventh = values[7];
    values[7] = NAN;
    expect_refusal(&w, &usual, options, BLM_EINPUT, "fc1.weight: number 7 is");
    values[7] = seventh;
    values = (float *)(uintptr_t)tensor(&w, "layer1.ConTBlock0.bn.running_var")->data;
    values[3] = -1;
    expect_refusal(&w, &usual, options, BLM_EINPUT, "bn.running_var: number 3 is -1");
    formula_weights_free(&w);
}

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    formula_weights w = formula_weights_new(&usual);
    static const struct {
        blmi_contnet_options options;
        const char *text;
    } cases[] = {{{223, 224, 1, 1, BLM_TYPE_F32}, "223 x 224"},
        {{224, 0, 1, 1, BLM_TYPE_F32}, "224 x 0"},
        {{224, -224, 1, 1, BLM_TYPE_F32}, "224 x -224"},
        {{224 * 64, 224, 1, 1, BLM_TYPE_F32}, "14336 x 224"},
        {{224, 224, 0, 1, BLM_TYPE_F32}, "layer0"},
        {{224, 224, 2, 1, BLM_TYPE_F32}, "layer2"},
        {{224, 224, 1, 0, BLM_TYPE_F32}, "0 images"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_refusal(&w, &usual, cases[i].options, BLM_EUSAGE, cases[i].text);
    formula_weights_free(&w);

    fixture f = open_net(blmi_kernels_best(), &usual,
        (blmi_contnet_options){224, 224, 1, 1, BLM_TYPE_F32});
    float *x = pictures(1, 224, 224), *second = x;
    blm_error err;
    assert_int_equal(
        blmi_contnet_run(f.net, f.workspace, x, 2, f.stage, &err), BLM_EUSAGE);
    assert_int_equal(
        blmi_contnet_run(f.net, f.workspace, x, 0, f.stage, &err), BLM_EUSAGE);
    float *const beyond[BLMI_STAGES] = {NULL, second};
    assert_int_equal(
        blmi_contnet_run(f.net, f.workspace, x, 1, beyond, &err), BLM_EUSAGE);
    assert_non_null(strstr(err.text, "layer2"));
    free(x);
    close_net(&f);
}

static void identified(blmi_contnet_config config)
{
    formula_weights w = formula_weights_new(&config);
    blmi_contnet_config found = {.pre_norm = config.pre_norm};
    blm_error err;
    assert_ok(blmi_contnet_identify(&w.set, &found, &err), err);
    assert_memory_equal(&found, &config, sizeof found);
    formula_weights_free(&w);
}

static void networks_are_identified(void **state)
{
    (void)state;
    for (int flags = 0; flags < 16; flags++)
        identified((blmi_contnet_config){(blmi_variant)(flags / 4), flags & 1, flags & 2,
            flags & 4, flags & 8, 1 + flags % 4});
    blm_error err;
    blmi_contnet_config found = {.stages = 77};
    assert_int_equal(
        blmi_contnet_identify(&(blmi_tensors){NULL, 0}, &found, &err), BLM_EINPUT);
    assert_non_null(strstr(err.text, "layer0.conv.conv.weight"));
    formula_weights w = formula_weights_new(&usual);
    tensor(&w, "layer0.conv.conv.weight")->shape[0] = 65;
    assert_int_equal(blmi_contnet_identify(&w.set, &found, &err), BLM_EINPUT);
    assert_non_null(strstr(err.text, "65 channels"));
    assert_int_equal(found.stages, 77); // left alone
    formula_weights_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_are_identified),
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(faults_of_weights_are_named),
        cmocka_unit_test(weights_in_double_are_read),
        cmocka_unit_test(other_configurations),
        cmocka_unit_test(tables_agree_for_all_flags),
        cmocka_unit_test(small_types_come_near_float),
        cmocka_unit_test(company_and_threads_change_no_bit),
        cmocka_unit_test(one_network_serves_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
