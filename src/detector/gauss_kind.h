// gauss_kind.h: the Gaussians inside a detector, for tests.
#ifndef BLMI_DETECTOR_GAUSS_KIND_H
#define BLMI_DETECTOR_GAUSS_KIND_H

#include "src/detector/detector.h"
#include "src/gauss/gauss.h"

// NULL if the detector is of another kind.
const blmi_gauss *blmi_detector_gaussians(const blmi_detector *detector);

#endif
