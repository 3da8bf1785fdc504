// Shades surfaces: endless textures, of which each image shows another part.
#include "tools/synth/scene.h"

static void set_colour(double rgb[3], double r, double g, double b, double light)
{
    rgb[0] = r * light;
    rgb[1] = g * light;
    rgb[2] = b * light;
}

// Brushed metal: streaks, long along x and fine along y.
void synth_metal(const synth_scene *s, double x, double y, double rgb[3])
{
    const double wide = synth_noise(s->seed, x * 2, y * 40);
    const double fine = synth_noise(s->seed + 1, x * 5, y * 110);
    const double short_ones = synth_noise(s->seed + 2, x * 18, y * 128);
    const double sheen = synth_clouds(s->seed + 3, x * 1.2, y * 1.2, 2);
    const double light =
        0.50 + 0.10 * wide + 0.12 * fine + 0.05 * short_ones + 0.07 * sheen;
    set_colour(rgb, 1, 1, 1, light);
}

// Plain weave: threads along y go over those along x at every second crossing.
void synth_fabric(const synth_scene *s, double x, double y, double rgb[3])
{
    enum { THREADS = 36 };
    const double bend_x = synth_clouds(s->seed, x * 7, y * 7, 2) - 0.5;
    const double bend_y = synth_clouds(s->seed + 10, x * 7, y * 7, 2) - 0.5;
    const double u = x * THREADS + 0.5 * bend_x, v = y * THREADS + 0.5 * bend_y;
    const int column = synth_floor(u), row = synth_floor(v);
    const int warp_on_top = (column + row) & 1;
    const double across = 2 * (warp_on_top ? u - column : v - row) - 1;
    const double along = 2 * (warp_on_top ? v - row : u - column) - 1;
    const double round = 1 - 0.65 * across * across - 0.25 * along * along;
    const double thread = warp_on_top ? synth_cell(s->seed + 20, column, 0)
                                      : synth_cell(s->seed + 21, row, 0);
    const double fibre = synth_noise(s->seed + 22, u * 4, v * 4);
    const double light = round * (0.80 + 0.16 * thread + 0.14 * fibre);
    if (warp_on_top)
        set_colour(rgb, 0.36, 0.47, 0.66, light);
    else
        set_colour(rgb, 0.62, 0.68, 0.76, light);
}

// Granite: grains are the cells around scattered points.
void synth_stone(const synth_scene *s, double x, double y, double rgb[3])
{
    static const double minerals[4][3] = {
        {0.72, 0.69, 0.66}, {0.66, 0.55, 0.50}, {0.55, 0.54, 0.54}, {0.24, 0.24, 0.26}};
    enum { GRAINS = 34 };
    const double warp = synth_clouds(s->seed, x * 30, y * 30, 2);
    const double u = x * GRAINS + 0.8 * warp, v = y * GRAINS - 0.8 * warp;
    const int column = synth_floor(u), row = synth_floor(v);
    double nearest = 1e9, grain = 0;
    for (int j = row - 1; j <= row + 1; j++)
        for (int i = column - 1; i <= column + 1; i++) {
            const double dx = i + synth_cell(s->seed + 10, i, j) - u;
            const double dy = j + synth_cell(s->seed + 11, i, j) - v;
            if (dx * dx + dy * dy < nearest) {
                nearest = dx * dx + dy * dy;
                grain = synth_cell(s->seed + 12, i, j);
            }
        }
    const int mineral = grain < 0.45 ? 0 : grain < 0.68 ? 1 : grain < 0.88 ? 2 : 3;
    const double light = 0.82 + 0.30 * synth_clouds(s->seed + 13, x * 60, y * 60, 2);
    const double *c = minerals[mineral];
    set_colour(rgb, c[0], c[1], c[2], light);
}

// Wood cut along the grain: growth rings, fibres and pores.
void synth_wood(const synth_scene *s, double x, double y, double rgb[3])
{
    const double flow = synth_clouds(s->seed, x * 0.9, y * 2.2, 2);
    const double ring = 0.5 + 0.5 * synth_sine(7 * y + 1.7 * flow);
    const double fibre = synth_noise(s->seed + 10, x * 6, y * 120);
    const double pore = synth_step(0.74, 0.9, synth_noise(s->seed + 11, x * 16, y * 100));
    const double dark = 0.75 * ring * ring + 0.25 * fibre;
    const double light = (0.92 + 0.14 * fibre) * (1 - 0.35 * pore);
    set_colour(rgb, synth_blend(0.80, 0.60, dark), synth_blend(0.62, 0.41, dark),
        synth_blend(0.42, 0.25, dark), light);
}
