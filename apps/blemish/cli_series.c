#include "apps/blemish/cli_series.h"

#include <string.h>

// A region that covers more than this share of the image is no spot.
static const double largest_spot = 1.0 / 16;

uint64_t cli_series_hash(const blm_image *image)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    const size_t size = 3 * (size_t)image->width * (size_t)image->height;
    uint64_t hash = odd ^ ((uint64_t)image->width << 32 | (uint64_t)image->height);
    size_t i = 0;
    for (uint64_t word; i < size; i += sizeof word) {
        word = 0;
        memcpy(&word, image->rgb + i, size - i < sizeof word ? size - i : sizeof word);
        hash = (hash ^ word) * odd;
        hash ^= hash >> 29;
    }
    return hash != 0 ? hash : 1;
}

// The cell of a place on a side of `pixels`.
static int cell_of(double at, int pixels)
{
    const int cell = (int)(at * CLI_SPOT_CELLS / pixels);
    return cell < 0 ? 0 : cell < CLI_SPOT_CELLS ? cell : CLI_SPOT_CELLS - 1;
}

// Marks the cells that small NG regions touch.
static void mark(const blm_result *result, int width, int height,
    uint8_t marks[CLI_SPOT_CELLS][CLI_SPOT_CELLS])
{
    for (size_t i = 0; i < result->region_count; i++) {
        const blm_region *r = blm_result_region(result, i);
        const double box = (r->right - r->left) * (r->bottom - r->top);
        if (r->peak < result->threshold || box > largest_spot * width * height)
            continue;
        for (int y = cell_of(r->top, height); y <= cell_of(r->bottom, height); y++)
            for (int x = cell_of(r->left, width); x <= cell_of(r->right, width); x++)
                marks[y][x] = 1;
    }
}

int cli_series_add(
    cli_series *series, uint64_t hash, int width, int height, const blm_result *result)
{
    uint8_t marks[CLI_SPOT_CELLS][CLI_SPOT_CELLS] = {{0}};
    if (hash == series->last)
        return 1;
    series->last = hash;
    mark(result, width, height, marks);
    for (int y = 0; y < CLI_SPOT_CELLS; y++)
        for (int x = 0; x < CLI_SPOT_CELLS; x++) {
            uint8_t *run = &series->run[y][x];
            *run = !marks[y][x] ? 0 : *run < CLI_SPOT_RUN ? (uint8_t)(*run + 1) : *run;
        }
    return 0;
}

int cli_series_spot(cli_series *series, int width, int height, double *x, double *y)
{
    int count = 0;
    *x = *y = 0;
    for (int r = 0; r < CLI_SPOT_CELLS && !series->reported; r++)
        for (int c = 0; c < CLI_SPOT_CELLS; c++)
            if (series->run[r][c] == CLI_SPOT_RUN) {
                *x += (c + 0.5) * width / CLI_SPOT_CELLS;
                *y += (r + 0.5) * height / CLI_SPOT_CELLS;
                count++;
            }
    if (count == 0)
        return 0;
    *x /= count;
    *y /= count;
    series->reported = 1;
    return 1;
}
