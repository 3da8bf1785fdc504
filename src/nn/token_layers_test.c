// Tests of the layers of tokens: small networks against plain sums in double precision,
// with every table of kernels, and resized positions against numbers worked out by hand.
#include "tests/check.h"

#include <math.h>
#include <string.h>

#include "src/nn/layers.h"
#include "src/nn/position_table.h"
#include "tests/formula.h"

enum {
    HEIGHT = 12,
    WIDTH = 13,
    GRID = HEIGHT * WIDTH,
    EXTRA = 3,
    C = 32,
    HEADS = 2,
    DEPTH = C / HEADS,
    HIDDEN = 48,
    MAX = 32,
    IMAGES = 2
};

// ---- tensors

typedef struct tensors {
    blmi_tensor item[MAX];
    size_t count;
} tensors;

static void add(tensors *t, const char *name, double offset, double size, int rank,
    const int64_t *shape)
{
    blmi_tensor *item = &t->item[t->count++];
    assert_true(t->count <= MAX);
    *item = (blmi_tensor){.name = name, .dtype = BLMI_F32, .rank = rank};
    memcpy(item->shape, shape, (size_t)rank * sizeof *shape);
    const uint64_t count = (uint64_t)blmi_tensor_count(item);
    float *data = malloc(count * sizeof *data);
    for (uint64_t i = 0; i < count; i++)
        data[i] = (float)(offset + size * formula_noise(name, i));
    item->data = data;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const blmi_tensor *)a)->name, ((const blmi_tensor *)b)->name);
}

static tensors make_tensors(void)
{
    tensors t = {.count = 0};
    add(&t, "stem.weight", 0, 1, 4, (int64_t[]){C, 3, 1, 1});
    add(&t, "class", 0, 1, 3, (int64_t[]){1, 1, C});
    add(&t, "registers", 0, 1, 3, (int64_t[]){1, EXTRA - 1, C});
    add(&t, "positions", 0, 0.5, 3, (int64_t[]){1, 1 + 4 * 4, C});
    add(&t, "norm.weight", 1, 0.25, 1, (int64_t[]){C});
    add(&t, "norm.bias", 0, 0.25, 1, (int64_t[]){C});
    add(&t, "qk.weight", 0, 0.5, 2, (int64_t[]){2 * C, C});
    add(&t, "qk.bias", 0, 0.5, 1, (int64_t[]){2 * C});
    add(&t, "v.weight", 0, 0.3, 2, (int64_t[]){C, C});
    add(&t, "v.bias", 0, 0.5, 1, (int64_t[]){C});
    add(&t, "proj.weight", 0, 0.3, 2, (int64_t[]){C, C});
    add(&t, "scale", 0.5, 0.25, 1, (int64_t[]){C});
    add(&t, "fc1.weight", 0, 0.3, 2, (int64_t[]){HIDDEN, C});
    add(&t, "fc1.bias", 0, 0.5, 1, (int64_t[]){HIDDEN});
    add(&t, "fc2.weight", 0, 0.3, 2, (int64_t[]){C, HIDDEN});
    add(&t, "fc2.bias", 0, 0.5, 1, (int64_t[]){C});
    add(&t, "gate", 0, 1, 1, (int64_t[]){HEADS});
    add(&t, "place.weight", -0.1, 0.05, 2, (int64_t[]){HEADS, 3});
    add(&t, "place.bias", 0, 0.1, 1, (int64_t[]){HEADS});
    add(&t, "window.weight", 0, 0.5, 4, (int64_t[]){C, 1, 3, 3});
    qsort(t.item, t.count, sizeof *t.item, by_name);
    return t;
}

static void free_tensors(tensors *t)
{
    for (size_t i = 0; i < t->count; i++)
        free((void *)(uintptr_t)t->item[i].data);
}

// Number i of a tensor.
static double at(const tensors *t, const char *name, int i)
{
    const blmi_tensors set = {t->item, t->count};
    const blmi_tensor *item = blmi_tensors_find(&set, name);
    assert_non_null(item);
    return (double)((const float *)item->data)[i];
}

// ---- the same in double

// y (rows, out) = x (rows, in) W' + b
static void affine(const tensors *t, const char *name, bool bias, int rows, int in,
    int out, const double *x, double *y)
{
    char weight[32], shift[32];
    snprintf(weight, sizeof weight, "%s.weight", name);
    snprintf(shift, sizeof shift, "%s.bias", name);
    for (int r = 0; r < rows; r++)
        for (int n = 0; n < out; n++) {
            double sum = bias ? at(t, shift, n) : 0;
            for (int k = 0; k < in; k++)
                sum += x[r * in + k] * at(t, weight, n * in + k);
            y[r * out + n] = sum;
        }
}

static void normalise(const tensors *t, int rows, const double *x, double *y)
{
    for (int r = 0; r < rows; r++, x += C, y += C) {
        double mean = 0, variance = 0;
        for (int k = 0; k < C; k++)
            mean += x[k] / C;
        for (int k = 0; k < C; k++)
            variance += (x[k] - mean) * (x[k] - mean) / C;
        for (int k = 0; k < C; k++)
            y[k] = (x[k] - mean) / sqrt(variance + 1e-5) * at(t, "norm.weight", k) +
                   at(t, "norm.bias", k);
    }
}

static void softmax(double *x, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += x[i] = exp(x[i]);
    for (int i = 0; i < count; i++)
        x[i] /= sum;
}

static double place_score(const tensors *t, int h, int i, int j)
{
    const double x = j % WIDTH - i % WIDTH, y = j / WIDTH - i / WIDTH;
    return at(t, "place.bias", h) + x * at(t, "place.weight", 3 * h) +
           y * at(t, "place.weight", 3 * h + 1) +
           (x * x + y * y) * at(t, "place.weight", 3 * h + 2);
}

// qk (queries, 2 C) and (keys, 2 C), v (keys, C) -> y (queries, C)
static void attend(const tensors *t, bool gated, int queries, const double *q, int keys,
    const double *k, const double *v, double *y)
{
    double *p = calloc(2 * (size_t)keys, sizeof *p), *place = p + keys;
    for (int h = 0; h < HEADS; h++)
        for (int i = 0; i < queries; i++) {
            const double g = gated ? 1 / (1 + exp(-at(t, "gate", h))) : 0;
            for (int j = 0; j < keys; j++) {
                p[j] = 0;
                for (int c = h * DEPTH; c < (h + 1) * DEPTH; c++)
                    p[j] += 0.25 * q[i * 2 * C + c] * k[j * 2 * C + C + c];
                place[j] = gated ? place_score(t, h, i, j) : 0;
            }
            softmax(p, keys);
            softmax(place, keys);
            for (int c = h * DEPTH; c < (h + 1) * DEPTH; c++) {
                y[i * C + c] = 0;
                for (int j = 0; j < keys; j++)
                    y[i * C + c] += ((1 - g) * p[j] + g * place[j]) * v[j * C + c];
            }
        }
    free(p);
}

// ---- one network

typedef struct variant {
    bool extra, gated, reduced; // reduced: keys and values of every second row and column
} variant;

static int draw(blmi_graph *g, const variant *v)
{
    int x = blmi_conv(
        g, blmi_graph_image(g), &(blmi_conv_layer){.name = "stem", .channels = C});
    x = blmi_extend_tokens(g, x,
        &(blmi_tokens_layer){.name = "tokens",
            .extra = {v->extra ? "class" : NULL, "registers"},
            .count = {1, EXTRA - 1},
            .positions = "positions",
            .ahead = 1,
            .side = 4,
            .rule = BLMI_POSITIONS_BILINEAR});
    const blmi_linear_layer three = {.name = {"qk", "v"},
        .channels = {2 * C, C},
        .bias = true,
        .norm = "norm",
        .epsilon = 1e-5};
    const int qkv = blmi_linear(g, x, &three);
    int kv = qkv;
    if (v->reduced)
        kv = blmi_linear(g,
            blmi_depthwise(g, x,
                &(blmi_conv_layer){.name = "window", .window = 3, .stride = 2, .pad = 1}),
            &three);
    const int heads = blmi_multihead(g, &(blmi_multihead_layer){.name = "attention",
                                            .q = {qkv, 0},
                                            .k = {kv, C},
                                            .v = {kv, 2 * C},
                                            .channels = C,
                                            .heads = HEADS,
                                            .scale = 0.25,
                                            .gate = v->gated ? "gate" : NULL,
                                            .place = "place"});
    x = blmi_linear(g, heads,
        &(blmi_linear_layer){
            .name = {"proj"}, .channels = {C}, .scale = "scale", .add = x});
    x = blmi_mlp(g, x,
        &(blmi_mlp_layer){.first = "fc1",
            .second = "fc2",
            .hidden = HIDDEN,
            .norm = "norm",
            .epsilon = 1e-5,
            .scale = "scale",
            .activation = BLMI_GELU,
            .add = x});
    return blmi_layer_norm(g, x, "norm", 1e-5);
}

// Tokens first ..: every second row and column, each the sum of its window.
static int reduce(const tensors *t, int extra, const double *x, double *y)
{
    const int height = (HEIGHT + 1) / 2, width = (WIDTH + 1) / 2;
    memcpy(y, x, sizeof *y * (size_t)(extra * C));
    for (int i = 0; i < height * width; i++)
        for (int c = 0; c < C; c++) {
            double sum = 0;
            for (int w = 0; w < 9; w++) {
                const int row = i / width * 2 + w / 3 - 1;
                const int column = i % width * 2 + w % 3 - 1;
                if (row >= 0 && row < HEIGHT && column >= 0 && column < WIDTH)
                    sum += x[(extra + row * WIDTH + column) * C + c] *
                           at(t, "window.weight", c * 9 + w);
            }
            y[(extra + i) * C + c] = sum;
        }
    return extra + height * width;
}

static void start(const tensors *t, int extra, const float *image, double *x)
{
    double down[HEIGHT * 4], across[WIDTH * 4];
    blmi_position_axis(down, 4, HEIGHT, BLMI_POSITIONS_BILINEAR);
    blmi_position_axis(across, 4, WIDTH, BLMI_POSITIONS_BILINEAR);
    for (int i = 0; i < extra; i++)
        for (int c = 0; c < C; c++)
            x[i * C + c] = i == 0 ? at(t, "class", c) + at(t, "positions", c)
                                  : at(t, "registers", (i - 1) * C + c);
    for (int i = 0; i < GRID; i++)
        for (int c = 0; c < C; c++) {
            double sum = 0;
            for (int k = 0; k < 3; k++)
                sum += (double)image[i * 3 + k] * at(t, "stem.weight", c * 3 + k);
            for (int k = 0; k < 16; k++)
                sum += down[i / WIDTH * 4 + k / 4] * across[i % WIDTH * 4 + k % 4] *
                       at(t, "positions", (1 + k) * C + c);
            x[(extra + i) * C + c] = sum;
        }
}

// y (GRID, C) for one image.
static void reference(const tensors *t, const variant *v, const float *image, double *out)
{
    enum { T = EXTRA + GRID };
    const int extra = v->extra ? EXTRA : 0, tokens = extra + GRID;
    static double x[T * C], y[T * C], qk[2][T * 2 * C], values[T * C], hidden[T * HIDDEN];
    start(t, extra, image, x);
    normalise(t, tokens, x, y);
    affine(t, "qk", true, tokens, C, 2 * C, y, qk[0]);
    int keys = tokens;
    if (v->reduced) {
        keys = reduce(t, extra, x, hidden);
        normalise(t, keys, hidden, y);
    }
    affine(t, "qk", true, keys, C, 2 * C, y, qk[1]);
    affine(t, "v", true, keys, C, C, y, values);
    attend(t, v->gated, tokens, qk[0], keys, qk[1], values, y);
    affine(t, "proj", false, tokens, C, C, y, values);
    for (int i = 0; i < tokens * C; i++)
        x[i] += values[i] * at(t, "scale", i % C);
    normalise(t, tokens, x, y);
    affine(t, "fc1", true, tokens, C, HIDDEN, y, hidden);
    for (int i = 0; i < tokens * HIDDEN; i++)
        hidden[i] *= 0.5 * (1 + erf(hidden[i] * M_SQRT1_2));
    affine(t, "fc2", true, tokens, HIDDEN, C, hidden, y);
    for (int i = 0; i < tokens * C; i++)
        x[i] += y[i] * at(t, "scale", i % C);
    normalise(t, tokens, x, y);
    memcpy(out, y + extra * C, GRID * C * sizeof *out);
}

// out (IMAGES, GRID, C)
static void run(const tensors *t, const variant *v, const blmi_kernels *kernels,
    blmi_words words, int threads, const float *image, float *out)
{
    blmi_graph *g = blmi_graph_new(HEIGHT, WIDTH);
    blmi_team *team;
    blmi_room *room;
    blm_error err;
    blmi_graph_take(g, 0, draw(g, v));
    assert_ok(blmi_graph_finish(g, 0, &err), err);
    const blmi_tensors set = {t->item, t->count};
    assert_ok(blmi_graph_pack(g, kernels, words, &set, IMAGES, &err), err);
    assert_ok(blmi_team_new(threads, &team, &err), err);
    assert_ok(blmi_room_new(g, team, &room, &err), err);
    blmi_room_run(room, image, IMAGES, (float *[]){out});
    blmi_room_free(room);
    blmi_team_free(team);
    blmi_graph_free(g);
}

static void compare(const char *table, const float *found, const double *expected,
    double allowed_max, double allowed_rms)
{
    double worst = 0, squares = 0;
    for (int i = 0; i < IMAGES * GRID * C; i++) {
        const double d = fabs((double)found[i] - expected[i]);
        worst = d > worst || isnan(d) ? d : worst;
        squares += d * d;
    }
    const double rms = sqrt(squares / (IMAGES * GRID * C));
    if (!(worst <= allowed_max && rms <= allowed_rms))
        fail_msg("%s: differs by %g, rms %g; allowed %g, %g", table, worst, rms,
            allowed_max, allowed_rms);
}

static void networks_are_right(void **state)
{
    (void)state;
    static const variant variants[] = {{.extra = true}, {.gated = true},
        {.extra = true, .reduced = true}, {.extra = false}};
    static float image[IMAGES * GRID * 3];
    static float out[IMAGES * GRID * C], other[IMAGES * GRID * C];
    static double expected[IMAGES * GRID * C];
    const blmi_kernels *tables[BLMI_KERNEL_TABLES];
    const int count = blmi_kernels_available(tables);
    tensors t = make_tensors();
    for (int i = 0; i < IMAGES * GRID * 3; i++)
        image[i] = (float)formula_noise("image", (uint64_t)i);
    for (size_t k = 0; k < sizeof variants / sizeof *variants; k++) {
        for (int n = 0; n < IMAGES; n++)
            reference(&t, &variants[k], image + n * GRID * 3, expected + n * GRID * C);
        for (int i = 0; i < count; i++) {
            run(&t, &variants[k], tables[i], BLMI_FLOATS, 1, image, out);
            compare(tables[i]->name, out, expected, 2e-5, 2e-6);
            run(&t, &variants[k], tables[i], BLMI_FLOATS, 3, image, other);
            assert_memory_equal(out, other, sizeof out);
            run(&t, &variants[k], tables[i], BLMI_PAIRS, 2, image, other);
            compare(tables[i]->name, other, expected, 0.2, 0.01);
        }
    }
    free_tensors(&t);
}

// ---- positions

static void assert_axis(
    int n, int m, blmi_position_rule rule, const double *expected, double allowed)
{
    double weights[64];
    blmi_position_axis(weights, n, m, rule);
    for (int i = 0; i < n * m; i++)
        if (!(fabs(weights[i] - expected[i]) <= allowed))
            fail_msg("rule %d, %d to %d, weight %d: %.15g, expected %.15g", (int)rule, n,
                m, i, weights[i], expected[i]);
}

static void positions_are_resized(void **state)
{
    (void)state;
    assert_axis(2, 4, BLMI_POSITIONS_BILINEAR,
        (double[]){1, 0, 0.75, 0.25, 0.25, 0.75, 0, 1}, 1e-15);
    assert_axis(3, 3, BLMI_POSITIONS_ANTIALIAS, (double[]){1, 0, 0, 0, 1, 0, 0, 0, 1}, 0);
    // Halved: the kernel, stretched twice, at -0.25, 0.25, 0.75 and 1.25 is 111, 111, 29
    // and -9 of 128; their sum is 242.
    const double a = 111.0 / 242, b = 29.0 / 242, c = -9.0 / 242;
    assert_axis(
        4, 2, BLMI_POSITIONS_ANTIALIAS, (double[]){a, a, b, c, c, b, a, a}, 1e-15);
    // 4 to 4 at a step of 4 / 4.1: not what they were.
    double weights[16];
    blmi_position_axis(weights, 4, 4, BLMI_POSITIONS_OFFSET);
    assert_true(weights[15] < 0.99 && weights[15] > 0.9);
    for (int o = 0; o < 4; o++) {
        double all = 0;
        for (int i = 0; i < 4; i++)
            all += weights[4 * o + i];
        assert_true(fabs(all - 1) < 1e-15);
    }
    float table[3 * 3 * 2], out[3 * 3 * 5];
    blm_error err;
    for (int i = 0; i < 18; i++)
        table[i] = (float)i;
    assert_ok(
        blmi_positions_resize(out, 5, 3, 3, table, 3, 2, BLMI_POSITIONS_OFFSET, &err),
        err);
    for (int i = 0; i < 18; i++) // the same grid: as they are
        assert_true(out[i / 2 * 5 + i % 2] == table[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_are_right),
        cmocka_unit_test(positions_are_resized),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
