// bench_open MODEL [RUNS]: times opening a model.
#include <stdio.h>
#include <stdlib.h>

#include "bench/median.h"
#include "blemish/blemish.h"
#include "src/base/clock.h"

enum { MAX_RUNS = 1000 };

int main(int count, char **arguments)
{
    if (count < 2) {
        fprintf(stderr, "bench_open MODEL [RUNS]\n");
        return 2;
    }
    const int wanted = count > 2 ? atoi(arguments[2]) : 15;
    const int runs = wanted < 1 ? 1 : wanted < MAX_RUNS ? wanted : MAX_RUNS;
    double ms[MAX_RUNS];
    for (int i = 0; i < runs; i++) {
        blm_model *model;
        blm_error err;
        const double begin = blmi_clock_ms();
        if (blm_model_open(arguments[1], &model, &err) != BLM_OK) {
            fprintf(stderr, "bench_open: %s\n", err.text);
            return 1;
        }
        ms[i] = blmi_clock_ms() - begin;
        blm_model_free(model);
    }
    const double middle = median_of(ms, runs);
    printf("%d runs: median %.1f ms, best %.1f ms\n", runs, middle, ms[0]);
    return 0;
}
