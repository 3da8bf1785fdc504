// outputs.h: writes the map, heat map and mask of each image for detect --maps.
//
// The file x/y.png gives x/y.png.map.tiff, x/y.png.heat.png and x/y.png.mask.png below
// the output folder.  Names never collide and never leave that folder
// (apps/blemish/stems.h).
#ifndef BLEMISH_CLI_OUTPUTS_H
#define BLEMISH_CLI_OUTPUTS_H

#include "apps/blemish/listing.h"
#include "blemish/blemish.h"

// Names of the formats of maps, for a CLI_CHOICE.
#define CLI_MAP_FORMATS "tiff16|tiff32|png16|npy"

typedef struct cli_outputs {
    const char *folder;
    int format;   // index into CLI_MAP_FORMATS
    char **stems; // (count) paths below the folder, one per file of the listing
    size_t count;
} cli_outputs;

// Creates the folder (BLM_ESYSTEM if that fails) and makes the names.
blm_status cli_outputs_new(const char *folder, int format, const cli_files *files,
    cli_outputs *out, blm_error *err);
void cli_outputs_free(cli_outputs *outputs);

// Writes the outputs of file number `index`, at the size of the image, each complete or
// not at all; draws on the image.  Threads may call it with different indices.
blm_status cli_outputs_write(const cli_outputs *outputs, size_t index,
    const blm_scorer *scorer, blm_image *image, const blm_result *result, blm_error *err);

#endif
