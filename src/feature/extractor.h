// extractor.h: from an image to the features of every position: recipe and backbone
// together.
#ifndef BLMI_FEATURE_EXTRACTOR_H
#define BLMI_FEATURE_EXTRACTOR_H

#include "blemish/blemish.h"
#include "src/base/team.h"
#include "src/feature/feature_layout.h"

// Immutable and counted: shared by any number of threads.
typedef struct blmi_extractor blmi_extractor;
// Working memory: one per thread.
typedef struct blmi_extraction blmi_extraction;

// recipe is a complete one.  batch: images that go through the network together, at the
// most.  BLM_EUSAGE: the backbone lacks an output that it takes, or its outputs channels.
blm_status blmi_extractor_new(const blmi_tensors *weights, const blmi_backbone *backbone,
    const blmi_recipe *recipe, int batch, blmi_extractor **out, blm_error *err);
blmi_extractor *blmi_extractor_share(blmi_extractor *extractor); // one more owner
void blmi_extractor_free(blmi_extractor *extractor);             // one owner less
const blmi_layout *blmi_extractor_layout(const blmi_extractor *extractor);

// team works inside an image, and stays the caller's; NULL: the caller alone.
blm_status blmi_extraction_new(const blmi_extractor *extractor, blmi_team *team,
    blmi_extraction **out, blm_error *err);
void blmi_extraction_free(blmi_extraction *extraction);

// features (P, D); NULL: only the outputs are wanted.  prepare_ms and network_ms (NULL
// allowed) take the time of the two halves.
blm_status blmi_extractor_run(const blmi_extractor *extractor,
    blmi_extraction *extraction, const blm_image *image, float *features,
    double *prepare_ms, double *network_ms, blm_error *err);
// The two halves by themselves, for up to `batch` images: the input of image number
// `place`, and the outputs of the first `images` inputs.
blm_status blmi_extractor_prepare(const blmi_extractor *extractor,
    blmi_extraction *extraction, const blm_image *image, int place, blm_error *err);
blm_status blmi_extractor_compute(const blmi_extractor *extractor,
    blmi_extraction *extraction, int images, blm_error *err);
// Called after every step of the network, see blmi_workspace_watch; NULL: no more.
void blmi_extraction_watch(blmi_extraction *extraction, blmi_watch *watch, void *context);
// The outputs of the last run, one for each of the layout, (images, height, width,
// channels), until the next.
const float *const *blmi_extraction_outputs(const blmi_extraction *extraction);

#endif
