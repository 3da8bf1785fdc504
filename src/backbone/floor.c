#include "src/backbone/floor.h"

#include <oneapi/dnnl/dnnl.h>

#include "src/base/alloc.h"
#include "src/base/clock.h"
#include "src/base/error.h"

enum {
    LARGEST = 4096, // side of the largest square product
    LEAST_RUNS = 2,
};
static const double least_ms = 60; // that a product is repeated for

// y (rows, columns) = a (rows, depth) b (depth, columns), b in oneDNN's own order.
typedef struct product {
    int rows, depth, columns;
    dnnl_primitive_desc_t descriptor;
    dnnl_primitive_t primitive;
    dnnl_memory_t a, b, y;
    float *b_values;
} product;

typedef struct types {
    dnnl_data_type_t a, b, y;
} types;

static const types type_of[] = {
    [BLM_TYPE_F32] = {dnnl_f32, dnnl_f32, dnnl_f32},
    [BLM_TYPE_BF16] = {dnnl_bf16, dnnl_bf16, dnnl_f32},
    [BLM_TYPE_INT8] = {dnnl_u8, dnnl_s8, dnnl_s32},
};

typedef struct gauge {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    const types *type;
    float *a, *y; // (LARGEST, LARGEST), ones (of smaller types: zeros among them)
} gauge;

static blm_status check(dnnl_status_t status, blm_error *err)
{
    if (status == dnnl_success)
        return BLM_OK;
    return status == dnnl_out_of_memory
               ? blmi_fail(err, BLM_ENOMEM, "out of memory in oneDNN")
               : blmi_fail(err, BLM_ESYSTEM, "oneDNN: status %d", (int)status);
}

static float *ones(size_t count)
{
    float *values = blmi_alloc(count, sizeof *values);
    for (size_t i = 0; values != NULL && i < count; i++)
        values[i] = 1;
    return values;
}

static blm_status describe(const gauge *g, product *p, blm_error *err)
{
    dnnl_memory_desc_t a, b, y;
    dnnl_matmul_desc_t matmul;
    BLMI_TRY(check(dnnl_memory_desc_init_by_tag(
                       &a, 2, (dnnl_dims_t){p->rows, p->depth}, g->type->a, dnnl_ab),
        err));
    BLMI_TRY(
        check(dnnl_memory_desc_init_by_tag(&b, 2, (dnnl_dims_t){p->depth, p->columns},
                  g->type->b, dnnl_format_tag_any),
            err));
    BLMI_TRY(check(dnnl_memory_desc_init_by_tag(
                       &y, 2, (dnnl_dims_t){p->rows, p->columns}, g->type->y, dnnl_ab),
        err));
    BLMI_TRY(check(dnnl_matmul_desc_init(&matmul, &a, &b, NULL, &y), err));
    BLMI_TRY(check(
        dnnl_primitive_desc_create(&p->descriptor, &matmul, NULL, g->engine, NULL), err));
    BLMI_TRY(check(dnnl_primitive_create(&p->primitive, p->descriptor), err));
    const dnnl_memory_desc_t *packed =
        dnnl_primitive_desc_query_md(p->descriptor, dnnl_query_weights_md, 0);
    const size_t size = dnnl_memory_desc_get_size(packed) / sizeof *p->b_values;
    if ((p->b_values = ones(size)) == NULL)
        return blmi_no_memory(err, "a product", size, sizeof *p->b_values);
    BLMI_TRY(check(dnnl_memory_create(&p->a, &a, g->engine, g->a), err));
    BLMI_TRY(check(dnnl_memory_create(&p->b, packed, g->engine, p->b_values), err));
    return check(dnnl_memory_create(&p->y, &y, g->engine, g->y), err);
}

// The rate of a product, in the best of its runs.
static blm_status repeat(const gauge *g, const product *p, double *gflops, blm_error *err)
{
    const dnnl_exec_arg_t arguments[] = {
        {DNNL_ARG_SRC, p->a}, {DNNL_ARG_WEIGHTS, p->b}, {DNNL_ARG_DST, p->y}};
    const double gflop = 2e-9 * p->rows * p->depth * p->columns;
    const double begin = blmi_clock_ms();
    for (int i = 0; i < LEAST_RUNS || blmi_clock_ms() - begin < least_ms; i++) {
        const double start = blmi_clock_ms();
        BLMI_TRY(
            check(dnnl_primitive_execute(p->primitive, g->stream, 3, arguments), err));
        BLMI_TRY(check(dnnl_stream_wait(g->stream), err));
        const double rate = 1000 * gflop / (blmi_clock_ms() - start);
        if (rate > *gflops)
            *gflops = rate;
    }
    return BLM_OK;
}

// Raises *gflops to the rate of one product.
static blm_status measure(
    const gauge *g, int rows, int depth, int columns, double *gflops, blm_error *err)
{
    product p = {.rows = rows, .depth = depth, .columns = columns};
    blm_status status = describe(g, &p, err);
    if (status == BLM_OK)
        status = repeat(g, &p, gflops, err);
    dnnl_memory_destroy(p.a);
    dnnl_memory_destroy(p.b);
    dnnl_memory_destroy(p.y);
    dnnl_primitive_destroy(p.primitive);
    dnnl_primitive_desc_destroy(p.descriptor);
    blmi_free(p.b_values);
    return status;
}

static int at_most(int value, int most)
{
    return value < most ? value : most;
}

// The largest products of a network, by the output that needs them.
typedef struct largest {
    blmi_work of[BLMI_MOST_TAPS];
} largest;

static double size_of(const blmi_work *w)
{
    return w->rows * w->depth * w->columns;
}

static void keep_largest(void *context, const blmi_work *w)
{
    blmi_work *most = &((largest *)context)->of[w->tap];
    if (size_of(w) > size_of(most))
        *most = *w;
}

static blm_status measure_all(const gauge *g, const largest *network, int tap, int batch,
    double *gflops, blm_error *err)
{
    *gflops = 0;
    for (int side = LARGEST / 4; side <= LARGEST; side *= 2)
        BLMI_TRY(measure(g, side, side, side, gflops, err));
    for (int k = 0; k <= tap; k++) {
        const blmi_work *w = &network->of[k];
        if (size_of(w) > 0)
            BLMI_TRY(measure(g, at_most((int)w->rows * batch, LARGEST),
                at_most(w->depth, LARGEST), at_most(w->columns, LARGEST), gflops, err));
    }
    return BLM_OK;
}

blm_status blmi_floor_rate(const blmi_backbone *backbone, int tap, int width, int height,
    int batch, blm_type type, double *gflops, blm_error *err)
{
    largest network = {0};
    blmi_backbone_work(backbone, tap, width, height, keep_largest, &network);
    const size_t count = (size_t)LARGEST * LARGEST;
    gauge g = {.type = &type_of[type], .a = ones(count), .y = ones(count)};
    blm_status status = g.a != NULL && g.y != NULL
                            ? check(dnnl_engine_create(&g.engine, dnnl_cpu, 0), err)
                            : blmi_no_memory(err, "products", count, sizeof(float));
    if (status == BLM_OK)
        status = check(
            dnnl_stream_create(&g.stream, g.engine, dnnl_stream_default_flags), err);
    if (status == BLM_OK)
        status = measure_all(&g, &network, tap, batch, gflops, err);
    dnnl_stream_destroy(g.stream);
    dnnl_engine_destroy(g.engine);
    blmi_free(g.a);
    blmi_free(g.y);
    return status;
}
