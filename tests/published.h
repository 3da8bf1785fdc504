// published.h: the tensors of published networks by name and shape, with values by the
// formula of ../shared/golden/README.md (section "backbones/").
#ifndef BLEMISH_TESTS_PUBLISHED_H
#define BLEMISH_TESTS_PUBLISHED_H

#include "tests/formula.h"

// All tensors of a network that expected.json names, sorted, F32, without its classifier;
// an empty set if its form is not written down here.  Released by formula_weights_free.
formula_weights published_weights(const char *network);

#endif
