// onednn.c: a product of oneDNN's 2.x C API (3.x creates the descriptor in one call).
#include "bench/onednn.h"

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>

#include "src/base/clock.h"

typedef struct setting {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_desc_t desc;
    dnnl_primitive_t product;
    dnnl_memory_t memory[3]; // a, b, y
} setting;

static int create_product(setting *s, int rows, int columns, int depth, int bf16)
{
    const dnnl_data_type_t type = bf16 ? dnnl_bf16 : dnnl_f32;
    const dnnl_dims_t shape[3] = {{rows, depth}, {depth, columns}, {rows, columns}};
    dnnl_memory_desc_t a, b, y;
    dnnl_matmul_desc_t product;
    return dnnl_memory_desc_init_by_tag(&a, 2, shape[0], type, dnnl_ab) ||
           dnnl_memory_desc_init_by_tag(&b, 2, shape[1], type, dnnl_format_tag_any) ||
           dnnl_memory_desc_init_by_tag(&y, 2, shape[2], dnnl_f32, dnnl_ab) ||
           dnnl_matmul_desc_init(&product, &a, &b, NULL, &y) ||
           dnnl_primitive_desc_create(&s->desc, &product, NULL, s->engine, NULL) ||
           dnnl_primitive_create(&s->product, s->desc);
}

static int create_memory(setting *s)
{
    const dnnl_query_t what[3] = {
        dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md};
    for (int i = 0; i < 3; i++) {
        const dnnl_memory_desc_t *desc =
            dnnl_primitive_desc_query_md(s->desc, what[i], 0);
        void *data;
        if (dnnl_memory_create(&s->memory[i], desc, s->engine, DNNL_MEMORY_ALLOCATE) ||
            dnnl_memory_get_data_handle(s->memory[i], &data))
            return 1;
        // 0x3c3c: about 0.01 as bf16 and, doubled, as float; nothing is denormal.
        unsigned short *half = data;
        for (size_t k = 0; k < dnnl_memory_desc_get_size(desc) / sizeof *half; k++)
            half[k] = 0x3c3c;
    }
    return 0;
}

static double best_ms(const setting *s, int runs)
{
    const dnnl_exec_arg_t args[3] = {{DNNL_ARG_SRC, s->memory[0]},
        {DNNL_ARG_WEIGHTS, s->memory[1]}, {DNNL_ARG_DST, s->memory[2]}};
    double best = 1e9;
    for (int i = 0; i < runs; i++) {
        const double start = blmi_clock_ms();
        if (dnnl_primitive_execute(s->product, s->stream, 3, args) ||
            dnnl_stream_wait(s->stream))
            return 1e9;
        const double ms = blmi_clock_ms() - start;
        best = ms < best ? ms : best;
    }
    return best;
}

double onednn_rate(int rows, int columns, int depth, int bf16, int threads, int runs)
{
    setting s = {0};
    double ms = 1e9;
    omp_set_num_threads(threads);
    if (!dnnl_engine_create(&s.engine, dnnl_cpu, 0) &&
        !dnnl_stream_create(&s.stream, s.engine, dnnl_stream_default_flags) &&
        !create_product(&s, rows, columns, depth, bf16) && !create_memory(&s))
        ms = best_ms(&s, runs);
    for (int i = 0; i < 3; i++)
        dnnl_memory_destroy(s.memory[i]);
    dnnl_primitive_destroy(s.product);
    dnnl_primitive_desc_destroy(s.desc);
    dnnl_stream_destroy(s.stream);
    dnnl_engine_destroy(s.engine);
    return ms < 1e9 ? 2e-6 * rows * columns * depth / ms : 0;
}
