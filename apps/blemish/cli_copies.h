// cli_copies.h: reports good images that are copies of each other.
#ifndef APPS_BLEMISH_CLI_COPIES_H
#define APPS_BLEMISH_CLI_COPIES_H

#include "apps/blemish/options.h"
#include "blemish/blemish.h"

#define CLI_KEEP_COPIES_OPTION(type)                                                     \
    {                                                                                    \
        "keep-copies", 0, CLI_FLAG, NULL, "Count copies of an image one by one",         \
            offsetof(type, keep_copies), 0, 0, NULL                                      \
    }

// Names them on stderr, one group per line, and says how they count.  Prints nothing if
// there are none, or if quiet.
void cli_warn_copies(const blm_model *model, int keep_copies, const cli_talk *talk);

#endif
