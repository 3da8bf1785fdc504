// published.h: makes the tensors of published networks, by name and shape, with values
// from the formula of ../shared/golden/README.md (section "backbones/").
#ifndef BLEMISH_TESTS_PUBLISHED_H
#define BLEMISH_TESTS_PUBLISHED_H

#include "tests/formula.h"

// All tensors of a network of expected.json, sorted, F32, without its classifier; an
// empty set if the network is unknown here.  formula_weights_free releases them.
formula_weights published_weights(const char *network);

#endif
