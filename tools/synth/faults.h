// faults.h: makes the faults of a camera or of its surroundings, at the strengths of
// ordinary life, on finished images.
#ifndef BLEMISH_SYNTH_FAULTS_H
#define BLEMISH_SYNTH_FAULTS_H

#include <stdint.h>

typedef enum synth_fault {
    SYNTH_BLUR,      // out of focus: standard deviation 1 % of the shorter side
    SYNTH_MOTION,    // smeared over 3 % of the width
    SYNTH_DARK,      // 40 % of the light
    SYNTH_BRIGHT,    // twice the light
    SYNTH_HAND,      // a quarter of the image covered from a border
    SYNTH_CABLE,     // a dark band, 15 % of the height, across the image
    SYNTH_TORN,      // the rows below a line are from 6 to 30 % further left
    SYNTH_LOST,      // the lower rows are missing: a grey area
    SYNTH_STRIPES,   // 15 levels, with a period of 4 rows
    SYNTH_ALTERNATE, // every second row is shifted by 2 % of the width
    SYNTH_DIRT, // a dark spot, 5 % of the shorter side, at one place: no camera fault
    SYNTH_FAULTS
} synth_fault;

const char *synth_fault_name(synth_fault fault); // "blur", "motion", ...

// Changes an image, rgb (height, width, 3).  seed: of places and amounts; SYNTH_DIRT does
// not depend on it.  scratch: as large as the image.
void synth_spoil(synth_fault fault, uint64_t seed, int width, int height, uint8_t *rgb,
    uint8_t *scratch);

#endif
