// alignment.h: how the part on an image lies, compared with a reference.
//
// A recipe with `align` brings images into register with one of the good images, the
// reference, after the resize and before the network sees them.  What was outside of an
// image then is not judged.  Maps, masks and regions are those of the image as it is.
//
// The first call that adds images to a fitter chooses the reference: of at most 12 of its
// files, evenly spaced, the one that the others fit best with the least movement;
// blm_fitter_add_image takes its first image.  A region of interest is that of the
// reference, moves with the part, and hides pixels after the alignment, which pixels
// outside of it can change.
#ifndef BLEMISH_ALIGNMENT_H
#define BLEMISH_ALIGNMENT_H

#ifdef __cplusplus
extern "C" {
#endif

// What can be undone.
typedef enum blm_align {
    BLM_ALIGN_OFF = 0,
    BLM_ALIGN_SHIFT = 1,      // movement by up to a third of width and height
    BLM_ALIGN_RIGID = 2,      // and turns by any angle
    BLM_ALIGN_SIMILARITY = 3, // and other sizes, by a factor of 0.8 to 1.25
    BLM_ALIGN_AUTO = 4,       // programs choose one of the others: no fit or model has it
} blm_align;

// The reference is turned and scaled about the centre of the inspected rectangle, then
// moved.
typedef struct blm_alignment {
    int aligned;  // 0: images are not aligned, and all else is 0
    int doubtful; // 1: the image fits the reference nearly as well at another angle
    double turn;  // degrees, clockwise, above -180 to 180
    double scale;
    double x, y;    // how far it is moved to the right and down, in pixels of the image
    double quality; // correlation with the reference where both have detail, -1 to 1
    double rival;   // the best quality at an angle that differs; -1: there is none
} blm_alignment;

#ifdef __cplusplus
}
#endif

#endif
