// Shades parts: one thing in the middle of the image, on a background.
#include <math.h>

#include "tools/synth/scene.h"

static void set_grey(double rgb[3], double light)
{
    rgb[0] = rgb[1] = rgb[2] = light;
}

static void lay_over(double rgb[3], const double colour[3], double light, double cover)
{
    for (int c = 0; c < 3; c++)
        rgb[c] = synth_blend(rgb[c], colour[c] * light, cover);
}

// Share of a pixel inside an edge at signed distance d, negative inside.
static double inside(const synth_scene *s, double d)
{
    return synth_clamp(0.5 - d * s->zoom / s->pixel);
}

static double length(double x, double y)
{
    return sqrt(x * x + y * y);
}

// Signed distance from a box with these half sides and round corners.
static double box(double x, double y, double half_x, double half_y, double corner)
{
    const double dx = fabs(x) - half_x + corner, dy = fabs(y) - half_y + corner;
    const double outside = length(dx > 0 ? dx : 0, dy > 0 ? dy : 0);
    const double within = dx > dy ? dx : dy;
    return outside + (within < 0 ? within : 0) - corner;
}

// ---- flange: a turned ring with six bolt holes ----------------------------------------

static const double rim = 0.41, bore = 0.14, bolt_circle = 0.28, bolt = 0.048;
enum { BOLTS = 6 };

static double bolt_distance(double x, double y, int hole)
{
    const double turns = hole / (double)BOLTS;
    return length(x - bolt_circle * synth_sine(turns + 0.25),
               y - bolt_circle * synth_sine(turns)) -
           bolt;
}

// Signed distance from the nearest edge of the metal, without the missing hole.
static double flange_distance(double x, double y, int missing)
{
    const double r = length(x, y);
    double d = r - rim > bore - r ? r - rim : bore - r;
    for (int i = 0; i < BOLTS; i++) {
        const double hole = -bolt_distance(x, y, i);
        d = i != missing && hole > d ? hole : d;
    }
    return d;
}

void synth_flange(const synth_scene *s, double x, double y, double rgb[3])
{
    const double r = length(x, y) + 1e-6;
    const double d = flange_distance(x, y, s->missing);
    const double fan = (x * x - y * y) / (r * r); // light on turned metal: cos 2 angle
    const double grooves = synth_noise(s->seed, r * 170, 3);
    const double chamfer = synth_step(-0.016, -0.004, d);
    const double metal = 0.56 + 0.09 * fan + 0.10 * grooves +
                         0.03 * synth_clouds(s->seed + 1, x * 4, y * 4, 2) +
                         0.20 * chamfer * (0.5 - (x + y) / (2 * r));
    const double shadow = 0.5 + 0.5 * synth_clamp(d / 0.03);
    const double floor = 0.15 + 0.03 * synth_clouds(s->seed + 5, x * 20, y * 20, 2);
    set_grey(rgb, synth_blend(floor * shadow, metal, inside(s, d)));
}

int synth_flange_solid(double x, double y)
{
    return flange_distance(x, y, -1) < -0.005;
}

// ---- connector: two rows of gold pins in a housing ------------------------------------

enum { PIN_COLUMNS = 8, PIN_ROWS = 2 };
static const double pin_pitch = 0.088, row_pitch = 0.13;

// The pin nearest to a point, and the point relative to its centre.
static int nearest_pin(double *x, double *y)
{
    int column = synth_floor(*x / pin_pitch + PIN_COLUMNS / 2);
    column = column < 0 ? 0 : column >= PIN_COLUMNS ? PIN_COLUMNS - 1 : column;
    const int row = *y < 0 ? 0 : 1;
    *x -= (column + 0.5 - PIN_COLUMNS / 2) * pin_pitch;
    *y -= (row - 0.5) * row_pitch;
    return row * PIN_COLUMNS + column;
}

static double housing(double x, double y)
{
    const double body = box(x, y, 0.43, 0.20, 0.03);
    const double key = box(x, y + 0.20, 0.07, 0.035, 0.012); // marks the top
    return body < key ? body : key;
}

void synth_connector(const synth_scene *s, double x, double y, double rgb[3])
{
    static const double table[3] = {0.74, 0.72, 0.68}, plastic[3] = {0.13, 0.15, 0.18},
                        hollow[3] = {0.055, 0.06, 0.07}, gold[3] = {0.93, 0.74, 0.36};
    const double body = housing(x, y), recess = box(x, y, 0.385, 0.15, 0.015);
    const double grain = synth_clouds(s->seed, x * 50, y * 50, 2);
    const double shade = 0.72 + 0.28 * synth_step(0, 0.06, housing(x - 0.015, y - 0.02));
    rgb[0] = rgb[1] = rgb[2] = 0;
    lay_over(rgb, table, shade * (0.95 + 0.08 * grain), 1);
    const double bevel = synth_step(-0.014, 0, body) + synth_step(0.014, 0, recess);
    lay_over(rgb, plastic, 0.85 + 0.25 * grain + 0.7 * bevel, inside(s, body));
    lay_over(rgb, hollow, 0.9 + 0.2 * grain, inside(s, recess));
    double px = x, py = y;
    const int pin = nearest_pin(&px, &py);
    if (pin == s->missing)
        return;
    const double tilt = synth_cell(s->seed + 7, pin, 0) - 0.5;
    const double d = box(px, py, 0.021, 0.026, 0.005);
    const double gleam = synth_step(0.012, 0, fabs(px + 0.006 - 0.01 * tilt));
    lay_over(rgb, gold, 0.62 - 9 * py + 0.4 * gleam + 0.08 * tilt, inside(s, d));
}

int synth_connector_solid(double x, double y)
{
    return housing(x, y) < -0.01;
}

// ---- label: print on paper, stuck to cardboard ----------------------------------------

enum { LINES = 5, LETTERS = 26 };
static const uint64_t text_seed = 20; // the same text on every label
static const double letter = 0.026, line_pitch = 0.062;

static double ink_of_text(double x, double y, int missing)
{
    const double u = (x + 0.36) / letter, v = (y + 0.125) / line_pitch;
    const int column = synth_floor(u), line = synth_floor(v);
    if (column < 0 || column >= LETTERS || line < 0 || line >= LINES)
        return 0;
    const int space = synth_cell(text_seed, column, line) < 0.18;
    const int end = LETTERS - (int)(10 * synth_cell(text_seed + 1, 0, line));
    const int lost = line == missing && column >= 3 && column < 10;
    // A letter is 3 x 5 dots in a cell of 4 x 8.
    const int i = (int)((u - column) * 4), j = (int)((v - line) * 8);
    if (space || lost || column >= end || i > 2 || j > 4)
        return 0;
    return synth_cell(text_seed + 2 + (uint64_t)line, column * 3 + i, j) < 0.62;
}

static double ink_of_bars(double x, double y)
{
    const int bar = synth_floor((x + 0.36) / 0.009);
    return bar >= 0 && bar < 46 && y > 0.20 && y < 0.28 &&
           synth_cell(text_seed + 9, bar, 0) < 0.55;
}

void synth_label(const synth_scene *s, double x, double y, double rgb[3])
{
    static const double paper[3] = {0.91, 0.91, 0.88}, teal[3] = {0.10, 0.45, 0.50},
                        black[3] = {0.12, 0.12, 0.14}, orange[3] = {0.93, 0.55, 0.16};
    const double fibre = synth_clouds(s->seed, x * 24, y * 60, 3);
    const double d = box(x, y, 0.42, 0.32, 0.03);
    rgb[0] = 0.66, rgb[1] = 0.52, rgb[2] = 0.37;
    const double shadow = 0.80 + 0.20 * synth_step(0, 0.02, d);
    for (int c = 0; c < 3; c++)
        rgb[c] *= shadow * (0.82 + 0.32 * fibre);
    const double tone = 0.96 + 0.05 * synth_clouds(s->seed + 5, x * 9, y * 9, 2);
    const double on_label = inside(s, d);
    lay_over(rgb, paper, tone, on_label);
    lay_over(rgb, teal, tone, on_label * inside(s, y + 0.18));
    lay_over(rgb, orange, tone,
        s->missing == LINES ? 0 : inside(s, length(x - 0.31, y + 0.25) - 0.04));
    lay_over(rgb, paper, tone, inside(s, box(x + 0.15, y + 0.25, 0.20, 0.02, 0.008)));
    lay_over(rgb, black, tone, ink_of_text(x, y, s->missing) + ink_of_bars(x, y));
}

int synth_label_solid(double x, double y)
{
    return box(x, y, 0.42, 0.32, 0.03) < -0.01;
}

// ---- casting: a dull grey plate with a lug, on grey -----------------------------------

static double plate_distance(double x, double y)
{
    const double plate = box(x, y - 0.03, 0.36, 0.19, 0.05);
    const double lug = length(x + 0.20, y + 0.17) - 0.12;
    return plate < lug ? plate : lug;
}

// Signed distance from the nearest edge of the metal, without the missing hole.
static double casting_distance(double x, double y, int missing)
{
    const double large = 0.085 - length(x - 0.19, y - 0.04);
    const double small = 0.040 - length(x + 0.20, y + 0.17);
    double d = plate_distance(x, y);
    d = missing != 0 && large > d ? large : d;
    return missing != 1 && small > d ? small : d;
}

// A few grey levels of contrast, soft edges, and a skin that differs from part to part.
void synth_casting(const synth_scene *s, double x, double y, double rgb[3])
{
    const double d = casting_distance(x, y, s->missing);
    const double skin = synth_clouds(s->seed, x * 26, y * 26, 3) - 0.5;
    const double table = synth_clouds(s->seed + 5, x * 14, y * 14, 2) - 0.5;
    const double edge = synth_step(-0.02, 0, d);
    const double rib = 1 - synth_step(0.008, 0.02, fabs(y - 0.02 + 0.1 * x));
    const double metal = 0.475 + 0.05 * skin + 0.02 * rib * (d < -0.03) - 0.02 * edge;
    const double shadow = 0.97 + 0.03 * synth_clamp(plate_distance(x, y) / 0.03);
    set_grey(rgb, synth_blend((0.44 + 0.03 * table) * shadow, metal, inside(s, d)));
}

int synth_casting_solid(double x, double y)
{
    return casting_distance(x, y, -1) < -0.01;
}
