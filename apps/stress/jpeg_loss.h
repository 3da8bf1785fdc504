// jpeg_loss.h: changes pixels as writing them as JPEG and reading them again does.
#ifndef BLEMISH_STRESS_JPEG_LOSS_H
#define BLEMISH_STRESS_JPEG_LOSS_H

#include <stdint.h>

#include "blemish/status.h"

// Changes rgb (height, width, 3) by the steps of JPEG that lose something (ITU-T T.81):
// YCbCr, colours at half the resolution (4:2:0), the cosine transform of 8 x 8 pixels,
// and the example tables of its annex K, scaled by quality (1 to 100) as the Independent
// JPEG Group does.  grey: 1: only the brightness is coded.  BLM_ENOMEM: nothing has
// changed.
blm_status stress_jpeg_loss(
    uint8_t *rgb, int width, int height, int grey, int quality, blm_error *err);

#endif
