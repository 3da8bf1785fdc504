// scene.h: what picture.c (light and camera), surfaces.c, parts.c (things) and defects.c
// share.
//
// Lengths are in units of the picture's shorter side, with 0, 0 at its centre and y
// downwards; colours are 0 to 1, R G B.
#ifndef BLEMISH_SYNTH_SCENE_H
#define BLEMISH_SYNTH_SCENE_H

#include "tools/synth/noise.h"
#include "tools/synth/synth.h"

// One picture's thing and how it lies there.
typedef struct synth_scene {
    uint64_t seed;             // of what differs from picture to picture
    double pixel;              // side of a pixel
    double x, y, sine, cosine; // where the thing's own origin lies, and how it is turned
    int missing;               // piece that is not there; -1: all are
} synth_scene;

// The thing's own coordinates of a place in the picture.
static inline void synth_to_thing(const synth_scene *s, double *x, double *y)
{
    const double dx = *x - s->x, dy = *y - s->y;
    *x = s->cosine * dx + s->sine * dy;
    *y = s->cosine * dy - s->sine * dx;
}

// The colour at a place, in the thing's own coordinates.
typedef void synth_shader(const synth_scene *s, double x, double y, double rgb[3]);
// Whether material is there that a defect can be on.
typedef int synth_solid(double x, double y);

struct synth_category {
    const char *name;
    synth_shader *shade;
    synth_solid *solid; // NULL: everywhere
    int grey;
    int pieces;         // that can be missing
    double shift, turn; // how far it may be out of place, in units and in turns
    unsigned kinds;     // bit 1 << kind
};

synth_shader synth_metal, synth_fabric, synth_stone, synth_wood;
synth_shader synth_flange, synth_connector, synth_label;
synth_solid synth_flange_solid, synth_connector_solid, synth_label_solid;

// A picture in the making.
typedef struct synth_canvas {
    int width, height;
    double *rgb;   // (height, width, 3) colours
    double *cover; // (height, width) how much of a pixel is defective, 0 to 1
} synth_canvas;

// The place of a pixel's centre.
static inline double synth_place(int pixel, int pixels, double pixel_side)
{
    return (pixel + 0.5 - 0.5 * pixels) * pixel_side;
}

// Draws a defect of that kind (not GOOD, not MISSING) on a finished thing.
void synth_draw_defect(synth_canvas *canvas, const synth_category *category,
    const synth_scene *scene, synth_kind kind, synth_random state);

#endif
