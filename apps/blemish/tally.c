#include "apps/blemish/tally.h"

#include <stdlib.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"
#include "blemish/blemish.h"

void cli_tally_add(cli_tally *tally, unsigned reasons)
{
    tally->images++;
    tally->with_reasons += reasons != 0;
    for (int k = 0; k < CLI_MAX_REASONS; k++)
        tally->by[k] += (reasons >> k) & 1;
}

void cli_tally_print(const cli_tally *tally, int judged)
{
    if (tally->with_reasons == 0)
        return;
    char *text = cli_format("%zu of %zu images %s:", tally->with_reasons, tally->images,
        judged ? "were judged although they should not be" : "cannot be judged");
    for (int k = 0, comma = 0; k < CLI_MAX_REASONS; k++) {
        if (tally->by[k] == 0)
            continue;
        char *longer = cli_format("%s%s %zu %s", text, comma ? "," : "", tally->by[k],
            blm_reason_name(1u << k));
        free(text);
        text = longer;
        comma = 1;
    }
    cli_complain("%s", text);
    free(text);
}
