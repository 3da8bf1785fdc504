// work.h: how many operations the network takes.
#ifndef BLMI_BACKBONE_WORK_H
#define BLMI_BACKBONE_WORK_H

#include "src/backbone/contnet.h"

// 10^9 multiplications and additions of one image's products: of the stem for stage 0, of
// layer<stage> else.  width, height: of the input.
double blmi_work_gflop(
    const blmi_contnet_config *config, int width, int height, int stage);

#endif
