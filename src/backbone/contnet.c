// contnet.c: the forward pass, from top to bottom as in figure 2 of the ConTNet paper.
//
// Activations are (image, row, column, channel).  A token is a pixel's vector of
// channels, and kernels take pointers to tokens: windows are never cut out, their tokens
// are taken in the windows' order.  Tokens are floats; what products multiply may be
// pairs of bf16 in the place of floats (kernels.h), in rows as far apart.
#include <string.h>

#include "src/backbone/contnet.h"
#include "src/backbone/contnet_workspace.h"
#include "src/base/error.h"
#include "src/base/number.h"
#include "src/nn/winograd.h"

// The same rows, to be read.  (C has no implicit conversion for this.)
#define READ(rows) ((const float *const *)(rows))

// What the tasks of a step share.
typedef struct pass {
    const blmi_contnet *net;
    const blmi_contnet_workspace *ws;
    int images, stage;
    blmi_grid grid; // of the tokens; (h, w, C) below
    const blmi_block *block;
    const blmi_encoder *ste;
    const float *x;       // (images, h, w, C): what goes into the stem or the block
    float *y;             // (images, h + 2, w + 2, C + 16): its tokens
    const float *operand; // the same as words that a product takes: y itself if floats
    // A convolution y -> out (images, h / stride, w / stride, out channels), whose values
    // are added to those of out if `onto`.
    const blmi_matrix *conv;
    int stride, window;
    float *out;
    bool onto;
    int rows; // that a task takes
} pass;

// Rows for a task: all threads get the same number of tasks, if that is possible.
static int rows_for_task(const pass *p, int rows, int most)
{
    const int unit = 14; // of the widest tile
    const int threads = blmi_team_threads(p->ws->team);
    const int share = (rows + threads - 1) / threads;
    const int parts = (share + most - 1) / most;
    return (share + parts * unit - 1) / (parts * unit) * unit;
}

// Runs task for all of `rows` rows, p->rows at a time, which are at most `most`.
static void for_rows(pass *p, int rows, int most, blmi_task *task)
{
    p->rows = rows_for_task(p, rows, most);
    blmi_contnet_workspace_each(p->ws, (rows + p->rows - 1) / p->rows, task, p);
}

// The rows of task i, out of `total`.
static int task_rows(const pass *p, int i, int total)
{
    const int left = total - i * p->rows;
    return left < p->rows ? left : p->rows;
}

static int tokens_of(const pass *p)
{
    return p->images * p->grid.height * p->grid.width;
}

// Where in y the token is that is an image's place m, m counting on through the images.
static size_t token_at(const pass *p, const int *places, int m)
{
    const blmi_grid *g = &p->grid;
    const int tokens = g->height * g->width;
    const int at = m / tokens * (g->height + 2) * (g->width + 2) + places[m % tokens];
    return (size_t)at * (size_t)(g->channels + BLMI_APART);
}

static float *token(const pass *p, const int *places, int m)
{
    return p->y + token_at(p, places, m);
}

static const blmi_places *places(const pass *p)
{
    return &p->net->stage[p->stage].places;
}

// y = a b + add, in floats; see blmi_product.
static void multiply(const pass *p, const blmi_matrix *b, int rows, const float *const *a,
    float *const *y, const float *const *add)
{
    p->net->kernels->product(&(blmi_product){
        .b = b, .rows = rows, .a = a, .y = y, .add = add, .y_words = BLMI_FLOATS});
}

// ---- steps that tests and timings see

static void show(const blmi_contnet_workspace *ws, const char *step, const float *values,
    int images, blmi_grid g)
{
    if (ws->watch != NULL)
        ws->watch(ws->watch_context, step, values, images, g.height, g.width, g.channels);
}

// The tokens as a dense array, which takes the place of qkv.
static void show_tokens(const pass *p, int block, const char *what)
{
    if (p->ws->watch == NULL)
        return;
    char step[64];
    blmi_print(step, sizeof step, "layer%d.ConTBlock%d.%s", p->stage + 1, block, what);
    const size_t channels = (size_t)p->grid.channels;
    for (int m = 0; m < tokens_of(p); m++)
        memcpy(p->ws->qkv + (size_t)m * channels, token(p, places(p)->by_row, m),
            channels * sizeof(float));
    show(p->ws, step, p->ws->qkv, p->images, p->grid);
}

// ---- the stem: 7x7 convolution of stride 2, 3x3 maximum of stride 2

// Rows first .. of an image as (count, width + 6, 3), with zeros around the image.
static void image_rows(const pass *p, int image, int first, int count, float *out)
{
    const int height = p->net->options.height, row = p->net->options.width * 3;
    memset(out, 0, (size_t)count * (size_t)(row + 18) * sizeof *out);
    for (int y = first; y < first + count; y++, out += row + 18)
        if (y >= 0 && y < height)
            memcpy(out + 9, p->x + (size_t)(image * height + y) * (size_t)row,
                (size_t)row * sizeof *out);
}

// Rows of the convolution, (count, w, C) into out; x: the image from 3 rows above on.
static void stem_rows(const pass *p, const float *x, int count, float *out)
{
    const int width = 2 * p->grid.width; // of the convolution's output
    const size_t row_size = (size_t)(p->net->options.width + 6) * 3;
    for (int m = 0; m < count * width; m += BLMI_BLOCK_ROWS) {
        const int rows =
            count * width - m < BLMI_BLOCK_ROWS ? count * width - m : BLMI_BLOCK_ROWS;
        const float *a[7 * BLMI_BLOCK_ROWS];
        float *y[BLMI_BLOCK_ROWS];
        for (int r = 0; r < rows; r++) {
            const int row = 2 * ((m + r) / width), column = 2 * ((m + r) % width);
            y[r] = out + (size_t)(m + r) * (size_t)p->grid.channels;
            for (int tap = 0; tap < 7; tap++)
                a[tap * rows + r] = x + (size_t)(row + tap) * row_size + column * 3;
        }
        multiply(p, &p->net->stem, rows, a, y, NULL);
    }
}

// BLMI_BAND_ROWS rows of layer0's output; the rows of the image and of the convolution
// that they need stay in scratch.
static void stem_band(const void *context, int i, float *scratch)
{
    const pass *p = context;
    const blmi_grid *g = &p->grid;
    const int bands = g->height / BLMI_BAND_ROWS, image = i / bands;
    const int top = i % bands * BLMI_BAND_ROWS;
    const int first = top ? 2 * top - 1 : 0, last = 2 * (top + BLMI_BAND_ROWS) - 1;
    const int count = last - first + 1;
    const size_t channels = (size_t)g->channels;
    float *part = scratch + (size_t)(count * 2 * g->width) * channels;
    image_rows(p, image, 2 * first - 3, 2 * count + 5, part);
    stem_rows(p, part, count, scratch);
    for (int row = top; row < top + BLMI_BAND_ROWS; row++) {
        for (int column = 0; column < g->width; column++) {
            const float *near[9];
            int found = 0;
            for (int y = 2 * row - 1; y <= 2 * row + 1; y++)
                for (int x = 2 * column - 1; x <= 2 * column + 1; x++)
                    if (y >= 0 && x >= 0)
                        near[found++] =
                            scratch + (size_t)((y - first) * 2 * g->width + x) * channels;
            const size_t at = (size_t)((image * g->height + row) * g->width + column);
            p->net->kernels->largest(p->out + at * channels, near, found, g->channels);
        }
    }
}

// x (images, height, width, 3) -> layer0 (images, height / 4, width / 4, C)
static void stem(pass *p, const float *x)
{
    p->grid = blmi_stage_grid(p->net, 0);
    p->x = x;
    p->out = p->ws->x[0];
    blmi_contnet_workspace_each(
        p->ws, p->images * p->grid.height / BLMI_BAND_ROWS, stem_band, p);
    show(p->ws, "layer0", p->out, p->images, p->grid);
}

// ---- the transformer encoder

// Pointers to tokens first .. in the order of the encoder's windows.
static void window_tokens(const pass *p, int first, int rows, float **y)
{
    const int *by_window = places(p)->by_window[p->ste - p->block->ste];
    for (int r = 0; r < rows; r++)
        y[r] = token(p, by_window, first + r);
}

// Pointers to `rows` rows of (columns + BLMI_APART).
static void rows_of(float *values, int columns, int rows, float **row)
{
    for (int r = 0; r < rows; r++)
        row[r] = values + (size_t)r * (size_t)(columns + BLMI_APART);
}

// y (rows, C) as words; in `room` if they are not y itself.
static float *const *operands(
    const pass *p, float *const *y, int rows, float *const *room, blmi_words words)
{
    if (words == BLMI_FLOATS)
        return y;
    for (int r = 0; r < rows; r++)
        p->net->kernels->quantize(room[r], y[r], p->grid.channels, words);
    return room;
}

// What is made in parts for a layer whose words are quads, which need all of a row for
// its scale, are floats, until the row is complete.
static blmi_words partial(blmi_words words)
{
    return words == BLMI_QUADS ? BLMI_FLOATS : words;
}

static void complete(
    const pass *p, float *const *x, int rows, int count, blmi_words words)
{
    for (int r = 0; r < rows && words == BLMI_QUADS; r++)
        p->net->kernels->quantize(x[r], x[r], count, words);
}

// Tokens first .. -> qkv (rows, 3 C)
static void project_in(const pass *p, int first, int rows, float *qkv, float *scratch)
{
    const blmi_kernels *kernels = p->net->kernels;
    const blmi_encoder *ste = p->ste;
    const int channels = p->grid.channels;
    float *y[BLMI_BLOCK_ROWS], *normal[BLMI_BLOCK_ROWS], *out[BLMI_BLOCK_ROWS];
    window_tokens(p, first, rows, y);
    rows_of(scratch, channels, rows, normal);
    rows_of(qkv, 3 * channels, rows, out);
    for (int r = 0; r < rows && ste->position; r++) {
        const int inside = (first + r) % (ste->patch * ste->patch);
        kernels->add(y[r], ste->position + (size_t)(inside * channels), channels);
    }
    float *const *in = normal;
    if (p->net->config.pre_norm)
        kernels->layer_norm(
            normal, READ(y), rows, channels, NULL, NULL, 1e-5f, ste->qkv.words);
    else
        in = operands(p, y, rows, normal, ste->qkv.words);
    kernels->product(&(blmi_product){
        .b = &ste->qkv, .rows = rows, .a = READ(in), .y = out, .y_words = p->net->words});
}

// Attention of one head in one window: qkv (tokens, 3 C) -> heads (tokens, C), of which
// the head's columns are filled.
static void attend(
    const pass *p, int head, const float *qkv, float *heads, float *scratch)
{
    const int tokens = p->ste->patch * p->ste->patch;
    const int channels = p->grid.channels, depth = channels / p->ste->heads;
    const blmi_words words = p->net->words, out = partial(p->ste->proj.words);
    const int all = blmi_words_of(words, channels);
    const float *q = qkv + head * blmi_words_of(words, depth), *bias = p->ste->bias;
    if (bias != NULL)
        bias += (size_t)(head * tokens * blmi_pad(tokens));
    blmi_attend(p->net->kernels,
        &(blmi_attention){words, out, tokens, depth, q, q + all, q + 2 * all,
            (size_t)(3 * channels + BLMI_APART), bias,
            heads + head * blmi_words_of(out, depth), (size_t)(channels + BLMI_APART)},
        scratch);
}

// The rest of the encoder for tokens first .. :
//     pre-norm   y += proj(heads); y += fc2(gelu(fc1(norm2(y))))
//     post-norm  y = norm1(y + proj(heads)); y = norm2(y + fc2(gelu(fc1(y))))
static void project_out(const pass *p, int first, int rows, float *heads, float *scratch)
{
    const blmi_kernels *kernels = p->net->kernels;
    const blmi_encoder *ste = p->ste;
    const int channels = p->grid.channels, width = blmi_pad(ste->fc1.columns);
    float *attended[BLMI_BLOCK_ROWS], *y[BLMI_BLOCK_ROWS];
    float *normal[BLMI_BLOCK_ROWS], *hidden[BLMI_BLOCK_ROWS];
    window_tokens(p, first, rows, y);
    rows_of(heads, channels, rows, attended);
    rows_of(scratch, width, rows, hidden);
    rows_of(scratch + BLMI_BLOCK_ROWS * (width + BLMI_APART), channels, rows, normal);
    float *const *in = normal;
    complete(p, attended, rows, channels, ste->proj.words);
    multiply(p, &ste->proj, rows, READ(attended), y, READ(y));
    if (p->net->config.pre_norm) {
        kernels->layer_norm(
            normal, READ(y), rows, channels, NULL, NULL, 1e-5f, ste->fc1.words);
    } else {
        kernels->layer_norm(
            y, READ(y), rows, channels, ste->scale[0], ste->shift[0], 1e-5f, BLMI_FLOATS);
        in = operands(p, y, rows, normal, ste->fc1.words);
    }
    kernels->product(&(blmi_product){.b = &ste->fc1,
        .rows = rows,
        .a = READ(in),
        .y = hidden,
        .activation = BLMI_GELU,
        .y_words = partial(ste->fc2.words)});
    complete(p, hidden, rows, width, ste->fc2.words);
    multiply(p, &ste->fc2, rows, READ(hidden), y, READ(y));
    if (!p->net->config.pre_norm)
        kernels->layer_norm(
            y, READ(y), rows, channels, ste->scale[1], ste->shift[1], 1e-5f, BLMI_FLOATS);
}

// The whole encoder for p->rows tokens, which are whole windows: what stands between its
// steps stays in the thread's own cache.
static void encode(const void *context, int i, float *scratch)
{
    const pass *p = context;
    const int channels = p->grid.channels, first = i * p->rows;
    const int rows = task_rows(p, i, tokens_of(p)),
              tokens = p->ste->patch * p->ste->patch;
    float *qkv = scratch, *heads = qkv + BLMI_WINDOW_ROWS * (3 * channels + BLMI_APART);
    scratch = heads + BLMI_WINDOW_ROWS * (channels + BLMI_APART);
    const int parts = (rows + BLMI_BLOCK_ROWS - 1) / BLMI_BLOCK_ROWS, part = rows / parts;
    for (int row = 0; row < rows; row += part)
        project_in(
            p, first + row, part, qkv + row * (3 * channels + BLMI_APART), scratch);
    for (int row = 0; row < rows; row += tokens)
        for (int head = 0; head < p->ste->heads; head++)
            attend(p, head, qkv + row * (3 * channels + BLMI_APART),
                heads + row * (channels + BLMI_APART), scratch);
    for (int row = 0; row < rows; row += part)
        project_out(p, first + row, part, heads + row * (channels + BLMI_APART), scratch);
}

// The same in three steps, for more threads than there are windows.
static void encode_in(const void *context, int i, float *scratch)
{
    const pass *p = context;
    const size_t row = (size_t)(3 * p->grid.channels + BLMI_APART);
    project_in(p, i * p->rows, task_rows(p, i, tokens_of(p)),
        p->ws->qkv + (size_t)(i * p->rows) * row, scratch);
}

static void encode_head(const void *context, int i, float *scratch)
{
    const pass *p = context;
    const size_t row = (size_t)(p->grid.channels + BLMI_APART);
    const size_t qkv_row = (size_t)(3 * p->grid.channels + BLMI_APART);
    const size_t first =
        (size_t)(i / p->ste->heads) * (size_t)(p->ste->patch * p->ste->patch);
    attend(p, i % p->ste->heads, p->ws->qkv + first * qkv_row, p->ws->heads + first * row,
        scratch);
}

static void encode_out(const void *context, int i, float *scratch)
{
    const pass *p = context;
    const size_t row = (size_t)(p->grid.channels + BLMI_APART);
    project_out(p, i * p->rows, task_rows(p, i, tokens_of(p)),
        p->ws->heads + (size_t)(i * p->rows) * row, scratch);
}

static void encoder(pass *p, const blmi_encoder *ste)
{
    const int tokens = tokens_of(p), window = ste->patch * ste->patch;
    p->ste = ste;
    p->rows =
        2 * window <= BLMI_BLOCK_ROWS && tokens % (2 * window) == 0 ? 2 * window : window;
    const int tasks = tokens / p->rows, threads = blmi_team_threads(p->ws->team);
    if (tasks % threads == 0 || tasks > 4 * threads) {
        blmi_contnet_workspace_each(p->ws, tasks, encode, p);
        return;
    }
    for_rows(p, tokens, BLMI_BLOCK_ROWS, encode_in);
    blmi_contnet_workspace_each(p->ws, tokens / window * ste->heads, encode_head, p);
    for_rows(p, tokens, BLMI_BLOCK_ROWS, encode_out);
}

// ---- the block: batch norm and ReLU, two encoders, a convolution, a shortcut around all

static void enter(const void *context, int i, float *scratch)
{
    (void)scratch;
    const pass *p = context;
    const int rows = task_rows(p, i, tokens_of(p)), channels = p->grid.channels;
    for (int r = 0; r < rows; r++) {
        const int m = i * p->rows + r;
        p->net->kernels->scale_relu(token(p, places(p)->by_row, m),
            p->x + (size_t)m * (size_t)channels, channels, p->block->scale,
            p->block->shift);
    }
}

static void pair_rows(const void *context, int i, float *scratch)
{
    (void)scratch;
    const pass *p = context;
    const int rows = task_rows(p, i, tokens_of(p));
    for (int r = 0; r < rows; r++) {
        const size_t at = token_at(p, places(p)->by_row, i * p->rows + r);
        p->net->kernels->quantize(
            p->ws->pairs[p->stage] + at, p->y + at, p->grid.channels, BLMI_PAIRS);
    }
}

static void convolve_rows(const void *context, int i, float *scratch)
{
    (void)scratch;
    const pass *p = context;
    const blmi_grid *g = &p->grid;
    const int height = g->height / p->stride, width = g->width / p->stride;
    const int rows = task_rows(p, i, p->images * height * width);
    const int before =
        (p->window - 1) / 2; // rows and columns of the window before its pixel
    const float *a[9 * BLMI_BLOCK_ROWS];
    float *out[BLMI_BLOCK_ROWS];
    for (int r = 0; r < rows; r++) {
        const int m = i * p->rows + r; // (image, row, column) of the output
        out[r] = p->out + (size_t)m * (size_t)p->conv->columns;
        const int centre = (m / width * g->width + m % width) * p->stride;
        const float *y = p->operand + token_at(p, places(p)->by_row, centre);
        for (int tap = 0; tap < p->conv->taps; tap++) {
            const int down = tap / p->window - before, right = tap % p->window - before;
            a[tap * rows + r] = y + (ptrdiff_t)(down * (g->width + 2) + right) *
                                        (g->channels + BLMI_APART);
        }
    }
    multiply(p, p->conv, rows, a, out, p->onto ? READ(out) : NULL);
}

// The tokens y (images, h, w, C) -> out (images, h / stride, w / stride, conv->columns),
// added to what is there if `onto`.
static void convolve(pass *p, const blmi_matrix *conv, int window, float *out, bool onto)
{
    p->conv = conv;
    p->window = window;
    p->stride = p->block->stride;
    p->out = out;
    p->onto = onto;
    p->operand = p->y;
    if (p->net->words == BLMI_PAIRS) {
        for_rows(p, tokens_of(p), BLMI_BLOCK_ROWS, pair_rows);
        p->operand = p->ws->pairs[p->stage];
    }
    for_rows(p, tokens_of(p) / (p->stride * p->stride), BLMI_BLOCK_ROWS, convolve_rows);
}

// The same for a 3x3 convolution of stride 1, by tiles of 2 x 2 outputs.
static void winograd_tiles(const void *context, int i, float *scratch)
{
    const pass *p = context;
    const blmi_grid *g = &p->grid;
    const int across = g->width / 2, tiles = task_rows(p, i, tokens_of(p) / 4);
    const int pixel = g->channels + BLMI_APART, columns = p->block->out;
    const float *x[16 * BLMI_WINOGRAD_TILES];
    float *y[4 * BLMI_WINOGRAD_TILES];
    for (int t = 0; t < tiles; t++) {
        const int tile = i * p->rows + t;
        const int m = (tile / across * g->width + tile % across) * 2;
        const float *first = token(p, places(p)->by_row, m) - (g->width + 3) * pixel;
        float *out = p->out + (size_t)m * (size_t)columns;
        for (int k = 0; k < 16; k++)
            x[16 * t + k] = first + (k / 4 * (g->width + 2) + k % 4) * pixel;
        for (int k = 0; k < 4; k++)
            y[4 * t + k] = out + (k / 2 * g->width + k % 2) * columns;
    }
    blmi_winograd(
        p->net->kernels, &(blmi_winograd_job){&p->block->conv, tiles, x, y}, scratch);
}

static void convolve_by_winograd(pass *p, float *out)
{
    p->out = out;
    for_rows(p, tokens_of(p) / 4, blmi_winograd_tiles(p->grid.channels), winograd_tiles);
}

// x -> out; out may be x where the block keeps the size.
static void block(pass *p, int index, float *out)
{
    const blmi_block *b = p->block = &p->net->stage[p->stage].block[index];
    for_rows(p, tokens_of(p), BLMI_BLOCK_ROWS, enter);
    show_tokens(p, index, "bn");
    if (b->shortcut_window)
        convolve(p, &b->shortcut, b->shortcut_window, out, false);
    for (int i = 0; i < BLMI_WINDOWS; i++) {
        encoder(p, &b->ste[i]);
        show_tokens(p, index, i == 0 ? "ste1" : "ste2");
    }
    if (b->winograd)
        convolve_by_winograd(p, out);
    else
        convolve(p, &b->conv, b->conv_window, out, true);
}

// layer<stage + 1>: x (images, h, w, C) -> (images, h / 2, w / 2, 2 C)
static void layer(pass *p)
{
    const blmi_contnet_workspace *ws = p->ws;
    const int blocks = p->net->stage[p->stage].blocks;
    char step[64];
    p->grid = blmi_stage_grid(p->net, p->stage);
    p->x = ws->x[p->stage];
    p->y = ws->y[p->stage];
    for (int i = 0; i < blocks; i++) {
        const bool end = i == blocks - 1;
        float *out = ws->x[end ? p->stage + 1 : p->stage];
        block(p, i, out);
        blmi_print(step, sizeof step, "layer%d.ConTBlock%d", p->stage + 1, i);
        show(ws, step, out, p->images,
            end ? blmi_stage_grid(p->net, p->stage + 1) : p->grid);
    }
}

blm_status blmi_contnet_run(const blmi_contnet *net, blmi_contnet_workspace *workspace,
    const float *x, int images, float *const stage[BLMI_STAGES], blm_error *err)
{
    if (workspace->net != net)
        return blmi_fail(err, BLM_EBUG, "a workspace of another network");
    if (images < 1 || images > net->options.batch)
        return blmi_fail(err, BLM_EUSAGE, "%d images in a run, expected 1 to %d", images,
            net->options.batch);
    for (int i = net->options.stages; i < BLMI_STAGES; i++)
        if (stage[i])
            return blmi_fail(err, BLM_EUSAGE,
                "layer%d requested, but this network runs up to layer%d", i + 1,
                net->options.stages);
    pass p = {.net = net, .ws = workspace, .images = images};
    stem(&p, x);
    for (p.stage = 0; p.stage < net->options.stages; p.stage++) {
        layer(&p);
        const blmi_grid g = blmi_stage_grid(net, p.stage + 1);
        if (stage[p.stage])
            memcpy(stage[p.stage], workspace->x[p.stage + 1],
                (size_t)(images * g.height * g.width) * (size_t)g.channels *
                    sizeof(float));
    }
    return BLM_OK;
}
