// scorer.h: what other files of this module ask a scorer.
#ifndef BLMI_SCORE_SCORER_H
#define BLMI_SCORE_SCORER_H

#include "blemish/blemish.h"

const blm_recipe *blmi_scorer_recipe(const blm_scorer *scorer);

#endif
