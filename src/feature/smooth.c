// smooth.c: average and interpolation in one step: weighted sums of positions.
#include "src/feature/smooth.h"

#include <math.h>

enum { REACH = 4 }; // rows, or columns, that a position of the finest grid depends on

// The rows or columns first .. first + count - 1 of an output and their weights.
typedef struct span {
    int first, count;
    float weight[REACH];
} span;

// Adds a third of `weight` for each of the three around `at` that are inside.
static void add_three(span *s, int at, int size, float weight)
{
    for (int i = at - 1; i <= at + 1; i++)
        if (i >= 0 && i < size)
            s->weight[i - s->first] += weight / 3;
}

// Position `to` of size_out positions on an axis of size_in positions.
static span span_of(int to, int size_out, int size_in)
{
    const double at = fmax((to + 0.5) * size_in / size_out - 0.5, 0.0);
    const int low = (int)at < size_in - 1 ? (int)at : size_in - 1;
    const int high = low + 1 < size_in ? low + 1 : low;
    const float part = (float)(at - low);
    span s = {.first = low > 0 ? low - 1 : 0};
    const int last = high + 1 < size_in ? high + 1 : size_in - 1;
    s.count = last - s.first + 1;
    add_three(&s, low, size_in, 1 - part);
    add_three(&s, high, size_in, part);
    return s;
}

// features (taken): those from `output` at one position.  chosen (taken): its channels,
// the first having the number `begin`; NULL: all.
static void mix(const blmi_output *o, const float *output, const span *rows,
    const span *columns, const int32_t *chosen, int begin, float *features)
{
    for (int j = 0; j < o->taken; j++)
        features[j] = 0;
    for (int r = 0; r < rows->count; r++)
        for (int c = 0; c < columns->count; c++) {
            const float weight = rows->weight[r] * columns->weight[c];
            const int at = (rows->first + r) * o->width + columns->first + c;
            const float *x = output + (size_t)at * (size_t)o->channels;
            for (int j = 0; j < o->taken && chosen == NULL; j++)
                features[j] += weight * x[j];
            for (int j = 0; j < o->taken && chosen != NULL; j++)
                features[j] += weight * x[chosen[j] - begin];
        }
}

void blmi_features_smooth(const blmi_layout *layout, const int32_t *chosen,
    const float *const *output, float *features)
{
    for (int p = 0; p < layout->positions; p++) {
        const int row = p / layout->grid_width, column = p % layout->grid_width;
        float *out = features + (size_t)p * (size_t)layout->features;
        for (int i = 0, begin = 0, done = 0; i < layout->outputs; i++) {
            const blmi_output *o = &layout->output[i];
            const span rows = span_of(row, layout->grid_height, o->height);
            const span columns = span_of(column, layout->grid_width, o->width);
            mix(o, output[i], &rows, &columns, chosen != NULL ? chosen + done : NULL,
                begin, out + o->at);
            begin += o->channels;
            done += o->taken;
        }
    }
}
