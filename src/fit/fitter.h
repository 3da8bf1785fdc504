// fitter.h: the fitter inside this folder.
//
//     fitter.c         life, images from memory, features, the model
//     fit_files.c      image files
//     fit_reference.c  the reference that images are aligned with
#ifndef BLMI_FIT_FITTER_H
#define BLMI_FIT_FITTER_H

#include "blemish/blemish.h"
#include "src/backbone/weights_file.h"
#include "src/detector/detector.h"
#include "src/feature/cover.h"
#include "src/feature/extractor.h"
#include "src/feature/recipe.h"
#include "src/fit/levels.h"
#include "src/fit/traits.h"
#include "src/model/seen.h"

enum { BLMI_FIT_BLOCK = 32 }; // images whose features are accumulated together

struct blm_fitter {
    blmi_recipe recipe;
    blm_decode_options decode;
    blmi_weights weights;
    blmi_layout layout;
    int32_t *chosen;           // (D) channels of the outputs; NULL: all
    blmi_extractor *extractor; // NULL: takes features
    int threads;
    blmi_extraction **extraction; // (threads); NULL: takes features
    float *block;     // (BLMI_FIT_BLOCK, P, D) each image, followed by its variations
    uint8_t *include; // (height, width) region of interest; NULL: everywhere
    blmi_cover cover; // chosen from the first image if there is a region
    blmi_detector_fit *statistics;
    blmi_seen seen;
    blmi_levels levels;
    char **names;        // (images)
    blmi_thumb **thumbs; // (images) NULL from number BLMI_MAX_COMPARED
    size_t names_capacity;
    blmi_registration *registration; // with align, from the first images on
    blmi_alignment *alignments;      // (images)
    blmi_look *looks;  // (look_count) of the first images, at most BLMI_MAX_COMPARED
    size_t look_count; // room for names_capacity; SIZE_MAX: an image has none
    const char *ended; // why it can only be freed, static text; NULL: it is open
};

// BLM_EUSAGE: the fitter has ended, or takes features.
blm_status blmi_fitter_check_takes_images(const blm_fitter *fitter, blm_error *err);
// The number of features of an image with its variations.
size_t blmi_fitter_block_stride(const blm_fitter *fitter);
// The features of an image, followed by those of its variations, and its properties.
// thread: whose extraction is used.  Release traits, also after a failure.
blm_status blmi_fitter_take_image(blm_fitter *fitter, const blmi_cover *cover,
    const blm_image *image, int thread, float *features, blmi_traits *traits,
    blm_error *err);
// Adds the first `count` images of the block.  A failure changes nothing.
blm_status blmi_fitter_accumulate(blm_fitter *fitter, const char *const *names,
    blmi_traits *const *traits, int count, blm_error *err);

// Whether a reference, or a cover, must be chosen before an image is added.
bool blmi_fitter_needs_reference(const blm_fitter *fitter);
bool blmi_fitter_needs_cover(const blm_fitter *fitter);
// The cover of images before they are resized; none if they are aligned first.
blmi_cover blmi_fitter_cover(const blm_fitter *fitter);
// Takes an image as the reference.  A failure leaves the fitter without one.
blm_status blmi_fitter_take_reference(
    blm_fitter *fitter, const blm_image *image, const char *name, blm_error *err);
// Chooses the reference among files (medoid.h).  There is none if no file is a usable
// image, which is reported when they are added.
blm_status blmi_fitter_choose_reference(blm_fitter *fitter, const char *const *paths,
    const char *const *names, size_t count, blm_error *err);

#endif
