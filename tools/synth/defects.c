// Draws defects on a finished thing, in coordinates of the image.
#include <math.h>

#include "tools/synth/scene.h"

// The state of drawing a defect.
typedef struct brush {
    synth_canvas *canvas;
    const synth_category *category;
    const synth_scene *scene;
    uint64_t seed; // of the defect's own noise
} brush;

typedef struct point {
    double x, y;
} point;

enum { MAX_POINTS = 48 };

// A line of points, of varying width.
typedef struct stroke {
    point at[MAX_POINTS];
    int count;
    double width; // in the middle
    double taper; // 0: constant width; 1: width 0 at the end
    double colour[3];
    double strength; // 0 to 1
} stroke;

static int on_solid(const brush *b, double x, double y)
{
    if (b->category->solid == NULL)
        return 1;
    synth_to_thing(b->scene, &x, &y);
    return b->category->solid(x, y);
}

// A random point with material all around, away from the border.
static point place(const brush *b, synth_random *state, double radius)
{
    const double half_x = 0.5 * b->canvas->width * b->scene->pixel;
    const double half_y = 0.5 * b->canvas->height * b->scene->pixel;
    point p = {0, 0};
    for (int tries = 0; tries < 1000; tries++) {
        p.x = synth_between(state, -0.78 * half_x, 0.78 * half_x);
        p.y = synth_between(state, -0.78 * half_y, 0.78 * half_y);
        if (on_solid(b, p.x, p.y) && on_solid(b, p.x - radius, p.y) &&
            on_solid(b, p.x + radius, p.y) && on_solid(b, p.x, p.y - radius) &&
            on_solid(b, p.x, p.y + radius))
            break;
    }
    return p;
}

// The pixels from `low` to below `high` that an interval covers.
static int first_pixel(double low, int pixels, double side)
{
    const int i = synth_floor(low / side + 0.5 * pixels) - 1;
    return i < 0 ? 0 : i;
}

static int last_pixel(double high, int pixels, double side)
{
    const int i = synth_floor(high / side + 0.5 * pixels) + 2;
    return i > pixels ? pixels : i;
}

// Blends the colour of a pixel with another one, by that share.
static void paint(
    const brush *b, int x, int y, const double colour[3], double cover, double strength)
{
    const size_t i = (size_t)y * (size_t)b->canvas->width + (size_t)x;
    double *rgb = b->canvas->rgb + 3 * i;
    for (int c = 0; c < 3; c++)
        rgb[c] = synth_blend(rgb[c], colour[c], cover * strength);
    if (cover > b->canvas->cover[i])
        b->canvas->cover[i] = cover;
}

// Distance from a line, less half its width at that point.
static double stroke_distance(const stroke *s, double x, double y)
{
    double nearest = 1e9;
    for (int i = 0; i + 1 < s->count; i++) {
        const point a = s->at[i], b = s->at[i + 1];
        const double ux = b.x - a.x, uy = b.y - a.y;
        const double share =
            synth_clamp(((x - a.x) * ux + (y - a.y) * uy) / (ux * ux + uy * uy + 1e-12));
        const double dx = x - a.x - share * ux, dy = y - a.y - share * uy;
        const double along = (i + share) / (s->count - 1);
        const double d =
            sqrt(dx * dx + dy * dy) - 0.5 * s->width * (1 - s->taper * along);
        nearest = d < nearest ? d : nearest;
    }
    return nearest;
}

static void draw_stroke(const brush *b, const stroke *s)
{
    const int width = b->canvas->width, height = b->canvas->height;
    const double side = b->scene->pixel;
    point low = s->at[0], high = s->at[0];
    for (int i = 1; i < s->count; i++) {
        low.x = s->at[i].x < low.x ? s->at[i].x : low.x;
        low.y = s->at[i].y < low.y ? s->at[i].y : low.y;
        high.x = s->at[i].x > high.x ? s->at[i].x : high.x;
        high.y = s->at[i].y > high.y ? s->at[i].y : high.y;
    }
    for (int j = first_pixel(low.y - s->width, height, side);
         j < last_pixel(high.y + s->width, height, side); j++)
        for (int i = first_pixel(low.x - s->width, width, side);
             i < last_pixel(high.x + s->width, width, side); i++) {
            const double x = synth_place(i, width, side),
                         y = synth_place(j, height, side);
            const double cover = synth_clamp(0.5 - stroke_distance(s, x, y) / side);
            if (cover > 0 && on_solid(b, x, y)) {
                const double worn = 0.7 + 0.3 * synth_noise(b->seed, x * 60, y * 60);
                paint(b, i, j, s->colour, cover, s->strength * worn);
            }
        }
}

static void set_colour(double out[3], double r, double g, double b)
{
    out[0] = r;
    out[1] = g;
    out[2] = b;
}

// Whether a defect at p should be bright to stand out; random if p is neither dark nor
// bright.
static int should_be_bright(const brush *b, point p, synth_random *state)
{
    const synth_canvas *c = b->canvas;
    const int x = synth_floor(p.x / b->scene->pixel + 0.5 * c->width);
    const int y = synth_floor(p.y / b->scene->pixel + 0.5 * c->height);
    const double *rgb = c->rgb + 3 * ((size_t)y * (size_t)c->width + (size_t)x);
    const double light = (rgb[0] + rgb[1] + rgb[2]) / 3;
    const int chance = synth_below(state, 2);
    return light < 0.35 ? 1 : light > 0.75 ? 0 : chance;
}

// An arc of that length through `middle`: a parabola over its chord.
static void bend(stroke *s, point middle, double length, synth_random *state)
{
    const double turns = synth_between(state, 0, 1);
    const double dx = synth_sine(turns + 0.25), dy = synth_sine(turns);
    const double sag = synth_between(state, -0.15, 0.15) * length;
    s->count = 16;
    for (int i = 0; i < s->count; i++) {
        const double t = 2.0 * i / (s->count - 1) - 1;
        const double across = sag * (t * t - 0.33), along = 0.5 * length * t;
        s->at[i] = (point){
            middle.x + along * dx - across * dy, middle.y + along * dy + across * dx};
    }
}

static void draw_scratch(const brush *b, synth_random *state)
{
    stroke s = {.width = synth_between(state, 0.008, 0.014), .taper = 0.5};
    const point middle = place(b, state, 0.04);
    bend(&s, middle, synth_between(state, 0.18, 0.40), state);
    const double light = should_be_bright(b, middle, state) ? 0.95 : 0.12;
    set_colour(s.colour, light, light, light);
    s.strength = synth_between(state, 0.60, 0.85);
    draw_stroke(b, &s);
}

// A random walk from `from`, roughly in one direction.
static void walk(stroke *s, point from, double turns, int steps, synth_random *state)
{
    s->count = steps;
    for (int i = 0; i < steps; i++) {
        s->at[i] = from;
        const double way = turns + synth_between(state, -0.13, 0.13);
        const double step = synth_between(state, 0.008, 0.022);
        from.x += step * synth_sine(way + 0.25);
        from.y += step * synth_sine(way);
    }
}

static void draw_crack(const brush *b, synth_random *state)
{
    stroke s = {.width = synth_between(state, 0.009, 0.015), .taper = 0.8};
    set_colour(s.colour, 0.06, 0.05, 0.05);
    s.strength = synth_between(state, 0.75, 0.95);
    const double turns = synth_between(state, 0, 1);
    const point start = place(b, state, 0.03);
    walk(&s, start, turns, synth_below(state, 12) + 18, state);
    draw_stroke(b, &s);
    for (int branch = 0; branch < 2; branch++) {
        const point from = s.at[s.count / 4 + synth_below(state, s.count / 2)];
        stroke thin = s;
        thin.width = 0.6 * s.width;
        const double side = synth_below(state, 2) ? 0.12 : -0.12;
        walk(&thin, from, turns + side, synth_below(state, 5) + 5, state);
        draw_stroke(b, &thin);
    }
}

// The cover of a spot: falls from 1 to 0 over the outer `soft` of a circle deformed by
// noise, up to less than 1.55 times its radius.
static double blob(
    const brush *b, point centre, double radius, double soft, double x, double y)
{
    const double dx = x - centre.x, dy = y - centre.y;
    const double bent = synth_clouds(b->seed, dx * 1.6 / radius, dy * 1.6 / radius, 3);
    const double r = sqrt(dx * dx + dy * dy) / radius * (0.65 + 0.7 * bent);
    return on_solid(b, x, y) ? synth_step(1, 1 - soft, r) : 0;
}

static void draw_blob(const brush *b, point centre, double radius, double soft,
    const double colour[3], double strength)
{
    const int width = b->canvas->width, height = b->canvas->height;
    const double side = b->scene->pixel, reach = 1.55 * radius;
    for (int j = first_pixel(centre.y - reach, height, side);
         j < last_pixel(centre.y + reach, height, side); j++)
        for (int i = first_pixel(centre.x - reach, width, side);
             i < last_pixel(centre.x + reach, width, side); i++) {
            const double cover = blob(b, centre, radius, soft,
                synth_place(i, width, side), synth_place(j, height, side));
            if (cover > 0)
                paint(b, i, j, colour, cover, strength);
        }
}

static void draw_stain(const brush *b, synth_random *state)
{
    static const double liquids[3][3] = {
        {0.30, 0.19, 0.10}, {0.10, 0.10, 0.12}, {0.95, 0.93, 0.85}};
    const double radius = synth_between(state, 0.05, 0.10);
    const point centre = place(b, state, 0.7 * radius);
    double colour[3];
    const double *liquid = liquids[synth_below(state, 3)];
    const double grey = (liquid[0] + liquid[1] + liquid[2]) / 3;
    for (int c = 0; c < 3; c++)
        colour[c] = b->category->grey ? grey : liquid[c];
    draw_blob(b, centre, radius, 0.35, colour, synth_between(state, 0.32, 0.50));
}

// A hollow: the side towards the light (top left) is dark, the other side bright.
static void draw_dent(const brush *b, synth_random *state)
{
    static const double bright[3] = {1, 1, 1}, dark[3] = {0.05, 0.05, 0.05};
    const int width = b->canvas->width, height = b->canvas->height;
    const double side = b->scene->pixel, radius = synth_between(state, 0.035, 0.065);
    const double depth = synth_between(state, 0.55, 0.85);
    const point centre = place(b, state, 0.8 * radius);
    for (int j = first_pixel(centre.y - radius, height, side);
         j < last_pixel(centre.y + radius, height, side); j++)
        for (int i = first_pixel(centre.x - radius, width, side);
             i < last_pixel(centre.x + radius, width, side); i++) {
            const double dx = (synth_place(i, width, side) - centre.x) / radius;
            const double dy = (synth_place(j, height, side) - centre.y) / radius;
            const double r2 = dx * dx + dy * dy;
            if (r2 >= 1 || !on_solid(b, centre.x + dx * radius, centre.y + dy * radius))
                continue;
            const double slope = 2.6 * (1 - r2) * (dx + dy); // of light on (1 - r^2)^2
            paint(b, i, j, slope > 0 ? bright : dark, synth_step(1, 0.7, r2),
                depth * synth_clamp(fabs(slope)) * 0.8);
        }
}

static void draw_contamination(const brush *b, synth_random *state)
{
    const point centre = place(b, state, 0.05);
    const double light = should_be_bright(b, centre, state) ? 0.92 : 0.10;
    const double colour[3] = {light, light * 0.97, light * 0.90};
    const double grey[3] = {light, light, light};
    const double *tint = b->category->grey ? grey : colour;
    for (int grains = synth_below(state, 4) + 4; grains > 0; grains--) {
        point at = centre; // one by one: C does not define the order in a list
        at.x += synth_between(state, -0.06, 0.06);
        at.y += synth_between(state, -0.06, 0.06);
        draw_blob(b, at, synth_between(state, 0.008, 0.018), 0.5, tint, 0.9);
    }
    stroke hair = {.width = 0.008, .strength = 0.85};
    set_colour(hair.colour, tint[0], tint[1], tint[2]);
    bend(&hair, centre, synth_between(state, 0.10, 0.16), state);
    draw_stroke(b, &hair);
}

void synth_draw_defect(synth_canvas *canvas, const synth_category *category,
    const synth_scene *scene, synth_kind kind, synth_random state)
{
    static void (*const drawings[SYNTH_KINDS])(const brush *, synth_random *) = {
        [SYNTH_SCRATCH] = draw_scratch,
        [SYNTH_CRACK] = draw_crack,
        [SYNTH_STAIN] = draw_stain,
        [SYNTH_DENT] = draw_dent,
        [SYNTH_CONTAMINATION] = draw_contamination,
    };
    const brush b = {canvas, category, scene, synth_mix(state, 1)};
    drawings[kind](&b, &state);
}
