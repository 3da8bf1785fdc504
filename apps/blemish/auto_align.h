// auto_align.h: finds out which movement of parts is worth undoing (--align auto).
#ifndef BLEMISH_CLI_AUTO_ALIGN_H
#define BLEMISH_CLI_AUTO_ALIGN_H

#include "apps/blemish/listing.h"
#include "apps/blemish/options.h"

// Fits models to at most 40 of the files, evenly spaced, without alignment and with each
// mode, and compares the medians of their leave-one-out scores: how unlike an image is to
// the others.  Takes the mode that undoes least, unless one that undoes more lowers the
// median by a tenth (or, from shift to rigid, by a twentieth).  Reports the choice on
// stderr unless quiet.  options->recipe is not NULL.
blm_status cli_auto_align(const blm_fit_options *options, const cli_files *files,
    const cli_talk *talk, blm_align *out, blm_error *err);

#endif
