// Makes an image: places a thing, shades it, draws a defect, adds light and sensor noise.
#include <math.h>
#include <stdlib.h>

#include "tools/synth/scene.h"

#define HAS(kind) (1u << SYNTH_##kind)

static const synth_category categories[] = {
    {"metal", synth_metal, NULL, 1, 0, 50, 0.002,
        HAS(GOOD) | HAS(SCRATCH) | HAS(STAIN) | HAS(DENT), 0},
    {"fabric", synth_fabric, NULL, 0, 0, 50, 0.003,
        HAS(GOOD) | HAS(STAIN) | HAS(SCRATCH) | HAS(CONTAMINATION), 0},
    {"stone", synth_stone, NULL, 0, 0, 50, 1, HAS(GOOD) | HAS(CRACK) | HAS(STAIN), 0},
    {"wood", synth_wood, NULL, 0, 0, 50, 0.003,
        HAS(GOOD) | HAS(CRACK) | HAS(SCRATCH) | HAS(STAIN), 0},
    {"flange", synth_flange, synth_flange_solid, 1, 6, 0.012, 0.006,
        HAS(GOOD) | HAS(MISSING) | HAS(DENT) | HAS(SCRATCH) | HAS(CONTAMINATION), 0},
    {"connector", synth_connector, synth_connector_solid, 0, 16, 0.012, 0.005,
        HAS(GOOD) | HAS(MISSING) | HAS(SCRATCH) | HAS(CONTAMINATION), 0},
    {"label", synth_label, synth_label_solid, 0, 6, 0.010, 0.004,
        HAS(GOOD) | HAS(MISSING) | HAS(STAIN) | HAS(SCRATCH), 0},
    {"casting", synth_casting, synth_casting_solid, 1, 2, 0.012, 0.006,
        HAS(GOOD) | HAS(MISSING) | HAS(DENT) | HAS(SCRATCH) | HAS(STAIN), 1},
};

static const char *const kind_names[SYNTH_KINDS] = {
    "good", "scratch", "crack", "stain", "dent", "contamination", "missing"};

const char *synth_kind_name(synth_kind kind)
{
    return kind_names[kind];
}

const synth_category *synth_category_at(size_t number)
{
    return number < sizeof categories / sizeof *categories ? &categories[number] : NULL;
}

const char *synth_category_name(const synth_category *category)
{
    return category->name;
}

int synth_category_is_grey(const synth_category *category)
{
    return category->grey;
}

int synth_category_has(const synth_category *category, synth_kind kind)
{
    return category->kinds >> kind & 1;
}

int synth_category_is_part(const synth_category *category)
{
    return category->solid != NULL;
}

int synth_category_is_extra(const synth_category *category)
{
    return category->extra;
}

// turns: how the thing is turned.
static synth_scene lay_down(
    const synth_category *category, uint64_t seed, double pixel, double *turned)
{
    synth_random state = synth_mix(seed, 1);
    synth_scene s = {
        .seed = synth_mix(seed, 2), .pixel = pixel, .missing = -1, .zoom = 1};
    s.x = synth_between(&state, -category->shift, category->shift);
    s.y = synth_between(&state, -category->shift, category->shift);
    const double turns = synth_between(&state, -category->turn, category->turn);
    s.sine = synth_sine(turns);
    s.cosine = synth_sine(turns + 0.25);
    *turned = turns;
    return s;
}

static synth_scene move(
    const synth_scene *from, uint64_t seed, double shift, double turn, double *turned)
{
    synth_random state = synth_mix(seed, 5);
    synth_scene s = *from;
    s.x += synth_between(&state, -shift, shift);
    s.y += synth_between(&state, -shift, shift);
    *turned += synth_between(&state, -turn, turn) / 360;
    s.sine = synth_sine(*turned);
    s.cosine = synth_sine(*turned + 0.25);
    s.zoom = 0.75;
    return s;
}

static void shade_at(const synth_category *category, const synth_scene *scene,
    const synth_canvas *canvas, int i, int j, double rgb[3])
{
    double x = synth_place(i, canvas->width, scene->pixel);
    double y = synth_place(j, canvas->height, scene->pixel);
    synth_to_thing(scene, &x, &y);
    category->shade(scene, x, y, rgb);
}

static void shade(
    const synth_category *category, const synth_scene *scene, synth_canvas *canvas)
{
    double *rgb = canvas->rgb;
    for (int j = 0; j < canvas->height; j++)
        for (int i = 0; i < canvas->width; i++, rgb += 3)
            shade_at(category, scene, canvas, i, j, rgb);
}

// Removes a piece; the mask is where the thing looks different without it.
static void remove_piece(const synth_category *category, const synth_scene *scene,
    int piece, synth_canvas *canvas)
{
    synth_scene without = *scene;
    without.missing = piece;
    double *rgb = canvas->rgb, *cover = canvas->cover;
    for (int j = 0; j < canvas->height; j++)
        for (int i = 0; i < canvas->width; i++, rgb += 3, cover++) {
            double now[3];
            shade_at(category, &without, canvas, i, j, now);
            for (int c = 0; c < 3; c++) {
                const double change = synth_clamp(8 * fabs(now[c] - rgb[c]));
                *cover = change > *cover ? change : *cover;
                rgb[c] = now[c];
            }
        }
}

// Lamp, lens and sensor: brightness that varies between images and falls off to one side
// and to the corners, and noise in each pixel.
static void photograph(
    const synth_canvas *canvas, int grey, double pixel, uint64_t seed, uint8_t *out)
{
    synth_random state = synth_mix(seed, 3);
    const double gain = synth_between(&state, 0.96, 1.04);
    const double fall_x = synth_between(&state, -0.05, 0.05);
    const double fall_y = synth_between(&state, -0.05, 0.05);
    const double warm = grey ? 0 : synth_between(&state, -0.01, 0.01);
    const double tint[3] = {1 + warm, 1, 1 - warm};
    const uint64_t grain = synth_mix(seed, 4);
    const double *rgb = canvas->rgb;
    for (int j = 0; j < canvas->height; j++)
        for (int i = 0; i < canvas->width; i++, rgb += 3, out += 3) {
            const double x = synth_place(i, canvas->width, pixel);
            const double y = synth_place(j, canvas->height, pixel);
            const double light =
                gain * (1 + fall_x * x + fall_y * y - 0.12 * (x * x + y * y));
            for (int c = 0; c < 3; c++) {
                const uint64_t sensor = grain + (grey ? 0 : 2 * (uint64_t)c);
                const double noise =
                    synth_cell(sensor, i, j) - synth_cell(sensor + 1, i, j);
                const double level = 255 * rgb[c] * light * tint[c] + 3.5 * noise;
                out[c] = (uint8_t)(synth_clamp(level / 255) * 255 + 0.5);
            }
        }
}

// Makes the image of a scene.  own: the random number of the image.
static int make(const synth_category *category, const synth_scene *scene, uint64_t own,
    synth_kind kind, int width, int height, uint8_t *rgb, uint8_t *mask)
{
    const size_t pixels = (size_t)width * (size_t)height;
    synth_canvas canvas = {.width = width, .height = height};
    canvas.rgb = calloc(pixels, 4 * sizeof(double));
    if (canvas.rgb == NULL)
        return -1;
    canvas.cover = canvas.rgb + 3 * pixels;

    synth_random defect = synth_mix_text(own, kind_names[kind]);
    shade(category, scene, &canvas);
    if (kind == SYNTH_MISSING)
        remove_piece(category, scene, synth_below(&defect, category->pieces), &canvas);
    else if (kind != SYNTH_GOOD)
        synth_draw_defect(&canvas, category, scene, kind, defect);
    photograph(&canvas, category->grey, scene->pixel, own, rgb);
    for (size_t i = 0; mask != NULL && i < pixels; i++)
        mask[i] = canvas.cover[i] > 0.1 ? 255 : 0;
    free(canvas.rgb);
    return 0;
}

static double pixel_of(int width, int height)
{
    return 1.0 / (width < height ? width : height);
}

static uint64_t own_seed(const synth_category *category, uint64_t seed, int index)
{
    return synth_mix(synth_mix_text(seed, category->name), (uint64_t)index);
}

int synth_picture(const synth_category *category, uint64_t seed, int index,
    synth_kind kind, int width, int height, uint8_t *rgb, uint8_t *mask)
{
    double turned;
    const uint64_t own = own_seed(category, seed, index);
    const synth_scene scene = lay_down(category, own, pixel_of(width, height), &turned);
    return make(category, &scene, own, kind, width, height, rgb, mask);
}

int synth_picture_moved(const synth_category *category, uint64_t seed, int index,
    synth_kind kind, int width, int height, double shift, double turn, uint8_t *rgb,
    uint8_t *mask, synth_lie *lie)
{
    double turned;
    const uint64_t own = own_seed(category, seed, index);
    const synth_scene still = lay_down(category, own, pixel_of(width, height), &turned);
    const synth_scene moved = move(&still, own, shift, turn, &turned);
    if (lie != NULL)
        *lie = (synth_lie){moved.x / moved.pixel, moved.y / moved.pixel, 360 * turned};
    return make(category, &moved, own, kind, width, height, rgb, mask);
}
