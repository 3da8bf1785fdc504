// stems.h: names for outputs that never collide and never leave their folder.
#ifndef BLEMISH_CLI_STEMS_H
#define BLEMISH_CLI_STEMS_H

#include "apps/blemish/listing.h"

// One relative path for each file, to which a suffix that begins with a dot is added:
// components "", "." and the leading "/" vanish, ".." becomes "__", very long components
// are cut, and where two paths would be the same the later one gets ~2, ~3, ... at its
// end.  The same files in the same order always get the same names.  The caller frees it
// with cli_stems_free.
char **cli_stems_new(const cli_files *files);
void cli_stems_free(char **stems, size_t count);

#endif
