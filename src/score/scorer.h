// scorer.h: access to a scorer for other files of this folder.
#ifndef BLMI_SCORE_SCORER_H
#define BLMI_SCORE_SCORER_H

#include "src/feature/recipe.h"

const blmi_recipe *blmi_scorer_recipe(const blm_scorer *scorer);

#endif
