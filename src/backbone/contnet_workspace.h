// contnet_workspace.h: the memory and threads of a run.
#ifndef BLMI_BACKBONE_CONTNET_WORKSPACE_H
#define BLMI_BACKBONE_CONTNET_WORKSPACE_H

#include "src/backbone/contnet_network.h"
#include "src/nn/attention.h"

enum {
    BLMI_BLOCK_ROWS = 112, // most tokens per task
    BLMI_BAND_ROWS = 7,    // rows of layer0 per task
};

struct blmi_contnet_workspace {
    const blmi_contnet *net;
    blmi_team *team;
    // N is options.batch; h, w, C are the stage's.  A border of zeros is never written.
    float *x[BLMI_STAGES + 1]; // (N, h, w, C): [0] layer0's output, [k] layer<k>'s
    float *y[BLMI_STAGES];     // (N, h + 2, w + 2, C + 16), border of 1: the tokens
    float *pairs[BLMI_STAGES]; // the same in pairs, for convolutions; NULL for floats
    float *qkv;                // (N h w, 3 C + 16), window after window, of one encoder
    float *heads;              // (N h w, C + 16), in the same order: output of attention
    float *scratch;            // (threads, scratch_size)
    size_t scratch_size;
    float *memory; // of all these
    blmi_watch *watch;
    void *watch_context;
};

// Calls task(context, i, scratch of the calling thread) for i = 0 .. count - 1, by the
// workspace's team.
typedef void blmi_task(const void *context, int i, float *scratch);
void blmi_contnet_workspace_each(const blmi_contnet_workspace *workspace, int count,
    blmi_task *task, const void *context);

#endif
