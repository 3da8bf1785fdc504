// scorer.h: what other files of this module ask a scorer.
#ifndef BLMI_SCORE_SCORER_H
#define BLMI_SCORE_SCORER_H

#include "src/feature/recipe.h"

const blmi_recipe *blmi_scorer_recipe(const blm_scorer *scorer);

#endif
