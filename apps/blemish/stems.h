// stems.h: makes names for outputs that never collide and never leave their folder.
#ifndef BLEMISH_CLI_STEMS_H
#define BLEMISH_CLI_STEMS_H

#include "apps/blemish/listing.h"

// One relative path for each file, to which a suffix that begins with a dot is added.
// Components "" and "." and the leading "/" are dropped, ".." becomes "__", very long
// components are cut, and equal paths get ~2, ~3, ... appended.  The same files in the
// same order get the same names.  The caller frees them with cli_stems_free.
char **cli_stems_new(const cli_files *files);
void cli_stems_free(char **stems, size_t count);

#endif
