// Tests of ONNX networks: equal to our own kernels, in every layout.  They need ONNX
// Runtime, by $BLEMISH_ONNXRUNTIME, and are skipped without it.
#include "tests/check.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "src/backbone/onnx_file.h"
#include "src/backbone/onnx_runtime.h"
#include "src/backbone/weights_file.h"
#include "tests/published.h"

#define CORPUS "tests/corpus/onnx/"

static void need_runtime(void)
{
    const char *library = getenv("BLEMISH_ONNXRUNTIME");
    if (library != NULL && *library != '\0')
        return;
    printf("skipped: BLEMISH_ONNXRUNTIME does not name the library of ONNX Runtime\n");
    skip();
}

static float *picture(int height, int width)
{
    float *x = malloc((size_t)height * (size_t)width * 3 * sizeof *x);
    for (int i = 0; i < height * width * 3; i++)
        x[i] = (float)(sin(i * 0.37) + cos(i * 0.011));
    return x;
}

// ---- running --------------------------------------------------------------------------

// The outputs of the taps that names (taps) has, of `images` images.
static void run(const blmi_backbone *backbone, const blmi_tensors *weights, int width,
    int height, int images, int threads, const char *const *names, int taps, float **out,
    const float *x)
{
    blmi_network_options options = {
        .width = width, .height = height, .batch = images, .taps = taps};
    blmi_network *network;
    blmi_workspace *workspace;
    blmi_team *team;
    blm_error err;
    for (int k = 0; k < taps; k++) {
        int columns, rows;
        options.tap[k] = blmi_backbone_tap_find(backbone, names[k]);
        assert_true(options.tap[k] >= 0);
        blmi_backbone_grid(backbone, options.tap[k], width, height, &columns, &rows);
        out[k] = calloc((size_t)images * (size_t)columns * (size_t)rows *
                            (size_t)backbone->tap[options.tap[k]].channels,
            sizeof(float));
    }
    assert_ok(blmi_team_new(threads, &team, &err), err);
    assert_ok(blmi_network_new(backbone, weights, &options, &network, &err), err);
    assert_ok(blmi_workspace_new(network, team, &workspace, &err), err);
    assert_ok(blmi_network_run(network, workspace, x, images, out, &err), err);
    blmi_workspace_free(workspace);
    blmi_network_free(network);
    blmi_team_free(team);
}

static blmi_weights open_onnx(const char *path, const char *taps, int width, int height)
{
    const blmi_wanted wanted = {.taps = taps, .width = width, .height = height};
    blmi_weights weights;
    blm_error err;
    assert_ok(blmi_weights_open(path, &wanted, &weights, &err), err);
    return weights;
}

static double worst_of(const float *a, const float *b, size_t count)
{
    double worst = 0, largest = 0;
    for (size_t i = 0; i < count; i++) {
        worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
        largest = fmax(largest, fabs((double)b[i]));
    }
    assert_true(largest > 0);
    return worst / largest;
}

// ---- ResNet-18 as an ONNX network ---------------------------------------------------

// Bytes that grow.
typedef struct bytes {
    uint8_t *at;
    size_t size;
} bytes;

static void put(bytes *to, const void *from, size_t size)
{
    to->at = realloc(to->at, to->size + size);
    assert_non_null(to->at);
    memcpy(to->at + to->size, from, size);
    to->size += size;
}

static void put_varint(bytes *to, uint64_t value)
{
    for (; value > 127; value >>= 7)
        put(to, &(uint8_t){(uint8_t)(value & 127) | 128}, 1);
    put(to, &(uint8_t){(uint8_t)value}, 1);
}

static void put_number(bytes *to, unsigned field, int64_t value)
{
    put_varint(to, field << 3);
    put_varint(to, (uint64_t)value);
}

static void put_bytes(bytes *to, unsigned field, const void *from, size_t size)
{
    put_varint(to, field << 3 | 2);
    put_varint(to, size);
    put(to, from, size);
}

static void put_text(bytes *to, unsigned field, const char *text)
{
    put_bytes(to, field, text, strlen(text));
}

static void put_message(bytes *to, unsigned field, bytes message)
{
    put_bytes(to, field, message.at, message.size);
    free(message.at);
}

static void put_tensor(bytes *graph, const blmi_tensor *t)
{
    bytes m = {0};
    for (int i = 0; i < t->rank; i++)
        put_number(&m, 1, t->shape[i]);
    put_number(&m, 2, BLMI_ONNX_FLOAT);
    put_text(&m, 8, t->name);
    put_bytes(&m, 9, t->data, (size_t)blmi_tensor_count(t) * sizeof(float));
    put_message(graph, 5, m);
}

static void put_integers(bytes *node, const char *name, int count, int64_t value)
{
    bytes m = {0};
    put_text(&m, 1, name);
    for (int i = 0; i < count; i++)
        put_number(&m, 8, value);
    put_number(&m, 20, 7);
    put_message(node, 5, m);
}

// A node, in which the caller puts its attributes.
static bytes node_of(const char *kind, const char *const *inputs, const char *output)
{
    bytes m = {0};
    for (; *inputs != NULL; inputs++)
        put_text(&m, 1, *inputs);
    put_text(&m, 2, output);
    put_text(&m, 4, kind);
    return m;
}

static void put_window(bytes *node, int window, int stride)
{
    put_integers(node, "kernel_shape", 2, window);
    put_integers(node, "strides", 2, stride);
    put_integers(node, "pads", 4, window / 2);
}

// x convolved and normalised: `block` "conv" number, "bn" number.  The result is `out`.
static void put_conv(bytes *graph, const char *x, const char *conv, const char *norm,
    int window, int stride, const char *out)
{
    char weight[80], middle[80], leaf[4][80];
    static const char *const leaves[] = {"weight", "bias", "running_mean", "running_var"};
    snprintf(weight, sizeof weight, "%s.weight", conv);
    snprintf(middle, sizeof middle, "%s.out", conv);
    for (int i = 0; i < 4; i++)
        snprintf(leaf[i], sizeof leaf[i], "%s.%s", norm, leaves[i]);
    bytes m = node_of("Conv", (const char *[]){x, weight, NULL}, middle);
    put_window(&m, window, stride);
    put_message(graph, 1, m);
    m = node_of("BatchNormalization",
        (const char *[]){middle, leaf[0], leaf[1], leaf[2], leaf[3], NULL}, out);
    put_message(graph, 1, m);
}

static void put_simple(
    bytes *graph, const char *kind, const char *a, const char *b, const char *out)
{
    put_message(graph, 1, node_of(kind, (const char *[]){a, b, NULL}, out));
}

static void put_block(bytes *graph, int layer, int n, const char *x, const char *out)
{
    char conv[2][64], norm[2][64], value[4][64], down[2][64];
    const int stride = layer > 1 && n == 0 ? 2 : 1;
    for (int i = 0; i < 2; i++) {
        snprintf(conv[i], sizeof conv[i], "layer%d.%d.conv%d", layer, n, i + 1);
        snprintf(norm[i], sizeof norm[i], "layer%d.%d.bn%d", layer, n, i + 1);
        snprintf(down[i], sizeof down[i], "layer%d.%d.downsample.%d", layer, n, i);
    }
    for (int i = 0; i < 4; i++)
        snprintf(value[i], sizeof value[i], "layer%d.%d/%d", layer, n, i);
    put_conv(graph, x, conv[0], norm[0], 3, stride, value[0]);
    put_simple(graph, "Relu", value[0], NULL, value[1]);
    put_conv(graph, value[1], conv[1], norm[1], 3, 1, value[2]);
    if (stride == 2)
        put_conv(graph, x, down[0], down[1], 1, 2, value[3]);
    char sum[80];
    snprintf(sum, sizeof sum, "%s/sum", out);
    put_simple(graph, "Add", value[2], stride == 2 ? value[3] : x, sum);
    put_simple(graph, "Relu", sum, NULL, out);
}

// The input, floats (any, 3, any, any), or an output.
static void put_end(bytes *graph, unsigned field, const char *name)
{
    bytes end = {0}, type = {0}, tensor = {0}, shape = {0};
    for (int i = 0; i < 4; i++) {
        bytes dim = {0};
        if (i == 1 && field == 11)
            put_number(&dim, 1, 3);
        else
            put_text(&dim, 2, "any");
        put_message(&shape, 1, dim);
    }
    put_number(&tensor, 1, BLMI_ONNX_FLOAT);
    put_message(&tensor, 2, shape);
    put_message(&type, 1, tensor);
    put_text(&end, 1, name);
    put_message(&end, 2, type);
    put_message(graph, field, end);
}

static void write_resnet18(const char *path, const blmi_tensors *weights)
{
    bytes graph = {0}, model = {0}, opset = {0}, pool;
    char x[64] = "stem", out[64];
    put_end(&graph, 11, "image");
    put_end(&graph, 12, "layer4");
    for (size_t i = 0; i < weights->count; i++)
        if (weights->items[i].dtype == BLMI_F32)
            put_tensor(&graph, &weights->items[i]);
    put_conv(&graph, "image", "conv1", "bn1", 7, 2, "a");
    put_simple(&graph, "Relu", "a", NULL, "b");
    pool = node_of("MaxPool", (const char *[]){"b", NULL}, "stem");
    put_window(&pool, 3, 2);
    put_message(&graph, 1, pool);
    for (int layer = 1; layer <= 4; layer++)
        for (int n = 0; n < 2; n++) {
            snprintf(out, sizeof out, n == 1 ? "layer%d" : "layer%d/first", layer);
            put_block(&graph, layer, n, x, out);
            strcpy(x, out);
        }
    put_number(&model, 1, 8);
    put_message(&model, 7, graph);
    put_number(&opset, 2, 13);
    put_message(&model, 8, opset);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(model.at, 1, model.size, file), model.size);
    fclose(file);
    free(model.at);
}

// The numbers of our own ResNet-18, at two sizes, for several images and threads.
static void resnet18_equals_ours(void **state)
{
    (void)state;
    static const char *const names[] = {"stem", "layer1", "layer2", "layer3"};
    static const int sizes[][4] = {{224, 224, 1, 1}, {96, 160, 3, 2}};
    need_runtime();
    char folder[] = "/tmp/blemish_onnx_XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/net.onnx", folder);
    formula_weights weights = published_weights("resnet18");
    blmi_backbone ours;
    blm_error err;
    assert_ok(blmi_backbone_identify(&weights.set, 0, &ours, &err), err);
    write_resnet18(path, &weights.set);
    blmi_weights theirs = open_onnx(path, "layer3,stem,layer1,layer2", 0, 0);
    assert_int_equal(theirs.backbone.taps, 4);
    assert_int_equal(theirs.backbone.input.unit, 16);
    for (size_t s = 0; s < 2; s++) {
        const int *size = sizes[s];
        float *x = picture(size[2] * size[1], size[0]), *a[4], *b[4];
        run(&ours, &weights.set, size[0], size[1], size[2], size[3], names, 4, a, x);
        run(&theirs.backbone, &theirs.tensors, size[0], size[1], size[2], size[3], names,
            4, b, x);
        for (int k = 0; k < 4; k++) {
            const int stride = ours.tap[k].stride;
            const size_t count = (size_t)size[2] * (size_t)(size[0] / stride) *
                                 (size_t)(size[1] / stride) *
                                 (size_t)ours.tap[k].channels;
            const double worst = worst_of(b[k], a[k], count);
            printf("%s at %d x %d: %.1e\n", names[k], size[0], size[1], worst);
            assert_string_equal(theirs.backbone.tap[k].name, names[k]);
            assert_int_equal(theirs.backbone.tap[k].channels, ours.tap[k].channels);
            assert_true(worst < 1e-4);
            free(a[k]);
            free(b[k]);
        }
        free(x);
    }
    blmi_weights_close(&theirs);
    formula_weights_free(&weights);
    unlink(path);
    rmdir(folder);
}

// ---- layouts ------------------------------------------------------------------------

// The value `fine` of the corpus, as planes, as tokens behind another one, and as pixels
// of images as pixels; and with numbers in another file.
static void layouts_are_the_same_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *file, *tap;
    } rows[] = {{"two", "fine"}, {"tokens", "tokens"}, {"pixels", "map"},
        {"elsewhere", "fine"}, {"listed_twice", "fine"}, {"fixed", "fine"}};
    enum { SIDE = 32, COUNT = 16 * 16 * 4 };
    need_runtime();
    float *x = picture(SIDE, SIDE), *first = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[64];
        float *y;
        snprintf(path, sizeof path, CORPUS "%s.onnx", rows[i].file);
        blmi_weights w = open_onnx(path, rows[i].tap, SIDE, SIDE);
        const blmi_tap *tap = &w.backbone.tap[0];
        assert_true(tap->stride == 2 && tap->channels == 4);
        run(&w.backbone, &w.tensors, SIDE, SIDE, 1, 1, &rows[i].tap, 1, &y, x);
        if (first == NULL)
            first = y;
        assert_true(worst_of(y, first, COUNT) < 1e-6);
        if (first != y)
            free(y);
        blmi_weights_close(&w);
    }
    free(first);
    free(x);
}

static void other_inputs_and_outputs_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *file, *taps;
        blm_status status;
        const char *message;
    } rows[] = {
        {"two", "fines", BLM_EUSAGE, "not a value of the network; it has fine"},
        {"two", "w1", BLM_EUSAGE, "not a value of the network"},
        {"classifier", "", BLM_EUSAGE, "(1, 6) at 64 x 64 pixels"},
        {"classifier", "", BLM_EUSAGE, "by --taps"},
        {"batch8", "", BLM_EINPUT, "(8, 3, 32, 32)"},
        {"oblong", "", BLM_EINPUT, "(1, 3, 32, 64); expected a square"},
        {"half", "", BLM_EINPUT, "has type 10"},
        {"branch", "", BLM_EINPUT, "ONNX Runtime, the network"},
    };
    need_runtime();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[64];
        const blmi_wanted wanted = {.taps = rows[i].taps, .width = 64, .height = 64};
        blmi_weights weights;
        blm_error err;
        snprintf(path, sizeof path, CORPUS "%s.onnx", rows[i].file);
        const blm_status status = blmi_weights_open(path, &wanted, &weights, &err);
        if (status != rows[i].status || strstr(err.text, rows[i].message) == NULL ||
            strchr(err.text, '\n') != NULL)
            fail_msg("%s: status %d, \"%s\"", path, (int)status, err.text);
    }
}

static void sizes_follow_from_strides(void **state)
{
    (void)state;
    need_runtime();
    blmi_weights any = open_onnx(CORPUS "two.onnx", "", 0, 0);
    blmi_weights one = open_onnx(CORPUS "fixed.onnx", "", 0, 0);
    blm_error err;
    assert_int_equal(any.backbone.input.standard, 224);
    assert_int_equal(any.backbone.input.unit, 4);
    assert_ok(blmi_backbone_check_size(&any.backbone, 60, 32, &err), err);
    assert_int_equal(blmi_backbone_check_size(&any.backbone, 62, 32, &err), BLM_EUSAGE);
    assert_int_equal(one.backbone.input.standard, 32);
    assert_int_equal(blmi_backbone_check_size(&one.backbone, 64, 64, &err), BLM_EUSAGE);
    blmi_weights_close(&any);
    blmi_weights_close(&one);
}

static void other_types_are_refused(void **state)
{
    (void)state;
    need_runtime();
    blmi_weights w = open_onnx(CORPUS "two.onnx", "", 0, 0);
    const blmi_network_options options = {
        .width = 224, .height = 224, .batch = 1, .type = BLM_TYPE_BF16, .taps = 1};
    blmi_network *network;
    blm_error err;
    assert_int_equal(
        blmi_network_new(&w.backbone, &w.tensors, &options, &network, &err), BLM_EUSAGE);
    assert_non_null(strstr(err.text, "expected f32"));
    blmi_weights_close(&w);
}

// ---- without the library ------------------------------------------------------------

// Each library that cannot be used is one clear line.
static void libraries_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *library, *message;
    } rows[] = {
        {"/nonexistent/libonnxruntime.so.1", "/nonexistent/libonnxruntime.so.1"},
        {BLM_OTHER_LIBRARY, "has no function OrtGetApiBase"},
        {BLM_OLD_LIBRARY, "ONNX Runtime 1.5.0, expected 1.12 or newer"},
    };
    const char *usual = getenv("BLEMISH_ONNXRUNTIME");
    char *kept = usual != NULL ? strdup(usual) : NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        blmi_runtime *runtime;
        blm_error err;
        setenv("BLEMISH_ONNXRUNTIME", rows[i].library, 1);
        assert_int_equal(blmi_runtime_open(&runtime, &err), BLM_EINPUT);
        if (strstr(err.text, rows[i].message) == NULL || strchr(err.text, '\n') != NULL)
            fail_msg("%s", err.text);
    }
    unsetenv("BLEMISH_ONNXRUNTIME");
    if (kept != NULL)
        setenv("BLEMISH_ONNXRUNTIME", kept, 1);
    free(kept);
}

static void providers_are_checked(void **state)
{
    (void)state;
    need_runtime();
    blmi_runtime *runtime;
    blm_error err;
    setenv("BLEMISH_PROVIDER", "abacus", 1);
    assert_int_equal(blmi_runtime_open(&runtime, &err), BLM_EUSAGE);
    assert_non_null(strstr(err.text, "\"abacus\""));
    assert_non_null(strstr(err.text, "CPUExecutionProvider"));
    setenv("BLEMISH_PROVIDER", "CPU", 1);
    assert_ok(blmi_runtime_open(&runtime, &err), err);
    assert_non_null(strstr(blmi_runtime_name(runtime), "(CPUExecutionProvider)"));
    blmi_runtime_close(runtime);
    unsetenv("BLEMISH_PROVIDER");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libraries_are_refused),
        cmocka_unit_test(providers_are_checked),
        cmocka_unit_test(layouts_are_the_same_numbers),
        cmocka_unit_test(other_inputs_and_outputs_are_refused),
        cmocka_unit_test(sizes_follow_from_strides),
        cmocka_unit_test(other_types_are_refused),
        cmocka_unit_test(resnet18_equals_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
