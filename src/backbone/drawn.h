// drawn.h: the engine of families whose networks are drawn as graphs (src/nn/graph.h).
//
// A family's file then only says how its networks are recognised and drawn:
//
//     static const blmi_drawing drawing = {{BLMI_DRAWN_ENGINE}, draw};
//     const blmi_family blmi_family_x = {..., .engine = &drawing.engine};
#ifndef BLMI_BACKBONE_DRAWN_H
#define BLMI_BACKBONE_DRAWN_H

#include "src/backbone/backbone_table.h"
#include "src/nn/layers.h"

typedef struct blmi_drawing {
    blmi_engine engine; // its first member, and filled by BLMI_DRAWN_ENGINE
    // Draws all of the network; the graph's output k is the backbone's tap k.
    void (*draw)(const blmi_backbone *backbone, blmi_graph *graph);
} blmi_drawing;

blm_status blmi_drawn_build(const blmi_backbone *backbone, const blmi_tensors *weights,
    const blmi_network_options *options, void **net, blm_error *err);
void blmi_drawn_destroy(void *net);
blm_status blmi_drawn_open(
    const void *net, blmi_team *team, void **workspace, blm_error *err);
void blmi_drawn_close(void *workspace);
void blmi_drawn_watch(void *workspace, blmi_watch *watch, void *context);
blm_status blmi_drawn_run(const void *net, void *workspace, const float *x, int images,
    float *const *out, blm_error *err);
blm_status blmi_drawn_needs(const blmi_backbone *backbone, uint32_t taps,
    const char *tensor, bool *out, blm_error *err);
void blmi_drawn_work(const blmi_backbone *backbone, uint32_t taps, int width, int height,
    blmi_work_visit *visit, void *context);
uint64_t blmi_drawn_bytes(
    const blmi_backbone *backbone, uint32_t taps, int width, int height);

#define BLMI_DRAWN_ENGINE                                                                \
    blmi_drawn_build, blmi_drawn_destroy, blmi_drawn_open, blmi_drawn_close,             \
        blmi_drawn_watch, blmi_drawn_run, blmi_drawn_needs, blmi_drawn_work,             \
        blmi_drawn_bytes, NULL

#endif
