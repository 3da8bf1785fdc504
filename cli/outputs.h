// outputs.h: the pictures that detect --maps leaves.
//
// The file x/y.png gives x/y.png.map.tiff, x/y.png.heat.png and x/y.png.mask.png below
// the output folder.  Names never collide and never leave that folder, whatever the
// images are called: a file that was named itself keeps the folders of its path, with
// ".." as "__"; where two would then be the same, the later one gets ~2, ~3, ... at its
// end.
#ifndef BLEMISH_CLI_OUTPUTS_H
#define BLEMISH_CLI_OUTPUTS_H

#include "blemish/blemish.h"
#include "cli/listing.h"

typedef enum cli_map_format { CLI_TIFF16, CLI_TIFF32, CLI_NPY } cli_map_format;

typedef struct cli_outputs {
    const char *folder;
    cli_map_format format;
    char **stems; // (count) paths below the folder, one a file of the listing
    size_t count;
} cli_outputs;

// Creates the folder (BLM_ESYSTEM if that fails) and finds the names.
blm_status cli_outputs_new(const char *folder, cli_map_format format,
    const cli_files *files, cli_outputs *out, blm_error *err);
void cli_outputs_free(cli_outputs *outputs);

// Writes the pictures of file number `index`, each complete or not at all.  May run on
// several threads with different indices.
blm_status cli_outputs_write(const cli_outputs *outputs, size_t index,
    const blm_scorer *scorer, const blm_image *image, const blm_result *result,
    blm_error *err);

#endif
