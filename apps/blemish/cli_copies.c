#include "apps/blemish/cli_copies.h"

#include <stdlib.h>
#include <string.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"

enum { MAX_LINES = 5, MAX_NAMES = 4 };

// "a.png, b.png and 3 more": the copies of image `first`, itself included; NULL: none.
static char *name_group(const blm_model *model, size_t first)
{
    size_t count = 0, last = first;
    char *text = cli_format("%s", blm_model_image_name(model, first));
    for (size_t i = first + 1; blm_model_image_name(model, i) != NULL; i++)
        if (blm_model_image_same(model, i) == first && ++count < MAX_NAMES) {
            char *longer = cli_format("%s, %s", text, blm_model_image_name(model, i));
            free(text);
            text = longer;
            last = i;
        }
    if (count >= MAX_NAMES) {
        char *longer = cli_format("%s and %zu more", text, count - MAX_NAMES + 1);
        free(text);
        text = longer;
    }
    if (last != first)
        return text;
    free(text);
    return NULL;
}

static const char *consequence(const blm_model_info *info, int keep_copies)
{
    if (keep_copies)
        return "each counts by itself, which lowers the threshold";
    if (info->source == BLM_HELD_OUT)
        return "the threshold comes from other images";
    if (info->source == BLM_LEAVE_ONE_OUT)
        return "they could not be left out together, which lowers the threshold";
    return "each group counts as one part for the threshold";
}

void cli_warn_copies(const blm_model *model, int keep_copies, const cli_talk *talk)
{
    blm_model_info info;
    size_t groups = 0;
    blm_model_describe(model, &info);
    if (info.copies == 0 || talk->quiet)
        return;
    for (size_t i = 0; blm_model_image_name(model, i) != NULL; i++) {
        char *names = name_group(model, i);
        if (names == NULL)
            continue;
        if (++groups <= MAX_LINES)
            cli_complain("equal or nearly equal: %s", names);
        free(names);
    }
    cli_complain("%zu good images are copies of others, in %zu groups: %s", info.copies,
        groups, consequence(&info, keep_copies));
}
