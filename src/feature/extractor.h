// extractor.h: computes the features of all positions of an image: prepares it as the
// recipe says and runs the backbone.
#ifndef BLMI_FEATURE_EXTRACTOR_H
#define BLMI_FEATURE_EXTRACTOR_H

#include "blemish/blemish.h"
#include "src/base/team.h"
#include "src/feature/cover.h"
#include "src/feature/feature_layout.h"
#include "src/feature/registration.h"

// Immutable, reference counted; shared by any number of threads.
typedef struct blmi_extractor blmi_extractor;
// Working memory: one per thread.
typedef struct blmi_extraction blmi_extraction;

// recipe: complete; layout: of the recipe on the backbone, copied.  batch: most images
// that the network runs together.
blm_status blmi_extractor_new(const blmi_tensors *weights, const blmi_backbone *backbone,
    const blmi_recipe *recipe, const blmi_layout *layout, int batch, blmi_extractor **out,
    blm_error *err);
blmi_extractor *blmi_extractor_share(blmi_extractor *extractor); // one more owner
void blmi_extractor_free(blmi_extractor *extractor);             // one owner less
// What computes, see blmi_network_kernels.
const char *blmi_extractor_kernels(const blmi_extractor *extractor);
const blmi_layout *blmi_extractor_layout(const blmi_extractor *extractor);

// team: threads that work on an image, owned by the caller; NULL: only the caller's.
blm_status blmi_extraction_new(const blmi_extractor *extractor, blmi_team *team,
    blmi_extraction **out, blm_error *err);
void blmi_extraction_free(blmi_extraction *extraction);
// From now on images are brought into register.  include (height, width), NULL allowed,
// and cover: hide pixels of the aligned input; they must live as long as the extraction.
// BLM_ENOMEM.
blm_status blmi_extraction_align(blmi_extraction *extraction,
    blmi_registration *registration, const uint8_t *include, const blmi_cover *cover,
    blm_error *err);
// How input number `place` lies on its image; NULL: images are not brought into register.
const blmi_alignment *blmi_extraction_alignment(
    const blmi_extraction *extraction, int place);
// Time of the last alignment, a part of the time of preparation; 0: none.
double blmi_extraction_align_ms(const blmi_extraction *extraction);

// Prepares an image and runs the network.  features (P, D); NULL: only the outputs are
// wanted.  prepare_ms, network_ms: time of both steps; NULL allowed.  BLM_EINPUT: the
// crop rectangle is not inside the image.
blm_status blmi_extractor_run(const blmi_extractor *extractor,
    blmi_extraction *extraction, const blm_image *image, float *features,
    double *prepare_ms, double *network_ms, blm_error *err);
// The two steps by themselves, for up to `batch` images: makes input number `place` of an
// image; computes the outputs of the first `images` inputs.
blm_status blmi_extractor_prepare(const blmi_extractor *extractor,
    blmi_extraction *extraction, const blm_image *image, int place, blm_error *err);
blm_status blmi_extractor_compute(const blmi_extractor *extractor,
    blmi_extraction *extraction, int images, blm_error *err);
// Sets a function to be called after every step of the network, see blmi_workspace_watch;
// NULL: none.
void blmi_extraction_watch(blmi_extraction *extraction, blmi_watch *watch, void *context);
// The outputs of the last run: for each output of the layout (images, height, width,
// channels).  They live until the next run.
const float *const *blmi_extraction_outputs(const blmi_extraction *extraction);

#endif
