// packer.c: packs named tensors into the matrices and vectors of layers.
#include "src/nn/packer.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"
#include "src/nn/winograd.h"

// ---- memory that lives as long as the network

static bool grow(blmi_arena *arena)
{
    const size_t room = arena->room > 0 ? 2 * arena->room : 64;
    void **blocks = blmi_alloc(room, sizeof *blocks);
    if (blocks == NULL)
        return false;
    if (arena->count > 0)
        memcpy(blocks, arena->block, arena->count * sizeof *blocks);
    blmi_free(arena->block);
    arena->block = blocks;
    arena->room = room;
    return true;
}

void *blmi_arena_zeros(blmi_arena *arena, size_t count, size_t size)
{
    if (arena->count == arena->room && !grow(arena))
        return NULL;
    void *memory = blmi_alloc_zero(count, size);
    if (memory != NULL)
        arena->block[arena->count++] = memory;
    return memory;
}

void blmi_arena_free(blmi_arena *arena)
{
    for (size_t i = 0; i < arena->count; i++)
        blmi_free(arena->block[i]);
    blmi_free(arena->block);
    *arena = (blmi_arena){0};
}

static void let_go(blmi_packer *p, const float *memory)
{
    blmi_arena *arena = p->arena;
    size_t i = 0;
    while (arena->block[i] != memory)
        i++;
    blmi_free(arena->block[i]);
    arena->block[i] = arena->block[--arena->count];
}

const char *blmi_pack_leaf(blmi_packer *p, const char *name, const char *leaf)
{
    blmi_print(p->leaf, sizeof p->leaf, "%s.%s", name, leaf);
    return p->leaf;
}

float *blmi_pack_keep(blmi_packer *p, size_t count)
{
    if (p->status != BLM_OK || p->visit != NULL)
        return NULL;
    float *memory = blmi_arena_zeros(p->arena, count, sizeof *memory);
    if (memory == NULL)
        p->status = blmi_no_memory(p->err, "weights", count, sizeof *memory);
    return memory;
}

// ---- tensors

static void shape_text(char *text, size_t size, int rank, const int64_t *shape)
{
    size_t at = 0;
    text[0] = '\0';
    for (int i = 0; i < rank && at < size; i++)
        at += (size_t)blmi_print(
            text + at, size - at, "%s%" PRId64, i > 0 ? ", " : "", shape[i]);
}

static blm_status check(const blmi_packer *p, const char *name, const blmi_tensor *t,
    int rank, const int64_t *shape)
{
    char expected[100], found[200];
    shape_text(expected, sizeof expected, rank, shape);
    if (t == NULL)
        return blmi_fail(p->err, BLM_EINPUT, "no tensor %s, expected one of shape (%s)",
            name, expected);
    shape_text(found, sizeof found, t->rank, t->shape);
    if (t->rank != rank || memcmp(t->shape, shape, (size_t)rank * sizeof *shape) != 0)
        return blmi_fail(
            p->err, BLM_EINPUT, "%s: shape (%s), expected (%s)", name, found, expected);
    if (t->dtype > BLMI_F64)
        return blmi_fail(p->err, BLM_EINPUT, "%s: type %s, expected a float type", name,
            blmi_dtype_name(t->dtype));
    return BLM_OK;
}

float *blmi_pack_get(blmi_packer *p, const char *leaf, int rank, const int64_t *shape)
{
    char name[160];
    blmi_print(name, sizeof name, "%s%s", p->prefix, leaf);
    if (p->visit != NULL) {
        p->visit(p->context, name);
        return NULL;
    }
    const blmi_tensor *t = blmi_tensors_find(p->weights, name);
    if (p->status == BLM_OK)
        p->status = check(p, name, t, rank, shape);
    if (p->status != BLM_OK)
        return NULL;
    const size_t count = (size_t)blmi_tensor_count(t);
    if (count > p->room) {
        blmi_free(p->plain);
        p->plain = blmi_alloc(count, sizeof *p->plain);
        p->room = p->plain != NULL ? count : 0;
        if (p->plain == NULL) {
            p->status = blmi_no_memory(p->err, name, count, sizeof *p->plain);
            return NULL;
        }
    }
    blmi_to_f32(p->plain, t->data, t->dtype, count);
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(p->plain[i])) {
            p->status = blmi_fail(p->err, BLM_EINPUT,
                "%s: number %zu is %g, expected finite numbers", name, i,
                (double)p->plain[i]);
            return NULL;
        }
    }
    return p->plain;
}

float *blmi_pack_vector(blmi_packer *p, const char *leaf, int count)
{
    const float *values = blmi_pack_get(p, leaf, 1, (int64_t[]){count});
    float *kept = blmi_pack_keep(p, (size_t)blmi_pad(count));
    if (kept != NULL)
        memcpy(kept, values, (size_t)count * sizeof *kept);
    return kept;
}

// ---- matrices

float *blmi_pack_matrix(blmi_packer *p, blmi_matrix *m, int taps, int depth, int columns)
{
    const size_t rows = (size_t)taps * (size_t)depth;
    float *values = blmi_pack_keep(p, rows * (size_t)blmi_pad(columns));
    *m = (blmi_matrix){taps, depth, columns, rows * BLMI_LANES, BLMI_LANES, values, NULL,
        BLMI_FLOATS, NULL, NULL};
    return values;
}

static void use_pairs(blmi_packer *p, blmi_matrix *m, float *row)
{
    const blmi_kernels *kernels = p->kernels;
    float *values =
        blmi_pack_keep(p, (size_t)blmi_pad(m->columns) / BLMI_LANES * m->panel);
    m->values = values;
    const int rows = blmi_pad(m->columns) / BLMI_LANES * m->taps * m->depth;
    for (int k = 0; values && k < rows; k++, values += m->row, row += 2 * m->row) {
        float *pair[2] = {row, row + m->row};
        for (int i = 0; i < 2; i++)
            kernels->quantize(pair[i], pair[i], BLMI_LANES, BLMI_PAIRS);
        kernels->pack_rows(values, (const float *const *)pair, 2, BLMI_LANES, BLMI_PAIRS);
    }
}

// A scale for each column: its largest number becomes 127.
static void use_quads(blmi_packer *p, blmi_matrix *m, const blmi_matrix *plain)
{
    signed char *values =
        (void *)blmi_pack_keep(p, (size_t)blmi_pad(m->columns) / BLMI_LANES * m->panel);
    float *scale = blmi_pack_keep(p, (size_t)blmi_pad(m->columns));
    int *start = (int *)(void *)blmi_pack_keep(p, (size_t)blmi_pad(m->columns));
    m->values = (const float *)(const void *)values;
    m->scale = scale;
    m->start = start;
    for (int n = 0; start && n < m->columns; n++) {
        float most = 0;
        for (int k = 0; k < plain->depth; k++)
            most = fmaxf(most, fabsf(plain->values[blmi_matrix_at(plain, k, n)]));
        scale[n] = most / 127;
        for (int k = 0; most > 0 && k < plain->depth; k++) {
            const long q =
                lrintf(plain->values[blmi_matrix_at(plain, k, n)] * (127 / most));
            values[4 * blmi_matrix_at(m, k / 4, n) + (size_t)(k % 4)] = (signed char)q;
            start[n] -= 128 * (int)q;
        }
    }
}

void blmi_pack_words(blmi_packer *p, blmi_matrix *m, blmi_words words)
{
    if (words == BLMI_FLOATS || p->status != BLM_OK || m->values == NULL)
        return;
    const blmi_matrix plain = *m;
    m->depth /= (int)words;
    m->panel /= (size_t)words;
    m->words = words;
    if (words == BLMI_PAIRS)
        use_pairs(p, m, (float *)(uintptr_t)plain.values);
    else
        use_quads(p, m, &plain);
    let_go(p, plain.values);
}

void blmi_pack_linear(blmi_packer *p, blmi_matrix *m, const char *layer, int depth,
    int columns, bool has_bias)
{
    char leaf[64];
    blmi_print(leaf, sizeof leaf, "%s.weight", layer);
    float *values = blmi_pack_matrix(p, m, 1, depth, columns);
    const float *plain = blmi_pack_get(p, leaf, 2, (int64_t[]){columns, depth});
    if (plain == NULL)
        return;
    for (int n = 0; n < columns; n++)
        for (int k = 0; k < depth; k++)
            values[blmi_matrix_at(m, k, n)] = plain[n * depth + k];
    blmi_print(leaf, sizeof leaf, "%s.bias", layer);
    m->bias = has_bias ? blmi_pack_vector(p, leaf, columns)
                       : blmi_pack_keep(p, (size_t)blmi_pad(columns));
}

void blmi_pack_fold(blmi_matrix *m, const float *scale, const float *shift)
{
    float *values = (float *)(uintptr_t)m->values, *bias = (float *)(uintptr_t)m->bias;
    if (values == NULL)
        return;
    for (int n = 0; n < m->columns; n++) {
        double sum = bias[n];
        for (int k = 0; k < m->depth; k++) {
            float *value = &values[blmi_matrix_at(m, k, n)];
            sum += (double)*value * (double)shift[k];
            *value *= scale[k];
        }
        bias[n] = (float)sum;
    }
}

void blmi_pack_scale_columns(blmi_matrix *m, int columns, float factor)
{
    float *values = (float *)(uintptr_t)m->values, *bias = (float *)(uintptr_t)m->bias;
    if (values == NULL)
        return;
    for (int n = 0; n < columns; n++) {
        for (int k = 0; k < m->depth; k++)
            values[blmi_matrix_at(m, k, n)] *= factor;
        bias[n] *= factor;
    }
}

void blmi_pack_conv(
    blmi_packer *p, blmi_matrix *m, const char *leaf, int depth, int columns, int window)
{
    const int taps = window * window;
    float *values = blmi_pack_matrix(p, m, taps, depth, columns);
    const float *plain =
        blmi_pack_get(p, leaf, 4, (int64_t[]){columns, depth, window, window});
    if (plain == NULL)
        return;
    for (int n = 0; n < columns; n++)
        for (int k = 0; k < depth; k++)
            for (int t = 0; t < taps; t++)
                values[blmi_matrix_at(m, t * depth + k, n)] =
                    plain[(n * depth + k) * taps + t];
}

void blmi_pack_winograd(
    blmi_packer *p, blmi_matrix *m, const char *leaf, int depth, int columns)
{
    float *values = blmi_pack_matrix(p, m, 1, depth, 16 * columns);
    const float *plain = blmi_pack_get(p, leaf, 4, (int64_t[]){columns, depth, 3, 3});
    if (plain == NULL)
        return;
    for (int n = 0; n < columns; n++) {
        for (int k = 0; k < depth; k++) {
            double u[16];
            blmi_winograd_weights(u, plain + (n * depth + k) * 9);
            for (int i = 0; i < 16; i++)
                values[blmi_matrix_at(m, k, blmi_winograd_column(i, n))] = (float)u[i];
        }
    }
}

void blmi_pack_stem(
    blmi_packer *p, blmi_matrix *m, const char *leaf, int columns, int window)
{
    const int taps = window * window;
    float *values = blmi_pack_matrix(p, m, window, window * 3, columns);
    const float *plain =
        blmi_pack_get(p, leaf, 4, (int64_t[]){columns, 3, window, window});
    if (plain == NULL)
        return;
    for (int n = 0; n < columns; n++)
        for (int colour = 0; colour < 3; colour++)
            for (int yx = 0; yx < taps; yx++)
                values[blmi_matrix_at(m, yx * 3 + colour, n)] =
                    plain[(n * 3 + colour) * taps + yx];
}
