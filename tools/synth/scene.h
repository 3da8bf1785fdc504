// scene.h: types shared by synth_picture.c (light and camera), surfaces.c and
// synth_parts.c (things), and defects.c.
//
// Lengths are in units of the image's shorter side, with 0, 0 at its centre and y
// downwards; colours are R G B, 0 to 1.
#ifndef BLEMISH_SYNTH_SCENE_H
#define BLEMISH_SYNTH_SCENE_H

#include "tools/synth/noise.h"
#include "tools/synth/synth.h"

// The thing on an image, and its position.
typedef struct synth_scene {
    uint64_t seed;             // of the variation between images
    double pixel;              // side of a pixel
    double x, y, sine, cosine; // position of the thing's origin, and its rotation
    double zoom;               // size of the thing on the image
    int missing;               // the missing piece; -1: none
} synth_scene;

// From coordinates of the image to those of the thing.
static inline void synth_to_thing(const synth_scene *s, double *x, double *y)
{
    const double dx = *x - s->x, dy = *y - s->y;
    *x = (s->cosine * dx + s->sine * dy) / s->zoom;
    *y = (s->cosine * dy - s->sine * dx) / s->zoom;
}

// The colour at a point, in coordinates of the thing.
typedef void synth_shader(const synth_scene *s, double x, double y, double rgb[3]);
// Whether there is material for a defect at a point.
typedef int synth_solid(double x, double y);

struct synth_category {
    const char *name;
    synth_shader *shade;
    synth_solid *solid; // NULL: everywhere
    int grey;
    int pieces;         // that can be missing
    double shift, turn; // largest shift and rotation, in units and in turns
    unsigned kinds;     // bit 1 << kind
    int extra;          // 1: only if it is asked for
};

synth_shader synth_metal, synth_fabric, synth_stone, synth_wood;
synth_shader synth_flange, synth_connector, synth_label, synth_casting;
synth_solid synth_flange_solid, synth_connector_solid, synth_label_solid;
synth_solid synth_casting_solid;

// An image in the making.
typedef struct synth_canvas {
    int width, height;
    double *rgb;   // (height, width, 3) colours
    double *cover; // (height, width) share of a pixel that is defective, 0 to 1
} synth_canvas;

// The coordinate of a pixel's centre.
static inline double synth_place(int pixel, int pixels, double pixel_side)
{
    return (pixel + 0.5 - 0.5 * pixels) * pixel_side;
}

// Draws a defect of that kind (not GOOD or MISSING) on a finished thing.
void synth_draw_defect(synth_canvas *canvas, const synth_category *category,
    const synth_scene *scene, synth_kind kind, synth_random state);

#endif
