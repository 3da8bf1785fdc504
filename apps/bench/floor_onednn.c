// Measures the floor with oneDNN 2.x or 3.x.
#include "apps/bench/floor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <oneapi/dnnl/dnnl.h>

enum {
    MAX_SIDE = 4096, // side of the largest square product
    MIN_RUNS = 2,
};
static const double least_ms = 60; // least time to repeat a product

#define TRY(expr)                                                                        \
    do {                                                                                 \
        const blm_status try_ = (expr);                                                  \
        if (try_ != BLM_OK)                                                              \
            return try_;                                                                 \
    } while (0)

typedef struct types {
    dnnl_data_type_t a, b, y;
} types;

static const types type_of[] = {
    [BLM_TYPE_F32] = {dnnl_f32, dnnl_f32, dnnl_f32},
    [BLM_TYPE_BF16] = {dnnl_bf16, dnnl_bf16, dnnl_f32},
    [BLM_TYPE_INT8] = {dnnl_u8, dnnl_s8, dnnl_s32},
};

// y (rows, columns) = a (rows, depth) b (depth, columns), b in the order that oneDNN
// wants.
typedef struct product {
    floor_product size;
    dnnl_primitive_desc_t descriptor;
    dnnl_primitive_t primitive;
    dnnl_memory_t a, b, y;
    float *b_values;
} product;

typedef struct gauge {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    const types *type;
    float *a, *y; // (MAX_SIDE, MAX_SIDE), ones (of smaller types: zeros among them)
} gauge;

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static blm_status fail(blm_error *err, blm_status status, const char *text)
{
    if (err != NULL)
        snprintf(err->text, sizeof err->text, "%s", text);
    return status;
}

static blm_status check(dnnl_status_t status, blm_error *err)
{
    char text[64];
    if (status == dnnl_success)
        return BLM_OK;
    if (status == dnnl_out_of_memory)
        return fail(err, BLM_ENOMEM, "out of memory in oneDNN");
    snprintf(text, sizeof text, "oneDNN: status %d", (int)status);
    return fail(err, BLM_ESYSTEM, text);
}

static float *ones(size_t count)
{
    float *values = aligned_alloc(64, (count * sizeof *values / 64 + 1) * 64);
    for (size_t i = 0; values != NULL && i < count; i++)
        values[i] = 1;
    return values;
}

// ---- differences between the versions of oneDNN ---------------------------------------

#if DNNL_VERSION_MAJOR >= 3

typedef dnnl_memory_desc_t layout;
typedef const_dnnl_memory_desc_t const_layout;

static blm_status describe_matrix(layout *out, int rows, int columns,
    dnnl_data_type_t type, dnnl_format_tag_t order, blm_error *err)
{
    return check(dnnl_memory_desc_create_with_tag(
                     out, 2, (dnnl_dims_t){rows, columns}, type, order),
        err);
}

static void forget_matrix(layout *matrix)
{
    dnnl_memory_desc_destroy(*matrix);
}

static const_layout as_given(const layout *matrix)
{
    return *matrix;
}

static blm_status describe_product(const gauge *g, const layout *a, const layout *b,
    const layout *y, dnnl_primitive_desc_t *out, blm_error *err)
{
    return check(
        dnnl_matmul_primitive_desc_create(out, g->engine, *a, *b, NULL, *y, NULL), err);
}

#else

typedef dnnl_memory_desc_t layout;
typedef const dnnl_memory_desc_t *const_layout;

static blm_status describe_matrix(layout *out, int rows, int columns,
    dnnl_data_type_t type, dnnl_format_tag_t order, blm_error *err)
{
    return check(
        dnnl_memory_desc_init_by_tag(out, 2, (dnnl_dims_t){rows, columns}, type, order),
        err);
}

static void forget_matrix(layout *matrix)
{
    (void)matrix;
}

static const_layout as_given(const layout *matrix)
{
    return matrix;
}

static blm_status describe_product(const gauge *g, const layout *a, const layout *b,
    const layout *y, dnnl_primitive_desc_t *out, blm_error *err)
{
    dnnl_matmul_desc_t matmul;
    TRY(check(dnnl_matmul_desc_init(&matmul, a, b, NULL, y), err));
    return check(dnnl_primitive_desc_create(out, &matmul, NULL, g->engine, NULL), err);
}

#endif

// ---- products -------------------------------------------------------------------------

typedef struct layouts {
    layout a, b, y;
} layouts;

static blm_status create(const gauge *g, product *p, const layouts *of, blm_error *err)
{
    TRY(describe_product(g, &of->a, &of->b, &of->y, &p->descriptor, err));
    TRY(check(dnnl_primitive_create(&p->primitive, p->descriptor), err));
    const_layout packed =
        dnnl_primitive_desc_query_md(p->descriptor, dnnl_query_weights_md, 0);
    p->b_values = ones(dnnl_memory_desc_get_size(packed) / sizeof *p->b_values);
    if (p->b_values == NULL)
        return fail(err, BLM_ENOMEM, "out of memory for a product");
    TRY(check(dnnl_memory_create(&p->a, as_given(&of->a), g->engine, g->a), err));
    TRY(check(dnnl_memory_create(&p->b, packed, g->engine, p->b_values), err));
    return check(dnnl_memory_create(&p->y, as_given(&of->y), g->engine, g->y), err);
}

static blm_status describe(const gauge *g, product *p, blm_error *err)
{
    const floor_product *s = &p->size;
    layouts of;
    memset(&of, 0, sizeof of);
    blm_status status =
        describe_matrix(&of.a, s->rows, s->depth, g->type->a, dnnl_ab, err);
    if (status == BLM_OK)
        status = describe_matrix(
            &of.b, s->depth, s->columns, g->type->b, dnnl_format_tag_any, err);
    if (status == BLM_OK)
        status = describe_matrix(&of.y, s->rows, s->columns, g->type->y, dnnl_ab, err);
    if (status == BLM_OK)
        status = create(g, p, &of, err);
    forget_matrix(&of.a);
    forget_matrix(&of.b);
    forget_matrix(&of.y);
    return status;
}

// Raises *gflops to the best rate of a repeated product.
static blm_status repeat(const gauge *g, const product *p, double *gflops, blm_error *err)
{
    const dnnl_exec_arg_t arguments[] = {
        {DNNL_ARG_SRC, p->a}, {DNNL_ARG_WEIGHTS, p->b}, {DNNL_ARG_DST, p->y}};
    const double gflop = 2e-9 * p->size.rows * p->size.depth * p->size.columns;
    const double begin = now_ms();
    for (int i = 0; i < MIN_RUNS || now_ms() - begin < least_ms; i++) {
        const double start = now_ms();
        TRY(check(dnnl_primitive_execute(p->primitive, g->stream, 3, arguments), err));
        TRY(check(dnnl_stream_wait(g->stream), err));
        const double rate = 1000 * gflop / (now_ms() - start);
        if (rate > *gflops)
            *gflops = rate;
    }
    return BLM_OK;
}

static int at_most(int value, int most)
{
    return value < most ? value : most;
}

// Raises *gflops to the rate of one product.
static blm_status measure(
    const gauge *g, const floor_product *size, double *gflops, blm_error *err)
{
    product p = {.size = {at_most(size->rows, MAX_SIDE), at_most(size->depth, MAX_SIDE),
                     at_most(size->columns, MAX_SIDE)}};
    blm_status status = describe(g, &p, err);
    if (status == BLM_OK)
        status = repeat(g, &p, gflops, err);
    dnnl_memory_destroy(p.a);
    dnnl_memory_destroy(p.b);
    dnnl_memory_destroy(p.y);
    dnnl_primitive_destroy(p.primitive);
    dnnl_primitive_desc_destroy(p.descriptor);
    free(p.b_values);
    return status;
}

static blm_status measure_all(const gauge *g, const floor_product *products, size_t count,
    double *gflops, blm_error *err)
{
    *gflops = 0;
    for (int side = MAX_SIDE / 4; side <= MAX_SIDE; side *= 2)
        TRY(measure(g, &(floor_product){side, side, side}, gflops, err));
    for (size_t i = 0; i < count; i++)
        TRY(measure(g, &products[i], gflops, err));
    return BLM_OK;
}

blm_status floor_rate(const floor_product *products, size_t count, blm_type type,
    double *gflops, blm_error *err)
{
    const size_t most = (size_t)MAX_SIDE * MAX_SIDE;
    gauge g = {.type = &type_of[type], .a = ones(most), .y = ones(most)};
    blm_status status = g.a != NULL && g.y != NULL
                            ? check(dnnl_engine_create(&g.engine, dnnl_cpu, 0), err)
                            : fail(err, BLM_ENOMEM, "out of memory for products");
    if (status == BLM_OK)
        status = check(
            dnnl_stream_create(&g.stream, g.engine, dnnl_stream_default_flags), err);
    if (status == BLM_OK)
        status = measure_all(&g, products, count, gflops, err);
    dnnl_stream_destroy(g.stream);
    dnnl_engine_destroy(g.engine);
    free(g.a);
    free(g.y);
    return status;
}
