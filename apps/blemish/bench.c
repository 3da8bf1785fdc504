// blemish bench: times the steps of scoring an image, and compares with the floor.
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/bench/benchmark.h"
#include "apps/blemish/cli_recipe.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/json.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/verbs.h"
#include "blemish/render.h"

typedef struct settings {
    const char *weights, *model, *taps;
    int images, threads, batch, runs, throughput, json, type, half;
    cli_pair size;
} settings;

#define AT(member) offsetof(settings, member)
static const cli_option options[] = {
    {"weights", 'w', CLI_TEXT, "FILE", "Weights of the backbone (those installed)",
        AT(weights), 0, 0, NULL},
    {"model", 0, CLI_TEXT, "MODEL", "Model to time (weights, made-up statistics)",
        AT(model), 0, 0, NULL},
    {"images", 0, CLI_INT, "N", "Fit to N made-up images (240)", AT(images), 3, 2000,
        NULL},
    {"size", 0, CLI_PAIR, "WxH", "Input size (the backbone's default)", AT(size), 1,
        65535, NULL},
    {"taps", 0, CLI_TEXT, "LIST", "Outputs of the backbone (its own choice)", AT(taps), 0,
        0, NULL},
    {"type", 0, CLI_CHOICE, "NAME", "Type of products: f32, bf16 or int8 (f32)", AT(type),
        0, 0, CLI_TYPES},
    {"half", 0, CLI_FLAG, NULL, "Statistics in half precision", AT(half), 0, 0, NULL},
    {"batch", 'b', CLI_INT, "N", "Images per run of the backbone (1)", AT(batch), 1, 64,
        NULL},
    {"throughput", 0, CLI_FLAG, NULL, "One image per thread, the backbone only",
        AT(throughput), 0, 0, NULL},
    {"runs", 'n', CLI_INT, "N", "Time N runs (50)", AT(runs), 3, 100000, NULL},
    CLI_RUNTIME_OPTIONS,
    CLI_THREADS_OPTION(settings),
    CLI_JSON_OPTION(settings),
};

// ---- the image to decode --------------------------------------------------------------

enum { SIDE = 1024 };

// A PNG of a smooth surface with some noise, about as expensive to decode as a
// photograph.
static blm_status make_picture(blm_bytes *out, blm_error *err)
{
    uint8_t *rgb = cli_alloc((size_t)SIDE * SIDE, 3);
    uint32_t random = 1;
    for (int i = 0; i < SIDE * SIDE * 3; i++) {
        const int x = i / 3 % SIDE, y = i / 3 / SIDE;
        random = random * 1664525 + 1013904223;
        rgb[i] = (uint8_t)(64 + (x + y) / 16 + (int)(random >> 29) + i % 3);
    }
    const blm_buffer buffer = {
        .pixels = rgb, .width = SIDE, .height = SIDE, .layout = BLM_RGB8};
    const blm_status status = blm_png_encode(&buffer, out, err);
    free(rgb);
    return status;
}

// Maps a file; munmap releases it.  Returns an exit code.
static int map_file(const char *path, void **out, size_t *size)
{
    struct stat info = {0};
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    void *bytes = MAP_FAILED;
    if (file >= 0 && fstat(file, &info) == 0)
        bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    const int reason = errno;
    if (file >= 0)
        close(file);
    if (bytes == MAP_FAILED) {
        const int is_file = file < 0 || (S_ISREG(info.st_mode) && info.st_size > 0);
        cli_complain("%s: %s", path,
            is_file ? strerror(reason) : "not a file or empty, expected an image");
        return CLI_EXIT_INPUT;
    }
    *out = bytes;
    *size = (size_t)info.st_size;
    return CLI_EXIT_OK;
}

// ---- output ---------------------------------------------------------------------------

static void print_text(const bench_result *r)
{
    printf("%s, %d x %d pixels, %s, %s, %d thread%s, batch %d, %d runs\n\n", r->backbone,
        r->width, r->height, cli_type_text(r->type), r->kernels, r->threads,
        r->threads == 1 ? "" : "s", r->batch, r->runs);
    printf("%-12s%10s%10s%10s%10s\n", "ms per image", "median", "p10", "p90", "GFLOP/s");
    for (size_t i = 0; i < r->phase_count; i++) {
        const bench_phase *p = &r->phases[i];
        printf(
            "%-12s%10.3f%10.3f%10.3f", p->name, p->time.median, p->time.p10, p->time.p90);
        if (p->gflop > 0)
            printf("%10.1f", 1000 * p->gflop / p->time.median);
        printf("\n");
    }
    printf("%-12s%10.3f%10.3f%10.3f", "network", r->network.median, r->network.p10,
        r->network.p90);
    if (r->gflop > 0)
        printf("%10.1f", r->gflops);
    printf("\n");
    if (r->floor_gflops > 0)
        printf("%-12s%10.3f%30.1f\n\nnetwork: %.3f times its floor, %.2f images per "
               "second\n",
            "floor", r->floor_ms, r->floor_gflops, r->ratio_to_floor, r->images_per_s);
    else
        printf("\nnetwork: %.2f images per second (no floor: %s)\n", r->images_per_s,
            r->gflop > 0 ? "built without oneDNN" : "the work of the network is unknown");
    if (r->fit_ms > 0)
        printf("fit of %d images: %.0f ms, without extracting features\n", r->images,
            r->fit_ms);
}

static void print_time(cli_json *json, const bench_time *time)
{
    cli_json_number(json, "median_ms", time->median);
    cli_json_number(json, "p10_ms", time->p10);
    cli_json_number(json, "p90_ms", time->p90);
}

static void print_json(const bench_result *r)
{
    cli_json json = {0};
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, "version", blm_version());
    cli_json_text(&json, "backbone", r->backbone);
    cli_json_text(&json, "kernels", r->kernels);
    cli_json_text(&json, "type", cli_type_text(r->type));
    cli_json_integer(&json, "width", r->width);
    cli_json_integer(&json, "height", r->height);
    cli_json_integer(&json, "threads", r->threads);
    cli_json_integer(&json, "batch", r->batch);
    cli_json_integer(&json, "runs", r->runs);
    cli_json_open(&json, "phases", '[');
    for (size_t i = 0; i < r->phase_count; i++) {
        cli_json_open(&json, NULL, '{');
        cli_json_text(&json, "name", r->phases[i].name);
        print_time(&json, &r->phases[i].time);
        cli_json_number(&json, "gflop", r->phases[i].gflop);
        cli_json_close(&json, '}');
    }
    cli_json_close(&json, ']');
    print_time(&json, &r->network);
    cli_json_number(&json, "images_per_s", r->images_per_s);
    cli_json_number(&json, "gflop", r->gflop > 0 ? r->gflop : NAN);
    cli_json_number(&json, "gflops", r->gflop > 0 ? r->gflops : NAN);
    const int has_floor = r->floor_gflops > 0;
    cli_json_number(&json, "floor_gflops", has_floor ? r->floor_gflops : NAN);
    cli_json_number(&json, "floor_ms", has_floor ? r->floor_ms : NAN);
    cli_json_number(&json, "ratio_to_floor", has_floor ? r->ratio_to_floor : NAN);
    cli_json_number(&json, "output_mean", r->output_mean);
    cli_json_number(&json, "output_rms", r->output_rms);
    cli_json_integer(&json, "images", r->images);
    cli_json_number(&json, "fit_ms", r->fit_ms);
    cli_json_close(&json, '}');
    cli_json_end_line(&json);
}

static int bench(const settings *set, const void *picture, size_t size)
{
    const bench_options wanted = {.model = set->model,
        .weights = set->weights,
        .images = set->images,
        .width = set->size.width,
        .height = set->size.height,
        .taps = set->taps,
        .type = (blm_type)set->type,
        .half = set->half,
        .picture = picture,
        .picture_size = size,
        .threads = set->threads,
        .batch = set->batch,
        .throughput = set->throughput,
        .runs = set->runs};
    bench_result result;
    blm_error err;
    const blm_status status = bench_run(&wanted, &result, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    if (set->json)
        print_json(&result);
    else
        print_text(&result);
    return cli_flush();
}

static int run(const cli_verb *verb, int argc, char **argv)
{
    settings set = {0};
    cli_arguments arguments;
    int code = cli_parse(verb, argc, argv, &set, &arguments);
    if (code >= 0)
        return code;
    if (arguments.count > 1)
        return cli_usage(verb, "expected at most one IMAGE");
    if (arguments.count == 1) {
        void *picture;
        size_t size;
        code = map_file(arguments.items[0], &picture, &size);
        if (code != CLI_EXIT_OK)
            return code;
        code = bench(&set, picture, size);
        munmap(picture, size);
        return code;
    }
    blm_bytes made = {0};
    blm_error err;
    const blm_status status = make_picture(&made, &err);
    code = status == BLM_OK ? bench(&set, made.data, made.size) : cli_fail(status, &err);
    blm_bytes_free(&made);
    return code;
}

const cli_verb cli_bench = {
    .name = "bench",
    .arguments = "[IMAGE]",
    .summary = "Time the steps of scoring an image on this machine",
    .notes =
        "Times are medians, with the 10th and the 90th percentile of the runs.  The "
        "floor "
        "is the\ntime of the network's products at the best rate of oneDNN, measured "
        "between the runs.\nIMAGE is the file to decode and resize (a made-up PNG of "
        "1024 "
        "x 1024 pixels).",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
