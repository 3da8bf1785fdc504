// bench_forward: times each step of the backbone with any table of kernels, and the
// floor, the time of its multiplications at the best rate of oneDNN.  (`blemish bench`
// times the program as it is used.)
//
//     bench_forward [threads [runs [kernels [bf16|int8]]]]
//
// ConTNet-B to layer3 on one 224 x 224 image (threads 0: all cores), weights by formula.
// Prints ms of every step and of the network (median and best), the floor and the ratio.
// Other programs affect the times: compare only numbers of one run.
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apps/bench/floor.h"
#include "bench/median.h"
#include "src/backbone/contnet_network.h"
#include "tests/formula.h"

// 1: measure processor time of the thread, without that of other programs.
static int own_time;

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(own_time ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

enum { MAX_RUNS = 1000, MAX_STEPS = 128, SIDE = 224 };

static const double network_gflop = 2 * 6.11;

typedef struct timing {
    double last; // clock at the end of the last step
    int step, run;
    char name[MAX_STEPS][64];
    double ms[MAX_STEPS][MAX_RUNS];
} timing;

static void note(void *context, const char *step, const float *y, int images, int height,
    int width, int channels)
{
    (void)y, (void)images, (void)height, (void)width, (void)channels;
    timing *t = context;
    const double now = now_ms();
    snprintf(t->name[t->step], sizeof t->name[0], "%s", step);
    t->ms[t->step++][t->run] = now - t->last;
    t->last = now_ms();
}

static const blmi_kernels *kernels_named(const char *name)
{
    const blmi_kernels *tables[BLMI_KERNEL_TABLES];
    const int count = blmi_kernels_available(tables);
    for (int i = 0; name && i < count; i++)
        if (strcmp(tables[i]->name, name) == 0)
            return tables[i];
    return blmi_kernels_best();
}

static blm_type type_named(const char *name)
{
    return strcmp(name, "int8") == 0   ? BLM_TYPE_INT8
           : strcmp(name, "bf16") == 0 ? BLM_TYPE_BF16
                                       : BLM_TYPE_F32;
}

static void report(timing *t, const blmi_kernels *kernels, int threads, double *whole,
    int runs, double rate)
{
    double least = 0; // sum of the best times of the steps, least affected by others
    for (int i = 0; i < t->step; i++) {
        const double middle = median_of(t->ms[i], runs);
        least += t->ms[i][0];
        printf("%8.3f ms, best %7.3f  %s\n", middle, t->ms[i][0], t->name[i]);
    }
    const double floor_ms = network_gflop / rate * 1e3;
    const double ms = median_of(whole, runs);
    printf("%s, %d threads: median %.2f ms, best %.2f ms; floor %.2f ms (%.0f GFLOP/s); "
           "ratio %.3f, best %.3f, of steps %.3f\n",
        kernels->name, threads, ms, whole[0], floor_ms, rate, ms / floor_ms,
        whole[0] / floor_ms, least / floor_ms);
}

// The largest product of each stage.
static void keep_largest(void *context, const blmi_work *w)
{
    floor_product *most = (floor_product *)context + w->tap;
    if (w->rows * w->depth * w->columns >
        (double)most->rows * most->depth * most->columns)
        *most = (floor_product){(int)w->rows, w->depth, w->columns};
}

int main(int argc, char **argv)
{
    const int threads = argc > 1 ? atoi(argv[1]) : 0,
              runs = argc > 2 ? atoi(argv[2]) : 20;
    const blmi_kernels *kernels = kernels_named(argc > 3 ? argv[3] : NULL);
    const int cores = threads ? threads : omp_get_max_threads();
    own_time = threads == 1;
    omp_set_num_threads(cores); // also for the floor
    if (runs < 1 || runs > MAX_RUNS)
        return 2;
    const blmi_contnet_config config = {
        BLMI_B, .relative = true, .qkv_bias = true, .pre_norm = true, .stages = 3};
    const blmi_contnet_options options = {
        SIDE, SIDE, 3, 1, type_named(argc > 4 ? argv[4] : "f32")};
    formula_weights weights = formula_weights_new(&config);
    blmi_contnet *net;
    blmi_team *team;
    blmi_contnet_workspace *ws;
    blm_error err;
    if (blmi_contnet_new_with(kernels, &weights.set, &config, &options, &net, &err) ||
        blmi_team_new(cores, &team, &err) ||
        blmi_contnet_workspace_new(net, team, &ws, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    float *x = malloc(sizeof *x * SIDE * SIDE * 3), *stage[BLMI_STAGES] = {NULL};
    for (size_t i = 0; i < SIDE * SIDE * 3; i++)
        x[i] = (float)formula_noise("input", i) * 2;
    static timing t;
    static double whole[MAX_RUNS];
    double rate = 0;
    blmi_contnet_run(net, ws, x, 1, stage, &err);
    for (int i = 0; i < runs; i++) {
        const double start = now_ms();
        blmi_contnet_run(net, ws, x, 1, stage, &err);
        whole[i] = now_ms() - start;
    }
    blmi_backbone backbone;
    floor_product largest[BLMI_STAGES] = {{0, 0, 0}};
    if (blmi_backbone_identify(&weights.set, 1, &backbone, &err))
        fprintf(stderr, "%s\n", err.text);
    else
        blmi_backbone_work(&backbone, 1u << 2, SIDE, SIDE, keep_largest, largest);
    if (floor_rate(largest, 3, options.type, &rate, &err))
        fprintf(stderr, "%s\n", err.text);
    blmi_contnet_workspace_watch(ws, note, &t);
    for (t.run = 0; t.run < runs; t.run++) {
        t.step = 0;
        t.last = now_ms();
        blmi_contnet_run(net, ws, x, 1, stage, &err);
    }
    report(&t, kernels, cores, whole, runs, rate);
    free(x);
    formula_weights_free(&weights);
    blmi_contnet_workspace_free(ws);
    blmi_team_free(team);
    blmi_contnet_free(net);
    return 0;
}
