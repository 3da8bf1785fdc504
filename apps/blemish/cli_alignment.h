// cli_alignment.h: prints how images lie, compared with the reference of a model.
#ifndef APPS_BLEMISH_CLI_ALIGNMENT_H
#define APPS_BLEMISH_CLI_ALIGNMENT_H

#include "apps/blemish/json.h"
#include "apps/blemish/options.h"
#include "blemish/blemish.h"

// A line about the reference and how well the good images fit it; nothing if the model
// does not align images.
void cli_alignment_describe(const blm_model *model);
void cli_alignment_describe_json(const blm_model *model, cli_json *json);

// Names good images on stderr that fit the reference much worse than the others, and
// counts those that fit at another angle, too.  Prints nothing if quiet.
void cli_warn_alignment(const blm_model *model, const cli_talk *talk);

// The alignment of an image: "turn 12.3, shift 4.5,-6.7, scale 1, quality 0.98", and
// ", doubtful".  Nothing if it was not aligned.
void cli_alignment_print(const blm_alignment *alignment);
void cli_alignment_json(const blm_alignment *alignment, cli_json *json);

#endif
