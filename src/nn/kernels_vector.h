// kernels_vector.h: the kernels on vectors: one source for every instruction set.  A
// kernels_*.c file that is compiled for one names its table KERNELS and includes this.
#include "src/nn/nn_vector.h"

// A product is done in tiles of TILE_ROWS rows by up to TILE_PANELS panels, whose sums
// stay in registers: of 32 here 28 hold sums, 2 a row of the panels, 1 a number of a.
#if defined(__AVX512F__)
enum { TILE_ROWS = 14, TILE_PANELS = 2 };
#elif defined(__AVX2__)
enum { TILE_ROWS = 6, TILE_PANELS = 1 };
#else
enum { TILE_ROWS = 3, TILE_PANELS = 1 };
#endif
enum { PER_PANEL = BLMI_LANES / WIDTH, ROWS_AT_ONCE = 4 };

typedef vec sums[TILE_ROWS][TILE_PANELS * PER_PANEL];

// Adds to sum the products of rows m.. with the panels from `panel` on.  A row beyond the
// last is computed as the last once more.  The panels that come next are fetched on the
// way: weights of a large network do not stay in the cache.
static ALWAYS_INLINE void multiply(const blmi_product *p, int m, int panel,
    const int panels, const bool all_rows, const blmi_words words, sums sum)
{
    const blmi_matrix *b = p->b;
    const float *w = b->values + (size_t)panel * b->panel;
    const size_t ahead = m == 0 ? (size_t)panels * b->panel : 0;
    const int vecs = panels * PER_PANEL, last = p->rows - 1 - m;
    for (int t = 0; t < b->taps; t++) {
        const float *a[TILE_ROWS];
        for (int r = 0; r < TILE_ROWS; r++)
            a[r] = p->a[t * p->rows + m + (all_rows || r < last ? r : last)];
        for (int k = 0; k < b->depth; k++, w += b->row) {
            vec x[TILE_PANELS * PER_PANEL];
            UNROLLED (v, panels)
                __builtin_prefetch(w + ahead + (size_t)v * b->panel, 0, 2);
            UNROLLED (v, vecs)
                x[v] =
                    load(w + (size_t)(v / PER_PANEL) * b->panel + v % PER_PANEL * WIDTH);
            UNROLLED (r, TILE_ROWS)
                UNROLLED (v, vecs)
                    sum[r][v] = multiply_add(sum[r][v], a[r] + k, x[v], words);
        }
    }
}

// What the sums of a tile become: from memory, as the code for all at once would be long.
static ALWAYS_INLINE void finish_activation(
    const blmi_product *p, int m, int n, int rows, const int panels, sums sum)
{
    float x[TILE_ROWS][TILE_PANELS * BLMI_LANES];
    UNROLLED (r, TILE_ROWS)
        UNROLLED (v, panels * PER_PANEL)
            store(x[r] + v * WIDTH, sum[r][v]);
    if (p->y_words == BLMI_FLOATS) {
        for (int r = 0; r < rows; r++)
            for (int i = 0; i < panels * BLMI_LANES; i += WIDTH)
                store(p->y[m + r] + n + i, activated(load(x[r] + i), p->activation));
    } else if (p->activation != BLMI_GELU) {
        for (int r = 0; r < rows; r++)
            for (int i = 0; i < panels * BLMI_LANES; i += WIDTH)
                store_words(p->y[m + r], n + i, activated(load(x[r] + i), p->activation),
                    BLMI_PAIRS);
    } else {
        for (int r = 0; r < rows; r++)
            for (int i = 0; i < panels * BLMI_LANES; i += WIDTH)
                store_words(
                    p->y[m + r], n + i, gelu_for_pairs(load(x[r] + i)), BLMI_PAIRS);
    }
}

// Each sum is one chain over taps and depth in every tile, so that results depend neither
// on the tile's place nor on the vector's width.
static ALWAYS_INLINE void tile(const blmi_product *p, int m, int panel, const int panels,
    const bool all_rows, const blmi_words words)
{
    const int vecs = panels * PER_PANEL, n = panel * BLMI_LANES;
    const int rows = all_rows ? TILE_ROWS : p->rows - m;
    float *const *y = p->y + m;
    sums sum;
    if (p->add != NULL) // fetched before the sums are complete
        for (int r = 0; r < rows; r++)
            for (int i = 0; i < panels; i++)
                __builtin_prefetch(p->add[m + r] + n + i * BLMI_LANES);
    for (int r = 0; r < rows; r++) // where they go; a large output is not in the cache
        for (int i = 0; i < panels; i++)
            __builtin_prefetch(y[r] + (n + i * BLMI_LANES) / (int)p->y_words, 1);
    UNROLLED (v, vecs) {
        const vec first = sum_at_first(p->b, n + v * WIDTH, words);
        UNROLLED (r, TILE_ROWS)
            sum[r][v] = first;
    }
    multiply(p, m, panel, panels, all_rows, words, sum);
    if (words == BLMI_QUADS) {
        float scale[TILE_ROWS];
        for (int r = 0; r < TILE_ROWS; r++)
            scale[r] = p->a[m + (all_rows || r < rows ? r : 0)][p->b->depth];
        UNROLLED (r, TILE_ROWS)
            UNROLLED (v, vecs)
                sum[r][v] = sum_at_last(sum[r][v], p->b, n + v * WIDTH, scale[r], words);
    }
    if (p->scale != NULL) {
        UNROLLED (r, TILE_ROWS)
            UNROLLED (v, vecs)
                sum[r][v] *= all(p->scale[m + (all_rows || r < rows ? r : 0)]);
    }
    if (p->add != NULL) {
        UNROLLED (r, TILE_ROWS)
            UNROLLED (v, vecs)
                if (all_rows || r < rows)
                    sum[r][v] += load(p->add[m + r] + n + v * WIDTH);
    }
    if (p->activation == BLMI_RELU || p->activation == BLMI_RELU6) {
        const vec most = all(p->activation == BLMI_RELU ? INFINITY : 6);
        UNROLLED (r, TILE_ROWS)
            UNROLLED (v, vecs)
                sum[r][v] = smaller(larger(sum[r][v], (vec){0}), most);
    } else if (p->activation != BLMI_LINEAR) {
        finish_activation(p, m, n, rows, panels, sum);
        return;
    }
    UNROLLED (r, TILE_ROWS)
        UNROLLED (v, vecs)
            if (all_rows || r < rows)
                store_words(y[r], n + v * WIDTH, sum[r][v], p->y_words);
}

static ALWAYS_INLINE void columns(
    const blmi_product *p, int panel, const int panels, const blmi_words words)
{
    int m = 0;
    for (; m + TILE_ROWS <= p->rows; m += TILE_ROWS)
        tile(p, m, panel, panels, true, words);
    if (m < p->rows)
        tile(p, m, panel, panels, false, words);
}

static ALWAYS_INLINE void all_columns(const blmi_product *p, const blmi_words words)
{
    const int panels = blmi_pad(p->b->columns) / BLMI_LANES;
    int panel = 0;
    for (; panel + TILE_PANELS <= panels; panel += TILE_PANELS)
        columns(p, panel, TILE_PANELS, words);
    if (panel < panels)
        columns(p, panel, 1, words);
}

static void product(const blmi_product *p)
{
    switch (p->b->words) {
    case BLMI_FLOATS:
        all_columns(p, BLMI_FLOATS);
        break;
    case BLMI_PAIRS:
        all_columns(p, BLMI_PAIRS);
        break;
    case BLMI_QUADS:
        all_columns(p, BLMI_QUADS);
        break;
    }
}

static ALWAYS_INLINE void quads(float *y, const float *x, int count)
{
    vec top = {0};
    for (int i = 0; i < count; i += WIDTH)
        top = larger(top, larger(load(x + i), -load(x + i)));
    const float most = largest_of(top), scale = most / 127;
    const vec factor = all(most > 0 ? 127 / most : 0);
    const vec magic = all(0x1.8p23f + 128); // adding it rounds to an integer
    for (int i = 0; i < count; i += WIDTH) {
        const bits q = (bits)(load(x + i) * factor + magic);
        *(bytes_in_memory *)(void *)((char *)y + i) = __builtin_convertvector(q, bytes);
    }
    y[count / BLMI_QUADS] = scale;
}

static void quantize(float *y, const float *x, int count, blmi_words words)
{
    if (words == BLMI_QUADS)
        quads(y, x, count);
    else
        for (int i = 0; i < count; i += WIDTH)
            store_words(y, i, load(x + i), words);
}

// Some rows at a time, here and in softmax: each alone is a chain of waiting.
static ALWAYS_INLINE void layer_norm_rows(float *const *y, const float *const *x,
    const int rows, int count, const float *scale, const float *shift, float epsilon,
    blmi_words words)
{
    vec sum[ROWS_AT_ONCE] = {{0}}, squares[ROWS_AT_ONCE] = {{0}};
    for (int i = 0; i < count; i += WIDTH)
        UNROLLED (r, rows)
            sum[r] += load(x[r] + i);
    UNROLLED (r, rows)
        sum[r] = all(sum_of(sum[r]) / (float)count);
    for (int i = 0; i < count; i += WIDTH) {
        UNROLLED (r, rows) {
            const vec centred = load(x[r] + i) - sum[r];
            squares[r] += centred * centred;
        }
    }
    UNROLLED (r, rows)
        squares[r] = all(1 / sqrtf(sum_of(squares[r]) / (float)count + epsilon));
    for (int i = 0; i < count; i += WIDTH) {
        UNROLLED (r, rows) {
            vec normal = (load(x[r] + i) - sum[r]) * squares[r];
            if (scale != NULL)
                normal = normal * load(scale + i) + load(shift + i);
            store_words(y[r], i, normal, words == BLMI_QUADS ? BLMI_FLOATS : words);
        }
    }
    for (int r = 0; r < rows && words == BLMI_QUADS; r++)
        quads(y[r], y[r], count);
}

static void layer_norm(float *const *y, const float *const *x, int rows, int count,
    const float *scale, const float *shift, float epsilon, blmi_words words)
{
    int m = 0;
    for (; m + ROWS_AT_ONCE <= rows; m += ROWS_AT_ONCE)
        layer_norm_rows(y + m, x + m, ROWS_AT_ONCE, count, scale, shift, epsilon, words);
    for (; m < rows; m++)
        layer_norm_rows(y + m, x + m, 1, count, scale, shift, epsilon, words);
}

static void scale_relu(
    float *y, const float *x, int count, const float *scale, const float *shift)
{
    for (int i = 0; i < count; i += WIDTH)
        store(y + i, larger(load(x + i) * load(scale + i) + load(shift + i), (vec){0}));
}

static void add(float *y, const float *x, int count)
{
    for (int i = 0; i < count; i += WIDTH)
        store(y + i, load(y + i) + load(x + i));
}

static void multiply_by(float *y, const float *x, int count)
{
    for (int i = 0; i < count; i += WIDTH)
        store(y + i, load(y + i) * load(x + i));
}

static void activate(float *y, const float *x, int count, blmi_activation activation)
{
    for (int i = 0; i < count; i += WIDTH)
        store(y + i, activated(load(x + i), activation));
}

// Some rows at a time: they share the weights.
static ALWAYS_INLINE void depthwise_rows(float *const *y, const float *const *x,
    const float *w, const float *bias, const int at_once, int rows, int taps, int count,
    blmi_activation activation)
{
    for (int i = 0; i < count; i += WIDTH) {
        vec sum[ROWS_AT_ONCE];
        const vec first = load(bias + i);
        UNROLLED (r, at_once)
            sum[r] = first;
        for (int t = 0; t < taps; t++) {
            const vec weight = load(w + (size_t)t * (size_t)count + i);
            UNROLLED (r, at_once)
                sum[r] += load(x[t * rows + r] + i) * weight;
        }
        UNROLLED (r, at_once)
            store(y[r] + i, activated(sum[r], activation));
    }
}

static void depthwise(float *const *y, const float *const *x, const float *w,
    const float *bias, int rows, int taps, int count, blmi_activation activation)
{
    int m = 0;
    for (; m + ROWS_AT_ONCE <= rows; m += ROWS_AT_ONCE)
        depthwise_rows(
            y + m, x + m, w, bias, ROWS_AT_ONCE, rows, taps, count, activation);
    for (; m < rows; m++)
        depthwise_rows(y + m, x + m, w, bias, 1, rows, taps, count, activation);
}

static ALWAYS_INLINE void softmax_rows(
    float *const *x, float *scale, const int rows, int count, const blmi_words words)
{
    vec top[ROWS_AT_ONCE], sum[ROWS_AT_ONCE] = {{0}};
    const int left = count % WIDTH;
    UNROLLED (r, rows) {
        float *last = x[r] + count - left;
        if (left) // the rest adds almost nothing to the sum
            store(last, first_of(load(last), left));
        top[r] = load(x[r]);
    }
    for (int i = WIDTH; i < count; i += WIDTH)
        UNROLLED (r, rows)
            top[r] = larger(load(x[r] + i), top[r]);
    UNROLLED (r, rows)
        top[r] = all(largest_of(top[r]));
    for (int i = 0; i < count; i += WIDTH) {
        UNROLLED (r, rows) {
            const vec y = power_of_2(load(x[r] + i) - top[r], words);
            store_words(x[r], i, y, words);
            sum[r] += y;
        }
    }
    UNROLLED (r, rows)
        scale[r] = 1 / sum_of(sum[r]);
}

static ALWAYS_INLINE void softmax_in(
    float *const *x, float *scale, int rows, int count, const blmi_words words)
{
    int m = 0;
    for (; m + ROWS_AT_ONCE <= rows; m += ROWS_AT_ONCE)
        softmax_rows(x + m, scale + m, ROWS_AT_ONCE, count, words);
    for (; m < rows; m++)
        softmax_rows(x + m, scale + m, 1, count, words);
}

static void softmax(float *const *x, float *scale, int rows, int count, blmi_words words)
{
    if (words == BLMI_FLOATS)
        softmax_in(x, scale, rows, count, BLMI_FLOATS);
    else
        softmax_in(x, scale, rows, count, BLMI_PAIRS);
}

static void largest(float *y, const float *const *x, int rows, int count)
{
    for (int i = 0; i < count; i += WIDTH) {
        vec top = load(x[0] + i);
        for (int m = 1; m < rows; m++)
            top = larger(load(x[m] + i), top);
        store(y + i, top);
    }
}

static void winograd_in(
    float *const *v, const float *const *x, int count, blmi_words words)
{
    for (int n = 0; n < count; n += WIDTH) {
        vec half[4][4]; // B' x
        UNROLLED (j, 4) {
            const vec x0 = load(x[j] + n), x1 = load(x[4 + j] + n);
            const vec x2 = load(x[8 + j] + n), x3 = load(x[12 + j] + n);
            half[0][j] = x0 - x2;
            half[1][j] = x1 + x2;
            half[2][j] = x2 - x1;
            half[3][j] = x1 - x3;
        }
        UNROLLED (i, 4) {
            store_words(v[4 * i], n, half[i][0] - half[i][2], words);
            store_words(v[4 * i + 1], n, half[i][1] + half[i][2], words);
            store_words(v[4 * i + 2], n, half[i][2] - half[i][1], words);
            store_words(v[4 * i + 3], n, half[i][1] - half[i][3], words);
        }
    }
}

static void winograd_out(float *const *y, const float *const *m, int count)
{
    for (int n = 0; n < count; n += WIDTH) {
        vec half[2][4]; // A' m
        UNROLLED (j, 4) {
            const vec m1 = load(m[4 + j] + n), m2 = load(m[8 + j] + n);
            half[0][j] = load(m[j] + n) + m1 + m2;
            half[1][j] = m1 - m2 - load(m[12 + j] + n);
        }
        UNROLLED (i, 2) {
            float *left = y[2 * i] + n, *right = y[2 * i + 1] + n;
            store(left, load(left) + (half[i][0] + half[i][1] + half[i][2]));
            store(right, load(right) + (half[i][1] - half[i][2] - half[i][3]));
        }
    }
}

static void pack_columns(float *values, const float *const *x, int rows, int depth)
{
    for (int n = 0; n < blmi_pad(rows); n += WIDTH) {
        float *out =
            values + (size_t)(n / BLMI_LANES * depth) * BLMI_LANES + n % BLMI_LANES;
        for (int k = 0; k < depth; k += WIDTH) {
            vec block[WIDTH];
            UNROLLED (i, WIDTH)
                block[i] = n + i < rows ? load(x[n + i] + k) : (vec){0};
            transpose(block);
            UNROLLED (i, WIDTH)
                if (k + i < depth) // a multiple of 8
                    store(out + (size_t)(k + i) * BLMI_LANES, block[i]);
        }
    }
}

static void pack_rows(
    float *values, const float *const *x, int rows, int columns, blmi_words words)
{
    const int depth = blmi_words_of(words, rows);
    for (int n = 0; n < columns; n += WIDTH) {
        float *out =
            values + (size_t)(n / BLMI_LANES * depth) * BLMI_LANES + n % BLMI_LANES;
        for (int j = 0; j < rows; j += (int)words, out += BLMI_LANES) {
            if (words == BLMI_FLOATS) {
                store(out, load(x[j] + n));
                continue;
            }
            const bits second = j + 1 < rows ? load_halves(x[j + 1], n) : (bits){0};
            store(out, (vec)(load_halves(x[j], n) | second << 16));
        }
    }
}

const blmi_kernels KERNELS = {KERNELS_NAME, product, layer_norm, quantize, scale_relu,
    add, multiply_by, activate, depthwise, softmax, largest, winograd_in, winograd_out,
    pack_columns, pack_rows};
