// beside.h: recognises files that belong to an image beside them: its mask, our results.
#ifndef BLEMISH_CLI_BESIDE_H
#define BLEMISH_CLI_BESIDE_H

#include <stddef.h>

// Length of a name or path without its last extension.
size_t cli_stem_length(const char *name);

// Marks the names that belong to another of the names: NAME_mask.*, NAME-mask.*,
// NAME_gt.* and NAME_label.* (any case) beside NAME.*, as data sets have them, and
// NAME.mask.*, NAME.heat.* and NAME.map.* beside NAME, which `detect --maps` writes.
// names (count), marks (count) 0 or 1.
void cli_beside(const char *const *names, size_t count, unsigned char *marks);

// 1 if a folder has the name of a folder of masks: ground_truth, groundtruth, gt, masks.
int cli_is_mask_folder(const char *name);

#endif
