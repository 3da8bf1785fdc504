// align.h: finds how a part lies on an image, compared with a reference image.
//
// Coarse: a picture of 24 to 48 cells a side is correlated with the reference at every
// angle of a grid (coarse.h).  The best angles go on as candidates with half turns.
// Fine: each is refined by Gauss-Newton steps from small to large pictures (fine.h),
// which leave out defects and changes of light; the best correlation wins.
//
// Coordinates.  Pictures are grey, float, (height, width), with the centre as origin, so
// that pixel (column, row) is at x = column + 0.5 - width / 2, y likewise.
#ifndef BLMI_ALIGN_ALIGN_H
#define BLMI_ALIGN_ALIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "blemish/alignment.h"
#include "blemish/status.h"

// Point u of the reference is at scale * R u + (dx, dy) of the image; R turns by `angle`
// from the x axis to the y axis, clockwise as one sees it.
typedef struct blmi_transform {
    double angle;  // radians, above -pi to pi
    double scale;  // 1 for shift and rigid
    double dx, dy; // in pixels of the input
} blmi_transform;

typedef struct blmi_alignment {
    blmi_transform transform;
    double quality; // correlation of the reference and the image where they meet, -1 to 1
    double rival;   // the best quality at another angle; -1: there is none.  Near to
                    // quality, the half turn say is in doubt
} blmi_alignment;

typedef struct blmi_reference blmi_reference; // immutable; shared by threads
typedef struct blmi_aligner blmi_aligner;     // working memory: one per thread

// picture (height, width), 24 to 4096 pixels a side.  BLM_EINPUT: another size, or the
// reference has too little structure to align anything with.  BLM_ENOMEM.
blm_status blmi_reference_new(blm_align mode, const float *picture, int width, int height,
    blmi_reference **out, blm_error *err);
void blmi_reference_free(blmi_reference *reference); // NULL allowed

// BLM_ENOMEM.
blm_status blmi_aligner_new(
    const blmi_reference *reference, blmi_aligner **out, blm_error *err);
void blmi_aligner_free(blmi_aligner *aligner); // NULL allowed

// Aligns picture, of the size of the reference, with the reference of the aligner.
void blmi_align(blmi_aligner *aligner, const float *picture, blmi_alignment *out);

#endif
