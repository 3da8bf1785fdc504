// bench_metrics [IMAGES [SIDE]]: measures time and memory of pixel metrics.
//
// Three of four images have a kind of defect, 1 to 3: a ring and a disc of raised values
// in noise, about 1 % of the pixels.  Almost all values are distinct, which is the slow
// case.
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "blemish/eval.h"
#include "src/base/clock.h"
#include "tests/random.h"

static void make_image(uint64_t *seed, int side, int kind, float *map, uint8_t *mask)
{
    const int radius = side / 14;
    const int cx = radius + random_below(seed, side - 2 * radius);
    const int cy = radius + random_below(seed, side - 2 * radius);
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++, map++, mask++) {
            const int dx = x - cx, dy = y - cy;
            const int near = 16 * (dx * dx + dy * dy) / (radius * radius);
            *mask = kind > 0 && near < 16 && near != 4 ? 255 : 0;
            *map = (float)(5 + 40 * random_unit(seed) * random_unit(seed));
            *map += *mask ? 10 : 0;
        }
}

static void require(blm_status status, const blm_error *err)
{
    if (status == BLM_OK)
        return;
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

// Elapsed time, and processor time, which other programs affect less.
typedef struct moment {
    double elapsed, used; // seconds
} moment;

static moment now(void)
{
    return (moment){blmi_clock_ms() / 1000, (double)clock() / CLOCKS_PER_SEC};
}

static void report(const char *what, moment start, moment end)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%-24s %7.2f s  %7.2f s of processors  peak so far %5.2f GB\n", what,
        end.elapsed - start.elapsed, end.used - start.used,
        (double)usage.ru_maxrss * 1024 / 1e9);
}

int main(int argc, char **argv)
{
    const int images = argc > 1 ? atoi(argv[1]) : 160;
    const int side = argc > 2 ? atoi(argv[2]) : 1024;
    if (images < 1 || side < 14 || side > 32000) {
        fprintf(stderr, "usage: %s [IMAGES [SIDE]], SIDE 14 to 32000\n", argv[0]);
        return 2;
    }
    const size_t pixels = (size_t)side * (size_t)side;
    float *const map = malloc(pixels * sizeof *map);
    uint8_t *const mask = malloc(pixels);
    blm_pixel_metrics *metrics;
    blm_metrics found;
    blm_intervals intervals;
    blm_error err;
    uint64_t seed = 1;
    moment adding = {0};
    require(blm_pixel_metrics_new(&metrics, &err), &err);
    for (int i = 0; i < images; i++) {
        make_image(&seed, side, i % 4, map, mask);
        const moment start = now();
        require(blm_pixel_metrics_add(metrics, map, mask, side, side, i % 4, &err), &err);
        adding.elapsed += now().elapsed - start.elapsed;
        adding.used += now().used - start.used;
    }
    printf("%d images of %d x %d\n", images, side, side);
    report("taking in", (moment){0}, adding);
    moment start = now();
    require(blm_pixel_metrics_result(metrics, NULL, &found, &err), &err);
    report("all metrics", start, now());
    printf("%lld defective pixels; AUROC %.6f, AP %.6f, F1 %.6f, AU-PRO %.6f\n",
        (long long)found.defective, found.auroc, found.average_precision, found.f1_max,
        found.au_pro[0]);
    start = now();
    for (int kind = 1; kind < 4; kind++)
        require(blm_pixel_metrics_result(
                    metrics, &(blm_pixel_options){.kind = kind}, &found, &err),
            &err);
    report("metrics of three kinds", start, now());
    start = now();
    require(blm_pixel_metrics_intervals(metrics, NULL, NULL, &intervals, &err), &err);
    report("intervals, 1000 draws", start, now());
    blm_pixel_metrics_free(metrics);
    free(mask);
    free(map);
    return 0;
}
