// Draws plots as SVG.  They contain no id, so that several fit into one HTML page.  Text
// and lines have the colour of the page.
#include <math.h>
#include <stdbool.h>

#include "blemish/render.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/render/render_text.h"

enum { LEFT = 64, TOP = 36, WIDTH = 480, HEIGHT = 320, RIGHT = 16, LEGEND = 150 };
enum { BOTTOM = 52, BINS = 40, MAX_TICKS = 12 };

// ---- ticks: whole multiples of 1, 2 or 5 times a power of ten, labelled exactly -------

typedef struct ticks {
    int64_t first, last; // in units of `unit` times 10^exponent
    int unit, exponent;
} ticks;

static double tick_value(const ticks *t, int64_t tick)
{
    return (double)tick * t->unit * pow(10, t->exponent);
}

// Some five to ten ticks in the range.  No ticks (last < first) if the range is so small,
// relative to its ends, that the ticks would be equal.
static ticks find_ticks(const blm_axis *axis)
{
    static const int units[] = {1, 2, 5};
    const double span = axis->high - axis->low;
    const int exponent = (int)floor(log10(span / 10));
    ticks t;
    for (int i = 0; i < 4; i++) {
        t.unit = units[i % 3];
        t.exponent = exponent + i / 3;
        const double step = t.unit * pow(10, t.exponent);
        if (span / step > 10)
            continue;
        const double first = ceil(axis->low / step - 1e-9);
        const double last = floor(axis->high / step + 1e-9);
        if (!(fabs(first) < 1e12 && fabs(last) < 1e12) || last - first > MAX_TICKS)
            break;
        t.first = (int64_t)first;
        t.last = (int64_t)last;
        return t;
    }
    return (ticks){.first = 0, .last = -1};
}

static void put_tick_label(blmi_text *svg, const ticks *t, int64_t tick)
{
    const long long n = (long long)tick * t->unit, size = n < 0 ? -n : n;
    long long scale = 1;
    for (int i = 0; i < -t->exponent && i < 6; i++)
        scale *= 10;
    if (n == 0 || t->exponent == 0)
        blmi_text_put(svg, "%lld", n);
    else if (t->exponent < -6 || t->exponent > 5)
        blmi_text_put(svg, "%llde%d", n, t->exponent);
    else if (t->exponent > 0)
        blmi_text_put(svg, "%lld%0*d", n, t->exponent, 0);
    else
        blmi_text_put(svg, "%s%lld.%0*lld", n < 0 ? "-" : "", size / scale, -t->exponent,
            size % scale);
}

// ---- frame ----------------------------------------------------------------------------

// The position of a value between two pixels, limited to a few plot widths.
static double place(const blm_axis *axis, double value, double from, double to)
{
    const double share = (value - axis->low) / (axis->high - axis->low);
    return from + (to - from) * fmin(fmax(share, -9), 10);
}

static void put_attribute(blmi_text *svg, const char *name, double value)
{
    blmi_text_put(svg, " %s='", name);
    blmi_text_put_number(svg, value);
    blmi_text_put(svg, "'");
}

static void put_line(
    blmi_text *svg, double x1, double y1, double x2, double y2, const char *style)
{
    blmi_text_put(svg, "<line");
    put_attribute(svg, "x1", x1);
    put_attribute(svg, "y1", y1);
    put_attribute(svg, "x2", x2);
    put_attribute(svg, "y2", y2);
    blmi_text_put(svg, " stroke='currentColor' %s/>\n", style);
}

// Opens a label.  anchor: the part of the text that is at x, y: "start", "middle" or
// "end".
static void open_label(blmi_text *svg, double x, double y, const char *anchor)
{
    blmi_text_put(svg, "<text");
    put_attribute(svg, "x", x);
    put_attribute(svg, "y", y);
    blmi_text_put(svg, " text-anchor='%s'>", anchor);
}

static void put_label(
    blmi_text *svg, double x, double y, const char *anchor, const char *text)
{
    if (text == NULL)
        return;
    open_label(svg, x, y, anchor);
    blmi_text_put_escaped(svg, text);
    blmi_text_put(svg, "</text>\n");
}

static void put_axes(blmi_text *svg, const blm_axis *x, const blm_axis *y)
{
    static const char *const faint = "stroke-opacity='0.15'";
    const ticks across = find_ticks(x), up = find_ticks(y);
    for (int64_t i = across.first; i <= across.last; i++) {
        const double at = place(x, tick_value(&across, i), LEFT, LEFT + WIDTH);
        put_line(svg, at, TOP, at, TOP + HEIGHT, faint);
        open_label(svg, at, TOP + HEIGHT + 16, "middle");
        put_tick_label(svg, &across, i);
        blmi_text_put(svg, "</text>\n");
    }
    for (int64_t i = up.first; i <= up.last; i++) {
        const double at = place(y, tick_value(&up, i), TOP + HEIGHT, TOP);
        put_line(svg, LEFT, at, LEFT + WIDTH, at, faint);
        open_label(svg, LEFT - 6, at + 4, "end");
        put_tick_label(svg, &up, i);
        blmi_text_put(svg, "</text>\n");
    }
    put_line(svg, LEFT, TOP, LEFT, TOP + HEIGHT, "");
    put_line(svg, LEFT, TOP + HEIGHT, LEFT + WIDTH, TOP + HEIGHT, "");
    put_label(svg, LEFT + WIDTH / 2.0, TOP + HEIGHT + 38, "middle", x->label);
    if (y->label != NULL) {
        blmi_text_put(
            svg, "<g transform='translate(16 %d) rotate(-90)'>\n", TOP + HEIGHT / 2);
        put_label(svg, 0, 0, "middle", y->label);
        blmi_text_put(svg, "</g>\n");
    }
}

// Opens the plot up to its inside, which is a nested <svg> that clips at its edge.
static void open_plot(
    blmi_text *svg, const char *title, const blm_axis *x, const blm_axis *y, int legend)
{
    const int width = LEFT + WIDTH + (legend ? LEGEND : RIGHT);
    blmi_text_put(svg,
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' width='%d' "
        "height='%d' font-family='sans-serif' font-size='12' fill='currentColor'>\n",
        width, TOP + HEIGHT + BOTTOM, width, TOP + HEIGHT + BOTTOM);
    put_label(svg, LEFT + WIDTH / 2.0, 22, "middle", title);
    put_axes(svg, x, y);
    blmi_text_put(
        svg, "<svg x='%d' y='%d' width='%d' height='%d'>\n", LEFT, TOP, WIDTH, HEIGHT);
}

static blm_colour series_colour(size_t index)
{
    // Far apart in lightness, so that they also differ for colour-blind readers and in
    // print.
    static const double ratios[] = {0.45, 1.45, 0.95, 1.75};
    return blm_heat_colour(ratios[index % (sizeof ratios / sizeof *ratios)]);
}

static void put_colour(blmi_text *svg, const char *attribute, size_t index)
{
    const blm_colour c = series_colour(index);
    blmi_text_put(svg, " %s='#%02x%02x%02x'", attribute, c.r, c.g, c.b);
}

// One line of the legend; `row` counts the curves that have a name.
static void put_legend(blmi_text *svg, const char *name, size_t index, int row)
{
    const int y = TOP + 8 + 18 * row;
    blmi_text_put(svg, "<rect x='%d' y='%d' width='14' height='8'", LEFT + WIDTH + 12, y);
    put_colour(svg, "fill", index);
    blmi_text_put(svg, "/>\n");
    put_label(svg, LEFT + WIDTH + 32, y + 8, "start", name);
}

static blm_status check_axis(const char *name, const blm_axis *axis, blm_error *err)
{
    if (!(axis->low < axis->high) || !isfinite(axis->high - axis->low) ||
        axis->high - axis->low < 1e-290)
        return blmi_fail(err, BLM_EUSAGE,
            "%s axis from %g to %g: expected finite numbers, the lower one first", name,
            axis->low, axis->high);
    return BLM_OK;
}

// ---- curves ---------------------------------------------------------------------------

// Leaves out points closer than a quarter of a pixel to the previous one, except the
// last, so that a curve of a million points stays small.
static void put_curve(blmi_text *svg, const blm_axis *x, const blm_axis *y,
    const blm_curve *curve, size_t index)
{
    bool drawing = false; // false: the next point begins a line
    double last_x = 0, last_y = 0;
    blmi_text_put(svg, "<path fill='none' stroke-width='2' stroke-linejoin='round'");
    put_colour(svg, "stroke", index);
    blmi_text_put(svg, " d='");
    for (size_t i = 0; i < curve->count; i++) {
        if (!isfinite(curve->x[i]) || !isfinite(curve->y[i])) {
            drawing = false;
            continue;
        }
        const double at_x = place(x, curve->x[i], 0, WIDTH);
        const double at_y = place(y, curve->y[i], HEIGHT, 0);
        const bool ends = i + 1 == curve->count || !isfinite(curve->x[i + 1]) ||
                          !isfinite(curve->y[i + 1]);
        if (drawing && !ends && fabs(at_x - last_x) < 0.25 && fabs(at_y - last_y) < 0.25)
            continue;
        blmi_text_put(svg, drawing ? "L" : "M");
        blmi_text_put_number(svg, at_x);
        blmi_text_put(svg, " ");
        blmi_text_put_number(svg, at_y);
        drawing = true;
        last_x = at_x;
        last_y = at_y;
    }
    blmi_text_put(svg, "'/>\n");
}

// Checks the values (count) of a caller's curve or sample set.
static blm_status check_values(
    const char *what, size_t index, const double *values, size_t count, blm_error *err)
{
    return values != NULL || count == 0
               ? BLM_OK
               : blmi_fail(err, BLM_EUSAGE, "%s %zu: its values are NULL", what, index);
}

blm_status blm_plot_curves(const char *title, const blm_axis *x, const blm_axis *y,
    const blm_curve *curves, size_t count, blm_bytes *out, blm_error *err)
{
    BLMI_NEED(x, err);
    BLMI_NEED(y, err);
    BLMI_NEED(out, err);
    if (count > 0)
        BLMI_NEED(curves, err);
    BLMI_TRY(check_axis("x", x, err));
    BLMI_TRY(check_axis("y", y, err));
    blmi_text svg = {0};
    int legend = 0;
    for (size_t i = 0; i < count; i++) {
        BLMI_TRY(check_values("curve", i, curves[i].x, curves[i].count, err));
        BLMI_TRY(check_values("curve", i, curves[i].y, curves[i].count, err));
        legend |= curves[i].name != NULL;
    }
    open_plot(&svg, title, x, y, legend);
    for (size_t i = 0; i < count; i++)
        put_curve(&svg, x, y, &curves[i], i);
    blmi_text_put(&svg, "</svg>\n");
    int row = 0;
    for (size_t i = 0; i < count; i++)
        if (curves[i].name != NULL)
            put_legend(&svg, curves[i].name, i, row++);
    blmi_text_put(&svg, "</svg>\n");
    return blmi_text_finish(&svg, out, err);
}

// ---- histogram ------------------------------------------------------------------------

static void widen(blm_axis *axis, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i])) {
            axis->low = fmin(axis->low, values[i]);
            axis->high = fmax(axis->high, values[i]);
        }
}

// The range of all values, never empty.
static blm_axis find_range(const char *label, const blm_sample_set *sets, size_t count,
    const double *marks, size_t mark_count)
{
    blm_axis axis = {label, INFINITY, -INFINITY};
    for (size_t i = 0; i < count; i++)
        widen(&axis, sets[i].values, sets[i].count);
    widen(&axis, marks, mark_count);
    if (axis.low > axis.high)
        return (blm_axis){label, 0, 1};
    const double least = 1e-6 * fmax(fabs(axis.low), 1e-200);
    if (axis.high - axis.low < least) {
        axis.low -= least;
        axis.high += least;
    }
    return axis;
}

// Counts the set's values in bins (BINS).  Returns the largest count.
static size_t count_bins(const blm_axis *x, const blm_sample_set *set, size_t *bins)
{
    size_t most = 0;
    for (size_t i = 0; i < BINS; i++)
        bins[i] = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (!isfinite(set->values[i]))
            continue;
        const int bin = (int)place(x, set->values[i], 0, BINS);
        const size_t count = ++bins[bin < BINS ? bin : BINS - 1];
        most = count > most ? count : most;
    }
    return most;
}

static void put_bars(blmi_text *svg, const blm_axis *y, const size_t *bins, size_t index)
{
    const double width = (double)WIDTH / BINS;
    blmi_text_put(svg, "<g fill-opacity='0.7'");
    put_colour(svg, "fill", index);
    blmi_text_put(svg, ">\n");
    for (int i = 0; i < BINS; i++) {
        if (bins[i] == 0)
            continue;
        const double top = place(y, (double)bins[i], HEIGHT, 0);
        blmi_text_put(svg, "<rect");
        put_attribute(svg, "x", i * width);
        put_attribute(svg, "y", top);
        put_attribute(svg, "width", width);
        put_attribute(svg, "height", HEIGHT - top);
        blmi_text_put(svg, "/>\n");
    }
    blmi_text_put(svg, "</g>\n");
}

blm_status blm_plot_histogram(const char *title, const char *label,
    const blm_sample_set *sets, size_t count, const double *marks, size_t mark_count,
    blm_bytes *out, blm_error *err)
{
    BLMI_NEED(out, err);
    if (count > 0)
        BLMI_NEED(sets, err);
    if (mark_count > 0)
        BLMI_NEED(marks, err);
    for (size_t i = 0; i < count; i++)
        BLMI_TRY(check_values("sample set", i, sets[i].values, sets[i].count, err));
    const blm_axis x = find_range(label, sets, count, marks, mark_count);
    blm_axis y = {"count", 0, 5};
    size_t bins[BINS];
    BLMI_TRY(check_axis("x", &x, err));
    int legend = 0;
    for (size_t i = 0; i < count; i++) {
        legend |= sets[i].name != NULL;
        y.high = fmax(y.high, 1.05 * (double)count_bins(&x, &sets[i], bins));
    }
    blmi_text svg = {0};
    open_plot(&svg, title, &x, &y, legend);
    for (size_t i = 0; i < count; i++) {
        count_bins(&x, &sets[i], bins);
        put_bars(&svg, &y, bins, i);
    }
    for (size_t i = 0; i < mark_count; i++) {
        const double at = place(&x, marks[i], 0, WIDTH);
        if (isfinite(marks[i]))
            put_line(&svg, at, 0, at, HEIGHT, "stroke-width='2' stroke-dasharray='6 4'");
    }
    blmi_text_put(&svg, "</svg>\n");
    int row = 0;
    for (size_t i = 0; i < count; i++)
        if (sets[i].name != NULL)
            put_legend(&svg, sets[i].name, i, row++);
    blmi_text_put(&svg, "</svg>\n");
    return blmi_text_finish(&svg, out, err);
}
