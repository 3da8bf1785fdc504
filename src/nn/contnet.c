// contnet.c: the forward pass, from top to bottom as in figure 2 of the ConTNet paper.
//
// Activations are (image, row, column, channel).  A token is a pixel's vector of channels,
// so everything but attention works on tokens in whatever order they lie: windows are
// never cut out.  Only the rows of qkv, and of what attention gives, are written window
// after window.
#include <stdio.h>
#include <string.h>

#include "src/base/error.h"
#include "src/nn/contnet.h"
#include "src/nn/workspace.h"

// What the tasks of a step share.
typedef struct pass {
    const blmi_contnet *net;
    const blmi_workspace *ws;
    int images, stage;
    blmi_grid grid; // of the tokens; (h, w, C) below
    const blmi_block *block;
    const blmi_encoder *ste;
    const float *x; // (images, h, w, C): what goes into the block
    float *y;       // (images, h + 2, w + 2, C + 16): its tokens
    // A convolution y -> out (images, h / stride, w / stride, out channels), whose values
    // are added to those of out if `onto`.
    const blmi_matrix *conv;
    int stride, window;
    float *out;
    bool onto;
    int rows; // that a task takes
} pass;

// Rows for a task: all threads get the same number of tasks, if that is possible.
static int rows_for_task(const pass *p, int rows)
{
    const int unit = 14; // of the widest tile
    const int share = (rows + p->ws->threads - 1) / p->ws->threads;
    const int parts = (share + BLMI_BLOCK_ROWS - 1) / BLMI_BLOCK_ROWS;
    return (share + parts * unit - 1) / (parts * unit) * unit;
}

// Runs task for all of `rows` rows, p->rows at a time.
static void for_rows(pass *p, int rows, blmi_task *task)
{
    p->rows = rows_for_task(p, rows);
    blmi_workspace_each(p->ws, (rows + p->rows - 1) / p->rows, task, p);
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

// Where token m (image, row, column) stands in y.
static float *token(const pass *p, int m)
{
    const blmi_grid *g = &p->grid;
    const int image = m / (g->height * g->width), row = m / g->width % g->height;
    const int at =
        (image * (g->height + 2) + row + 1) * (g->width + 2) + m % g->width + 1;
    return p->y + (size_t)at * (size_t)(g->channels + BLMI_APART);
}

// Where token m stands when windows follow each other; *inside is its place in the window.
static size_t windowed(const pass *p, int m, int *inside)
{
    const int patch = p->ste->patch, column = m % p->grid.width, row = m / p->grid.width;
    const int window = row / patch * (p->grid.width / patch) + column / patch;
    *inside = row % patch * patch + column % patch;
    return (size_t)window * (size_t)(patch * patch) + (size_t)*inside;
}

// ---- steps that tests and timings see

static void show(const blmi_workspace *ws, const char *step, const float *values,
    int images, blmi_grid g)
{
    if (ws->watch)
        ws->watch(ws->watch_context, step, values, images, g.height, g.width, g.channels);
}

// The tokens as a dense array, which takes the place of qkv.
static void show_tokens(const pass *p, int block, const char *what)
{
    if (!p->ws->watch)
        return;
    char step[64];
    snprintf(step, sizeof step, "layer%d.ConTBlock%d.%s", p->stage + 1, block, what);
    const size_t channels = (size_t)p->grid.channels;
    for (int m = 0; m < tokens_of(p); m++)
        memcpy(p->ws->qkv + (size_t)m * channels, token(p, m), channels * sizeof(float));
    show(p->ws, step, p->ws->qkv, p->images, p->grid);
}

// ---- the stem: 7x7 convolution of stride 2, 3x3 maximum of stride 2

// Rows first .. of one image's convolution, (count, w, C) into out.
static void stem_rows(const pass *p, int image, int first, int count, float *out)
{
    const int width = 2 * p->grid.width; // of the convolution's output
    const size_t row_size = (size_t)(p->net->options.width + 6) * 3;
    const float *start =
        p->ws->image + (size_t)image * (size_t)(p->net->options.height + 6) * row_size;
    for (int m = 0; m < count * width; m += BLMI_BLOCK_ROWS) {
        const int rows =
            count * width - m < BLMI_BLOCK_ROWS ? count * width - m : BLMI_BLOCK_ROWS;
        const float *a[7 * BLMI_BLOCK_ROWS];
        float *y[BLMI_BLOCK_ROWS];
        for (int r = 0; r < rows; r++) {
            const int row = 2 * (first + (m + r) / width), column = 2 * ((m + r) % width);
            y[r] = out + (size_t)(m + r) * (size_t)p->grid.channels;
            for (int tap = 0; tap < 7; tap++)
                a[tap * rows + r] =
                    start + (size_t)(row + tap) * row_size + (size_t)column * 3;
        }
        p->net->kernels->product(&(blmi_product){&p->net->stem, rows, a, y, NULL, false});
    }
}

// BLMI_BAND_ROWS rows of layer0's output; those of the convolution that they need stay in
// scratch.
static void stem_band(const void *context, int i, float *scratch)
{
    const pass *p = context;
    const blmi_grid *g = &p->grid;
    const int bands = g->height / BLMI_BAND_ROWS, image = i / bands;
    const int top = i % bands * BLMI_BAND_ROWS;
    const int first = top ? 2 * top - 1 : 0, last = 2 * (top + BLMI_BAND_ROWS) - 1;
    const size_t channels = (size_t)g->channels;
    stem_rows(p, image, first, last - first + 1, scratch);
    for (int row = top; row < top + BLMI_BAND_ROWS; row++) {
        for (int column = 0; column < g->width; column++) {
            const float *near[9];
            int count = 0;
            for (int y = 2 * row - 1; y <= 2 * row + 1; y++)
                for (int x = 2 * column - 1; x <= 2 * column + 1; x++)
                    if (y >= 0 && x >= 0)
                        near[count++] =
                            scratch + (size_t)((y - first) * 2 * g->width + x) * channels;
            const size_t at = (size_t)((image * g->height + row) * g->width + column);
            p->net->kernels->largest(p->out + at * channels, near, count, g->channels);
        }
    }
}

// x (images, height, width, 3) -> layer0 (images, height / 4, width / 4, C)
static void stem(pass *p, const float *x)
{
    const size_t height = (size_t)p->net->options.height;
    const size_t row = (size_t)p->net->options.width * 3, bordered = row + 18;
    for (size_t m = 0; m < (size_t)p->images * height; m++)
        memcpy(p->ws->image + (m + m / height * 6 + 3) * bordered + 9, x + m * row,
            row * sizeof *x);
    p->grid = blmi_stage_grid(p->net, 0);
    p->out = p->ws->x[0];
    blmi_workspace_each(p->ws, p->images * p->grid.height / BLMI_BAND_ROWS, stem_band, p);
    show(p->ws, "layer0", p->out, p->images, p->grid);
}

// ---- the transformer encoder

// qkv of some tokens: (rows, C) -> (rows, 3 C), in the windows' order.
static void project_in(const void *context, int i, float *scratch)
{
    const pass *p = context;
    const blmi_kernels *kernels = p->net->kernels;
    const int channels = p->grid.channels, rows = task_rows(p, i, tokens_of(p));
    const float *a[BLMI_BLOCK_ROWS];
    float *qkv[BLMI_BLOCK_ROWS];
    for (int r = 0; r < rows; r++) {
        const int m = i * p->rows + r;
        float *y = token(p, m);
        int inside;
        qkv[r] =
            p->ws->qkv + windowed(p, m, &inside) * (size_t)(3 * channels + BLMI_APART);
        if (p->ste->position)
            kernels->add(y, p->ste->position + (size_t)(inside * channels), channels);
        a[r] = y;
        if (p->net->config.pre_norm) {
            float *normal = scratch + (size_t)(r * (channels + BLMI_APART));
            kernels->layer_norm(normal, y, channels, NULL, NULL);
            a[r] = normal;
        }
    }
    kernels->product(&(blmi_product){&p->ste->qkv, rows, a, qkv, NULL, false});
}

// Attention of window and head i.
static void attend(const void *context, int i, float *scratch)
{
    const pass *p = context;
    const blmi_encoder *ste = p->ste;
    const int tokens = ste->patch * ste->patch, head = i % ste->heads;
    const size_t channels = (size_t)p->grid.channels, row = channels + BLMI_APART;
    const size_t depth = channels / (size_t)ste->heads,
                 stride = 3 * channels + BLMI_APART;
    const size_t first = (size_t)(i / ste->heads) * (size_t)tokens;
    const float *q = p->ws->qkv + first * stride + (size_t)head * depth;
    const float *bias =
        ste->bias ? ste->bias + (size_t)head * (size_t)tokens * (size_t)blmi_pad(tokens)
                  : NULL;
    blmi_attend(p->net->kernels,
        &(blmi_attention){tokens, (int)depth, q, q + channels, q + 2 * channels, stride,
            bias, p->ws->heads + first * row + (size_t)head * depth, row},
        scratch);
}

// The rest of the encoder for some tokens:
//     pre-norm   y += proj(heads); y += fc2(gelu(fc1(norm(y))))
//     post-norm  y = norm1(y + proj(heads)); y = norm2(y + fc2(gelu(fc1(y))))
static void project_out(const void *context, int i, float *scratch)
{
    const pass *p = context;
    const blmi_kernels *kernels = p->net->kernels;
    const blmi_encoder *ste = p->ste;
    const int channels = p->grid.channels, rows = task_rows(p, i, tokens_of(p));
    const size_t row = (size_t)(channels + BLMI_APART);
    const size_t width = (size_t)(blmi_pad(ste->fc1.columns) + BLMI_APART);
    const float *heads[BLMI_BLOCK_ROWS], *in[BLMI_BLOCK_ROWS], *inner[BLMI_BLOCK_ROWS];
    float *y[BLMI_BLOCK_ROWS], *hidden[BLMI_BLOCK_ROWS];
    for (int r = 0; r < rows; r++) {
        const int m = i * p->rows + r;
        int inside;
        heads[r] = p->ws->heads + windowed(p, m, &inside) * row;
        y[r] = token(p, m);
        inner[r] = hidden[r] = scratch + (size_t)r * width;
    }
    const float *const *onto = (const float *const *)y;
    kernels->product(&(blmi_product){&ste->proj, rows, heads, y, onto, false});
    for (int r = 0; r < rows; r++) {
        float *normal = scratch + BLMI_BLOCK_ROWS * width + (size_t)r * row;
        in[r] = p->net->config.pre_norm ? normal : y[r];
        kernels->layer_norm(p->net->config.pre_norm ? normal : y[r], y[r], channels,
            ste->scale[0], ste->shift[0]);
    }
    kernels->product(&(blmi_product){&ste->fc1, rows, in, hidden, NULL, true});
    kernels->product(&(blmi_product){&ste->fc2, rows, inner, y, onto, false});
    for (int r = 0; r < rows && !p->net->config.pre_norm; r++)
        kernels->layer_norm(y[r], y[r], channels, ste->scale[1], ste->shift[1]);
}

static void encoder(pass *p, const blmi_encoder *ste)
{
    const int tokens = tokens_of(p);
    p->ste = ste;
    for_rows(p, tokens, project_in);
    blmi_workspace_each(
        p->ws, tokens / (ste->patch * ste->patch) * ste->heads, attend, p);
    for_rows(p, tokens, project_out);
}

// ---- the block: batch norm and ReLU, two encoders, a convolution, a shortcut around all

static void enter(const void *context, int i, float *scratch)
{
    (void)scratch;
    const pass *p = context;
    const int rows = task_rows(p, i, tokens_of(p)), channels = p->grid.channels;
    for (int r = 0; r < rows; r++) {
        const int m = i * p->rows + r;
        p->net->kernels->scale_relu(token(p, m), p->x + (size_t)m * (size_t)channels,
            channels, p->block->scale, p->block->shift);
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
        const float *y = token(p, centre);
        for (int tap = 0; tap < p->conv->taps; tap++) {
            const int down = tap / p->window - before, right = tap % p->window - before;
            a[tap * rows + r] = y + (ptrdiff_t)(down * (g->width + 2) + right) *
                                        (g->channels + BLMI_APART);
        }
    }
    p->net->kernels->product(&(blmi_product){
        p->conv, rows, a, out, p->onto ? (const float *const *)out : NULL, false});
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
    for_rows(p, tokens_of(p) / (p->stride * p->stride), convolve_rows);
}

// x -> out; out may be x where the block keeps the size.
static void block(pass *p, int index, float *out)
{
    const blmi_block *b = p->block = &p->net->stage[p->stage].block[index];
    for_rows(p, tokens_of(p), enter);
    show_tokens(p, index, "bn");
    if (b->shortcut_window)
        convolve(p, &b->shortcut, b->shortcut_window, out, false);
    for (int i = 0; i < BLMI_WINDOWS; i++) {
        encoder(p, &b->ste[i]);
        show_tokens(p, index, i == 0 ? "ste1" : "ste2");
    }
    convolve(p, &b->conv, b->conv_window, out, true);
}

// layer<stage + 1>: x (images, h, w, C) -> (images, h / 2, w / 2, 2 C)
static void layer(pass *p)
{
    const blmi_workspace *ws = p->ws;
    const int blocks = p->net->stage[p->stage].blocks;
    char step[64];
    p->grid = blmi_stage_grid(p->net, p->stage);
    p->x = ws->x[p->stage];
    p->y = ws->y[p->stage];
    for (int i = 0; i < blocks; i++) {
        const bool end = i == blocks - 1;
        float *out = ws->x[end ? p->stage + 1 : p->stage];
        block(p, i, out);
        snprintf(step, sizeof step, "layer%d.ConTBlock%d", p->stage + 1, i);
        show(ws, step, out, p->images,
            end ? blmi_stage_grid(p->net, p->stage + 1) : p->grid);
    }
}

blm_status blmi_contnet_run(const blmi_contnet *net, blmi_workspace *workspace,
    const float *x, int images, float *const stage[BLMI_STAGES], blm_error *err)
{
    if (workspace->net != net)
        return blmi_fail(err, BLM_EBUG, "a workspace of another network");
    if (images < 1 || images > net->options.batch)
        return blmi_fail(err, BLM_EUSAGE, "%d images in a run; expected 1 to %d", images,
            net->options.batch);
    for (int i = net->options.stages; i < BLMI_STAGES; i++)
        if (stage[i])
            return blmi_fail(err, BLM_EUSAGE,
                "layer%d asked for; this network is run up to layer%d", i + 1,
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
